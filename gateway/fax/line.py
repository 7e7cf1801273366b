"""Faxes that are being sent: dialled by the PBX, told of by its notes. The switchboard passes those on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.core.fax import FaxNote
from gateway.core.note import Note, What

OUT = "fax-"  # before the id of a call that is made to send a fax


class Dialler(Protocol):
    """Of the PBX, what is needed here."""

    async def send_fax(self, call: str, number: str, file: Path) -> bool: ...


@dataclass(frozen=True, slots=True)
class Went:
    """How a sending went: `dialled` is a DIALSTATUS or NOLINE, `sent` what the fax machine noted."""

    dialled: str
    sent: FaxNote | None = None


class FaxLine:
    """The sendings of one gateway."""

    def __init__(self, pbx: Dialler) -> None:
        self._pbx = pbx
        self._waiting: dict[str, asyncio.Future[Went]] = {}
        self._sent: dict[str, FaxNote] = {}

    async def send(self, call: str, number: str, file: Path) -> Went:
        """Dial, and wait until it is over. Raises PbxDown; whoever waits sets the time limit."""
        over: asyncio.Future[Went] = asyncio.get_running_loop().create_future()
        self._waiting[call] = over
        try:
            if not await self._pbx.send_fax(call, number, file):
                return Went("FAILED")
            return await over
        finally:
            self._waiting.pop(call, None)
            self._sent.pop(call, None)

    def noted(self, note: Note) -> None:
        """A note of the dialplan on a sending."""
        over = self._waiting.get(note.call)
        if over is None:
            return
        if note.what is What.FAX_SENT:
            self._sent[note.call] = FaxNote("").done(note.rest)
        elif note.what is What.FAX_DIALLED and not over.done():
            over.set_result(Went(note.arg(0), self._sent.get(note.call)))


def sent_before(notes: Iterable[Note], delivery: str) -> FaxNote | None:
    """What the journal says of an earlier, whole sending of a delivery (the beginning of its calls' ids)."""
    for note in notes:
        if note.what is What.FAX_SENT and note.call.startswith(delivery):
            done = FaxNote("").done(note.rest)
            if done.status == "SUCCESS":
                return done
    return None
