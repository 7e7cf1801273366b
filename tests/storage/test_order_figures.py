"""Each figure of orders is the length of its list, whatever orders there are."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from gateway.cases.orders import Orders
from gateway.cases.period_figures import PeriodFigures
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.core.order.figures import Figure, matrix
from gateway.core.order.order import Order, OrderQuery, OrderState, Urgency
from gateway.core.order.period import Measure, Step, together
from gateway.core.order.states import OPEN
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction
from gateway.storage.order_figures import counts
from tests.storage.databases import MONDAY, ZONE, contact, rules

TODAY = date(2026, 5, 20)
UNITS = (("141002", "141002"), ("14100201", "141002"), ("14100202", "141002"), ("141081", "141081"))


async def random_orders(intake: Intake, storage: Storage, chance: random.Random, items: int) -> None:
    """Each item has up to three orders, of which the last alone may be open."""
    serial = count()

    def order(number: str, state: OrderState) -> Order:
        unit, bureau = chance.choice(UNITS)
        due = TODAY + timedelta(days=chance.randrange(-6, 9))
        days = {"begun_on": due - timedelta(days=5), "budget": 5, "due": due}
        return Order(
            *(0, number, unit, bureau, state, chance.choice(list(Urgency)), MONDAY, MONDAY),
            **days,  # type: ignore[arg-type]
            rounds=chance.choice((0, 0, 1)),
        )

    def add(t: Transaction, number: str) -> None:
        closed = [state for state in OrderState if state not in OPEN]
        for _ in range(chance.randrange(3)):
            storage.orders.add(t, order(number, chance.choice(closed)))
        storage.orders.add(t, order(number, chance.choice(list(OrderState))))
        storage.items.set_state(t, number, ItemState.HANDED_OVER)

    for _ in range(items):
        kind = chance.choice((Kind.COMPLAINT, Kind.REPORT))
        number = (await intake.submit(contact(f"web:{next(serial)}", kind=kind))).number
        await storage.database.write(lambda t, number=number: add(t, number))


async def test_each_figure_is_the_length_of_its_list(intake: Intake, storage: Storage) -> None:
    await random_orders(intake, storage, random.Random(7), 120)

    def listed(t: Transaction, **wanted: object) -> int:
        """Page by page, as whoever opens the list sees it."""
        query, seen = OrderQuery(today=TODAY, limit=13, **wanted), 0  # type: ignore[arg-type]
        after = 0
        while page := storage.orders.page(t, OrderQuery(**{**_members(query), "after": after})):
            seen, after = seen + len(page), page[-1].id
        return seen

    def compared(t: Transaction) -> int:
        figures = 0
        for kind in (None, Kind.COMPLAINT, Kind.REPORT, Kind.QUESTION):
            for row in matrix(counts(t, TODAY, kind)):
                for figure in Figure:
                    wanted = {"figure": figure, "kind": kind, "bureau": row.unit}
                    assert listed(t, **wanted) == row.figures[figure], (row.unit, figure, kind)
                    for part in row.parts:
                        assert listed(t, **wanted, at=part.unit) == part.figures[figure], (part, figure)
                    figures += row.figures[figure]
        return figures

    assert await storage.database.read(compared) > 200


def _members(query: OrderQuery) -> dict[str, object]:
    return {name: getattr(query, name) for name in OrderQuery.__slots__}


async def test_what_was_returned_counts_while_it_lies_with_the_centre(
    intake: Intake, storage: Storage
) -> None:
    number = (await intake.submit(contact("web:1"))).number
    days = {"begun_on": TODAY, "budget": 5, "due": TODAY, "returned_to": "centre"}
    returned = Order(
        *(0, number, "141002", "141002", OrderState.RETURNED, Urgency.GENERAL, MONDAY, MONDAY),
        **days,  # type: ignore[arg-type]
    )

    def counted(t: Transaction, state: ItemState) -> int:
        storage.items.set_state(t, number, state)
        return sum(one.count for one in counts(t, TODAY, None) if one.figure is Figure.RETURNED)

    await storage.database.write(lambda t: storage.orders.add(t, returned))
    for state, figure in ((ItemState.IN_WORK, 1), (ItemState.CLOSED, 0), (ItemState.IN_WORK, 1)):
        assert await storage.database.write(lambda t, state=state: counted(t, state)) == figure


@pytest.mark.parametrize("step", Step)
async def test_each_point_of_a_chart_is_the_length_of_its_list(
    intake: Intake, storage: Storage, step: Step
) -> None:
    await random_orders(intake, storage, random.Random(9), 60)
    desk = PeriodFigures(
        Orders(storage, rules(), ZONE, now=lambda: datetime(2026, 5, 20, 1, tzinfo=UTC)).changes
    )
    first, last, counted = date(2026, 2, 11), date(2026, 6, 9), 0
    view = await desk.view(first, last)
    wholes = [({}, view.total), *(({"bureau": row.unit}, row.figures) for row in view.rows)]
    stations = [({"unit": part.unit}, part.figures) for row in view.rows for part in row.parts]
    for where, whole in [*wholes, *stations]:
        series = await desk.series(first, last, step, **where)
        assert together(figures for _, figures in series.pieces) == series.total == whole
        days = [day for period, _ in series.pieces for day in (period.first, period.last)]
        assert (days[0], days[-1]) == (first, last) and days == sorted(days)
        for period, figures in series.pieces:
            for measure, figure in figures.counts.items():
                if figure or not where:
                    listed = await desk.behind(measure, period.first, period.last, **where)
                    assert listed.count == figure, (period, measure, where)
                    counted += figure
    assert counted > 200


async def test_figures_of_a_period_are_read_and_published(intake: Intake, storage: Storage) -> None:
    await random_orders(intake, storage, random.Random(8), 60)
    now = datetime(2026, 5, 20, 1, tzinfo=UTC)
    orders = Orders(storage, rules(), ZONE, now=lambda: now)
    desk = PeriodFigures(orders.changes)
    first, last = date(2026, 3, 1), date(2026, 5, 31)
    view = await desk.view(first, last)
    counted = 0
    for measure in Measure:
        behind = await desk.behind(measure, first, last)
        assert behind.count == view.total.counts[measure] == len(behind.facts)
        for row in view.rows:
            listed = await desk.behind(measure, first, last, bureau=row.unit)
            assert listed.count == row.figures.counts[measure]
        counted += behind.count
    assert counted > 60
    reports = await desk.view(first, last, Kind.REPORT)
    assert 0 < reports.total.counts[Measure.ASSIGNED] < view.total.counts[Measure.ASSIGNED]
    await desk.publish(view, "leader", None, {"total": "as it was"})
    (kept,) = await desk.published()
    assert (kept.at, kept.who, kept.first, kept.body) == (now, "leader", first, {"total": "as it was"})
