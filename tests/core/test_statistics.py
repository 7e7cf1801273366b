"""What is counted, and how: each figure by its definition, on calls told as the journal tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import AgentChange, CallOutcome, CallRecord
from gateway.core.call.state import apply, new_call_state
from gateway.core.item.contact import Channel
from gateway.core.statistics import (
    AgentFigures,
    CallFacts,
    Figures,
    Period,
    Rows,
    Share,
    day_of,
    facts_of,
    figures,
    together,
)

LINFEN = ZoneInfo("Asia/Shanghai")
DAY = day_of(date(2026, 11, 24), LINFEN)
NOON = DAY.since + timedelta(hours=12)
LATER = DAY.until + timedelta(hours=1)
TALKED, GAVE_UP = CallOutcome.TALKED, CallOutcome.GAVE_UP


def told(*notes: tuple[float, EntryType, tuple[str, ...]], call: str = "1.1") -> CallRecord:
    """The record of a call that left these notes, at seconds after noon."""
    call_state = new_call_state(call, NOON)
    for seconds, what, rest in notes:
        apply(call_state, JournalEntry(NOON + timedelta(seconds=seconds), what, call, rest))
    return call_state.record


def counted(*calls: CallFacts, now: datetime = LATER, **more: object) -> Figures:
    return figures(DAY, Rows(calls, **more), now)  # type: ignore[arg-type]


def answered(wait: float, **changes: object) -> CallFacts:
    whole = CallFacts(NOON, TALKED, asked=True, talked=True, wait=wait, agent="agent1")
    return whole._replace(**changes)  # type: ignore[arg-type]


def test_a_day_is_the_centres() -> None:
    assert (DAY.since, DAY.until) == (
        datetime(2026, 11, 23, 16, tzinfo=UTC),
        datetime(2026, 11, 24, 16, tzinfo=UTC),
    )
    made = counted(answered(1)._replace(at=DAY.since), answered(1)._replace(at=DAY.until))
    assert made.offered == 1, "midnight begins a day and ends none"


def test_a_day_in_which_the_clocks_change_has_its_own_length() -> None:
    day = day_of(date(2026, 3, 29), ZoneInfo("Europe/Berlin"))
    assert day.until - day.since == timedelta(hours=23)


def test_a_caller_who_is_put_back_into_the_queue_counts_once() -> None:
    record = told(
        (0, EntryType.BEGAN, ("1", "in", "", "12315")),
        (2, EntryType.QUEUED, ()),
        (9, EntryType.AGENT, ("8001",)),
        (30, EntryType.AGENT_LOST, ("8001",)),
        (31, EntryType.QUEUED, ()),
        (60, EntryType.AGENT, ("8002",)),
        (90, EntryType.LEFT, ("talked",)),
        (96, EntryType.ENDED, ("16", "talked", "complaint", "", "2")),
    )
    made = counted(facts_of(record), CallFacts(NOON, GAVE_UP, incoming=False, rating=4))
    assert (record.rating, made.rated, made.rated_well) == (2, 2, 1)
    assert (made.offered, made.asked, made.answered, made.in_time, made.connected) == (1, 1, 1, 1, 1)
    assert (made.waited_seconds, made.longest_wait) == (7.0, 7.0)
    assert made.agents == (AgentFigures("8002", 1),), "who took him over"


def test_fifteen_seconds_are_in_time_and_more_are_not() -> None:
    made = counted(answered(15.0), answered(15.001), CallFacts(NOON, GAVE_UP, asked=True, wait=3.0))
    assert (made.asked, made.answered, made.in_time) == (3, 2, 1)
    assert made.in_time_rate == 1 / 3
    assert made.average_wait == (15.0 + 15.001 + 3.0) / 3


def test_each_outcome_is_counted_where_it_belongs() -> None:
    made = counted(*(CallFacts(NOON, outcome) for outcome in CallOutcome))
    assert made.offered == len(CallOutcome) - 3, "no fax, no call that goes on, none for others"
    assert (made.turned_away, made.gave_up, made.cut_off, made.messages) == (1, 1, 1, 1)
    assert (made.call_backs, made.partner, made.served, made.connected) == (1, 1, 1, 3)


def test_calls_of_ours_are_not_offered() -> None:
    ours = CallFacts(NOON, TALKED, incoming=False, talked=True, back=True)
    made = counted(
        ours,
        ours._replace(outcome=CallOutcome.NOT_REACHED, talked=False),
        ours._replace(back=False),
        booked=3,
    )
    assert (made.offered, made.answered) == (0, 0)
    assert (made.booked, made.called_back, made.not_reached, made.outgoing) == (3, 1, 1, 1)


def test_of_nobody_there_is_no_rate() -> None:
    made = counted()
    assert made == Figures(half_hours=(0.0,) * 48)
    assert (made.average_wait, made.in_time_rate, made.connect_rate, made.last_24h.rate) == (None,) * 4


# ------------------------------------------------------------------ 24 hours


def hourly(outcomes: str, first: datetime) -> list[CallFacts]:
    """A call an hour: + talked, - gave up."""
    return [
        CallFacts(first + timedelta(hours=n), TALKED if mark == "+" else GAVE_UP)
        for n, mark in enumerate(outcomes)
    ]


def test_the_last_24_hours_slide_over_midnight() -> None:
    calls = hourly("-" * 24 + "+" * 24, DAY.since - timedelta(hours=24))
    assert counted(*calls).last_24h == Share(24, 24)
    made = counted(*calls, now=NOON)
    assert made.last_24h == Share(12, 24)


def test_the_worst_24_hours_are_found_where_they_end() -> None:
    calls = hourly("+" * 24 + "----" + "+" * 20, DAY.since - timedelta(hours=24))
    assert counted(*calls).lowest_24h == Share(20, 24)
    few = hourly("-" * 19, DAY.since)
    assert counted(*few).lowest_24h is None, "of so few calls a rate says nothing"


def test_waits_by_half_hour_end_with_the_one_that_it_is() -> None:
    at = [DAY.since + timedelta(minutes=minutes) for minutes in (0, 29.99, 30, 61)]
    calls = [answered(wait, at=at[n]) for n, wait in enumerate((3.0, 8.0, 5.0, 2.0))]
    assert counted(*calls, now=DAY.since + timedelta(minutes=62)).half_hours == (8.0, 5.0, 2.0)
    assert counted(*calls, now=DAY.since).half_hours == ()
    assert len(counted(*calls).half_hours) == 48


# ------------------------------------------------------------------ seats


def change(hours: float, state: str, agent: str = "agent1", gateway: str = "") -> AgentChange:
    return AgentChange(DAY.since + timedelta(hours=hours), agent, state, gateway=gateway)


def test_what_one_gateway_tells_of_a_seat_ends_no_talk_at_another() -> None:
    changes = (
        change(1, "talking"),  # told before gateways had names
        change(2, "talking", gateway="g1"),
        change(3, "ready", gateway="g2"),
        change(3.5, "paused", gateway="g2"),
        change(5, "ready", gateway="g1"),
    )
    made = figures(DAY, Rows(changes=changes), LATER)
    assert made.agents == (AgentFigures("agent1", 0, 3600.0 * 4),)


def test_talks_and_wrap_up_are_cut_at_midnight_and_at_now() -> None:
    changes = (
        change(-1, "talking"),
        change(1, "wrap_up"),
        change(1.5, "ready"),
        change(2, "talking", "agent2"),
        change(3, "paused", "agent2"),
        change(12.5, "talking"),
    )
    made = figures(DAY, Rows(changes=changes), NOON + timedelta(hours=1))
    assert made.agents == (AgentFigures("agent1", 0, 5400.0, 1800.0), AgentFigures("agent2", 0, 3600.0))
    assert figures(DAY, Rows(changes=changes), LATER).agents[0].talk_seconds == 3600 * 12.5


# ------------------------------------------------------------------ days together


def test_days_together_are_one_period() -> None:
    """Counted day by day and counted at once: the same."""
    week = [day_of(date(2026, 11, 20 + n), LINFEN) for n in range(5)]
    calls = [
        CallFacts(week[0].since + timedelta(minutes=37 * n), outcome, asked=n % 3 > 0, wait=n % 40)
        for n, outcome in enumerate(list(CallOutcome) * 17)
    ]
    changes = [
        AgentChange(week[0].since + timedelta(minutes=50 * n), f"agent{n % 3}", state)
        for n, state in enumerate(["talking", "wrap_up", "ready", "paused"] * 34)
    ]
    whole = Period(week[0].since, week[-1].until)
    days = [
        figures(
            day,
            Rows(
                [call for call in calls if day.since - timedelta(hours=24) <= call.at < day.until],
                [one for one in changes if one.at < day.until],
                [(Channel.WEB, 2)],
                1,
            ),
            LATER,
        )
        for day in week
    ]
    written = [(Channel.WEB, 10)]
    at_once = figures(whole, Rows(calls, changes, written, 5), LATER)
    made = together(days)
    assert made == replace(at_once, half_hours=made.half_hours)
    for slot, longest in enumerate(made.half_hours):
        assert longest == max(at_once.half_hours[slot::48]), "of all days at that time of day"
    assert together([]) == Figures()
