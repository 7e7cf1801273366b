"""Faxes that are being sent: dialled by the PBX, followed by its notes, which the switchboard passes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.fax.record import FaxNote

OUT = "fax-"  # before the id of a call that is made to send a fax
ANSWERED = "ANSWER"
STRAGGLER = 5.0  # seconds after the call's end within which the fax result may come


class Dialler(Protocol):
    """Of the PBX, what is needed here."""

    async def send_fax(self, call: str, number: str, file: Path) -> bool: ...


@dataclass(frozen=True, slots=True)
class Went:
    """How a sending went: `dialled` is a DIALSTATUS or NOLINE, `sent` what the fax machine noted."""

    dialled: str
    sent: FaxNote | None = None


@dataclass(slots=True)
class _Sending:
    """One that goes on. The end of its call and the fax result are noted in any order."""

    over: asyncio.Future[Went]
    dialled: str = ""
    sent: FaxNote | None = None

    def end(self) -> None:
        if not self.over.done():
            self.over.set_result(Went(self.dialled, self.sent))


class FaxLine:
    """The sendings of one gateway."""

    def __init__(self, pbx: Dialler) -> None:
        self._pbx = pbx
        self._sendings: dict[str, _Sending] = {}

    async def send(self, call: str, number: str, file: Path) -> Went:
        """Dial, and wait until it is over. Raises PbxDown; whoever waits sets the time limit."""
        sending = _Sending(asyncio.get_running_loop().create_future())
        self._sendings[call] = sending
        try:
            if not await self._pbx.send_fax(call, number, file):
                return Went("FAILED")
            return await sending.over
        finally:
            del self._sendings[call]

    def noted(self, note: JournalEntry) -> None:
        """A note of the dialplan on a sending. An answered one has both notes."""
        sending = self._sendings.get(note.call)
        if sending is None:
            return
        if note.what is EntryType.FAX_SENT:
            sending.sent = FaxNote("").done(note.rest)
        elif note.what is EntryType.FAX_DIALLED:
            sending.dialled = note.arg(0)
        if sending.dialled and (sending.sent or sending.dialled != ANSWERED):
            sending.end()
        elif sending.dialled:
            asyncio.get_running_loop().call_later(STRAGGLER, sending.end)


def sent_before(notes: Iterable[JournalEntry], delivery: str) -> FaxNote | None:
    """What the journal says of an earlier, whole sending of a delivery (the beginning of its calls' ids)."""
    for note in notes:
        if note.what is EntryType.FAX_SENT and note.call.startswith(delivery):
            done = FaxNote("").done(note.rest)
            if done.status == "SUCCESS":
                return done
    return None
