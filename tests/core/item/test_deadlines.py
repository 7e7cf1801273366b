"""Clocks: the shipped calendars held against an independent package, known ends, guessed years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item.calendar import Calendar
from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Rules, Unit, day_of
from tests.shipped_rules import shipped_rules

RULES = shipped_rules()
CALENDAR = RULES.calendar
DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
KNOWN_DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def days(first: date, last: date) -> list[date]:
    return [first + DAY * i for i in range((last - first).days + 1)]


def one(name: str, kind: Kind, day: date, **started: date) -> Due:
    (found,) = [due for due in RULES.due(kind, day, started) if due.clock == name]
    return found


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_agrees_with_chinesecalendar(year: int) -> None:
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        assert CALENDAR.is_workday(day) == (chinese_calendar.is_workday(day), True), day


def test_2026_has_248_workdays() -> None:
    assert sum(CALENDAR.is_workday(day)[0] for day in days(date(2026, 1, 1), date(2026, 12, 31))) == 248


@pytest.mark.parametrize(
    ("received", "seven", "fifteen"),
    [
        (date(2026, 2, 10), date(2026, 2, 26), date(2026, 3, 9)),
        (date(2026, 9, 24), date(2026, 10, 12), date(2026, 10, 22)),
    ],
)
def test_known_ends(received: date, seven: date, fifteen: date) -> None:
    complaint = one("decide_acceptance", Kind.COMPLAINT, received)
    report = one("check_report", Kind.REPORT, received)
    assert (complaint.on, complaint.provisional) == (seven, False)
    assert (report.on, report.provisional) == (fifteen, False)


@given(KNOWN_DAYS.filter(lambda d: d < date(2026, 10, 1)), st.integers(1, 45))
def test_counting_agrees_with_chinesecalendar(day: date, count: int) -> None:
    last, left = day, count
    while left:
        last += DAY
        left -= chinese_calendar.is_workday(last)
    assert CALENDAR.workday_after(day, count) == last


def last_sure(name: str, kind: Kind, **started: date) -> date:
    """The last day of receipt in 2026 whose end is not provisional."""
    sure = [
        day
        for day in days(date(2026, 11, 1), date(2026, 12, 31))
        if not one(name, kind, day, **started).provisional
    ]
    assert sure == days(date(2026, 11, 1), sure[-1])
    return sure[-1]


def test_until_when_2026_suffices() -> None:
    assert last_sure("decide_acceptance", Kind.COMPLAINT) == date(2026, 12, 22)
    assert last_sure("check_report", Kind.REPORT) == date(2026, 12, 10)
    extended = last_sure("check_report_extended", Kind.REPORT, check_extended=date(2026, 11, 5))
    assert extended == date(2026, 11, 19)


def test_a_provisional_end_says_why() -> None:
    due = one("decide_acceptance", Kind.COMPLAINT, date(2026, 12, 25))
    assert due.provisional
    assert "2027" in due.trace[-1]
    assert "no calendar" in due.trace[-1]


def test_a_guessed_year_knows_what_the_law_fixes() -> None:
    off = [day for day in days(date(2027, 1, 1), date(2027, 12, 31)) if not CALENDAR.is_workday(day)[0]]
    on_weekdays = [(day.month, day.day) for day in off if day.weekday() < 5]
    assert on_weekdays == [(1, 1), (2, 5), (2, 8), (4, 5), (6, 9), (9, 15), (10, 1)]
    assert not any(CALENDAR.is_workday(day)[1] for day in off)


def test_a_loaded_year_makes_the_end_sure() -> None:
    """The same receipt, before and after the year's file is there: the end moves, the flag goes."""
    short = Rules(
        sets=RULES.sets,
        calendar=Calendar({2025: CALENDAR.years[2025]}, CALENDAR.statutory, CALENDAR.lunar),
        categories=RULES.categories,
        claims=(),
        divisions=(),
        stations=(),
        channels=(),
        retention=(),
    )
    received = date(2025, 12, 29)
    (before,) = short.due(Kind.COMPLAINT, received)
    (after,) = RULES.due(Kind.COMPLAINT, received)
    assert (before.on, before.provisional) == (date(2026, 1, 8), True)
    assert (after.on, after.provisional) == (date(2026, 1, 8), False)
    assert short.due(Kind.COMPLAINT, date(2026, 2, 10))[0].on == date(2026, 2, 19)


def test_the_order_is_chosen_by_the_day_of_receipt() -> None:
    accepted = {"accepted": date(2026, 4, 20)}
    old = one("end_mediation", Kind.COMPLAINT, date(2026, 4, 14), **accepted)
    new = one("end_mediation", Kind.COMPLAINT, date(2026, 4, 15), **accepted)
    assert RULES.on(date(2026, 4, 14)).id == "2020-01-01-order-20"
    assert RULES.on(date(2026, 4, 15)).id == "2026-04-15-order-121"
    assert old.on == CALENDAR.workday_after(date(2026, 4, 20), 45)
    assert new.on == date(2026, 6, 22)  # 60 days end on 19 June, Dragon Boat Festival
    assert any("2026-06-19" in step and "2026-06-22" in step for step in new.trace)


def test_a_day_before_all_rules_uses_the_first_and_is_provisional() -> None:
    assert RULES.on(date(1970, 1, 1)) is RULES.sets[0]
    assert all(due.provisional for due in RULES.due(Kind.COMPLAINT, date(1970, 1, 1)))


def test_clocks_begin_with_their_milestones() -> None:
    received = date(2026, 5, 11)
    assert [due.clock for due in RULES.due(Kind.COMPLAINT, received)] == ["decide_acceptance"]
    assert [due.clock for due in RULES.due(Kind.UNSORTED, received)] == ["decide_acceptance"]
    assert [due.clock for due in RULES.due(Kind.REPORT, received)] == ["check_report"]
    assert RULES.due(Kind.QUESTION, received) == ()
    accepted = {"accepted": date(2026, 5, 13), "seen_by_nobody": received}
    both = [due.clock for due in RULES.due(Kind.COMPLAINT, received, accepted)]
    assert both == ["decide_acceptance", "end_mediation"]


def test_running_leaves_out_what_was_met() -> None:
    received = date(2026, 5, 11)
    accepted = {"accepted": date(2026, 5, 13)}
    assert [due.clock for due in RULES.running(Kind.COMPLAINT, received, accepted)] == ["end_mediation"]
    ended = accepted | {"mediation_ended": date(2026, 5, 20)}
    assert [due.clock for due in RULES.running(Kind.COMPLAINT, received, ended)] == ["tell_mediation_ended"]


def test_an_extension_counts_on_from_the_first_end() -> None:
    received = date(2026, 5, 11)
    (plain,) = RULES.due(Kind.REPORT, received)
    (longer,) = RULES.due(Kind.REPORT, received, {"check_extended": date(2026, 5, 20)})
    assert longer.clock == "check_report_extended"
    assert longer.on == CALENDAR.workday_after(plain.on, 15) == CALENDAR.workday_after(received, 30)
    assert longer.trace[: len(plain.trace)] == plain.trace


def test_the_trace_names_what_moved_the_end() -> None:
    trace = "\n".join(one("decide_acceptance", Kind.COMPLAINT, date(2026, 2, 10)).trace)
    for part in ("2026-02-10", "当日不计", "7 个工作日", "春节", "2026-02-14 调休上班", "2026-02-26 截止"):
        assert part in trace


@given(KNOWN_DAYS, st.sampled_from(Kind))
def test_every_end_is_a_workday_after_its_start(day: date, kind: Kind) -> None:
    for due in RULES.due(kind, day, {"accepted": day + DAY, "check_extended": day + DAY}):
        assert due.on > day
        assert CALENDAR.is_workday(due.on)[0]
        assert due.trace


@pytest.mark.parametrize("kind", [Kind.COMPLAINT, Kind.REPORT])
def test_a_later_receipt_never_ends_earlier(kind: Kind) -> None:
    """Over the change of orders and into a year that is guessed."""
    ends = [RULES.due(kind, day)[0].on for day in days(date(2025, 12, 1), date(2027, 2, 28))]
    assert all(a <= b for a, b in pairwise(ends))


@pytest.mark.parametrize("count", [1, 7, 250, 366, 800])
def test_long_counts_cross_years(count: int) -> None:
    start = date(2026, 12, 30)
    last = CALENDAR.workday_after(start, count)
    assert sum(CALENDAR.is_workday(day)[0] for day in days(start + DAY, last)) == count


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 4, 14, 15, 59, 59, tzinfo=UTC), date(2026, 4, 14)),
        (datetime(2026, 4, 14, 16, 0, tzinfo=UTC), date(2026, 4, 15)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_is_the_centres(at: datetime, day: date) -> None:
    assert day_of(at, SHANGHAI) == day


def test_a_time_without_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        day_of(datetime(2026, 4, 15), SHANGHAI)


def test_every_unit_is_used() -> None:
    assert {clock.unit for rules in RULES.sets for clock in rules.clocks} == set(Unit)


# ------------------------------------------------------------------ Order 121 article by article


@pytest.mark.parametrize(
    ("kind", "started", "clock", "last"),
    [
        # Article 23(2): both sides are told within 7 workdays.
        (Kind.COMPLAINT, {"mediation_ended": date(2026, 5, 20)}, "tell_mediation_ended", date(2026, 5, 29)),
        # Article 27: 15 workdays from the discovery of a lead, 15 more with the head's approval.
        (Kind.COMPLAINT, {"lead_found": date(2026, 5, 20)}, "check_lead", date(2026, 6, 10)),
        (
            Kind.COMPLAINT,
            {"lead_found": date(2026, 5, 20), "check_extended": date(2026, 6, 9)},
            "check_lead_extended",
            date(2026, 7, 2),
        ),
        # Article 33: 7 workdays to agree on who is competent.
        (Kind.REPORT, {"competence_disputed": date(2026, 5, 20)}, "settle_competence", date(2026, 5, 29)),
        (Kind.COMPLAINT, {"competence_disputed": date(2026, 9, 24)}, "settle_competence", date(2026, 10, 12)),
        # Article 35: new facts on 20 May start the 15 workdays anew, from the last report on.
        (Kind.REPORT, {"reported_again": date(2026, 5, 20)}, "check_report", date(2026, 6, 10)),
        # An extension approved before the new facts is spent; one approved after them counts.
        (
            Kind.REPORT,
            {"check_extended": date(2026, 5, 19), "reported_again": date(2026, 5, 20)},
            "check_report",
            date(2026, 6, 10),
        ),
        (
            Kind.REPORT,
            {"reported_again": date(2026, 5, 20), "check_extended": date(2026, 6, 9)},
            "check_report_extended",
            date(2026, 7, 2),
        ),
        # A filed case: 90 days, 30 more with the head's approval, on from the 90th day as it was moved.
        (Kind.REPORT, {"case_filed": date(2026, 5, 20)}, "decide_case", date(2026, 8, 18)),
        (
            Kind.REPORT,
            {"case_filed": date(2026, 5, 20), "case_extended": date(2026, 8, 1)},
            "decide_case_extended",
            date(2026, 9, 17),
        ),
    ],
)
def test_clocks_of_order_121(kind: Kind, started: dict[str, date], clock: str, last: date) -> None:
    assert one(clock, kind, date(2026, 5, 11), **started).on == last


def test_nobody_is_told_a_filing_by_a_clock_under_order_121() -> None:
    decided = {"filing_decided": date(2026, 5, 20)}
    assert "tell_reporter" not in [due.clock for due in RULES.due(Kind.REPORT, date(2026, 5, 11), decided)]
    old = [due.clock for due in RULES.due(Kind.REPORT, date(2026, 4, 14), decided)]
    assert "tell_reporter" in old, "Order 20 has it"


def test_a_repeated_report_says_from_what_it_counts() -> None:
    due = one("check_report", Kind.REPORT, date(2026, 5, 11), reported_again=date(2026, 5, 20))
    assert due.trace[0].startswith("2026-05-20 收到补充新事实的再次举报，重新计算，当日不计")


@pytest.mark.parametrize(
    ("accepted", "last", "reading"),
    [
        (date(2026, 4, 20), date(2026, 6, 22), False),  # the 60th day is the Dragon Boat Festival: Article 45
        (date(2026, 5, 13), date(2026, 7, 13), True),  # a plain Sunday
        (date(2026, 5, 14), date(2026, 7, 13), False),  # a Monday: nothing moves
        (date(2026, 11, 4), date(2027, 1, 4), True),  # a Sunday of a guessed year
    ],
)
def test_that_a_weekend_moves_an_end_is_said_to_be_a_reading(
    accepted: date, last: date, reading: bool
) -> None:
    due = one("end_mediation", Kind.COMPLAINT, accepted, accepted=accepted)
    assert due.on == last
    assert any("普通周末" in step and "our reading" in step for step in due.trace) is reading
