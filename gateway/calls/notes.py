"""Notes of the dialplan: each is applied to its call and passed on to the parts that it concerns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.calls.callbacks import CallBacks
from gateway.calls.closing import Closing
from gateway.calls.events import CallEvents
from gateway.calls.live import Live, LiveCalls
from gateway.calls.refusals import Refusals
from gateway.calls.seat_calls import SeatCalls
from gateway.calls.seats import Seats
from gateway.calls.surveys import Surveys
from gateway.calls.transfers import Transfers
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import CallOutcome, is_back
from gateway.core.call.state import CallState, Phase, apply
from gateway.pbx.fax_line import FaxLine

log = logging.getLogger(__name__)


class NoteHandler:
    """`take` a note as it comes; `finish` a call that is over and that no flow drives any more."""

    def __init__(
        self,
        live: LiveCalls,
        seats: Seats,
        seat_calls: SeatCalls,
        transfers: Transfers,
        callbacks: CallBacks,
        closing: Closing,
        fax_line: FaxLine,
        refusals: Refusals,
        events: CallEvents,
        now: Callable[[], datetime],
        surveys: Surveys | None = None,
    ) -> None:
        self._surveys = surveys
        self.also: list[Callable[[JournalEntry], None]] = []  # listeners of every note
        self._live = live
        self._seats = seats
        self._seat_calls = seat_calls
        self._transfers = transfers
        self._callbacks = callbacks
        self._closing = closing
        self._fax_line = fax_line
        self._refusals = refusals
        self._events = events
        self._now = now

    def take(self, note: JournalEntry) -> None:
        if note.what is EntryType.GATEWAY_LOST:
            log.error("the safety net took over: no heartbeat of the gateway for two seconds")
            return
        if note.what is EntryType.DIAL_REFUSED:
            self._refusals.noted(note)
        if note.what in (EntryType.FAX_SENT, EntryType.FAX_DIALLED):
            self._fax_line.noted(note)
        if note.call and (note.call in self._live or begins(note)):
            self._apply(self._live.get_or_create(note.call), note)
        elif note.what is EntryType.AGENT_OFF:
            self._seat_calls.left_late(note)
        if note.what is EntryType.BACK_LEFT:
            self._back_left(note.call)
        self._callbacks.noted(note)
        self.missed(note)

    def missed(self, note: JournalEntry) -> None:
        """Tell those who dial by themselves, also of what was noted while the gateway was away: how a dial
        ended, and who took note."""
        if self._surveys:
            self._surveys.noted(note)
        for hears in self.also:
            hears(note)

    def _back_left(self, call: str) -> None:
        """An agent took a call-back and hung up before it was dialled: there was no call."""
        live = self._live.get(call)
        if live and not live.state.began:
            self._live.remove(call)

    def _apply(self, live: Live, note: JournalEntry) -> None:
        call = live.state
        before = call.phase
        if not apply(call, note):
            return
        try:
            self._follow(call, note, before)
        finally:  # also after an error: a call that is over must not count as a busy line
            if call.over and not live.driving:
                self.finish(live)

    def _follow(self, call: CallState, note: JournalEntry, before: Phase) -> None:
        """What a note that changed the call means for transfers, seats, pages and call-backs."""
        self._transfers.noted(call, note)
        self._seat_calls.noted(call, note)
        self._publish(call, note, before)
        self._callbacks.changed()
        if self._surveys:
            self._surveys.changed()
        if note.what is EntryType.QUEUED or before is Phase.QUEUE:
            self._events.publish("queue.changed", waiting=self._live.queued() + self._callbacks.placed)

    def _publish(self, call: CallState, note: JournalEntry, before: Phase) -> None:
        if note.what is EntryType.BEGAN:
            self._events.call("call.ringing", call.record)
            if call.record.direction == "out" and call.record.agent in self._seats:
                self._seats.rings(call.record.agent, call.id, True)
        elif call.phase is Phase.TALK and before is not Phase.TALK:
            self._events.call("call.answered", call.record)
        elif call.phase is Phase.FAX and before is Phase.TALK:
            self._events.call("call.fax", call.record)

    def finish(self, live: Live) -> None:
        """The call is over and no flow drives it any more: close it, once."""
        call = live.state
        if not self._live.end(call.id):
            return
        if live.walk and not live.walk.over:
            talked = call.record.outcome is CallOutcome.TALKED
            live.walk.hang_up(self._seconds(call), "talked" if talked else "hung_up")
        record = call.record
        call.record = replace(record, path=live.path() or record.path, flow=live.flow or record.flow)
        if live.walk and live.walk.kind:
            call.kind = live.walk.kind
        self._callbacks.changed()
        self._seat_calls.ended(call.id)
        if call.began:
            call.transfers = self._transfers.close(call.id, call.record.ended_at or self._now())
            self._closing.put(live)
            self._events.call("call.ended", call.record)

    def _seconds(self, call: CallState) -> float:
        """From the answer to the end."""
        ended = call.record.ended_at or self._now()
        return max(0.0, (ended - (call.record.answered_at or call.record.started_at)).total_seconds())


def begins(note: JournalEntry) -> bool:
    """Is this the first note of a call? That of a call-back may be the agent who takes it."""
    if note.what is EntryType.AGENT:
        return is_back(note.call)
    return note.what in (EntryType.BEGAN, EntryType.TURNED_AWAY, EntryType.REFUSED)
