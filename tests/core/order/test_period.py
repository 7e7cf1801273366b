"""Figures of a period: what counts, what is never erased, and that a figure is the length of its list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item.contact import Kind
from gateway.core.order.order import OrderState
from gateway.core.order.period import (
    AskedFact,
    Measure,
    OrderFact,
    Period,
    Step,
    added,
    behind,
    figures,
    pieces,
    rows_of,
    together,
)
from gateway.core.order.period import counted as counted_by_unit

S, M = OrderState, Measure
MAY = Period(date(2026, 5, 1), date(2026, 5, 31), date(2026, 6, 3))
CLOSED = OrderFact(
    id=1,
    number="260511000017",
    bureau="141002",
    unit="141002",
    kind=Kind.COMPLAINT,
    state=S.CLOSED,
    assigned_on=date(2026, 5, 11),
    sign_by=date(2026, 5, 12),
    signed_on=date(2026, 5, 12),
    due=date(2026, 5, 18),
    reported_on=date(2026, 5, 18),
    closed_on=date(2026, 5, 19),
    recovered=129900,
)
OPEN = replace(CLOSED, state=S.HANDLING, reported_on=None, closed_on=None)


def counted(order: OrderFact) -> set[str]:
    return {name.value for name, count in figures([order], [], MAY).counts.items() if count}


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (CLOSED, {"assigned", "signed_in_time", "fell_due", "met", "closed"}),
        (replace(CLOSED, signed_on=date(2026, 5, 13)), {"assigned", "fell_due", "met", "closed"}),
        # Reported in time at the second try, but late before: never erased.
        (replace(CLOSED, ever_late=True), {"assigned", "signed_in_time", "fell_due", "closed"}),
        (
            replace(CLOSED, reported_on=date(2026, 5, 19)),
            {"assigned", "signed_in_time", "fell_due", "closed"},
        ),
        # Fell due, met or not: an order that is open yet counts too.
        (OPEN, {"assigned", "signed_in_time", "fell_due"}),
        # Not over at the cut-off, nor reported.
        (replace(OPEN, due=date(2026, 6, 3)), {"assigned", "signed_in_time"}),
        (replace(OPEN, due=None), {"assigned", "signed_in_time"}),
        # Assigned in April, due in May; and the other way round.
        (replace(CLOSED, assigned_on=date(2026, 4, 30)), {"fell_due", "met"}),
        (replace(CLOSED, due=date(2026, 6, 2)), {"assigned", "signed_in_time", "closed"}),
        (
            replace(CLOSED, rounds=1),
            {"assigned", "signed_in_time", "fell_due", "met", "closed", "done_again"},
        ),
        # Merged or taken back: nothing; returned: no part of what fell due.
        (replace(OPEN, state=S.CANCELLED), set()),
        (replace(OPEN, state=S.RETURNED, home=True), {"assigned", "signed_in_time", "returned"}),
    ],
)
def test_what_counts(order: OrderFact, names: set[str]) -> None:
    assert counted(order) == names


def test_shares_have_their_definitions() -> None:
    calls = [
        AskedFact(place, "260511000017", "141002", "141002", Kind.COMPLAINT, date(2026, 5, 19), verdict)
        for place, verdict in enumerate(("satisfied", "satisfied", "dissatisfied", "law", ""))
    ]
    home = replace(OPEN, state=S.RETURNED, home=True)
    of_may = figures([CLOSED, OPEN, home], calls, MAY)
    assert of_may.rates == {
        "signed_in_time": 1.0,
        "in_time": 0.5,
        "returned": 1 / 3,
        "done_again": 0.0,
        "closed": 0.5,
        "satisfied": 2 / 3,  # who only disagrees with the law is no part of it
        "answered": 0.8,
    }
    assert of_may.recovered == 129900
    assert set(figures([], [], MAY).rates.values()) == {None}


DAYS = st.dates(date(2026, 4, 20), date(2026, 6, 10))
FACTS = st.builds(
    OrderFact,
    id=st.integers(1, 10**6),
    number=st.just("260511000017"),
    bureau=st.sampled_from(("141002", "141081")),
    unit=st.sampled_from(("141002", "14100201", "141081")),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(OrderState),
    assigned_on=DAYS,
    sign_by=DAYS,
    signed_on=st.none() | DAYS,
    due=st.none() | DAYS,
    reported_on=st.none() | DAYS,
    closed_on=st.none() | DAYS,
    ever_late=st.booleans(),
    home=st.booleans(),
    rounds=st.integers(0, 3),
    recovered=st.integers(0, 10**7),
)
CALLS = st.builds(
    AskedFact,
    id=st.integers(1, 10**6),
    number=st.just("260511000017"),
    bureau=st.sampled_from(("141002", "141081")),
    unit=st.sampled_from(("141002", "14100201", "141081")),
    kind=st.sampled_from(Kind),
    closed_on=DAYS,
    verdict=st.sampled_from(("", "satisfied", "dissatisfied", "law")),
)


@given(st.lists(FACTS, max_size=30), st.lists(CALLS, max_size=15), DAYS, DAYS, st.integers(0, 20))
def test_each_figure_is_the_length_of_its_list(
    orders: list[OrderFact], calls: list[AskedFact], one: date, other: date, later: int
) -> None:
    period = Period(min(one, other), max(one, other), max(one, other) + timedelta(days=later))
    rows = rows_of(counted_by_unit(orders, calls, period), ["141002"])
    total = figures(orders, calls, period)
    for measure in Measure:
        listed = list(behind(measure, orders, calls, period))
        assert len(listed) == total.counts[measure] == sum(row.figures.counts[measure] for row in rows)
        for row in rows:
            mine = [fact for fact in listed if fact.bureau == row.unit]
            assert len(mine) == row.figures.counts[measure]
            for part in row.parts:
                assert sum(fact.unit == part.unit for fact in mine) == part.figures.counts[measure]
    assert total.counts[M.MET] <= total.counts[M.FELL_DUE]
    assert total.counts[M.SIGNED_IN_TIME] <= total.counts[M.ASSIGNED]


@given(st.lists(FACTS, max_size=30), st.lists(CALLS, max_size=15), DAYS, DAYS, st.sampled_from(Step))
def test_figures_of_pieces_are_those_of_their_days(
    orders: list[OrderFact], calls: list[AskedFact], one: date, other: date, step: Step
) -> None:
    period = Period(min(one, other), max(one, other), date(2026, 5, 20))
    parts = pieces(period, step)
    days = [
        part.first + timedelta(days=n) for part in parts for n in range((part.last - part.first).days + 1)
    ]
    assert days == [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
    assert together(figures(orders, calls, part) for part in parts) == figures(orders, calls, period)
    found = rows_of(added(counted_by_unit(orders, calls, part) for part in parts), ["141002", "141081"])
    assert found == rows_of(counted_by_unit(orders, calls, period), ["141002", "141081"])
    for measure in Measure:
        listed = [fact for part in parts for fact in behind(measure, orders, calls, part)]
        assert len(listed) == figures(orders, calls, period).counts[measure]


def test_a_period_is_taken_apart_by_months_and_weeks() -> None:
    period = Period(date(2025, 12, 30), date(2026, 2, 3), date(2026, 2, 3))
    months, weeks = pieces(period, Step.MONTH), pieces(period, Step.WEEK)
    assert [part.first.isoformat() for part in months] == ["2025-12-30", "2026-01-01", "2026-02-01"]
    assert [part.first.isoformat() for part in weeks][:2] == ["2025-12-30", "2026-01-05"]
    assert months[-1].last == weeks[-1].last == period.last
