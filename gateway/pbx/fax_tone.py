"""How long a call is listened to for the calling tone of a fax machine (`fax.detect_seconds`).

The dialplan begins to listen when it answers ([hear-fax] in extensions.conf) and would go on until the end of
the call. The detector is taken off here after so many seconds, and put on for as long again when an agent
answers: whoever says "I will fax it to you" does so in a talk. Without the gateway a call is listened to
until its end. Used by AsteriskPbx.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from functools import partial

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.errors import PbxDown
from gateway.pbx.ami import Ami
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

ON = "TONE_DETECT(1100,400,rg(fax-heard,s,1)n(2))"  # as in [hear-fax]
OFF = "TONE_DETECT(0,,x)"


class FaxTone:
    """Calls that are listened to, by id: each with the loop time of its end, None when it was ended.

    All are listened to for as long, so they end in the order of `_ends` and one timer serves them.
    """

    def __init__(self, ami: Ami, tasks: Supervisor, seconds: int) -> None:
        self._ami = ami
        self._tasks = tasks
        self._seconds = seconds
        self._calls: dict[str, float | None] = {}
        self._ends: deque[tuple[float, str]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def noted(self, note: JournalEntry) -> None:
        if not self._seconds:
            return
        if note.what is EntryType.BEGAN and note.arg(1) == "in":
            self._listen(note.call)
        elif note.what is EntryType.AGENT and note.call in self._calls:
            if self._calls[note.call] is None:
                self._set(note.call, ON)
            self._listen(note.call)
        elif note.what in (EntryType.ENDED, EntryType.FAX):
            self._forget(note.call)

    def seen(self, calls: Collection[str]) -> None:
        """After a log-in: the calls from trunks. The seconds of those not known begin now."""
        for call in self._calls.keys() - set(calls):
            self._forget(call)
        if self._seconds:
            for call in set(calls) - self._calls.keys():
                self._listen(call)

    def _listen(self, call: str) -> None:
        loop = asyncio.get_running_loop()
        until = self._calls[call] = loop.time() + self._seconds
        self._ends.append((until, call))
        if self._timer is None:
            self._timer = loop.call_at(until, self._end_due)

    def _end_due(self) -> None:
        """Those whose time is over; one that was forgotten, or listened to anew, has another end."""
        loop = asyncio.get_running_loop()
        while self._ends and (self._ends[0][0] <= loop.time() or self._is_stale(*self._ends[0])):
            until, call = self._ends.popleft()
            if not self._is_stale(until, call):
                self._calls[call] = None
                self._set(call, OFF)
        self._timer = loop.call_at(self._ends[0][0], self._end_due) if self._ends else None

    def _is_stale(self, until: float, call: str) -> bool:
        return self._calls.get(call) != until

    def _forget(self, call: str) -> None:
        self._calls.pop(call, None)

    def _set(self, call: str, detector: str) -> None:
        self._tasks.once("fax tone", partial(self._write, call, detector))

    async def _write(self, call: str, detector: str) -> None:
        try:
            await self._ami.setvar(call, detector, "")
        except PbxDown as error:
            log.warning("call %s is listened to for a fax as before: %s", call, error)
