"""AsteriskPbx: the Pbx port on a real Asterisk, over AMI.

Also keeps the heart beating that extensions.conf, [watch], looks at: as long as it beats, calls
come to the gateway. A gateway that hangs or dies loses them to the safety net within two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.core import telephone
from gateway.core.call.journal import EntryType, JournalEntry, read_note
from gateway.core.call.record import Callback, back_call, is_back, owed_of
from gateway.core.call.seat import in_call, priority
from gateway.errors import GatewayError, PbxDown
from gateway.pbx import trunks
from gateway.pbx.ami import Ami, AmiEvent, AmiFailed, AmiState, AmiTiming, Snapshot
from gateway.pbx.ami_seen import QueueMemberSeen, device_state
from gateway.pbx.cancelled_calls import CancelledCalls
from gateway.pbx.conf import QUEUE, WEB, Places, web_phone
from gateway.pbx.fax_tone import FaxTone
from gateway.pbx.port import (
    Consult,
    Down,
    Listener,
    ListenMode,
    SeatForwards,
    SeatRings,
    SeatSeen,
    SeatTaken,
    Up,
)
from gateway.pbx.room_hold import RoomHold
from gateway.pbx.silence import SilenceWatch
from gateway.pbx.sip_bans import SipBans
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

SIP = "PJSIP/"  # before an endpoint: its interface
BEAT = 0.5  # seconds; [watch] gives up after three
WATCH_ANEW = 3600.0  # seconds after which the watch is started afresh
MEMBER_EVENTS = ("QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus", "QueueMemberRemoved")
_CONTACT = re.compile(r"sip:[A-Za-z0-9_.+-]+@[A-Za-z0-9.:\[\]-]+(?:;[A-Za-z0-9_.=;-]*)?", re.ASCII)
CALLER_EVENTS = ("AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete")


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
        self._room_hold = RoomHold(self._ami, self._tasks)
        self._fax_tone = FaxTone(self._ami, self._tasks, config.fax.detect_seconds)
        self._from_trunk = trunks.incoming(config)
        self._cancelled = CancelledCalls(self._ami, self._from_trunk, self._tell, now)
        self._sip_bans = SipBans(self._ami, self._tasks, config, now)
        self._silence = SilenceWatch(self._ami, config.asterisk.silence_seconds, lambda: self.ready)
        self._listener: Listener = lambda event: None
        self._sounds = Places(config.var).sounds
        self._tells_listened = config.queue.tell_listened
        self._takes_calls = False
        self._watch_due = True
        self._contacts: dict[str, dict[str, str]] = {}  # by seat: where its telephone is, and how it does
        self._phones: dict[str, str] = {}  # by seat: which of its phones is in the queue
        self._members: dict[str, SeatSeen] = {}  # by seat in the queue: what was told of it last
        self._devices: dict[str, int] = {}  # by phone: its device state
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
        self._ami.subscribe(MEMBER_EVENTS, self._member)
        self._ami.subscribe(["DeviceStateChange"], self._device)
        self._ami.subscribe(CALLER_EVENTS, self._rung)
        self._ami.subscribe(["DialEnd"], self._dialled)
        self._ami.subscribe(["ContactStatus"], self._contact)
        self._room_hold.start()
        self._cancelled.start()
        await self._tasks.start()
        await self._ami.start()
        self._tasks.keep("heartbeat", self._beat)
        self._sip_bans.start()
        self._silence.start(self._tasks)

    async def wait_ready(self, limit: float) -> None:
        """Wait until it is there and in step. Raises PbxDown after `limit` seconds."""
        await self._ami.wait_ready(limit)

    async def reload(self) -> None:
        """Let Asterisk read its configuration anew; calls go on. Raises PbxDown."""
        await self._ami.command("core reload")
        if self._takes_calls:
            await self.take_calls(True)  # the dialplan's own values were read anew too

    async def ask(self, command: str) -> str:
        """What Asterisk answers to a console command, its refusal too. Raises PbxDown."""
        try:
            return await self._ami.command(command)
        except AmiFailed as refusal:
            return str(refusal)

    async def clock(self) -> float | None:
        """Asterisk's clock in seconds since 1970; None while it is away."""
        try:
            told = (await self._ami.action("Ping")).get("Timestamp", "")
        except PbxDown:
            return None
        return float(told) if re.fullmatch(r"\d+(\.\d+)?", told) else None

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
        self._takes_calls = on
        self._watch_due = True
        if not on:
            await self._ami.setvar_global("GATEWAY_UP", "0")
            await self._ami.setvar_global("WATCH", "")
        elif self.ready:
            await self._beat_once("first")

    async def sign_in(self, seat: str, agent: str, *, paused: str = "", browser: bool | None = None) -> None:
        before = self._phones.get(seat, "")
        phone = (before or _phone(seat)) if browser is None else _phone(seat, browser)
        self._phones[seat] = phone  # what is told of the other phone from now on is not the seat's
        await self._ami.queue_add(QUEUE, phone, member_name=agent, paused=bool(paused), state_interface=phone)
        if before and before != phone:
            await self._ami.queue_remove(QUEUE, before)
        if paused:
            await self.pause(seat, paused)
        else:
            await self.make_ready(seat)

    async def sign_out(self, seat: str) -> None:
        await self._ami.queue_remove(QUEUE, self._phone_of(seat))

    def _phone_of(self, seat: str) -> str:
        """The phone of the seat that is in the queue."""
        return self._phones.get(seat) or _phone(seat)

    async def pause(self, seat: str, reason: str) -> bool:
        await self._ami.setvar_global(f"WRAP_{seat}", "")
        return (await self._ami.queue_pause(self._phone_of(seat), True, queue=QUEUE, reason=reason)).ok

    async def make_ready(self, seat: str) -> bool:
        await self._ami.setvar_global(f"WRAP_{seat}", "")
        return (await self._ami.queue_pause(self._phone_of(seat), False, queue=QUEUE)).ok

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
        on_agent = {
            "__CALLER_CHAN": wanted.caller_leg,
            "TARGET": wanted.target,
            "TARGET_DIAL": self._phone_of(wanted.dial).removeprefix(SIP) if wanted.seat else _dialled(wanted),
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
            self._phone_of(seat),
            context="outside",
            caller_id=number,
            ring_seconds=20,
            variables={"DIALLED": number, "ITEM": item, "SEAT": seat},
        )
        return outcome.ok

    async def listen(self, seat: str, call: str, agent_leg: str, mode: ListenMode) -> bool:
        variables = {"CALL": call, "SEAT": seat, "SPIED": agent_leg, "MODE": mode.value}
        outcome = await self._ami.originate(self._phone_of(seat), context="listen", variables=variables)
        if outcome.ok and self._tells_listened:
            await self._ami.originate(
                "Local/s@tell-listened/n", context="tell-agent", variables={"SPIED": agent_leg}
            )
        return outcome.ok

    async def tell_taken(self, seat: str, first: str) -> bool:
        if not _CONTACT.fullmatch(first):
            return False
        outcome = await self._ami.originate(f"{_phone(seat)}/{first}", context="tell-taken", ring_seconds=20)
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

    async def take_back(self, call: str) -> bool:
        for channel in await self._ami.action_list("CoreShowChannels"):
            if channel.get("Uniqueid") == call and channel.get("BridgeId", "") == "":
                return (await self._ami.hangup(channel["Channel"])).ok
        return False

    # ------------------------------------------------------------ what it tells

    def _up(self, seen: Snapshot) -> None:
        calls = {c.uniqueid for c in seen.channels} | {c.linkedid for c in seen.channels}
        placed = {owed_of(c.uniqueid) for c in seen.channels if is_back(c.uniqueid)}
        members = [member for member in seen.members if member.queue == QUEUE]
        self._phones = {_number(member.interface): member.interface for member in members}
        self._devices = dict(seen.devices)
        seats = tuple(self._with_other_phone(_seat(member)) for member in members)
        self._members = {seat.seat: seat for seat in seats}
        self._watch_due = True
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
            self._watch_due = True
        self._fax_tone.noted(note)
        self._cancelled.noted(note)
        self._listener(note)

    def _tell(self, note: JournalEntry) -> None:
        self._listener(note)

    def _member(self, event: AmiEvent) -> None:
        if event.get("Queue") != QUEUE:
            return
        phone = event.get("Interface")
        seen = _seat(QueueMemberSeen.read({**event.fields, "Location": phone}))
        if event.name == "QueueMemberAdded":
            self._phones[seen.seat] = phone
        elif self._phones.get(seen.seat, phone) != phone:
            return  # its other phone, which is no longer the one
        elif event.name == "QueueMemberRemoved":
            self._phones.pop(seen.seat, None)
            self._members.pop(seen.seat, None)
            self._listener(SeatSeen(seen.seat, signed_in=False, device=seen.device))
            return
        self._tell_member(seen)

    def _device(self, event: AmiEvent) -> None:
        """A phone's state; the queue tells that of its members, so only the seat's other phone matters."""
        phone = event.get("Device")
        self._devices[phone] = device_state(event.get("State"))
        known = self._members.get(_number(phone))
        if known is not None and self._with_other_phone(known) != known:
            self._tell_member(known)

    def _tell_member(self, seen: SeatSeen) -> None:
        seen = self._members[seen.seat] = self._with_other_phone(seen)
        self._listener(seen)

    def _with_other_phone(self, seen: SeatSeen) -> SeatSeen:
        other = _phone(seen.seat, not seen.browser)
        return replace(seen, elsewhere=in_call(self._devices.get(other, 0)))

    def _rung(self, event: AmiEvent) -> None:
        rings = event.name in ("AgentCalled", "AgentConnect")
        self._listener(SeatRings(_number(event.get("Interface")), event.get("Uniqueid"), rings))

    def _dialled(self, event: AmiEvent) -> None:
        """A leg that ended before it was answered: did its phone send the caller elsewhere?"""
        phone = event.get("DestChannel").rpartition("-")[0]
        seat = _number(phone)
        if event.get("Forward") and self._phones.get(seat) == phone:
            self._listener(SeatForwards(seat))

    def _contact(self, event: AmiEvent) -> None:
        """Where a seat's telephone is. One that is replaced while it still answers was not moved."""
        seat, at, status = event.get("AOR"), event.get("URI"), event.get("ContactStatus")
        if not seat.isdecimal():
            return  # a page in a browser, of which there is one at a time, or a trunk
        known = self._contacts.setdefault(seat, {})
        if status != "Removed":
            known[at] = status
        elif known.pop(at, "") != "Unreachable" and known:
            self._listener(SeatTaken(seat, at))

    # ------------------------------------------------------------ the heart

    async def _beat(self) -> None:
        count = 0
        while True:
            count += 1
            if self._takes_calls and self.ready:
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


def _phone(seat: str, browser: bool = False) -> str:
    return f"{SIP}{web_phone(seat) if browser else seat}"


def _dialled(wanted: Consult) -> str:
    """What follows PJSIP/ for this partner: a number through the trunk, or a SIP address."""
    return f"trunk/{wanted.dial}" if wanted.dial.startswith("sip:") else f"{wanted.dial}@trunk"


def _number(interface: str) -> str:
    return interface.rpartition("/")[2].removesuffix(WEB)


def _seat(member: QueueMemberSeen) -> SeatSeen:
    browser = member.interface.endswith(WEB)
    return SeatSeen(_number(member.interface), True, member.paused, member.reason, member.status, browser)
