"""`gateway reconcile DATE`: hold what arrived on a day against the items, and name what has no twin.

Both ways: calls, Asterisk's journal, recordings, messages, contacts, numbers, mailboxes and files on the
disk. Reads only; a person mends what it finds. docs/operating/reconcile.md says what each finding means.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.channels import phone
from gateway.cli.storage import opened
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import RecordingState
from gateway.core.item.contact import Channel
from gateway.errors import OperatorError
from gateway.pbx.conf import Places
from gateway.pbx.journal import call_of, read_journal
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.files import PIECE, Files
from gateway.storage.reports import Kept

NOT_TAKEN = (EntryType.TURNED_AWAY, EntryType.REFUSED)
LONGEST_CALL = timedelta(hours=6)
"""A call that began longer ago than this goes on no more, whatever the journal says."""
SETTLING = timedelta(minutes=5)
"""How long a thing may be under way from where it arrived to the database."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something without its counterpart: what kind, where, and in words."""

    what: str
    where: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Disk:
    """What lies on the disk for one day. Paths are below var/, hashes SHA-256 (hex).

    `recordings` has the call of each recording by its path, `messages` the hash of each message that
    still lies in Asterisk's spool; `attached` the sizes of the files that items name, None for one that is
    not there and -1 for one whose bytes are others; `stray` are files that nothing names.
    """

    notes: tuple[JournalEntry, ...] = ()
    journal: bool = False
    recordings: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    attached: Mapping[str, int | None] = field(default_factory=dict)
    stray: tuple[str, ...] = ()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway reconcile`."""
    parser.add_argument("day", metavar="DATE", help="a day in the centre's time zone, e.g. 2026-11-24")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """0 when everything has its twin, else 1. Raises OperatorError, StorageDown."""
    try:
        day = date.fromisoformat(args.day)
    except ValueError:
        raise OperatorError(f"{args.day!r} is no day like 2026-11-24") from None
    settings = load()
    discrepancies, counts = asyncio.run(_run(settings, day, datetime.now(UTC)))
    if args.json:
        report = {
            "day": day.isoformat(),
            "looked_at": counts,
            "holes": [asdict(discrepancy) for discrepancy in discrepancies],
        }
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for hole in discrepancies:
            print(f"{hole.what}  {hole.where}  {hole.zh} / {hole.en}")
        looked = ", ".join(f"{count} {what}" for what, count in counts.items())
        end = (
            f"{len(discrepancies)} 项无对应 / without a twin" if discrepancies else "全部对应 / all is there"
        )
        print(f"{day}: {looked}: {end}", file=sys.stderr)
    return 1 if discrepancies else 0


async def _run(settings: Config, day: date, now: datetime) -> tuple[list[Discrepancy], dict[str, int]]:
    async with opened(settings) as storage:
        return await reconcile(storage, Places(settings.var), settings.zone, day, now)


async def reconcile(
    storage: Storage, places: Places, zone: ZoneInfo, day: date, now: datetime
) -> tuple[list[Discrepancy], dict[str, int]]:
    """Every discrepancy of a day, and how much was looked at. Raises StorageDown."""
    since = datetime.combine(day, time(), zone).astimezone(UTC)
    until = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    kept = await storage.reports.day(day, since, until)
    disk, loose = await asyncio.to_thread(_read_disk, storage.files, places, zone, (since, until), kept, now)
    named = await storage.reports.files_named({*loose, *disk.messages.values()})
    disk = _without_twins(disk, loose, named)
    of_calls = {*_began(disk, since, until), *disk.recordings.values()}
    known_calls = kept.call_ids | {call.id for call in kept.calls}
    known_calls |= await storage.reports.calls_there(of_calls - known_calls)
    discrepancies = [
        *_calls(kept),
        *_journal(kept, disk, known_calls, (since, until), now),
        *_recordings(kept, disk, known_calls, places),
        *_messages(disk),
        *_contacts(kept, day),
        *_attached(kept, disk),
        *_mailboxes(kept),
    ]
    counts = {
        "calls": len(kept.calls),
        "items": len(kept.items),
        "contacts": len(kept.contacts),
        "attachments": len(kept.files),
        "recordings": len(disk.recordings),
        "journal notes": len(disk.notes),
        "mailboxes": len(kept.mailboxes),
    }
    return discrepancies, counts


# ------------------------------------------------------------------ discrepancies


def _calls(kept: Kept) -> Iterator[Discrepancy]:
    """Calls that should have an item, and items that came of a call."""
    for call in kept.calls:
        if call.ended_at is None:
            continue
        owes = call.direction == "in" and call.outcome in phone.TASKS
        if owes and not call.number:
            yield Discrepancy(
                "call_without_item", call.id, "通话未登记", "this call owes an item and has none"
            )
        elif call.number and call.number not in kept.known:
            yield Discrepancy(
                "call_without_item", call.id, f"通话所指 {call.number} 不存在", f"{call.number} is not there"
            )
        elif call.number and owes and kept.known[call.number] != call.id:
            yield Discrepancy(
                *("call_without_item", call.id, f"{call.number} 属于另一通话"),
                f"{call.number} is of another call",
            )
    for item in kept.items:
        if item.channel == Channel.PHONE.value and item.call_id and item.call_id not in kept.call_ids:
            yield Discrepancy(
                "item_without_call", item.number, "缺少通话记录", f"no record of call {item.call_id}"
            )


def _journal(
    kept: Kept, disk: Disk, known_calls: frozenset[str], during: tuple[datetime, datetime], now: datetime
) -> Iterator[Discrepancy]:
    """Calls that Asterisk noted and we have not, and the other way round while its notes are kept."""
    began = _began(disk, *during)
    ended = {note.call: note.at for note in disk.notes if note.what in (EntryType.ENDED, *NOT_TAKEN)}
    for call, at in began.items():
        over = ended.get(call)
        still = now - over < SETTLING if over else now - at < LONGEST_CALL
        if call not in known_calls and not still:
            yield Discrepancy(
                *("journal_without_call", call, "话务日志中的来电没有通话记录"),
                "Asterisk noted this call, and there is no record of it",
            )
    if disk.journal:
        for record in kept.calls:
            if record.direction == "in" and record.id not in began:
                yield Discrepancy(
                    *("call_without_journal", record.id, "话务日志中没有此通话"),
                    "Asterisk's journal does not know this call",
                )


def _recordings(kept: Kept, disk: Disk, known_calls: frozenset[str], places: Places) -> Iterator[Discrepancy]:
    for call in kept.calls:
        if call.recording_state is RecordingState.SAVED and not (places.var / call.recording).is_file():
            yield Discrepancy("recording_missing", call.id, "录音文件缺失", f"{call.recording} is not there")
        elif call.recording_state is RecordingState.FAILED:
            yield Discrepancy("recording_failed", call.id, "录音未能保存", "the recording was not saved")
    for path, owner in disk.recordings.items():
        if owner not in known_calls:
            yield Discrepancy(
                "recording_without_call", path, "录音没有通话记录", f"no record of call {owner}"
            )


def _messages(disk: Disk) -> Iterator[Discrepancy]:
    for path in disk.messages:
        yield Discrepancy("message_without_item", path, "留言未登记", "no item has this message")


def _contacts(kept: Kept, day: date) -> Iterator[Discrepancy]:
    """Contacts and items are one transaction: one without the other means that a row was lost."""
    items, contacts = {item.number for item in kept.items}, {number for number, _ in kept.contacts}
    for number, key in sorted(kept.contacts):
        if number not in items:
            yield Discrepancy("contact_without_item", number, "来件没有事项", f"contact {key} has no item")
    for number in sorted(items - contacts):
        yield Discrepancy(
            "item_without_contact", number, "事项没有来件原始记录", "no contact led to this item"
        )
    for number, count in sorted(Counter(number for number, _ in kept.contacts).items()):
        if count > 1:
            yield Discrepancy(
                "contact_twice", number, f"{count} 件来件同号", f"{count} contacts have this number"
            )
    if kept.last_serial != len(items):
        yield Discrepancy(
            *("number_missing", day.isoformat(), f"已发号 {kept.last_serial} 个，事项 {len(items)} 件"),
            f"{kept.last_serial} numbers were given, {len(items)} items are there",
        )


def _attached(kept: Kept, disk: Disk) -> Iterator[Discrepancy]:
    for file in kept.files:
        size = disk.attached.get(file.sha256)
        if size is None:
            yield Discrepancy(
                "attachment_missing", file.number, f"附件缺失：{file.name}", f"{file.name} is not there"
            )
        elif size != file.size:
            yield Discrepancy(
                "attachment_changed",
                file.number,
                f"附件内容不符：{file.name}",
                f"{file.name} is not what it was",
            )
    for path in disk.stray:
        yield Discrepancy("file_without_item", path, "文件没有事项", "no item names this file")


def _mailboxes(kept: Kept) -> Iterator[Discrepancy]:
    """Mails that were seen in a mailbox and could not be taken in so far, of whatever day."""
    for name, mark in kept.mailboxes:
        try:
            failed = sorted(int(uid) for uid in json.loads(mark or "{}").get("failed", {}))
        except (ValueError, AttributeError, TypeError):
            yield Discrepancy("mailbox_unreadable", name, "邮箱台账无法读取", "its ledger cannot be read")
            continue
        for uid in failed:
            yield Discrepancy(
                "mail_without_item", f"{name}/{uid}", "邮件尚未登记", "this mail is not taken in yet"
            )


# ------------------------------------------------------------------ the disk


def _began(disk: Disk, since: datetime, until: datetime) -> dict[str, datetime]:
    """Calls from outside that began in a time, by the journal."""
    return {
        note.call: note.at
        for note in disk.notes
        if since <= note.at < until
        and (note.what in NOT_TAKEN or (note.what is EntryType.BEGAN and note.arg(1) == "in"))
    }


def _read_disk(
    files: Files,
    places: Places,
    zone: ZoneInfo,
    during: tuple[datetime, datetime],
    kept: Kept,
    now: datetime,
) -> tuple[Disk, dict[str, str]]:
    """What lies there, and files of the day by hash of which nobody knows yet whether they are named."""
    since, until = during
    days = {f"{at:%Y%m%d}.log" for at in (since, until - timedelta(seconds=1))}  # of UTC
    notes = [note for note in read_journal(places.journal, since.date()) if note.at < until + LONGEST_CALL]
    named = {file.sha256 for file in kept.files}
    loose = {
        digest: str(path.relative_to(places.var))
        for path in sorted(files.folder.glob("??/*"))
        if (digest := path.parent.name + path.name) not in named and _of_day(path, during, now)
    }
    disk = Disk(
        notes=tuple(note for note in notes if note.at >= since),
        journal=any((places.journal / name).exists() for name in days),
        recordings={
            str(path.relative_to(places.var)): call_of(path)
            for path in sorted((places.recordings / f"{since.astimezone(zone):%Y%m%d}").glob("*.wav"))
        },
        messages={
            str(path.relative_to(places.var)): digest
            for path in sorted(places.messages.glob("*.wav"))
            if _of_day(path, during, now) and (digest := _hash_of(files, path))
        },
        attached={digest: _size(files, digest) for digest in sorted(named)},
    )
    return disk, loose


def _without_twins(disk: Disk, loose: Mapping[str, str], named: frozenset[str]) -> Disk:
    return Disk(
        disk.notes,
        disk.journal,
        disk.recordings,
        {path: digest for path, digest in disk.messages.items() if digest not in named},
        disk.attached,
        tuple(path for digest, path in loose.items() if digest not in named),
    )


def _of_day(path: Path, during: tuple[datetime, datetime], now: datetime) -> bool:
    """Was it last written on that day, and not just now?"""
    try:
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return False
    return during[0] <= at < during[1] and now - at >= SETTLING


def _size(files: Files, digest: str) -> int | None:
    """Its size in bytes; None when it is not there, -1 when its bytes are not those of its name."""
    path = files.path(digest)
    try:
        return files.size(path) if _hash(files, path) == digest else -1
    except OSError as error:
        return -1 if error.errno == errno.EBADMSG else None


def _hash_of(files: Files, path: Path) -> str:
    """Its hash; "" when it has just gone, since then its call has been closed."""
    try:
        return _hash(files, path)
    except OSError:
        return ""


def _hash(files: Files, path: Path) -> str:
    digest = hashlib.sha256()
    with files.open(path) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
