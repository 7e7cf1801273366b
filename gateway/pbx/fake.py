"""FakePbx: the Pbx port in memory, for tests of the switchboard. Held to the port by its contract test.

Besides the port it has what the world does to a PBX: notes that calls leave, phones that ring, a
link that breaks and comes back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import Callback, back_call, owed_of
from gateway.errors import PbxDown
from gateway.pbx.port import Consult, Down, Listener, ListenMode, PbxEvent, SeatRings, SeatSeen, Up


class FakePbx:
    """A PBX without telephones. `calls` are those that live; `seats` those in the queue.

    `legs` are the channels that live; `asked` is what was asked of transfers, in order; `places` are the
    call-backs that a place was asked for. `empty` lets nobody into the queue, `mute` drops its notes
    of places.
    """

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.seats: dict[str, SeatSeen] = {}
        self.placed: dict[str, Callback] = {}
        self.legs: set[str] = set()
        self.asked: list[object] = []
        self.places: list[str] = []
        self.empty = False
        self.mute = False
        self.takes = False
        self.answers = True
        self._up = False
        self._listener: Listener = lambda event: None

    @property
    def ready(self) -> bool:
        return self._up

    async def start(self, listener: Listener) -> None:
        self._listener = listener
        self.come_up()

    async def close(self) -> None:
        self._up = False

    async def take_calls(self, on: bool) -> None:
        self._check()
        self.takes = on

    async def sign_in(self, seat: str, agent: str, *, paused: str = "", browser: bool | None = None) -> None:
        self._check()
        state = self.seats.get(seat)
        if browser is None:
            browser = state.browser if state else False
        elsewhere = state is not None and state.elsewhere
        self._see(SeatSeen(seat, True, bool(paused), paused, 1, browser, elsewhere))

    async def sign_out(self, seat: str) -> None:
        self._check()
        if self.seats.pop(seat, None):
            self.tell(SeatSeen(seat, signed_in=False))

    async def pause(self, seat: str, reason: str) -> bool:
        return self._pause(seat, True, reason)

    async def make_ready(self, seat: str) -> bool:
        return self._pause(seat, False, "")

    async def place(self, owed: Callback) -> bool:
        self._check()
        if owed.id in self.placed:
            return False
        self.places.append(owed.id)
        if self.mute:
            return True
        self.note(EntryType.BACK_PLACED, back_call(owed), owed.id)
        if self.empty:
            self.note(EntryType.BACK_LEFT, back_call(owed), owed.id, "JOINUNAVAIL")
        else:
            self.placed[owed.id] = owed
        return True

    async def consult(self, wanted: Consult) -> bool:
        self._check()
        if not {wanted.caller_leg, wanted.agent_leg} <= self.legs:
            return False
        self.asked.append(wanted)
        return True

    async def join(self, agent_leg: str, target_leg: str) -> bool:
        self._check()
        self.asked.append(("join", agent_leg, target_leg))
        return {agent_leg, target_leg} <= self.legs

    async def rejoin(self, agent_leg: str) -> bool:
        self._check()
        self.asked.append(("rejoin", agent_leg))
        return agent_leg in self.legs

    async def hang_up(self, leg: str) -> bool:
        self._check()
        self.asked.append(("hang_up", leg))
        gone = leg in self.legs
        self.legs.discard(leg)
        return gone

    async def look_again(self, caller_leg: str) -> bool:
        self._check()
        self.asked.append(("look_again", caller_leg))
        return caller_leg in self.legs

    async def call_out(self, seat: str, number: str, item: str) -> bool:
        self._check()
        self.asked.append(("call_out", seat, number, item))
        return True

    async def listen(self, seat: str, call: str, agent_leg: str, mode: ListenMode) -> bool:
        self._check()
        if agent_leg not in self.legs:
            return False
        self.note(EntryType.LISTENED, call, seat, mode.value)
        return True

    async def tell_taken(self, seat: str, first: str) -> bool:
        self._check()
        self.asked.append(("tell_taken", seat, first))
        return True

    async def send_fax(self, call: str, number: str, file: Path) -> bool:
        self._check()
        self.asked.append(("send_fax", call, number))
        return True

    async def survey(self, call: str, number: str, item: str) -> bool:
        self._check()
        self.asked.append(("survey", call, number, item))
        return True

    async def duty_call(self, call: str, number: str, clips: tuple[str, ...]) -> bool:
        self._check()
        self.asked.append(("duty_call", call, number, clips))
        return True

    async def take_back(self, call: str) -> bool:
        self._check()
        owed_id = owed_of(call)
        if self.placed.pop(owed_id, None) is None:
            return False
        self.note(EntryType.BACK_LEFT, call, owed_id)
        return True

    # ------------------------------------------------------------ the world

    def tell(self, event: PbxEvent) -> None:
        """Let the listener know."""
        self._listener(event)

    def note(self, what: EntryType, call: str, *rest: str, at: datetime | None = None) -> None:
        """A note of the dialplan."""
        self.tell(JournalEntry(at or datetime.now(UTC), what, call, rest))

    def rings(self, seat: str, call: str) -> None:
        """A seat is rung for a call."""
        self.tell(SeatRings(seat, call, True))
        self.device(seat, 6)

    def device(self, seat: str, state: int) -> None:
        """A phone changes its state."""
        if seat in self.seats:
            self._see(replace(self.seats[seat], device=state))

    def talks_elsewhere(self, seat: str, on: bool) -> None:
        """The phone of this seat that is not in the queue begins or ends a call."""
        if seat in self.seats:
            self._see(replace(self.seats[seat], elsewhere=on))

    def break_link(self, why: str = "broken") -> None:
        self._up = False
        self.tell(Down(datetime.now(UTC), why))

    def come_up(self) -> None:
        self._up = True
        self.tell(Up(frozenset(self.calls), tuple(self.seats.values()), frozenset(self.placed)))

    def _see(self, seen: SeatSeen) -> None:
        self.seats[seen.seat] = seen
        self.tell(seen)

    def _pause(self, seat: str, paused: bool, reason: str) -> bool:
        self._check()
        state = self.seats.get(seat)
        if state is None:
            return False
        self._see(replace(state, paused=paused, reason=reason))
        return True

    def _check(self) -> None:
        if not (self._up and self.answers):
            raise PbxDown("the PBX does not answer")
