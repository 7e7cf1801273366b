"""One mail, whichever way it came: read, told apart, and given to intake as an item or a follow-up.

Idempotent: the same mail again, by either way, after a crash or a lost answer, changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from gateway.channels.email import contact as email
from gateway.channels.email.contact import Arrival
from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.errors import GatewayError, NotFound, StorageDown
from gateway.intake.file_types import type_of
from gateway.intake.virus_scan import ROLES, Clamd, Verdict
from gateway.mail.bounce import Bounce
from gateway.mail.identity import key_before, key_of
from gateway.mail.message import Message, read
from gateway.mail.thread import Marks, conversation, hints

log = logging.getLogger(__name__)
T = TypeVar("T")

READERS = 2  # mails read at once: bounds memory, whatever arrives
PATIENCE = 3  # tries after which a mail is taken in without being read
BOUNCE_TEXT = 2000


class MailIntake(Protocol):
    """What is needed of intake. Both are idempotent by key."""

    async def submit(self, contact: Contact) -> Receipt: ...

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        *,
        contact: Contact,
        thread: str = "",
    ) -> bool: ...


class Threads(Protocol):
    """What is known of items and mails that came before. Raises StorageDown."""

    async def taken(self, key: str) -> str:
        """The item that this mail became or was put on; "" when it is new."""

    async def knows(self, number: str, address: str) -> bool:
        """Is this address (any case) the one of the person behind that item?"""


class Fate(StrEnum):
    """What became of a mail."""

    ITEM = "item"
    FOLLOW_UP = "follow_up"
    BOUNCE = "bounce"
    OWN = "own"  # sent by ourselves and come back
    REPEATED = "repeated"  # taken in before


@dataclass(frozen=True, slots=True)
class Taken:
    """The item a mail belongs to ("" for OWN) and what it became."""

    number: str
    fate: Fate


class NotTaken(GatewayError):
    """Storage is there and yet this mail could not be kept: its own fault, or a passing one."""


OnBounce = Callable[[str, Bounce], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Read:
    message: Message
    key: str
    key_before: str
    evidence: tuple[Evidence, ...] = ()


class Reception:
    """Takes mails in. `spool` is a folder of its own for files on their way; `alive` raises
    StorageDown when the database is away; `on_bounce` is told of every report on a mail of ours, at
    least once; `clamd`, if there is one, is asked about every file that came along."""

    def __init__(
        self,
        intake: MailIntake,
        threads: Threads,
        marks: Marks,
        spool: Path,
        alive: Callable[[], Awaitable[None]],
        on_bounce: OnBounce | None = None,
        clamd: Clamd | None = None,
    ) -> None:
        self._intake = intake
        self._threads = threads
        self._marks = marks
        self._spool = spool
        self._alive = alive
        self._on_bounce = on_bounce
        self._clamd = clamd
        self._workers = ThreadPoolExecutor(READERS, "mail")
        shutil.rmtree(spool, ignore_errors=True)  # what a crash left; those mails come again

    def close(self) -> None:
        self._workers.shutdown(wait=True, cancel_futures=True)

    async def take(self, raw: bytes, arrival: Arrival, tries: int = 0) -> Taken:
        """Take a mail in; durable on return. Raises StorageDown (nobody's fault, come again) and NotTaken.

        After PATIENCE tries a mail that still is not taken is kept unread, with its original.
        """
        try:
            return await self._guarded(self._take(raw, arrival))
        except NotTaken:
            if tries < PATIENCE:
                raise
        log.warning("mail from %s: kept unread after %d tries", arrival.via, tries)
        message = Message(unreadable="多次处理失败")
        return await self._guarded(self._unread(message, raw, arrival, key_of(raw)))

    async def take_part(self, head: bytes, arrival: Arrival, key: str, why: str) -> Taken:
        """Make an item of a mail that cannot be read in full: `head` is its beginning, perhaps empty."""
        message = replace(read(head), unreadable=why, text="", html="", attached=(), notes=())
        return await self._guarded(self._unread(message, head, arrival, key))

    async def _guarded(self, taking: Awaitable[Taken]) -> Taken:
        try:
            return await taking
        except (StorageDown, OSError) as error:
            await self._alive()
            raise NotTaken(str(error)) from error
        except Exception as error:  # any error at all: the mails behind this one must go on
            if not isinstance(error, GatewayError):
                log.exception("a mail could not be taken in")
            raise NotTaken(str(error) or type(error).__name__) from error

    async def _take(self, raw: bytes, arrival: Arrival) -> Taken:
        async with AsyncExitStack() as stack:
            folder = self._folder(stack)
            done = await self._in_worker(lambda: _prepare(raw, arrival, folder))
            for key in (done.key, done.key_before):
                if number := await self._threads.taken(key):
                    return Taken(number, Fate.REPEATED)
            if self._marks.number_in([done.message.message_id]):
                log.info("mail from %s: one of our own mails was returned", arrival.via)
                return Taken("", Fate.OWN)
            done = replace(done, evidence=await self._looked_at(done.evidence))
            return await self._route(done, raw, arrival, folder)

    async def _looked_at(self, files: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        """What each file is by its bytes, and whether clamd knows it. None is thrown away."""
        seen = []
        for file in files:
            path = Path(file.path)
            kind = await self._in_worker(partial(type_of, path))
            role = file.role
            if self._clamd and (verdict := await self._clamd.scan(path)) is not Verdict.CLEAN:
                role = ROLES[verdict]
            seen.append(replace(file, media_type=kind.media_type if kind else file.media_type, role=role))
        return tuple(seen)

    async def _route(self, done: _Read, raw: bytes, arrival: Arrival, folder: Path) -> Taken:
        """A follow-up where the mail proves that it is one, or its sender is known; else a new item."""
        message, sender = done.message, done.message.sender.address
        recipients = (*arrival.recipients, *message.recipients)
        if message.bounce:
            about = self._marks.number_in((*message.bounce.originals, *recipients))
            if about and (followed := await self._bounced(about, done, raw, arrival, folder)):
                return followed
        mail_hints = hints(self._marks, message.subject, message.references, recipients)
        if mail_hints.proved:
            thread = await self._threads.knows(mail_hints.proved, sender)
            notes = [] if thread else ["发件地址与登记的邮箱不同"]
            if followed := await self._follow(mail_hints.proved, done, raw, arrival, folder, notes):
                return followed
        notes = []
        for number in mail_hints.claimed:
            thread = await self._threads.knows(number, sender)
            if thread and (followed := await self._follow(number, done, raw, arrival, folder, [])):
                return followed
            notes.append(f"主题中提到编号{number}，但发件人与该件登记的不符，未并入")
        evidence = (*done.evidence, await self._in_worker(lambda: email.keep_raw(raw, folder)))
        contact = email.contact(message, arrival, done.key, raw, evidence, notes)
        return _taken(await self._intake.submit(contact))

    async def _follow(
        self, number: str, done: _Read, raw: bytes, arrival: Arrival, folder: Path, notes: list[str]
    ) -> Taken | None:
        """Put it on an item; None when there is no such item."""
        original = await self._in_worker(lambda: email.keep_raw(raw, folder))
        evidence = (*done.evidence, original)
        addition = email.addition(number, done.message, arrival, done.key, evidence, notes)
        try:
            new = await self._intake.append(
                number,
                addition.key,
                addition.text,
                addition.evidence,
                addition.who,
                contact=addition.contact,
                thread="" if notes else _thread(done.message, raw),
            )
        except NotFound:
            return None
        return Taken(number, Fate.FOLLOW_UP if new else Fate.REPEATED)

    async def _bounced(
        self, number: str, done: _Read, raw: bytes, arrival: Arrival, folder: Path
    ) -> Taken | None:
        assert done.message.bounce
        if self._on_bounce:
            await self._on_bounce(number, done.message.bounce)
        text = email.bounce_text(done.message)
        short = replace(done.message, text=f"{text}\n\n{done.message.text}"[:BOUNCE_TEXT])
        followed = await self._follow(
            number, replace(done, message=short, evidence=()), raw, arrival, folder, []
        )
        return Taken(number, Fate.BOUNCE) if followed and followed.fate is Fate.FOLLOW_UP else followed

    async def _unread(self, message: Message, raw: bytes, arrival: Arrival, key: str) -> Taken:
        async with AsyncExitStack() as stack:
            folder = self._folder(stack)
            evidence = (await self._in_worker(lambda: email.keep_raw(raw, folder)),) if raw else ()
            return _taken(await self._intake.submit(email.contact(message, arrival, key, raw, evidence)))

    def _folder(self, stack: AsyncExitStack) -> Path:
        """A folder of this mail's own, gone when the stack is left; made when something is written."""
        folder = self._spool / secrets.token_hex(8)

        async def remove() -> None:
            await self._in_worker(lambda: shutil.rmtree(folder, ignore_errors=True))

        stack.push_async_callback(remove)
        return folder

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)


def _prepare(raw: bytes, arrival: Arrival, folder: Path) -> _Read:
    message = read(raw, arrival.envelope_from)
    return _Read(message, key_of(raw), key_before(raw), email.keep_files(message, folder))


def _thread(message: Message, raw: bytes) -> str:
    """The conversation of a mail that somebody wrote: what answers it stands there."""
    return "" if message.bounce or message.automatic else " ".join(conversation(raw))


def _taken(receipt: Receipt) -> Taken:
    return Taken(receipt.number, Fate.REPEATED if receipt.repeated else Fate.ITEM)
