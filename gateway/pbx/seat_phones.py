"""The seats in the queue and their telephones: signed in, paused, rung, and what becomes of their phones.

A seat has two phones, a telephone and a page in a browser; one of them is in the queue. Used by AsteriskPbx.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.core.call.seat import in_call
from gateway.pbx.ami import Ami, AmiEvent, Snapshot
from gateway.pbx.ami_seen import QueueMemberSeen, device_state
from gateway.pbx.conf import QUEUE, WEB, web_phone
from gateway.pbx.port import Listener, SeatForwards, SeatRings, SeatSeen, SeatTaken

SIP = "PJSIP/"  # before an endpoint: its interface
MEMBER_EVENTS = ("QueueMemberAdded", "QueueMemberPause", "QueueMemberStatus", "QueueMemberRemoved")
CALLER_EVENTS = ("AgentCalled", "AgentRingNoAnswer", "AgentConnect", "AgentComplete")


class SeatPhones:
    """`start`; then `listener` is called with what seats and their phones do; `seen` after each log-in."""

    def __init__(self, ami: Ami, listener: Listener) -> None:
        self._ami = ami
        self._listener = listener
        self._contacts: dict[str, dict[str, str]] = {}  # by seat: where its telephone is, and how it does
        self._phones: dict[str, str] = {}  # by seat: which of its phones is in the queue
        self._members: dict[str, SeatSeen] = {}  # by seat in the queue: its last reported state
        self._devices: dict[str, int] = {}  # by phone: its device state

    def start(self) -> None:
        self._ami.subscribe(MEMBER_EVENTS, self._member)
        self._ami.subscribe(["DeviceStateChange"], self._device)
        self._ami.subscribe(CALLER_EVENTS, self._rung)
        self._ami.subscribe(["DialEnd"], self._dialled)
        self._ami.subscribe(["ContactStatus"], self._contact)

    def seen(self, seen: Snapshot) -> tuple[SeatSeen, ...]:
        """After a log-in: the seats in the queue."""
        members = [member for member in seen.members if member.queue == QUEUE]
        self._phones = {_number(member.interface): member.interface for member in members}
        self._devices = dict(seen.devices)
        seats = tuple(self._with_other_phone(_seat(member)) for member in members)
        self._members = {seat.seat: seat for seat in seats}
        return seats

    def phone_of(self, seat: str) -> str:
        """The phone of the seat that is in the queue."""
        return self._phones.get(seat) or telephone(seat)

    # ------------------------------------------------------------ commands

    async def sign_in(self, seat: str, agent: str, *, paused: str = "", browser: bool | None = None) -> None:
        before = self._phones.get(seat, "")
        phone = (before or telephone(seat)) if browser is None else telephone(seat, browser)
        self._phones[seat] = phone  # events of the other phone no longer concern the seat
        await self._ami.queue_add(QUEUE, phone, member_name=agent, paused=bool(paused), state_interface=phone)
        if before and before != phone:
            await self._ami.queue_remove(QUEUE, before)
        if paused:
            await self.pause(seat, paused)
        else:
            await self.make_ready(seat)

    async def sign_out(self, seat: str) -> None:
        await self._ami.queue_remove(QUEUE, self.phone_of(seat))

    async def pause(self, seat: str, reason: str) -> bool:
        await self._ami.setvar_global(f"WRAP_{seat}", "")
        return (await self._ami.queue_pause(self.phone_of(seat), True, queue=QUEUE, reason=reason)).ok

    async def make_ready(self, seat: str) -> bool:
        await self._ami.setvar_global(f"WRAP_{seat}", "")
        return (await self._ami.queue_pause(self.phone_of(seat), False, queue=QUEUE)).ok

    # ------------------------------------------------------------ events

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
        member = self._members.get(_number(phone))
        if member is not None and self._with_other_phone(member) != member:
            self._tell_member(member)

    def _tell_member(self, seen: SeatSeen) -> None:
        seen = self._members[seen.seat] = self._with_other_phone(seen)
        self._listener(seen)

    def _with_other_phone(self, seen: SeatSeen) -> SeatSeen:
        other = telephone(seen.seat, not seen.browser)
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
        contacts = self._contacts.setdefault(seat, {})
        if status != "Removed":
            contacts[at] = status
        elif contacts.pop(at, "") != "Unreachable" and contacts:
            self._listener(SeatTaken(seat, at))


def telephone(seat: str, browser: bool = False) -> str:
    """The interface of a seat's telephone, or of its page in a browser."""
    return f"{SIP}{web_phone(seat) if browser else seat}"


def _number(interface: str) -> str:
    return interface.rpartition("/")[2].removesuffix(WEB)


def _seat(member: QueueMemberSeen) -> SeatSeen:
    browser = member.interface.endswith(WEB)
    return SeatSeen(_number(member.interface), True, member.paused, member.reason, member.status, browser)
