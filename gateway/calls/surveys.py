"""The survey: follow-up calls by the PBX without an agent, one at a time, while enough lines are free.

Callers and call-backs go before them: nothing is dialled while somebody waits or a call-back
could be placed, and one that still rings is given up when the last line is taken. The ledger decides what is
due and what follows; each dial is stored there before the PBX is asked, so that nobody is rung twice for one,
whatever dies in between. Called by the switchboard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from gateway.calls.backlog import Backlog
from gateway.calls.patience import patiently
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.followup import Dial, surveyed_by
from gateway.errors import GatewayError, PbxDown
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks for what is due
UNSEEN = timedelta(seconds=15)  # after which a dial that was asked for and not seen to begin is given up
FAILED = "FAILED"  # the PBX did not take it
_OURS = (EntryType.BEGAN, EntryType.BACK_TALK, EntryType.SURVEY_DONE)


@dataclass(frozen=True, slots=True)
class SurveyRoom:
    """What decides whether somebody can be called now. `others_wait`: callers, or call-backs."""

    ready: bool
    free_lines: int
    others_wait: bool


class SurveyLedger(Protocol):
    """gateway/cases/surveying.py. Every method is durable when it returns, and may raise StorageDown."""

    async def take(self) -> Dial | None:
        """The next that is due now, dialling from now on; None when nobody is to be called now."""

    async def ended(self, call: str, status: str) -> None:
        """A dial is over (DIALSTATUS, NOLINE, REFUSED, LIMIT, FAILED); what was answered is kept already."""

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        """Keep what was answered; False for answers that do not fit."""


class Dialler(Protocol):
    """Of the PBX, what is needed here."""

    async def survey(self, call: str, number: str, item: str) -> bool: ...

    async def take_back(self, call: str) -> bool: ...


class Surveys:
    """`start`, then `noted` and `changed`."""

    def __init__(
        self,
        pbx: Dialler,
        ledger: SurveyLedger,
        room: Callable[[], SurveyRoom],
        *,
        free_lines: int,
        now: Callable[[], datetime],
    ) -> None:
        self._pbx = pbx
        self._ledger = ledger
        self._room = room
        self._needed = free_lines + 1
        self._now = now
        self._over: Backlog[JournalEntry] = Backlog()
        self._wake = asyncio.Event()
        self._asked: dict[str, datetime] = {}  # dials that were asked for and have not begun
        self._ringing: set[str] = set()

    def start(self, tasks: Supervisor) -> None:
        tasks.keep("switchboard survey", self._work)

    def noted(self, note: JournalEntry) -> None:
        """Take a note of the dialplan, if it is about a dial of the survey."""
        if note.what not in _OURS or surveyed_by(note.call) is None:
            return
        match note.what:
            case EntryType.BEGAN:
                self._asked.pop(note.call, None)
                self._ringing.add(note.call)
            case EntryType.BACK_TALK:
                self._ringing.discard(note.call)
            case EntryType.SURVEY_DONE:
                self._asked.pop(note.call, None)
                self._ringing.discard(note.call)
                self._over.put(note)
                self._wake.set()

    def changed(self) -> None:
        """A line may have been taken or be free."""
        if self._ringing or self._asked:
            self._wake.set()

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        """Keep what somebody answered; False, with a line in the log, when that cannot be."""
        try:
            return await self._ledger.answered(call, answers)
        except GatewayError as error:
            log.error("the answers in call %s could not be kept: %s", call, error)
            return False

    # ------------------------------------------------------------ the worker

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            await self._take_ends()
            await self._plan()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._wake.wait()

    async def _take_ends(self) -> None:
        for note in self._over.waiting():
            call, status = note.call, note.arg(0)
            try:
                await patiently(partial(self._ledger.ended, call, status))
            finally:
                self._over.done([note])

    async def _plan(self) -> None:
        room = self._room()
        if not room.ready:
            return
        try:
            if room.free_lines <= 0:
                await self._give_up_ringing()
            elif not self._waits() and not room.others_wait and room.free_lines >= self._needed:
                await self._dial()
        except PbxDown as error:
            log.warning("the survey waits: %s", error)

    def _waits(self) -> bool:
        """Was a dial asked for, and has not begun? Until then it is not among the lines that are taken."""
        for call, at in tuple(self._asked.items()):
            if self._now() - at >= UNSEEN:
                del self._asked[call]
        return bool(self._asked)

    async def _dial(self) -> None:
        dial = await patiently(self._ledger.take)
        if dial is None:
            return
        self._asked[dial.call] = self._now()
        if not await self._pbx.survey(dial.call, dial.phone, dial.number):
            self._asked.pop(dial.call, None)
            await patiently(lambda: self._ledger.ended(dial.call, FAILED))

    async def _give_up_ringing(self) -> None:
        """Their line is for callers; each is tried again."""
        for call in tuple(self._ringing):
            self._ringing.discard(call)
            await self._pbx.take_back(call)
