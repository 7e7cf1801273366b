"""Music for a caller whom the agent's telephone holds in a room (after a consult).

ConfBridge plays nothing to the others when one of them holds. A caller who is alone in the room hears music
(confbridge.conf), so the agent's leg waits outside of it, in [room-held], until it takes the caller back.
Used by AsteriskPbx. Without the gateway the caller hears silence meanwhile, and the talk goes on afterwards.
"""

from __future__ import annotations

import logging
from functools import partial

from gateway.errors import PbxDown
from gateway.pbx.ami import Ami, AmiEvent
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

ROOM, OUTSIDE = "room", "room-held"  # contexts of extensions.conf


class RoomHold:
    """Follows Hold and Unhold. `start` once the supervisor runs."""

    def __init__(self, ami: Ami, tasks: Supervisor) -> None:
        self._ami = ami
        self._tasks = tasks
        self._holding: set[str] = set()  # legs sent out of their room

    def start(self) -> None:
        self._ami.subscribe(("Hold", "Unhold"), self._told)

    def _told(self, event: AmiEvent) -> None:
        leg, context = event.get("Channel"), event.get("Context")
        if event.name == "Hold" and context == ROOM:
            self._holding.add(leg)
            self._send(leg, OUTSIDE)
        elif event.name == "Unhold" and (context == OUTSIDE or leg in self._holding):
            self._holding.discard(leg)
            self._send(leg, ROOM)

    def _send(self, leg: str, context: str) -> None:
        """Commands go over one link in the order of the events, so the latest event of a telephone counts."""
        self._tasks.once("caller on hold", partial(self._redirect, leg, context))

    async def _redirect(self, leg: str, context: str) -> None:
        try:
            moved = await self._ami.redirect(leg, context, "s")
        except PbxDown as error:
            log.warning("a caller on hold: %s is not moved to %s: %s", leg, context, error)
            return
        if not moved.ok:
            self._holding.discard(leg)
