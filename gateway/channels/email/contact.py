"""The mail channel: a message that was read becomes a contact, or a follow-up on an item.

Only translates. An agent decides what a mail is about: every new one is unsorted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.core.item import written
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Task
from gateway.mail.automatic import is_nobody
from gateway.mail.header import split_head
from gateway.mail.message import Attached, Message

CHANNEL = Channel.EMAIL
UNREADABLE = "〔邮件无法正常读取〕"
FIELD = 200  # characters of a name in an item
ADDRESS = 254  # characters of a mail address
WHO = 64  # characters of who acted in a timeline


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail came: by which way, when (UTC), and the envelope as far as it is known."""

    via: str
    received_at: datetime
    envelope_from: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailAddition:
    """A mail on an item that is there already; as intake.append takes it."""

    number: str
    key: str
    text: str
    evidence: tuple[Evidence, ...]
    who: str
    contact: Contact


def contact(
    message: Message,
    arrival: Arrival,
    key: str,
    raw: bytes,
    evidence: tuple[Evidence, ...] = (),
    notes: Sequence[str] = (),
) -> Contact:
    """A new item's contact. Its person is whom an answer goes to, else the envelope's sender.

    The database keeps the mail's head, by which answers find their thread; the whole mail is a file.
    """
    address = message.writer.address or (arrival.envelope_from or "").strip("<>")
    return Contact(
        key=key,
        channel=CHANNEL,
        kind=Kind.UNSORTED,
        received_at=arrival.received_at,
        person=Person(name=written.line(message.writer.name)[:FIELD], email=_kept(address)),
        content=content(message, notes),
        task=Task.UNREADABLE if message.unreadable else Task.NONE,
        evidence=evidence,
        raw=raw[: split_head(raw, 0, len(raw))[1]],
    )


def addition(
    number: str,
    message: Message,
    arrival: Arrival,
    key: str,
    evidence: tuple[Evidence, ...] = (),
    notes: Sequence[str] = (),
) -> MailAddition:
    """The same mail as a line of an item's timeline, with the files that came along.

    Who wrote it stands in `contact` alone: intake tells it in the timeline unless the item is a report.
    """
    first_reading = contact(message, arrival, key, b"")
    who = (first_reading.person.email or "mail")[:WHO]
    return MailAddition(number, key, content(message, notes), evidence, who, first_reading)


def content(message: Message, notes: Sequence[str] = ()) -> str:
    """What the mail says, for an agent: a mark when it could not be read, subject, text, notes."""
    parts = []
    if message.unreadable:
        parts.append(f"{UNREADABLE}{message.unreadable}，请查看原始邮件")
    parts.append(f"主题：{message.subject or '（无主题）'}")
    if message.text:
        parts.append(message.text)
    all_notes = [*message.notes, *notes]
    if message.automatic:
        all_notes.append("自动发出的邮件，不作答复")
    if message.spam:
        all_notes.append(f"过滤系统判为垃圾邮件（{message.spam}），不自动回复")
    all_notes += _addresses_told(message)
    parts += [f"〔{note}〕" for note in all_notes]
    return "\n\n".join(parts)


def _addresses_told(message: Message) -> Iterator[str]:
    """What a reader must know of the addresses. The person's own stands in the item's field alone, where it
    can be sealed; that of a portal or office, which sent the mail for him, is told here."""
    sender, writer = message.sender.address, message.writer.address
    if writer and sender and sender != writer:
        other_house = sender.rpartition("@")[2] != writer.rpartition("@")[2]
        through = f"由 {sender} 代发" if other_house or is_nobody(sender) else "发件地址与回复地址不同"
        yield f"{through}，来件人邮箱取自回复地址（Reply-To）"
    if not writer and (message.headers.raw("from") or message.headers.raw("reply-to")):
        yield "发件人没有可用的邮箱地址，无法邮件回复，见原始邮件"
    elif writer and (why := _why_unreachable(writer)):
        yield f"{why}，无法邮件回复"


def _kept(address: str) -> str:
    """An address as it is kept; one that is too long would be another one when it is cut."""
    return address if len(address) <= ADDRESS else ""


def _why_unreachable(address: str) -> str:
    try:
        written.mailable(address)
    except ValueError as error:
        return str(error)
    return ""


def bounce_text(message: Message) -> str:
    """A delivery report in a line."""
    report = message.bounce
    if report is None:
        return ""
    head = "邮件未能送达" if report.final else "邮件送达报告"
    facts = (report.recipient, report.action, report.status, report.diagnostic)
    return "，".join((head, *(fact for fact in facts if fact)))


def keep_files(message: Message, folder: Path) -> tuple[Evidence, ...]:
    """Write what is attached into `folder` (made when needed), under names of our own. Raises OSError."""
    files = list(message.attached)
    if message.html:
        page = message.html.encode()
        files.append(Attached("正文.html", "text/html", lambda: iter((page,))))
    kept = []
    for place, file in enumerate(files):
        path = folder / f"{place:03}"
        if _write(path, file):
            kept.append(Evidence(str(path), file.name, file.media_type))
    if message.html and kept:
        kept[-1] = replace(kept[-1], role="body")
    return tuple(kept)


def keep_raw(raw: bytes, folder: Path) -> Evidence:
    """The original as a file, where an agent must be able to open it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "raw"
    path.write_bytes(raw)
    return Evidence(str(path), "原始邮件.eml", "message/rfc822", "raw")


def _write(path: Path, file: Attached) -> bool:
    """Its bytes in a file; nothing is left behind for an empty one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as out:
        for piece in file.pieces():
            size += out.write(piece)
    if not size:
        path.unlink()
    return size > 0
