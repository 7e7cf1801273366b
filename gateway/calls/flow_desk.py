"""What a flow asks and reports while a caller is in it (`Desk` of pbx/ivr.py)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.calls.callbacks import CallBacks
from gateway.calls.live import Live, LiveCalls
from gateway.calls.ports import Inquiry
from gateway.calls.seats import Seats
from gateway.core.call.record import Callback
from gateway.core.call.state import Phase
from gateway.core.flow.commands import Booked, Clock, Found, Staff
from gateway.core.flow.file import FlowSet
from gateway.core.flow.walk import Walk
from gateway.core.item.deadlines import Rules
from gateway.core.ledgers import CallbackLedger
from gateway.errors import StorageDown
from gateway.flows.store import FlowStore
from gateway.settings.schema import Config

log = logging.getLogger(__name__)


class FlowDesk:
    """`finish` is told of a call that was over before its flow let it go."""

    def __init__(
        self,
        config: Config,
        flows: FlowStore,
        rules: Rules,
        inquiry: Inquiry,
        ledger: CallbackLedger,
        live: LiveCalls,
        seats: Seats,
        callbacks: CallBacks,
        finish: Callable[[Live], None],
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._flows = flows
        self._rules = rules
        self._inquiry = inquiry
        self._ledger = ledger
        self._live = live
        self._seats = seats
        self._callbacks = callbacks
        self._finish = finish
        self._now = now

    def entry(self, dialled: str) -> str:
        return self._config.entry_of(dialled)

    def flows(self) -> FlowSet:
        return self._flows.current()

    def flows_of(self, version: int) -> FlowSet:
        return self._flows.version(version)

    def clock(self) -> Clock:
        now = self._now().astimezone(self._config.zone)
        return Clock(now, self._rules.calendar.is_workday(now.date())[0])

    def staff(self) -> Staff:
        return Staff(self._seats.reachable(), self._seats.free(), self.waiting())

    def waiting(self) -> int:
        """Callers and call-backs that hold a place in the queue."""
        return self._live.queued() + self._callbacks.placed

    def seconds(self, call: str) -> float:
        live = self._live.get(call)
        return asyncio.get_running_loop().time() - live.answered if live else 0.0

    def drives(self, call: str, caller: str, dialled: str, line: int, on: bool) -> None:
        live = self._live.get_or_create(call)
        live.driving = on
        if not on:
            if live.state.over:
                self._finish(live)
            elif not live.state.began and self._live.ended_lately(call):
                self._live.remove(call)  # its end was noted before its flow began
            return
        record = live.state.record
        noted = record.caller == caller and record.dialled and record.line
        if not noted:
            live.state.record = replace(
                record,
                caller=caller or record.caller,
                dialled=record.dialled or dialled,
                line=record.line or line,
            )
        if not live.answered:
            since = (self._now() - record.started_at).total_seconds()
            live.answered = asyncio.get_running_loop().time() - max(0.0, since)

    def walks(self, call: str, walk: Walk) -> None:
        live = self._live.get_or_create(call)
        live.earlier = live.path()
        live.walk = walk
        record = live.state.record
        entry = self.entry(record.dialled) if record.direction == "in" else walk.position.partition("/")[0]
        live.flow = f"{entry}@{walk.version}"

    def message(self, call: str, file: str) -> None:
        state = self._live.get_or_create(call).state
        if file not in state.messages:
            state.messages.append(file)
        state.phase = Phase.MESSAGE

    def served(self, call: str) -> None:
        self._live.get_or_create(call).state.served = True

    def rated(self, call: str, grade: int) -> None:
        state = self._live.get_or_create(call).state
        state.record = replace(state.record, rating=grade)

    async def look_up(self, call: str, number: str, code: str, phone: str) -> Found:
        """An item's public state. While storage is away the caller is asked to wait."""
        asker = self._live.get_or_create(call).state.record.caller or f"call:{call}"
        try:
            item = await self._inquiry.public_state(number, code, asker, phone)
        except StorageDown:
            log.error("call %s: progress could not be looked up, storage is away", call)
            return Found(locked=True)
        if item is None:
            return Found()
        days = [due.on for due in item.due]
        due = min(days).isoformat() if days else ""
        return Found(item.state.value, due, state_only=item.state_only)

    async def book(self, call: str, phone: str) -> Booked:
        """Book a call-back for this caller, at the place that his arrival gives him."""
        state = self._live.get_or_create(call).state
        record = state.record
        number = phone or record.caller
        state.booked, state.phone = True, phone
        callback = Callback(call, number, call, record.started_at, self._now())
        try:
            await self._ledger.book(callback)
        except StorageDown:
            log.error("call %s: the call-back stands only in its item, storage is away", call)
            return Booked(number)
        self._callbacks.booked()
        try:
            callbacks = await self._ledger.owed()
        except StorageDown:
            return Booked(number)
        if not self._seats.signed_in():
            return Booked(number)
        before = self._live.queued_since_before(record.started_at)
        before += sum(callback.arrived_at < record.started_at for callback in callbacks)
        return Booked(number, before + 1)
