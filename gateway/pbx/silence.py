"""Ends the legs of telephones that are gone. A telephone that only says nothing is left alone.

A muted telephone, or one that saves packets, may send no sound (RTP) for as long as it likes; most tell of
themselves by RTCP all the same. A leg from which neither has come for `seconds` is asked within its dialog,
by a session refresh (UPDATE): whatever the telephone answers, it is there. One that answers nothing for 32 s
(RFC 3261, timer F), or knows of no call, gets a BYE, and its leg ends with cause 18 when that is answered or
32 s later. Pages in browsers are ended by `rtp_timeout` in pjsip.conf: they send sound all the time. Used by
AsteriskPbx.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import PbxDown
from gateway.pbx.ami import Ami, AmiEvent, AmiFailed
from gateway.pbx.ami_seen import ChannelSeen
from gateway.pbx.conf import VISITOR, WEB
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

ANSWERS = 70.0  # seconds within which a leg that does not answer has ended: it is not asked again before
LOOKS = 4  # how often within `seconds` the legs are looked at


@dataclass(slots=True)
class _Leg:
    """What came of one leg: packets of sound so far, and when (loop time) the last sign of life was seen."""

    packets: str
    heard_at: float


class SilenceWatch:
    """`keep` under the supervisor looks at every leg; RTCP is told by events."""

    def __init__(self, ami: Ami, seconds: int, ready: Callable[[], bool]) -> None:
        self._ami = ami
        self._seconds = seconds
        self._ready = ready
        self._legs: dict[str, _Leg] = {}

    def start(self, tasks: Supervisor) -> None:
        self._ami.subscribe(("RTCPReceived",), self._rtcp)
        tasks.keep("silent telephones", self._watch)

    def _rtcp(self, event: AmiEvent) -> None:
        leg = self._legs.get(event.get("Channel"))
        if leg is not None:
            leg.heard_at = asyncio.get_running_loop().time()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._seconds / LOOKS)
            if not self._ready():
                continue
            try:
                await self._look()
            except (PbxDown, AmiFailed) as error:
                # Also when Asterisk is ended on purpose and refuses what is asked; the link logs losses.
                log.info("silent telephones are not looked for: %s", error)

    async def _look(self) -> None:
        channels = [ChannelSeen.read(row) for row in await self._ami.action_list("CoreShowChannels")]
        names = [channel.name for channel in channels if _of_telephone(channel)]
        self._legs = {name: leg for name, leg in self._legs.items() if name in names}
        for name in names:
            await self._look_at(name)

    async def _look_at(self, name: str) -> None:
        """Count what came; ask a leg of which nothing came for so long. It is asked again after as long."""
        answer = await self._ami.action("Getvar", Channel=name, Variable="CHANNEL(rtcp,rxcount)")
        now, packets = asyncio.get_running_loop().time(), answer.get("Value", "")
        leg = self._legs.setdefault(name, _Leg(packets, now))
        if packets != leg.packets:
            leg.packets, leg.heard_at = packets, now
        elif now - leg.heard_at >= self._seconds:
            leg.heard_at = now + ANSWERS
            log.info("nothing comes from %s: its telephone is asked whether it is there", name)
            await self._ami.setvar(name, "PJSIP_SEND_SESSION_REFRESH()", "update")


def _of_telephone(channel: ChannelSeen) -> bool:
    """Is this the leg of a SIP telephone or of the carrier, and answered?"""
    endpoint = channel.name.rpartition("-")[0]
    browser = endpoint.endswith((WEB, f"/{VISITOR}"))
    return channel.state == "Up" and endpoint.startswith("PJSIP/") and not browser
