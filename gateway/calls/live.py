"""The calls that go on: one entry for each, and what can be counted from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.calls.transfers import Transfers
from gateway.core.call.record import PathStep
from gateway.core.call.state import CallState, Phase, new_call_state
from gateway.core.flow.walk import Walk
from gateway.errors import NotFound

REMEMBERED = 256  # calls that ended last


@dataclass(slots=True)
class Live:
    """One call that goes on. `driving` while it is in a flow; `earlier` is its path before this walk."""

    state: CallState
    driving: bool = False
    walk: Walk | None = None
    earlier: tuple[PathStep, ...] = ()
    flow: str = ""  # and its version, of the last walk
    answered: float = 0.0  # loop time

    def path(self) -> tuple[PathStep, ...]:
        """All steps so far, with their times."""
        began = self.state.record.answered_at or self.state.record.started_at
        walked = self.walk.path if self.walk else ()
        return self.earlier + tuple(
            PathStep(began + timedelta(seconds=e.at_seconds), e.step, e.what) for e in walked
        )


class LiveCalls:
    """The calls that go on, by the id of the caller's leg."""

    def __init__(self, transfers: Transfers, now: Callable[[], datetime]) -> None:
        self._transfers = transfers
        self._now = now
        self._calls: dict[str, Live] = {}
        self._ended: deque[str] = deque(maxlen=REMEMBERED)

    def get(self, call: str) -> Live | None:
        return self._calls.get(call)

    def get_or_create(self, call: str) -> Live:
        live = self._calls.get(call)
        if live is None:
            live = self._calls[call] = Live(new_call_state(call, self._now()))
        return live

    def state(self, call: str) -> CallState:
        """Raises NotFound when this call does not go on."""
        live = self._calls.get(call)
        if live is None:
            raise NotFound(f"no such call goes on: {call}")
        return live.state

    def remove(self, call: str) -> bool:
        """False when it was not there."""
        return self._calls.pop(call, None) is not None

    def end(self, call: str) -> bool:
        """Remove a call that is over. False when it was not there."""
        self._ended.append(call)
        return self.remove(call)

    def ended_lately(self, call: str) -> bool:
        """Has this call ended lately? A late FastAGI request of it then begins no new call."""
        return call in self._ended

    def __contains__(self, call: object) -> bool:
        return call in self._calls

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Live]:
        return iter(tuple(self._calls.values()))

    def ids(self) -> frozenset[str]:
        return frozenset(self._calls)

    def states(self) -> list[CallState]:
        """The oldest call first."""
        return sorted((live.state for live in self._calls.values()), key=lambda s: s.record.started_at)

    def queued(self) -> int:
        """How many callers wait in the queue."""
        return sum(live.state.phase is Phase.QUEUE for live in self._calls.values())

    def queued_since_before(self, at: datetime) -> int:
        """How many callers in the queue called before `at`."""
        return sum(
            live.state.phase is Phase.QUEUE and live.state.record.started_at < at
            for live in self._calls.values()
        )

    def lines(self) -> int:
        """How many lines of the trunk are in use, with those of transfers to partners."""
        return sum(self._lines_of(live) for live in self._calls.values())

    def _lines_of(self, live: Live) -> int:
        if not live.state.record.line:
            return 0
        return 2 if live.state.phase is Phase.PARTNER else 1 + self._transfers.lines(live.state.id)
