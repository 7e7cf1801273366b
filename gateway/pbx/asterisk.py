"""AsteriskPbx: the Pbx port on a real Asterisk, over AMI.

What it does without being asked is in the modules beside it: heartbeat, seat_phones, fax_tone, room_hold,
cancelled_calls, silence, sip_bans.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gateway.core import telephone
from gateway.core.call.journal import EntryType, read_note
from gateway.core.call.record import Callback, back_call, is_back, owed_of
from gateway.core.call.seat import priority
from gateway.errors import PbxDown
from gateway.pbx import seat_phones, trunks
from gateway.pbx.ami import Ami, AmiEvent, AmiFailed, AmiState, AmiTiming, Snapshot
from gateway.pbx.cancelled_calls import CancelledCalls
from gateway.pbx.conf import Places
from gateway.pbx.fax_tone import FaxTone
from gateway.pbx.heartbeat import Heartbeat
from gateway.pbx.port import (
    Consult,
    Down,
    Listener,
    ListenMode,
    PbxEvent,
    Up,
)
from gateway.pbx.room_hold import RoomHold
from gateway.pbx.seat_phones import SIP, SeatPhones
from gateway.pbx.silence import SilenceWatch
from gateway.pbx.sip_bans import SipBans
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

_CONTACT = re.compile(r"sip:[A-Za-z0-9_.+-]+@[A-Za-z0-9.:\[\]-]+(?:;[A-Za-z0-9_.=;-]*)?", re.ASCII)


class AsteriskPbx:
    """One Asterisk. `start`, then commands and events, `close`."""

    def __init__(
        self,
        config: Config,
        secret: str,
        *,
        timing: AmiTiming | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tasks: Supervisor | None = None,
    ) -> None:
        self._tasks = Supervisor(tasks)
        self._ami = Ami(
            config.ami.host,
            config.ami.port,
            config.ami.user,
            secret,
            on_ready=self._up,
            on_lost=self._down,
            timing=timing,
            now=now,
            tasks=self._tasks,
        )
        self._heartbeat = Heartbeat(self._ami, lambda: self.ready)
        self._seats = SeatPhones(self._ami, self._tell)
        self._room_hold = RoomHold(self._ami, self._tasks)
        self._fax_tone = FaxTone(self._ami, self._tasks, config.fax.detect_seconds)
        self._from_trunk = trunks.incoming(config)
        self._cancelled = CancelledCalls(self._ami, self._from_trunk, self._tell, now)
        self._sip_bans = SipBans(self._ami, self._tasks, config, now)
        self._silence = SilenceWatch(self._ami, config.asterisk.silence_seconds, lambda: self.ready)
        self._listener: Listener = lambda event: None
        self._sounds = Places(config.var).sounds
        self._tells_listened = config.queue.tell_listened
        self.last_noted: datetime | None = None  # when the last journal entry was made that came as an event

    @property
    def ready(self) -> bool:
        return self._ami.state is AmiState.READY

    @property
    def state(self) -> str:
        """The link's state, for /healthz."""
        return self._ami.state.value

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self._ami.subscribe(["UserEvent"], self._noted)
        self._seats.start()
        self._room_hold.start()
        self._cancelled.start()
        await self._tasks.start()
        await self._ami.start()
        self._heartbeat.start(self._tasks)
        self._sip_bans.start()
        self._silence.start(self._tasks)

    async def wait_ready(self, limit: float) -> None:
        """Wait until it is there and in step. Raises PbxDown after `limit` seconds."""
        await self._ami.wait_ready(limit)

    async def reload(self) -> None:
        """Let Asterisk read its configuration anew; calls go on. Raises PbxDown."""
        await self._ami.command("core reload")
        if self._heartbeat.takes_calls:
            await self.take_calls(True)  # a site's own dialplan may set it anew

    async def ask(self, command: str) -> str:
        """What Asterisk answers to a console command, its refusal too. Raises PbxDown."""
        try:
            return await self._ami.command(command)
        except AmiFailed as refusal:
            return str(refusal)

    async def clock(self) -> float | None:
        """Asterisk's clock in seconds since 1970; None while it is away."""
        try:
            timestamp = (await self._ami.action("Ping")).get("Timestamp", "")
        except PbxDown:
            return None
        return float(timestamp) if re.fullmatch(r"\d+(\.\d+)?", timestamp) else None

    async def rotate_logs(self) -> None:
        """Let Asterisk begin its log files anew. Raises PbxDown."""
        await self._ami.command("logger rotate")

    async def close(self) -> None:
        await self._ami.close()
        await self._tasks.stop()

    async def leave_calls_to_dialplan(self) -> None:
        """Before the gateway ends: leave new calls to the safety net, if Asterisk is still there."""
        with contextlib.suppress(PbxDown):
            await self.take_calls(False)
        self._ami.loss_expected = True

    # ------------------------------------------------------------ commands

    async def take_calls(self, on: bool) -> None:
        await self._heartbeat.take_calls(on)

    async def sign_in(self, seat: str, agent: str, *, paused: str = "", browser: bool | None = None) -> None:
        await self._seats.sign_in(seat, agent, paused=paused, browser=browser)

    async def sign_out(self, seat: str) -> None:
        await self._seats.sign_out(seat)

    async def pause(self, seat: str, reason: str) -> bool:
        return await self._seats.pause(seat, reason)

    async def make_ready(self, seat: str) -> bool:
        return await self._seats.make_ready(seat)

    async def place(self, owed: Callback) -> bool:
        variables = {
            "__CALL": back_call(owed),
            "__BACK": owed.id,
            "__PHONE": telephone.to_dial(owed.phone),
            "QUEUE_PRIO": str(priority(owed.arrived_at)),
        }
        outcome = await self._ami.originate(
            "Local/s@call-back-leg/n",
            context="call-back-wait",
            variables=variables,
            channel_id=back_call(owed),
            ring_seconds=10,
        )
        return outcome.ok

    async def consult(self, wanted: Consult) -> bool:
        summary = "&".join(f"{self._sounds}/{prompt}" for prompt in wanted.summary)
        dial = self._seats.phone_of(wanted.dial).removeprefix(SIP) if wanted.seat else _dialled(wanted)
        on_agent = {
            "__CALLER_CHAN": wanted.caller_leg,
            "TARGET": wanted.target,
            "TARGET_DIAL": dial,
            "TARGET_LINE": "0" if wanted.seat else "1",
            "RING": str(wanted.ring),
            "SUMMARY": summary,
        }
        on_caller = {"AGENT_CHAN": wanted.agent_leg, "HOLD_SECONDS": str(wanted.hold)}
        sets = [self._ami.setvar(wanted.agent_leg, name, value) for name, value in on_agent.items()]
        sets += [self._ami.setvar(wanted.caller_leg, name, value) for name, value in on_caller.items()]
        if not all(outcome.ok for outcome in await asyncio.gather(*sets)):
            return False
        moved = await self._ami.redirect(
            *(wanted.caller_leg, "hold", "s"),
            extra_channel=wanted.agent_leg,
            extra_context="consult",
            extra_exten="s",
        )
        return moved.ok

    async def join(self, agent_leg: str, target_leg: str) -> bool:
        moved = await self._ami.redirect(
            agent_leg, "join", "s", extra_channel=target_leg, extra_context="room", extra_exten="s"
        )
        return moved.ok

    async def rejoin(self, agent_leg: str) -> bool:
        return (await self._ami.redirect(agent_leg, "rejoin", "s")).ok

    async def hang_up(self, leg: str) -> bool:
        return (await self._ami.hangup(leg)).ok

    async def look_again(self, caller_leg: str) -> bool:
        """A key that no telephone has and no menu knows ends app_queue's pause between two looks."""
        return (await self._ami.receive_key(caller_leg, "D")).ok

    async def call_out(self, seat: str, number: str, item: str) -> bool:
        outcome = await self._ami.originate(
            self._seats.phone_of(seat),
            context="outside",
            caller_id=number,
            ring_seconds=20,
            variables={"DIALLED": number, "ITEM": item, "SEAT": seat},
        )
        return outcome.ok

    async def listen(self, seat: str, call: str, agent_leg: str, mode: ListenMode) -> bool:
        variables = {"CALL": call, "SEAT": seat, "SPIED": agent_leg, "MODE": mode.value}
        outcome = await self._ami.originate(self._seats.phone_of(seat), context="listen", variables=variables)
        if outcome.ok and self._tells_listened:
            await self._ami.originate(
                "Local/s@tell-listened/n", context="tell-agent", variables={"SPIED": agent_leg}
            )
        return outcome.ok

    async def tell_taken(self, seat: str, first: str) -> bool:
        if not _CONTACT.fullmatch(first):
            return False
        outcome = await self._ami.originate(
            f"{seat_phones.telephone(seat)}/{first}", context="tell-taken", ring_seconds=20
        )
        return outcome.ok

    async def send_fax(self, call: str, number: str, file: Path) -> bool:
        outcome = await self._ami.originate(
            "Local/s@call-back-leg/n",
            context="fax-out",
            variables={"__CALL": call, "__FAX_TO": number, "__FAX_FILE": str(file)},
            channel_id=call,
            ring_seconds=10,
        )
        return outcome.ok

    async def survey(self, call: str, number: str, item: str) -> bool:
        outcome = await self._ami.originate(
            "Local/s@call-back-leg/n",
            context="survey",
            variables={"__CALL": call, "__PHONE": number, "ITEM": item},
            channel_id=call,
            ring_seconds=10,
        )
        return outcome.ok

    async def duty_call(self, call: str, number: str, clips: tuple[str, ...]) -> bool:
        outcome = await self._ami.originate(
            "Local/s@call-back-leg/n",
            context="duty",
            variables={"__CALL": call, "__PHONE": number, "__CLIPS": "&".join(clips)},
            channel_id=call,
            ring_seconds=10,
        )
        return outcome.ok

    async def fax_ourselves(self, number: str, file: Path, caller: str) -> bool:
        """Send a fax to our own fax number, as if `caller` did from outside. Of the demo."""
        outcome = await self._ami.originate(
            f"Local/{number}@demo-fax/n",
            context="demo-fax",
            caller_id=caller,
            variables={"FAX_FILE": str(file)},
        )
        return outcome.ok

    async def take_back(self, call: str) -> bool:
        for channel in await self._ami.action_list("CoreShowChannels"):
            if channel.get("Uniqueid") == call and channel.get("BridgeId", "") == "":
                return (await self._ami.hangup(channel["Channel"])).ok
        return False

    # ------------------------------------------------------------ events

    def _up(self, seen: Snapshot) -> None:
        calls = {c.uniqueid for c in seen.channels} | {c.linkedid for c in seen.channels}
        placed = {owed_of(c.uniqueid) for c in seen.channels if is_back(c.uniqueid)}
        seats = self._seats.seen(seen)
        self._heartbeat.watch_anew()
        self._fax_tone.seen([c.uniqueid for c in seen.channels if self._from_trunk(c.name)])
        self._listener(Up(frozenset(calls), seats, frozenset(p.partition(";")[0] for p in placed)))

    def _down(self, at: datetime, why: str) -> None:
        self._cancelled.forget()
        if not self._ami.loss_expected:
            self._listener(Down(at, why))

    def _noted(self, event: AmiEvent) -> None:
        note = read_note(event.get("Said")) if event.get("UserEvent") == "Note" else None
        if note is None:
            return
        self.last_noted = note.at
        if note.what is EntryType.GATEWAY_LOST:
            self._heartbeat.watch_anew()
        self._fax_tone.noted(note)
        self._cancelled.noted(note)
        self._listener(note)

    def _tell(self, event: PbxEvent) -> None:
        self._listener(event)


def _dialled(wanted: Consult) -> str:
    """What follows PJSIP/ for this partner: a number through the trunk, or a SIP address."""
    return f"trunk/{wanted.dial}" if wanted.dial.startswith("sip:") else f"{wanted.dial}@trunk"
