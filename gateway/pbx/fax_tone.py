"""How long a call is listened to for the calling tone of a fax machine (`fax.detect_seconds`).

The dialplan begins to listen when it answers ([hear-fax] in extensions.conf) and would go on until the end of
the call. The detector is taken off here after so many seconds, and put on for as long again when an agent
answers: whoever says "I will fax it to you" does so in a talk. Without the gateway a call is listened to
until its end. Used by AsteriskPbx.
"""

from __future__ import annotations

import asyncio
import logging
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
    """Calls that are listened to, by id: each with the timer that ends it, None when it was ended."""

    def __init__(self, ami: Ami, tasks: Supervisor, seconds: int) -> None:
        self._ami = ami
        self._tasks = tasks
        self._seconds = seconds
        self._calls: dict[str, asyncio.TimerHandle | None] = {}

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
        self._forget(call)
        self._calls[call] = asyncio.get_running_loop().call_later(self._seconds, self._end, call)

    def _end(self, call: str) -> None:
        self._calls[call] = None
        self._set(call, OFF)

    def _forget(self, call: str) -> None:
        timer = self._calls.pop(call, None)
        if timer is not None:
            timer.cancel()

    def _set(self, call: str, detector: str) -> None:
        self._tasks.once("fax tone", partial(self._write, call, detector))

    async def _write(self, call: str, detector: str) -> None:
        try:
            await self._ami.setvar(call, detector, "")
        except PbxDown as error:
            log.warning("call %s is listened to for a fax as before: %s", call, error)
