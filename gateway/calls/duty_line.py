"""Calls of the PBX to the duty telephones of units, one after another, while a line is free for them.

What is due and what follows is decided by gateway/cases/duty_calls.py; each dial is stored there
before the PBX is asked. They go before the survey and leave callers the lines that call-backs leave them.
Called by the switchboard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from gateway.calls.backlog import Backlog
from gateway.calls.patience import patiently
from gateway.calls.surveys import SurveyRoom
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.order.duty import DutyDial, duty_of
from gateway.errors import PbxDown
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

LOOK = 3.0  # seconds between two looks for what is due
FAILED = "FAILED"  # the PBX did not take it


class DutyLedger(Protocol):
    """gateway/cases/duty_calls.py. Every method is durable when it returns, and may raise StorageDown."""

    async def take(self) -> DutyDial | None:
        """The next to be dialled now, dialling from now on."""

    async def ended(self, call: str, status: str) -> None:
        """A dial is over."""

    async def acknowledged(self, call: str) -> None:
        """Whoever answered has pressed 1."""


class Dialler(Protocol):
    """Of the PBX, what is needed here."""

    async def duty_call(self, call: str, number: str, clips: tuple[str, ...]) -> bool: ...


class DutyLine:
    """`start`, then `noted`. `free_lines` must be free when one is dialled."""

    def __init__(
        self, pbx: Dialler, ledger: DutyLedger, room: Callable[[], SurveyRoom], *, free_lines: int
    ) -> None:
        self._pbx = pbx
        self._ledger = ledger
        self._room = room
        self._free_lines = free_lines
        self._notes: Backlog[JournalEntry] = Backlog()
        self._wake = asyncio.Event()

    def start(self, tasks: Supervisor) -> None:
        tasks.keep("switchboard duty calls", self._work)

    def noted(self, note: JournalEntry) -> None:
        """Take a note of the dialplan, if it is about a call to a unit."""
        if note.what in (EntryType.DUTY_DONE, EntryType.DUTY_TAKEN) and duty_of(note.call) is not None:
            self._notes.put(note)
            self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            await self._take_notes()
            await self._dial()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._wake.wait()

    async def _take_notes(self) -> None:
        for note in self._notes.waiting():
            try:
                if note.what is EntryType.DUTY_TAKEN:
                    await patiently(partial(self._ledger.acknowledged, note.call))
                else:
                    await patiently(partial(self._ledger.ended, note.call, note.arg(0)))
            finally:
                self._notes.done([note])

    async def _dial(self) -> None:
        room = self._room()
        if not room.ready or room.free_lines < self._free_lines:
            return
        dial = await patiently(self._ledger.take)
        if dial is None:
            return
        try:
            accepted = await self._pbx.duty_call(dial.call, dial.phone, dial.clips)
        except PbxDown as error:
            log.warning("a call to a unit was not made: %s", error)
            accepted = False
        if not accepted:
            await patiently(partial(self._ledger.ended, dial.call, FAILED))
