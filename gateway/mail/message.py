"""One mail read: who, what about, the text, the files, and what was wrong with it.

`read` takes any bytes and never raises: what cannot be read comes back as `unreadable` with a
reason, and the original is kept by whoever called.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.mail import html, tnef, transfer
from gateway.mail.automatic import why_automatic
from gateway.mail.bounce import Bounce, read_bounce
from gateway.mail.charset import clean, decode, one_line
from gateway.mail.header import Address, Headers, addresses, message_ids
from gateway.mail.structure import NESTED, Part, Reading, parse

log = logging.getLogger(__name__)

TEXT_BYTES = 2 * 1024 * 1024  # of one text part
TEXT = 50_000  # characters of the mail's text that go into the item
FILES = 100
TNEF_BYTES = 64 * 1024 * 1024
NAME = 150
_WRAPPED = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_REPORTS = ("message/delivery-status", "message/global-delivery-status", "text/rfc822-headers")
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/amr": ".amr",
    "video/mp4": ".mp4",
}


@dataclass(frozen=True, slots=True)
class Attached:
    """One file: a name that is safe to show, its declared type, and its bytes in pieces."""

    name: str
    media_type: str
    pieces: Callable[[], Iterator[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A mail in our terms. Texts hold no control characters; addresses have a lower-case domain.

    `html` is a harmless copy when the mail has no text of its own. `notes` tell in Chinese what a
    reader should know; `unreadable` says why little or nothing could be read, else "".
    `automatic` says why no person wrote it, else "".
    """

    headers: Headers = field(default_factory=Headers, repr=False)
    subject: str = ""
    sender: Address = field(default_factory=Address)
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    attached: tuple[Attached, ...] = ()
    notes: tuple[str, ...] = ()
    unreadable: str = ""
    automatic: str = ""
    bounce: Bounce | None = None


def read(raw: bytes, envelope_from: str | None = None) -> Message:
    """Any bytes as a message. Never raises, and takes time in proportion to their length."""
    try:
        return _Reader(raw, envelope_from).read()
    except Exception:  # a fault of ours must not cost a mail: it is taken in with its original
        log.exception("a mail of %d bytes could not be read", len(raw))
        return Message(unreadable="读取程序出错")


@dataclass(slots=True)
class _Found:
    """What was collected so far."""

    texts: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
    characters: int = 0
    lost: int = 0


class _Reader:
    def __init__(self, raw: bytes, envelope_from: str | None) -> None:
        if b"\n" not in raw and b"\r" in raw:
            raw = raw.replace(b"\r", b"\n")
        self._raw = raw
        self._envelope_from = envelope_from
        self._reading = Reading()
        self._notes: list[str] = []
        self._encrypted = False
        self._dropped = 0
        self._lost = 0
        self._characters = 0

    def read(self) -> Message:
        root = parse(self._raw, self._reading)
        headers = root.headers
        found = _Found()
        self._collect(root, found)
        text, page = self._text_of(found)
        sender = next(iter(addresses(headers.raw("from"))), Address())
        automatic = why_automatic(headers, self._envelope_from)
        bounce = read_bounce(root, sender.address)
        subject = headers.text("subject")[:300]
        self._sum_up(len(text))
        return Message(
            headers=headers,
            subject=subject,
            sender=sender,
            recipients=tuple(self._recipients(headers)),
            message_id=next(message_ids(headers.raw("message-id")), ""),
            references=tuple(self._references(headers)),
            text=text[:TEXT],
            html=page,
            attached=tuple(found.attached),
            notes=tuple(self._notes),
            unreadable=self._why_unreadable(subject, text, found),
            automatic=automatic,
            bounce=bounce,
        )

    # ------------------------------------------------------------ parts

    def _collect(self, part: Part, found: _Found) -> None:
        if part.kind == "multipart/encrypted" or part.kind in _ENCRYPTED:
            self._encrypted = True
        if part.kind in NESTED and part.parts:
            self._forwarded(part.parts[0], found)
        elif part.kind == "multipart/alternative" and part.parts:
            self._alternative(part, found)
        elif part.parts:
            for inner in part.parts:
                self._collect(inner, found)
        elif part.kind in _WRAPPED or part.name.lower() == "winmail.dat":
            self._unwrap(part, found)
        elif part.kind in _REPORTS:
            found.texts.append(self._words(part))
        elif self._is_text(part):
            words = self._words(part)
            (found.pages if part.kind == "text/html" else found.texts).append(words)
        elif part.kind not in _SIGNATURES and not self._is_hollow(part):
            self._attach(found, part.name, part.kind, part.pieces)

    def _alternative(self, part: Part, found: _Found) -> None:
        """One content in several forms: plain text unless it only says that there is an HTML form."""
        each = _Found(attached=found.attached)
        for inner in part.parts:
            self._collect(inner, each)
        plain = "\n".join(each.texts).strip()
        if plain and each.pages:
            shown = html.text("\n".join(each.pages))
            if len(shown) > 4 * len(plain) + 200:
                plain = ""
        if plain:
            found.texts.append(plain)
        else:
            found.pages += each.pages

    def _forwarded(self, root: Part, found: _Found) -> None:
        """A mail within the mail: its head in a few lines, its text, its files."""
        sender = next(iter(addresses(root.headers.raw("from"))), Address())
        inner = _Found(attached=found.attached)
        self._collect(root, inner)
        text = "\n\n".join(one.strip() for one in (*inner.texts, *map(html.text, inner.pages)) if one.strip())
        head = f"---- 转发的邮件 ----\n发件人：{sender.name} <{sender.address}>\n"
        head += f"日期：{root.headers.text('date')[:60]}\n主题：{root.headers.text('subject')[:300]}"
        found.texts.append(f"{head}\n\n{text}")

    def _unwrap(self, part: Part, found: _Found) -> None:
        wrapped = tnef.read(part.body(TNEF_BYTES))
        if wrapped is None or not (wrapped.text or wrapped.html or wrapped.files):
            self._notes.append("附件 winmail.dat 未能拆开，已按原样保存")
            self._attach(found, part.name or "winmail.dat", part.kind, part.pieces)
            return
        if not wrapped.whole:
            self._notes.append("附件 winmail.dat 不完整")
            self._attach(found, part.name or "winmail.dat", part.kind, part.pieces)
        if wrapped.text.strip() not in "\n".join(found.texts):
            found.texts.append(wrapped.text)
        elif wrapped.html and not found.texts:
            found.pages.append(wrapped.html)
        for file in wrapped.files:
            self._attach(found, file.name, "application/octet-stream", _once(file.data))

    def _attach(
        self, found: _Found, name: str, media_type: str, pieces: Callable[[], Iterator[bytes]]
    ) -> None:
        if len(found.attached) >= FILES:
            self._dropped += 1
            return
        shown = file_name(name, media_type, len(found.attached) + 1)
        found.attached.append(Attached(shown, media_type[:100], pieces))

    def _is_text(self, part: Part) -> bool:
        if part.disposition == "attachment" or part.name:
            return False
        return part.kind in ("text/plain", "text/html", "text/enriched") or part.kind.startswith("multipart/")

    def _is_hollow(self, part: Part) -> bool:
        return part.end <= part.start and not part.name

    def _words(self, part: Part) -> str:
        body = part.body(TEXT_BYTES)
        decoded = decode(body, part.params.get("charset", ""))
        self._lost += decoded.lost
        self._characters += len(decoded.text)
        return clean(decoded.text)

    # ------------------------------------------------------------ the whole

    def _text_of(self, found: _Found) -> tuple[str, str]:
        """The text, and the harmless HTML when that is the only form."""
        text = "\n\n".join(one.strip() for one in found.texts if one.strip())
        page = ""
        if found.pages:
            source = "\n".join(found.pages)[: html.SIZE]
            page = html.clean(source)
            shown = clean(html.text(page or source))
            if not page and shown:
                self._notes.append("HTML 正文过于复杂，仅保留文字")
            text = f"{text}\n\n{shown}".strip()
            page = page if shown else ""
        return text, page

    def _recipients(self, headers: Headers) -> Iterator[str]:
        for name in ("delivered-to", "x-original-to", "envelope-to", "to", "cc"):
            for value in headers.all(name)[:10]:
                yield from (one.address for one in addresses(value) if one.address)

    def _references(self, headers: Headers) -> Iterator[str]:
        for name in ("in-reply-to", "references"):
            yield from list(message_ids(headers.raw(name)))[-50:]

    def _sum_up(self, length: int) -> None:
        if self._reading.broken:
            self._notes.append("邮件结构有误，已尽量读取")
        if self._reading.left_out or self._dropped:
            self._notes.append(f"另有{self._reading.left_out + self._dropped}个部分超出数量限制，见原始邮件")
        if length > TEXT:
            self._notes.append("正文过长，其余见原始邮件")
        if self._lost:
            self._notes.append(f"有{self._lost}处文字无法辨认")

    def _why_unreadable(self, subject: str, text: str, found: _Found) -> str:
        if self._encrypted:
            return "邮件已加密或整体签名"
        if self._lost > 3 and self._lost * 10 > self._characters:
            return "文字编码无法辨认"
        if not text and not found.attached:
            if not subject:
                return "没有可读的内容"
            if len(self._raw) > 4096 and self._characters > 512:
                return "没有读出正文"
        return ""


def file_name(name: str, media_type: str, place: int) -> str:
    """A name for people: no path, no controls, no direction marks, its ending kept."""
    last = re.split(r"[/\\]", name)[-1] if name else ""
    plain = one_line(_BAD_NAME.sub("_", last), 1000).strip(". ")
    if not plain:
        return f"附件{place}{_ENDINGS.get(media_type, '')}"
    stem, dot, ending = plain.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: NAME - len(ending) - 1]}.{ending}"
    return plain[:NAME]


def _once(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: transfer.pieces(data, 0, len(data), "")
