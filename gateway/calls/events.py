"""The events of calls and seats that pages and programs of the API hear; docs/reference/api.md lists them."""

from __future__ import annotations

from collections.abc import Callable

from gateway.calls.views import CallView
from gateway.core.call.record import CallRecord
from gateway.core.call.seat import Seat
from gateway.core.call.transfer import Transfer
from gateway.listeners import Listeners

EventListener = Callable[[str, dict[str, object]], None]


class CallEvents:
    """`publish` and the methods for each kind of event call every listener at once."""

    def __init__(self, agent_id_of_seat: Callable[[str], str]) -> None:
        self._agent_id_of_seat = agent_id_of_seat
        self._listeners: Listeners[str, dict[str, object]] = Listeners()

    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Call `listener(name, data)` for each event; returns what ends it."""
        return self._listeners.add(listener)

    def publish(self, name: str, **data: object) -> None:
        self._listeners.tell(name, data)

    def call(self, name: str, record: CallRecord) -> None:
        self.publish(
            name,
            id=record.id,
            line=record.line,
            caller=record.caller,
            agent=self._agent_id_of_seat(record.agent),
            outcome=record.outcome.value,
        )

    def pop(self, agent: str, view: CallView) -> None:
        """What is known at once for the agent who rings; the rest his page asks for."""
        record = view.record
        self.publish(
            "call.pop",
            agent=agent,
            id=record.id,
            caller=view.number,
            line=record.line,
            kind=view.kind.value,
            direction=record.direction,
            back_of=record.back_of or None,
            number=(view.back.number if view.back else record.number) or None,
            attempt=view.back.attempts + 1 if view.back else None,
            path=list(view.path),
            wait_seconds=round(record.wait_seconds, 1),
            started_at=record.started_at,
        )

    def seat(self, seat: Seat) -> None:
        """All that a page shows of its own seat, so that none has to ask."""
        self.publish(
            "agent.state",
            id=seat.agent,
            state=seat.state.value,
            reason=seat.why,
            since=seat.since,
            call_id=seat.call or None,
            phone="browser" if seat.browser else "sip",
            reachable=seat.reachable,
        )

    def transfer(self, transfer: Transfer) -> None:
        self.publish(
            "transfer.state",
            call=transfer.call,
            agent=self._agent_id_of_seat(transfer.seat),
            target=transfer.target,
            kind=transfer.kind.value,
            state=transfer.state.value,
            outcome=transfer.outcome.value,
        )
