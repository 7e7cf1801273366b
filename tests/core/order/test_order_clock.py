"""When an order is due: its own workdays, extensions, suspended days, and the legal clocks before them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item.calendar import Calendar
from gateway.core.item.contact import Due
from gateway.core.order.clock import Clock, due_of
from gateway.core.order.order import Order, OrderState, Suspension, Urgency
from tests.shipped_rules import shipped_rules

MONDAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


@cache
def calendar() -> Calendar:
    return shipped_rules().calendar


def order(budget: int = 5, begun: date = MONDAY, **changes: object) -> Order:
    one = Order(
        *(1, "260302000017", "141002", "141002", OrderState.HANDLING, Urgency.GENERAL, AT, AT),
        begun_on=begun,
        budget=budget,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def legal(on: date, clock: str = "decide_acceptance") -> Due:
    return Due(clock, on, False, "第十五条")


def clock(one: Order, *dues: Due, today: date = MONDAY) -> Clock:
    return due_of(one, dues, today, calendar())


def suspended(begins: date, ends: date | None = None) -> tuple[Suspension, ...]:
    return (Suspension(1, begins, "检测", "委托书", ends),)


def test_its_own_days_begin_on_the_day_after() -> None:
    plain = clock(order())
    assert (plain.due, plain.inner, plain.legal, plain.late_from_start) == (
        *(date(2026, 3, 9), date(2026, 3, 9)),
        *(None, False),
    )
    assert any("当日不计" in line for line in plain.trace)
    over_the_holidays = clock(order(begun=date(2026, 9, 29)))
    assert over_the_holidays.due == date(2026, 10, 12)  # 10 October is worked
    assert any("国庆节" in line for line in over_the_holidays.trace)


def test_the_legal_clock_goes_before() -> None:
    assert clock(order(), legal(date(2026, 3, 5))).due == date(2026, 3, 5)
    later = clock(order(), legal(date(2026, 3, 20)), legal(date(2026, 3, 11), "other"))
    assert (later.due, later.legal, later.legal_clock) == (date(2026, 3, 9), date(2026, 3, 11), "other")


def test_a_legal_clock_that_is_over_makes_it_due_at_once_and_late() -> None:
    over = clock(order(), legal(date(2026, 2, 27)))
    assert (over.due, over.late_from_start) == (MONDAY, True)
    today = clock(order(), legal(MONDAY))
    assert (today.due, today.late_from_start) == (MONDAY, False)


def test_extensions_are_added() -> None:
    assert clock(order(granted=3, extensions=1)).due == date(2026, 3, 12)


def test_suspended_workdays_are_not_counted() -> None:
    # Wednesday to Friday are lost; the weekend in between costs nothing.
    three = clock(order(suspensions=suspended(date(2026, 3, 4), date(2026, 3, 9))))
    assert three.due == date(2026, 3, 12)
    weekend = clock(order(suspensions=suspended(date(2026, 3, 7), date(2026, 3, 9))))
    assert weekend.due == date(2026, 3, 9)
    # A suspension that begins in the days that came instead of lost ones is left out too.
    both = (*suspended(date(2026, 3, 4), date(2026, 3, 9)), *suspended(date(2026, 3, 10), date(2026, 3, 11)))
    assert clock(order(suspensions=both)).due == date(2026, 3, 13)


def test_while_it_lasts_the_end_moves_on() -> None:
    lasting = order(suspensions=suspended(date(2026, 3, 4)))
    first, later = (clock(lasting, today=date(2026, 3, day)) for day in (4, 20))
    assert first.due == date(2026, 3, 10) and later.due == date(2026, 3, 26)


def test_a_year_without_a_calendar_is_provisional() -> None:
    assert clock(order(begun=date(2027, 3, 1))).provisional
    assert not clock(order()).provisional


days = st.dates(date(2026, 1, 1), date(2026, 11, 30))


@given(
    days,
    st.integers(1, 20),
    st.integers(0, 9),
    st.lists(st.tuples(days, st.integers(0, 20)), max_size=3),
    days,
)
def test_more_time_never_ends_earlier_and_never_passes_the_law(
    begun: date, budget: int, granted: int, stops: list[tuple[date, int]], law: date
) -> None:
    entries, last = [], begun
    for place, (begins, length) in enumerate(sorted(stops)):
        begins = max(begins, last)
        last = date.fromordinal(begins.toordinal() + length)
        entries.append(Suspension(place, begins, "检测", "1", last))
    plain, more = (
        due_of(order(budget, begun, **given), (legal(law),), begun, calendar())
        for given in ({}, {"granted": granted, "suspensions": tuple(entries)})
    )
    assert plain.inner <= more.inner and plain.due <= more.due
    assert more.due <= max(law, begun) and more.due >= begun
    assert calendar().is_workday(more.inner)[0]
