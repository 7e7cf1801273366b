"""Figures of a day or a month, computed from calls, seats, call-backs and items by one function.

Pure. A call counts once it is over, in the period in which it began, once however often its caller was
put back into the queue. The wallboard, the API and the report read the same rows and call `figures`.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import zip_longest
from typing import NamedTuple

from gateway.core.call.record import AgentChange, CallOutcome, CallRecord
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Channel

IN_TIME = 15.0
"""Seconds within which a call is to be answered: GB/T 33358-2016."""
WANTED_RATE = 0.95
"""Of the callers of any 24 hours so many are to be connected: the same standard."""
WINDOW = timedelta(hours=24)
HALF_HOUR = timedelta(minutes=30)
FEWEST = 20
"""Calls that 24 hours must have before the rate of them says anything."""
SOON = timedelta(days=2)
"""A clock is due soon when its last day is today or within so many days."""

WELL = 3
"""The lowest grade of a call that counts as satisfied."""
CONNECTED = (CallOutcome.TALKED, CallOutcome.PARTNER, CallOutcome.SERVED)
_NO_CALLER = (CallOutcome.FAX, CallOutcome.OPEN, CallOutcome.REFUSED)
_TIMED = {SeatState.TALKING.value: 0, SeatState.WRAP_UP.value: 1}


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`, both aware (UTC)."""

    since: datetime
    until: datetime


def day_of(day: date, zone: tzinfo) -> Period:
    """A day of the centre: from its midnight to the next, however many hours lie between."""
    first, last = (datetime.combine(date_, time(), zone) for date_ in (day, day + timedelta(days=1)))
    return Period(first.astimezone(UTC), last.astimezone(UTC))


class CallFacts(NamedTuple):
    """Of a call what figures ask. `asked`: it came into the queue; `back`: we promised it; `wait` in s.

    A tuple, since a month has tens of thousands of them.
    """

    at: datetime
    outcome: CallOutcome
    incoming: bool = True
    asked: bool = False
    talked: bool = False
    wait: float = 0.0
    agent: str = ""
    back: bool = False
    rating: int | None = None


def facts_of(call: CallRecord) -> CallFacts:
    """A call record's facts."""
    return CallFacts(
        call.started_at,
        call.outcome,
        call.direction == "in",
        call.queued_at is not None,
        call.talked_at is not None,
        call.wait_seconds,
        call.agent,
        bool(call.back_of),
        call.rating,
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """What is kept of a period, in order of time.

    `calls` and `changes` begin 24 hours before it: no talk lasts longer. `written` counts the items that
    came in it by every channel but the phone, `booked` the calls promised in it.
    """

    calls: Sequence[CallFacts] = ()
    changes: Sequence[AgentChange] = ()
    written: Sequence[tuple[Channel, int]] = ()
    booked: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """Callers of 24 hours, and those of them who were connected."""

    connected: int = 0
    offered: int = 0

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None of nobody."""
        return self.connected / self.offered if self.offered else None


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """One agent: callers answered whose record names him, his seat's seconds on a talk and in wrap-up."""

    agent: str
    answered: int = 0
    talk_seconds: float = 0.0
    wrap_up_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one period, each a definition; docs/reference/glossary.md has the Chinese terms.

    offered: calls from outside that are over, those that found every line busy included, fax machines not.
    asked: of these, callers who came into the queue for an agent.
    answered: of these, callers with whom an agent talked.
    in_time: of these, callers who waited 15 seconds in the queue or less.
    connected: callers who talked with an agent or a partner, or were told their progress.
    turned_away: calls that found every line busy. refused: calls for a number that is none of ours, or in a
    coding that is not; they are not offered. gave_up: callers who hung up before anything served them.
    cut_off: calls that Asterisk or a line broke off. messages: callers who left one and talked with nobody.
    call_backs: callers who went with the wish to be called. partner: callers put through to another hotline.
    served: callers who were told their progress and needed no more.
    waited_seconds, longest_wait: in the queue, of all who asked, whether or not they were answered.
    booked: call-backs promised. called_back, not_reached: promised calls made, with and without the customer.
    outgoing: other calls of ours.
    rated: calls that the caller rated; rated_well: of these, with 1 to 3.
    half_hours: the longest wait of those who called in each half hour of the day, as far as it has gone.
    last_24h: of the 24 hours that end with the period, or now. lowest_24h: the worst 24 hours that end
    in it with a call, of those with 20 calls or more.
    """

    offered: int = 0
    asked: int = 0
    answered: int = 0
    in_time: int = 0
    connected: int = 0
    turned_away: int = 0
    refused: int = 0
    gave_up: int = 0
    cut_off: int = 0
    messages: int = 0
    call_backs: int = 0
    partner: int = 0
    served: int = 0
    waited_seconds: float = 0.0
    longest_wait: float = 0.0
    booked: int = 0
    called_back: int = 0
    not_reached: int = 0
    outgoing: int = 0
    rated: int = 0
    rated_well: int = 0
    written: tuple[tuple[Channel, int], ...] = ()
    agents: tuple[AgentFigures, ...] = ()
    half_hours: tuple[float, ...] = ()
    last_24h: Share = field(default_factory=Share)
    lowest_24h: Share | None = None

    @property
    def average_wait(self) -> float | None:
        """Seconds in the queue of those who asked for an agent; None of nobody."""
        return self.waited_seconds / self.asked if self.asked else None

    @property
    def in_time_rate(self) -> float | None:
        """Of those who asked for an agent how many had one within 15 seconds, from 0 to 1."""
        return self.in_time / self.asked if self.asked else None

    @property
    def connect_rate(self) -> float | None:
        """Of those who called how many were connected, from 0 to 1."""
        return self.connected / self.offered if self.offered else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands open at one moment, whenever it came.

    owed: promised calls still to be made, or made without the customer while their item is open, and
    callers who gave up or were cut off whose item is. overdue, due_soon: open items of which a clock has
    run out, and others of which one ends today or within two days. provisional: open items with a clock
    that rests on a guessed calendar. waiting: items that wait to be taken or are in work, by channel.
    to_take: those of them that nobody holds, the desk's list of the same name.
    """

    owed: int = 0
    overdue: int = 0
    due_soon: int = 0
    provisional: int = 0
    waiting: tuple[tuple[Channel, int], ...] = ()
    to_take: int = 0


# ------------------------------------------------------------------ counting


def figures(period: Period, rows: Rows, now: datetime) -> Figures:
    """The figures of a period as they are now; what lies after now has not been."""
    end = max(period.since, min(period.until, now))
    during = [call for call in rows.calls if period.since <= call.at < period.until]
    around = [call for call in rows.calls if _is_offered(call)]
    offered = [call for call in around if period.since <= call.at < period.until]
    asked_for = [call for call in offered if call.asked]
    answered = [call for call in asked_for if call.talked]
    ended = Counter(call.outcome for call in offered)
    back = Counter(call.outcome for call in during if call.back)
    return Figures(
        offered=len(offered),
        asked=len(asked_for),
        answered=len(answered),
        in_time=sum(call.wait <= IN_TIME for call in answered),
        connected=sum(ended[outcome] for outcome in CONNECTED),
        turned_away=ended[CallOutcome.TURNED_AWAY],
        refused=sum(call.outcome is CallOutcome.REFUSED for call in during),
        gave_up=ended[CallOutcome.GAVE_UP],
        cut_off=ended[CallOutcome.CUT_OFF],
        messages=ended[CallOutcome.MESSAGE],
        call_backs=ended[CallOutcome.CALL_BACK],
        partner=ended[CallOutcome.PARTNER],
        served=ended[CallOutcome.SERVED],
        waited_seconds=round(sum(call.wait for call in asked_for), 3),
        longest_wait=max((call.wait for call in asked_for), default=0.0),
        booked=rows.booked,
        called_back=back[CallOutcome.TALKED],
        not_reached=sum(back.values()) - back[CallOutcome.TALKED],
        outgoing=sum(not (call.incoming or call.back) for call in during),
        rated=sum(call.rating is not None for call in during),
        rated_well=sum(call.rating is not None and call.rating <= WELL for call in during),
        written=tuple(sorted(rows.written)),
        agents=_agents(answered, rows.changes, Period(period.since, end)),
        half_hours=_half_hours(asked_for, Period(period.since, end)),
        last_24h=_share(around, end),
        lowest_24h=_lowest(around, period),
    )


def _is_offered(call: CallFacts) -> bool:
    return call.incoming and call.outcome not in _NO_CALLER


def _share(calls: Iterable[CallFacts], end: datetime) -> Share:
    """Of the offered calls those of the 24 hours before `end`."""
    within = [call for call in calls if end - WINDOW <= call.at < end]
    return Share(sum(call.outcome in CONNECTED for call in within), len(within))


NONE_YET = (2, 1)  # a rate that no 24 hours have: more connected than offered


def _lowest(calls: Iterable[CallFacts], period: Period) -> Share | None:
    """Of offered calls: the worst 24 hours that end with a call of the period; the earliest of equals."""
    window: deque[CallFacts] = deque()
    connected = 0
    least = NONE_YET  # connected and offered of the worst so far: rates are compared without dividing
    for call in calls:
        if call.at >= period.until:
            break
        window.append(call)
        connected += call.outcome in CONNECTED
        while window[0].at <= call.at - WINDOW:
            connected -= window.popleft().outcome in CONNECTED
        offered = len(window)
        if call.at >= period.since and offered >= FEWEST and connected * least[1] < least[0] * offered:
            least = connected, offered
    return Share(*least) if least != NONE_YET else None


def worse(first: Share | None, other: Share | None) -> Share | None:
    """The lower rate of two, the first of equals."""
    if first is None or other is None:
        return first or other
    return other if other.connected * first.offered < first.connected * other.offered else first


def _half_hours(asked: Iterable[CallFacts], period: Period) -> tuple[float, ...]:
    """The longest wait in each half hour that has begun, in seconds."""
    longest = [0.0] * -((period.since - period.until) // HALF_HOUR)
    for call in asked:
        slot = (call.at - period.since) // HALF_HOUR
        if slot < len(longest):
            longest[slot] = max(longest[slot], call.wait)
    return tuple(longest)


def _agents(
    answered: Iterable[CallFacts], changes: Iterable[AgentChange], period: Period
) -> tuple[AgentFigures, ...]:
    """Who answered or was on a talk or in wrap-up, by id."""
    counts = Counter(call.agent for call in answered)
    seconds: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for agent, state, spent in _spells(changes, period):
        seconds[agent][_TIMED[state]] += spent
    return tuple(
        AgentFigures(agent, counts[agent], *(round(spent, 3) for spent in seconds[agent]))
        for agent in sorted({*counts, *seconds})
    )


def _spells(changes: Iterable[AgentChange], period: Period) -> Iterator[tuple[str, str, float]]:
    """Agent, state and seconds of each spell on a talk or in wrap-up, as far as it lies in the period."""
    last: dict[tuple[str, str], AgentChange] = {}
    for change in changes:
        seat = change.agent, change.gateway  # what one gateway tells ends nothing at another
        before = last.pop((change.agent, ""), None)  # told before gateways had names
        yield from _spell(last.get(seat, before), change.at, period)
        last[seat] = change
    for change in last.values():
        yield from _spell(change, period.until, period)


def _spell(change: AgentChange | None, to: datetime, period: Period) -> Iterator[tuple[str, str, float]]:
    if change is None or change.state not in _TIMED:
        return
    spent = (min(to, period.until) - max(change.at, period.since)).total_seconds()
    if spent > 0:
        yield change.agent, change.state, spent


# ------------------------------------------------------------------ days together


def together(days: Sequence[Figures]) -> Figures:
    """The figures of days that follow each other, as one period."""
    if not days:
        return Figures()
    agents: dict[str, AgentFigures] = {}
    written: Counter[Channel] = Counter()
    lowest: Share | None = None
    for day in days:
        for row in day.agents:
            agents[row.agent] = _added(agents.get(row.agent, AgentFigures(row.agent)), row)
        written.update(dict(day.written))
        lowest = worse(lowest, day.lowest_24h)
    return replace(
        days[-1],  # the 24 hours that end the last day end the whole
        **{name: sum(getattr(day, name) for day in days) for name in SUMS},
        waited_seconds=round(sum(day.waited_seconds for day in days), 3),
        longest_wait=max(day.longest_wait for day in days),
        written=tuple(sorted(written.items())),
        agents=tuple(agents[agent] for agent in sorted(agents)),
        half_hours=tuple(map(max, zip_longest(*(day.half_hours for day in days), fillvalue=0.0))),
        lowest_24h=lowest,
    )


SUMS = (
    *("offered", "asked", "answered", "in_time", "connected", "turned_away"),
    *("refused", "gave_up", "cut_off"),
    *("messages", "call_backs", "partner", "served", "booked", "called_back", "not_reached", "outgoing"),
    *("rated", "rated_well"),
)
"""Figures that are counts: those of a month are the sums of its days'."""


def _added(first: AgentFigures, more: AgentFigures) -> AgentFigures:
    return AgentFigures(
        first.agent,
        first.answered + more.answered,
        round(first.talk_seconds + more.talk_seconds, 3),
        round(first.wrap_up_seconds + more.wrap_up_seconds, 3),
    )
