"""What /metrics tells, for Prometheus: counters and gauges, no personal data.

A registry of its own, so that two gateways in one process (tests) do not mix. Gauges are read from
the board at each look; nothing is kept twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.calls.views import ItemCount, LineState, PartHealth
from gateway.channels.registry import REGISTRY
from gateway.core.call.record import CallOutcome
from gateway.core.call.seat import SeatState
from gateway.core.statistics import SUMS
from gateway.tasks import Supervisor
from gateway.web.api.figure_models import BoardFigures
from gateway.web.ports import Board

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """All metrics of one gateway. `backup_age` gives seconds, None without a backup.

    `items` of the last look at storage is kept: it may be away.
    """

    def __init__(
        self, board: Board, tasks: Supervisor, backup_age: Callable[[], float | None] = lambda: None
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._seconds = Histogram(
            "gateway_intake_seconds",
            "Time from a contact to its durable receipt.",
            ["channel"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._of_channel = {id: self._seconds.labels(id) for id in REGISTRY.ids}
        self._board = _BoardCollector(board, tasks, backup_age)
        self._registry.register(self._board)

    def took_in(self, channel: str, seconds: float) -> None:
        """One contact was taken in."""
        (self._of_channel.get(channel) or self._seconds.labels(channel)).observe(seconds)

    def text(
        self,
        items: Sequence[ItemCount] | None,
        clients: int,
        today: BoardFigures | None = None,
        post: Mapping[tuple[str, str], int] | None = None,
        health_parts: Mapping[str, PartHealth] | None = None,
    ) -> bytes:
        """The exposition. `items` is None while storage is away; `clients` listen to events."""
        self._board.items, self._board.clients, self._board.today = items, clients, today
        self._board.post = post
        self._board.health_parts = health_parts or {}
        return generate_latest(self._registry)


class _BoardCollector(Collector):
    """Reads the live board when it is asked."""

    def __init__(self, board: Board, tasks: Supervisor, backup_age: Callable[[], float | None]) -> None:
        self._board = board
        self._backup_age = backup_age
        self._tasks = tasks
        self.items: Sequence[ItemCount] | None = None
        self.clients = 0
        self.today: BoardFigures | None = None
        self.post: Mapping[tuple[str, str], int] | None = None
        self.health_parts: Mapping[str, PartHealth] = {}

    def collect(self) -> Iterable[Metric]:
        yield from self._phone()
        yield from self._totals()
        yield from self._storage()
        yield from self._today()
        yield from self._outbox()
        yield from self._parts()
        yield from self._background()
        yield from self._backup()

    def _outbox(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily(
            "gateway_outbox", "Deliveries that wait or are dead.", labels=["way", "state"]
        )
        for (way, state), count in sorted((self.post or {}).items()):
            gauge.add_metric([way, state], count)
        yield gauge

    def _background(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("gateway_task_up", "1 while a background task runs.", labels=["task"])
        failures = CounterMetricFamily(
            "gateway_task_failures", "Failures of background work since the start.", labels=["task"]
        )
        for state in self._tasks.states():
            if state.kept:
                up.add_metric([state.name], float(state.running))
            failures.add_metric([state.name], state.failures)
        yield up
        yield failures

    def _backup(self) -> Iterator[Metric]:
        if (age := self._backup_age()) is not None:
            yield _gauge("gateway_backup_age_seconds", "Seconds since the last good backup was made.", age)

    def _phone(self) -> Iterator[Metric]:
        lines = self._board.lines()
        busy = sum(view.state is not LineState.FREE for view in lines)
        yield _gauge("gateway_lines_in_use", "Lines with a call on them.", busy)
        yield _gauge("gateway_lines", "Lines of the trunk.", len(lines))
        yield _gauge("gateway_callers_waiting", "Callers in the queue.", len(self._board.waiting()))
        states = Counter(view.state for view in self._board.agents())
        agents = GaugeMetricFamily("gateway_agents", "Seats by state.", labels=["state"])
        for state in SeatState:
            agents.add_metric([state.value], states[state])
        yield agents
        for name, part in self._board.health().items():
            yield _gauge(f"gateway_{name}_up", f"1 when {name} answers.", part.ok)

    def _parts(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("gateway_part_ok", "1 when a part of /healthz is well.", labels=["part"])
        for name, part in sorted(self.health_parts.items()):
            family.add_metric([name], part.ok)
        yield family

    def _totals(self) -> Iterator[Metric]:
        counts = self._board.counts()
        calls = CounterMetricFamily("gateway_calls", "Calls that ended, by outcome.", labels=["outcome"])
        for outcome in CallOutcome:
            if outcome is not CallOutcome.OPEN:
                calls.add_metric([outcome.value], counts.calls.get(outcome.value, 0))
        yield calls
        gaps = CounterMetricFamily("gateway_pbx_gaps", "Times in which the link to the PBX was lost.")
        gaps.add_metric([], counts.gaps)
        yield gaps

    def _storage(self) -> Iterator[Metric]:
        yield _gauge("gateway_storage_up", "1 when storage answers.", self.items is not None)
        yield _gauge("gateway_event_clients", "Clients that listen to events.", self.clients)
        items = GaugeMetricFamily("gateway_items", "Items by state and channel.", labels=["state", "channel"])
        for count in self.items or ():
            items.add_metric([count.state.value, count.channel], count.count)
        yield items

    def _today(self) -> Iterator[Metric]:
        """The wallboard's figures; none while storage is away."""
        if self.today is None or self.today.figures is None or self.today.standing is None:
            return
        figures, standing = self.today.figures, self.today.standing
        counts = GaugeMetricFamily("gateway_today", "Figures of the centre's day so far.", labels=["figure"])
        for name in SUMS:
            counts.add_metric([name], getattr(figures, name))
        yield counts
        if figures.last_24h.rate is not None:
            yield _gauge(
                "gateway_connect_rate", "Callers connected in the last 24 hours.", figures.last_24h.rate
            )
        if figures.average_wait is not None:
            yield _gauge("gateway_average_wait_seconds", "Wait in the queue today.", figures.average_wait)
        yield _gauge("gateway_longest_wait_seconds", "Longest wait in the queue today.", figures.longest_wait)
        stands = GaugeMetricFamily("gateway_standing", "What stands open now.", labels=["figure"])
        for name in ("owed", "overdue", "due_soon", "provisional", "to_take"):
            stands.add_metric([name], getattr(standing, name))
        yield stands


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
