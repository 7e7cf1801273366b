"""The heartbeat that extensions.conf, [watch], looks at: as long as it beats, calls come to the gateway.

A gateway that hangs or dies loses them to the safety net within two seconds. Used by AsteriskPbx.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gateway.errors import GatewayError
from gateway.pbx.ami import Ami
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

BEAT = 0.5  # seconds; [watch] gives up after three
WATCH_ANEW = 3600.0  # seconds after which the watch is started afresh


class Heartbeat:
    """`take_calls` switches it on and off; it beats while `ready` says that the link is there."""

    def __init__(self, ami: Ami, ready: Callable[[], bool]) -> None:
        self._ami = ami
        self._ready = ready
        self._watch_due = True
        self.takes_calls = False

    def start(self, tasks: Supervisor) -> None:
        tasks.keep("heartbeat", self._beat)

    def watch_anew(self) -> None:
        """Start the watch afresh with the next beat."""
        self._watch_due = True

    async def take_calls(self, on: bool) -> None:
        self.takes_calls = on
        self._watch_due = True
        if not on:
            await self._ami.setvar_global("GATEWAY_UP", "0")
            await self._ami.setvar_global("WATCH", "")
        elif self._ready():
            await self._beat_once("first")

    async def _beat(self) -> None:
        count = 0
        while True:
            count += 1
            if self.takes_calls and self._ready():
                try:
                    await self._beat_once(str(count))
                except GatewayError as error:
                    log.warning("heartbeat: %s", error)
            if count * BEAT % WATCH_ANEW == 0:
                self._watch_due = True
            await asyncio.sleep(BEAT)

    async def _beat_once(self, mark: str) -> None:
        await self._ami.setvar_global("GATEWAY_BEAT", mark)
        if not self._watch_due:
            return
        self._watch_due = False
        await self._ami.originate("Local/hold@watch/n", context="watch")
        await self._ami.setvar_global("GATEWAY_UP", "1")
