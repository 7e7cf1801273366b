"""The ladder of supervision: the day of each rung, when it may be told, and that it is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.order.ladder import LADDER, Firing, Rung, Standing, firing, may_fire, rung_days
from tests.shipped_rules import shipped_rules

RULES = shipped_rules()
CALENDAR, SHIPPED = RULES.calendar, RULES.supervision[0]
LONG_AGO = date(2020, 1, 1)
# Assigned on Monday 11 May 2026 with five workdays: due on Monday 18 May.
PLAIN = Standing(begun_on=date(2026, 5, 11), due=date(2026, 5, 18), owed=True)
R = Rung


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)


def told(order: Standing, now: datetime, since: date = LONG_AGO) -> Firing:
    return firing(order, SHIPPED, now, CALENDAR, since)


@pytest.mark.parametrize(
    ("order", "days"),
    [
        (PLAIN, {R.BLUE: "2026-05-15", R.ORANGE: "2026-05-19", R.RED: "2026-05-26", R.RAISED: "2026-06-02"}),
        # Over the National Day of 2026 (1 to 7 October), with the make-up Saturday of 10 October.
        (
            replace(PLAIN, begun_on=date(2026, 9, 24), due=date(2026, 10, 8)),
            {R.BLUE: "2026-09-30", R.ORANGE: "2026-10-09", R.RED: "2026-10-15", R.RAISED: "2026-10-22"},
        ),
        # An urgent one: plain days, a Sunday too.
        (
            replace(PLAIN, begun_on=date(2026, 5, 15), due=date(2026, 5, 18), urgent=True),
            {R.BLUE: "2026-05-17", R.ORANGE: "2026-05-19", R.RED: "2026-05-24", R.RAISED: "2026-05-29"},
        ),
        # One workday: reminded on the morning of the last day, not at the assignment.
        (
            replace(PLAIN, due=date(2026, 5, 12)),
            {R.BLUE: "2026-05-12", R.ORANGE: "2026-05-13", R.RED: "2026-05-20", R.RAISED: "2026-05-27"},
        ),
        # Late from its start: no reminder before the end.
        (
            replace(PLAIN, due=date(2026, 5, 11)),
            {R.ORANGE: "2026-05-12", R.RED: "2026-05-19", R.RAISED: "2026-05-26"},
        ),
        (replace(PLAIN, due=None), {}),
        (replace(PLAIN, due=None, sign_by=date(2026, 5, 12)), {R.UNSIGNED: "2026-05-13"}),
    ],
)
def test_days_of_the_rungs(order: Standing, days: dict[Rung, str]) -> None:
    assert {rung: str(day) for rung, day in rung_days(order, SHIPPED, CALENDAR)} == days


def test_every_rung_is_told_once_on_its_day() -> None:
    """Looked at each minute of office hours for a month, the order being late all the time."""
    order, seen = PLAIN, []
    for hours in range(24 * 40):
        now = at(date(2026, 5, 11), 0) + timedelta(hours=hours)
        step = told(order, now)
        seen += [(rung, now.date(), now.hour) for rung in step.tell]
        order = replace(order, fired=order.fired | {*step.tell, *step.pass_over})
    assert seen == [
        (R.BLUE, date(2026, 5, 15), 9),
        (R.ORANGE, date(2026, 5, 19), 9),
        (R.RED, date(2026, 5, 26), 9),
        (R.RAISED, date(2026, 6, 2), 9),
    ]


def test_what_was_reached_unseen_is_told_by_its_highest_rung_alone() -> None:
    """The gateway was away from the first day to 27 May."""
    assert told(PLAIN, at(date(2026, 5, 27))) == Firing((R.RED,), (R.BLUE, R.ORANGE))


def test_a_reminder_makes_no_sense_once_the_time_is_over() -> None:
    saturday_worked = replace(PLAIN, due=date(2026, 5, 8))  # 9 May 2026 is a make-up Saturday
    assert told(replace(saturday_worked, begun_on=date(2026, 5, 6)), at(date(2026, 5, 8))).tell == (R.BLUE,)
    late = told(replace(saturday_worked, begun_on=date(2026, 5, 6)), at(date(2026, 5, 9)))
    assert late == Firing((R.ORANGE,), (R.BLUE,))


def test_a_rung_above_that_a_leader_set_leaves_nothing_below_to_tell() -> None:
    directed = replace(PLAIN, fired=frozenset({R.RED}))
    assert told(directed, at(date(2026, 5, 19))) == Firing((), (R.BLUE, R.ORANGE))
    assert told(directed, at(date(2026, 6, 2))).tell == (R.RAISED,)


@pytest.mark.parametrize(
    ("now", "plain", "urgent"),
    [
        (at(date(2026, 5, 19), 8, 29), False, True),
        (at(date(2026, 5, 19), 8, 30), True, True),
        (at(date(2026, 5, 19), 12, 30), False, True),
        (at(date(2026, 5, 19), 23, 59), False, True),
        (at(date(2026, 5, 20), 0, 0), False, True),
        (at(date(2026, 5, 23), 9), False, True),  # a Saturday
        (at(date(2026, 5, 9), 9), True, True),  # a make-up Saturday
        (at(date(2026, 10, 1), 9), False, True),
    ],
)
def test_nothing_at_night_or_on_holidays_unless_it_is_urgent(
    now: datetime, plain: bool, urgent: bool
) -> None:
    assert may_fire(False, SHIPPED, now, CALENDAR) is plain
    assert may_fire(True, SHIPPED, now, CALENDAR) is urgent


def test_what_is_not_owed_or_suspended_is_not_told() -> None:
    now = at(date(2026, 6, 2))
    assert told(replace(PLAIN, owed=False), now) == Firing()
    assert told(replace(PLAIN, due=None), now) == Firing()


def test_done_again_does_not_fire_at_once() -> None:
    """A new round has its own days and its own rungs."""
    again = replace(PLAIN, begun_on=date(2026, 6, 1), due=date(2026, 6, 8))
    assert told(again, at(date(2026, 6, 1))) == Firing()
    assert told(again, at(date(2026, 6, 5))).tell == (R.BLUE,)


def test_an_extension_moves_what_has_not_fired() -> None:
    longer = replace(PLAIN, due=date(2026, 5, 21), fired=frozenset({R.BLUE}))
    assert told(longer, at(date(2026, 5, 19))) == Firing()
    assert told(longer, at(date(2026, 5, 22))).tell == (R.ORANGE,)


def test_what_was_reached_before_supervision_began_is_passed_over() -> None:
    since = date(2026, 5, 27)
    assert told(PLAIN, at(since), since) == Firing((), (R.BLUE, R.ORANGE, R.RED))
    after = replace(PLAIN, fired=frozenset({R.BLUE, R.ORANGE, R.RED}))
    assert told(after, at(date(2026, 6, 2)), since).tell == (R.RAISED,)


def test_not_signed_for_in_time_is_told_beside_the_ladder() -> None:
    waiting = replace(PLAIN, sign_by=date(2026, 5, 12), fired=frozenset({R.BLUE}))
    assert told(waiting, at(date(2026, 5, 13))).tell == (R.UNSIGNED,)
    assert told(waiting, at(date(2026, 5, 19))).tell == (R.UNSIGNED, R.ORANGE)
    assert told(replace(waiting, sign_by=None), at(date(2026, 5, 13))) == Firing()


@given(
    st.lists(st.datetimes(datetime(2026, 5, 11), datetime(2026, 7, 1)), min_size=1, max_size=12).map(sorted),
    st.booleans(),
)
def test_however_often_it_is_looked_at_no_rung_fires_twice_and_none_falls_back(
    times: list[datetime], urgent: bool
) -> None:
    order, seen = replace(PLAIN, urgent=urgent), []
    for now in times:
        step = told(order, now)
        assert not order.fired & {*step.tell, *step.pass_over}
        seen += step.tell
        order = replace(order, fired=order.fired | {*step.tell, *step.pass_over})
    assert seen == sorted(seen, key=LADDER.index)
    assert len(seen) == len(set(seen))
