"""Which seat has which call, from the notes of the dialplan; free seats offered to whoever waits longest."""

from __future__ import annotations

import asyncio
import logging

from gateway.calls.live import LiveCalls
from gateway.calls.seats import Seats
from gateway.calls.transfers import Transfers
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.seat import SeatState
from gateway.core.call.state import CallState, Phase
from gateway.core.call.transfer import TargetKind
from gateway.errors import PbxDown
from gateway.pbx.port import Pbx
from gateway.settings.schema import Config

log = logging.getLogger(__name__)

LOOKS, LOOK_EVERY = 3, 0.1  # how often the queue is told of a free seat, seconds between


class SeatCalls:
    """Keeps `call` and `on_call` of each seat in step with the calls that go on."""

    def __init__(self, config: Config, seats: Seats, live: LiveCalls, transfers: Transfers) -> None:
        self._config = config
        self._seats = seats
        self._live = live
        self._transfers = transfers

    def noted(self, call: CallState, note: JournalEntry) -> None:
        """Take a note that changed this call."""
        if note.what in (EntryType.CONSULT, EntryType.CONSULT_END):
            self._colleague_rings(call)
        if note.what is EntryType.AGENT:
            self._seats.change(note.arg(0), call=call.id, on_call=True)
        elif note.what is EntryType.TARGET_ON and (agent := self._config.agent(note.arg(0))):
            self._seats.change(agent.seat, call=call.id, on_call=True)
        elif note.what is EntryType.AGENT_OFF:
            self._seats.change(note.arg(0), on_call=False)

    def restore(self) -> None:
        """After a lost link, from the calls that go on: the PBX does not report it again."""
        for live in self._live:
            transfer = self._transfers.current(live.state.id)
            colleague = self._colleague(live.state) if transfer and transfer.live else ""
            for seat in {live.state.seat, colleague} - {""}:
                talks = seat == live.state.seat and bool(live.state.agent_leg)
                self._seats.change(seat, call=live.state.id, on_call=talks)

    def ended(self, call: str) -> None:
        """This call is over: no seat is on it any more."""
        for seat in self._seats.all():
            if seat.call == call and (seat.on_call or seat.state is SeatState.OFFLINE):
                left = seat.call if seat.signed_in else ""  # asked into the call, though signed out
                self._seats.change(seat.seat, call=left, on_call=False)

    def left_late(self, note: JournalEntry) -> None:
        """Caller and agent hung up at once, and the call's end was noted before that of the agent's leg."""
        seat = self._seats.get(note.arg(0))
        if seat and seat.call in ("", note.call):
            self._seats.change(seat.seat, on_call=False)

    def _colleague_rings(self, call: CallState) -> None:
        """A seat that is asked into a call sees whose it is, as when the queue rings it."""
        seat = self._colleague(call)
        if seat:
            transfer = self._transfers.current(call.id)
            self._seats.rings(seat, call.id, transfer is not None and transfer.live)

    def _colleague(self, call: CallState) -> str:
        """The seat that the last transfer of a call is for; "" when that is a partner, or there was none."""
        transfer = self._transfers.current(call.id)
        to_seat = transfer is not None and transfer.kind is TargetKind.SEAT
        agent = self._config.agent(transfer.target) if transfer and to_seat else None
        return agent.seat if agent else ""


async def offer_free_seats(pbx: Pbx, seats: Seats, live: LiveCalls) -> None:
    """Let the queue look now, not at its next check, for those who have waited longest. It is asked up to
    LOOKS times: the first time may only end an announcement."""
    try:
        for _ in range(LOOKS):
            free = seats.free()
            waiting = [call for call in live.states() if call.phase is Phase.QUEUE and call.caller_leg]
            for call in waiting[:free]:
                if not await pbx.look_again(call.caller_leg):
                    log.warning("call %s: the queue could not be told of a free seat", call.id)
            if not (free and waiting):
                return
            await asyncio.sleep(LOOK_EVERY)
    except PbxDown as error:
        log.warning("the queue is not told of a free seat: %s", error)
