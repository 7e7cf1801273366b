"""One call that goes on, as the agent who rings for it or has it is to see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.calls.callbacks import CallBacks
from gateway.calls.closing import Closing
from gateway.calls.live import Live, LiveCalls
from gateway.calls.seats import Seats
from gateway.calls.transfers import Transfers
from gateway.calls.views import CallView
from gateway.core.call.record import Callback, CallRecord, PathStep
from gateway.core.call.transfer import Transfer
from gateway.core.flow.file import FlowSet
from gateway.core.item.contact import Kind
from gateway.flows.store import FlowStore
from gateway.settings.schema import Config

_KEYS = re.compile(r"[0-9*#]+")


class CallViews:
    """Looks a call up among those that go on and those that are being closed."""

    def __init__(
        self,
        config: Config,
        flows: FlowStore,
        live: LiveCalls,
        closing: Closing,
        seats: Seats,
        transfers: Transfers,
        callbacks: CallBacks,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._flows = flows
        self._live = live
        self._closing = closing
        self._seats = seats
        self._transfers = transfers
        self._callbacks = callbacks
        self._now = now

    def get(self, call: str) -> CallView | None:
        """A call as its agent is to see it; None when it is closed or unknown."""
        live = self._live.get(call) or self._closing.get(call)
        back = self._callbacks.open_for(call)
        if back and not (live and live.state.began):
            return self._before_the_dial(call, back)
        if live is None:
            return None
        record = self._record(live)
        kind = live.walk.kind if live.walk and live.walk.kind else live.state.kind
        number = record.caller if record.direction == "in" else record.dialled
        return CallView(record, kind, number, self.path_in_words(record.path), self._agents(live), back)

    def _before_the_dial(self, call: str, back: Callback) -> CallView:
        """A call-back that rings its agent: the customer is not dialled yet."""
        record = CallRecord(
            *(call, "out", "", back.phone, 0, self._now()), number=back.number, back_of=back.id
        )
        agents = self._seats.agents_with(call)
        return CallView(record, Kind.UNSORTED, back.phone, (), agents, back)

    def _record(self, live: Live) -> CallRecord:
        """The record with its path, and the wait of a caller who still waits."""
        record = replace(live.state.record, path=live.path())
        if record.queued_at and not record.talked_at:
            record = replace(record, wait_seconds=(self._now() - record.queued_at).total_seconds())
        return record

    def _agents(self, live: Live) -> frozenset[str]:
        call = live.state.id
        agents = self._seats.agents_with(call)
        agents |= {self._config.agent_id_of_seat(live.state.record.agent)} - {""}
        return agents | self.agents_of(self._transfers.all(call) or live.state.transfers)

    def agents_of(self, transfers: Sequence[Transfer]) -> frozenset[str]:
        """The agents through whose hands a call went with these transfers."""
        given = {self._config.agent_id_of_seat(transfer.seat) for transfer in transfers}
        return frozenset((given | {transfer.colleague for transfer in transfers}) - {""})

    def path_in_words(self, path: Sequence[PathStep]) -> tuple[str, ...]:
        """A path in the words of the flows: what was offered, and what the caller chose."""
        flows = self._flows.current()
        return tuple(words for step in path if (words := _step_in_words(flows, step)))


def _step_in_words(flows: FlowSet, step: PathStep) -> str:
    """One step in words; "" where the caller had nothing to choose."""
    if not _KEYS.fullmatch(step.keys):
        return ""
    flow_id, _, name = step.step.partition("/")
    flow = flows.flows.get(flow_id)
    spec = flow.steps.get(name) if flow else None
    if spec is None:
        return f"{step.step} {step.keys}"
    option = next((o.label for key, o in spec.step.options(spec.settings).items() if key == step.keys), "")
    return " ".join(part for part in (spec.label or step.step, step.keys, option) if part)
