"""Legal clocks: which ones run for an item, on which day each ends, and why.

The law itself is data (rules/, read by gateway/rules/load.py): dated rule sets, chosen by the day of
receipt, and the State Council's calendars of holidays and make-up workdays. The day on which a clock
starts is not counted; a last day that is no workday moves to the next one. Days are those of the
centre's time zone. A year without a calendar is guessed, and what rests on the guess is provisional.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.followup_rules import FollowUpRules
from gateway.core.item.answers import CannedAnswer
from gateway.core.item.catalogue import (
    Area,
    Categories,
    Claim,
    Division,
    Grounds,
    Retention,
    Station,
)
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Due, Kind
from gateway.core.item.notice import NoticeKind, NoticeTemplate
from gateway.core.order.suggestion import DispatchRules

_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a clock counts."""

    WORKING = "working"  # 工作日
    CALENDAR = "calendar"  # 自然日


class Milestone(StrEnum):
    """What starts or ends a clock. RECEIVED is always known; the others happen later, or never."""

    RECEIVED = "received"  # 收到
    ACCEPTED = "accepted"  # 受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    MEDIATION_ENDED = "mediation_ended"  # 终止调解
    PARTIES_TOLD = "parties_told"  # 已告知双方
    CHECK_EXTENDED = "check_extended"  # 批准延长核查
    FILING_DECIDED = "filing_decided"  # 作出是否立案决定
    REPORTER_TOLD = "reporter_told"  # 已告知举报人
    CASE_FILED = "case_filed"  # 立案
    CASE_DECIDED = "case_decided"  # 作出处理决定


_MILESTONE_NAMES: Mapping[Milestone, tuple[str, str]] = MappingProxyType(
    {
        Milestone.RECEIVED: ("收到", "received"),
        Milestone.ACCEPTED: ("受理", "accepted"),
        Milestone.NOT_ACCEPTED: ("不予受理", "not accepted"),
        Milestone.MEDIATION_ENDED: ("终止调解", "mediation ended"),
        Milestone.PARTIES_TOLD: ("已告知双方", "parties told"),
        Milestone.CHECK_EXTENDED: ("批准延长核查", "longer check approved"),
        Milestone.FILING_DECIDED: ("作出是否立案决定", "filing decided"),
        Milestone.REPORTER_TOLD: ("已告知举报人", "reporter told"),
        Milestone.CASE_FILED: ("立案", "case filed"),
        Milestone.CASE_DECIDED: ("作出处理决定", "case decided"),
    }
)


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday with all days off around it, both ends included."""

    zh: str
    en: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Year:
    """One year as the State Council's notice sets it. `makeup` are weekend days that are worked."""

    holidays: tuple[Holiday, ...]
    makeup: tuple[date, ...]
    notice: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Workdays. Years that no notice covers are guessed: weekends and statutory days are off.

    `statutory` are (month, day) pairs that are off in every year, `lunar` days off by the lunar
    calendar in years to come. What a notice adds to them, and which weekends are worked, is unknown.
    """

    years: Mapping[int, Year]
    statutory: frozenset[tuple[int, int]] = frozenset()
    lunar: frozenset[date] = frozenset()
    _workdays: dict[int, tuple[date, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_workday(self, day: date) -> tuple[bool, bool]:
        """Is it a workday, and is that known from a notice (else guessed)?"""
        days = self._workdays_of(day.year)
        place = bisect_right(days, day)
        return place > 0 and days[place - 1] == day, day.year in self.years

    def workday_after(self, day: date, count: int) -> date:
        """The `count`-th workday (from 1) after a day."""
        year, days = day.year, self._workdays_of(day.year)
        place = bisect_right(days, day) + count - 1
        while place >= len(days):
            place -= len(days)
            year += 1
            days = self._workdays_of(year)
        return days[place]

    def guessed(self, first: date, last: date) -> tuple[int, ...]:
        """The years between two days (both included) that no notice covers."""
        return tuple(year for year in range(first.year, last.year + 1) if year not in self.years)

    def changes(self, first: date, last: date) -> Iterator[str]:
        """What differs from a plain week between two days (both included), a line for each."""
        for year in range(first.year, last.year + 1):
            if year_days := self.years.get(year):
                for holiday in year_days.holidays:
                    if holiday.first <= last and first <= holiday.last:
                        yield (
                            f"{holiday.first} 至 {holiday.last} {holiday.zh}放假，不计"
                            f" / {holiday.en}, not counted"
                        )
                for day in year_days.makeup:
                    if first <= day <= last:
                        yield f"{day} 调休上班，计入 / make-up workday, counted"

    def _workdays_of(self, year: int) -> tuple[date, ...]:
        """All workdays of a year in order; made once a year and kept."""
        workdays = self._workdays.get(year)
        if workdays is None:
            days = (date(year, 1, 1) + _DAY * i for i in range(366))
            workdays = tuple(day for day in days if day.year == year and self._is_work(day))
            self._workdays[year] = workdays
        return workdays

    def _is_work(self, day: date) -> bool:
        year = self.years.get(day.year)
        if year is None:
            off = (day.month, day.day) in self.statutory or day in self.lunar
            return day.weekday() < 5 and not off
        if day in year.makeup:
            return True
        return day.weekday() < 5 and not any(h.first <= day <= h.last for h in year.holidays)


@dataclass(frozen=True, slots=True)
class Clock:
    """One time limit. It starts with `starts_from` and is met when one of `met_by` happens.

    `extends` names a clock that this one prolongs: it counts on from that one's last day, and
    takes its place, once `starts_from` has happened.
    """

    name: str
    zh: str
    en: str
    kinds: frozenset[Kind]
    count: int
    unit: Unit
    starts_from: Milestone
    basis: str
    verified: bool
    source: str
    met_by: frozenset[Milestone] = frozenset()
    extends: str = ""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One order, in force for what is received from a day on. `id` is the file's name."""

    id: str
    zh: str
    en: str
    in_force_from: date
    clocks: tuple[Clock, ...]
    non_acceptance: Grounds
    ending_mediation: Grounds

    def clock(self, name: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.name == name), None)


@dataclass(frozen=True, slots=True)
class Rules:
    """All of rules/: the orders by date, the calendar, and the lists of the city."""

    sets: tuple[RuleSet, ...]
    calendar: Calendar
    categories: Categories
    claims: tuple[Claim, ...]
    divisions: tuple[Division, ...]
    stations: tuple[Station, ...]
    channels: ChannelRegistry
    retention: tuple[Retention, ...]
    areas: tuple[Area, ...] = ()
    notices: Mapping[NoticeKind, NoticeTemplate] = field(default_factory=dict)
    report_results: tuple[Claim, ...] = ()
    answers: tuple[CannedAnswer, ...] = ()
    ways_left: tuple[Claim, ...] = ()
    dispatch: DispatchRules = field(default_factory=DispatchRules)
    follow_ups: tuple[FollowUpRules, ...] = ()

    def on(self, day: date) -> RuleSet:
        """The rules for what is received on a day. Before the first set, that one: a machine with a
        wrong clock must not refuse callers."""
        return max((s for s in self.sets if s.in_force_from <= day), key=_start, default=self.sets[0])

    def due(
        self, kind: Kind, received_day: date, started: Mapping[str, date] = MappingProxyType({})
    ) -> tuple[Due, ...]:
        """Every clock that has begun, met or not, in the order of the rule file.

        `started` has the day of each later milestone, by its value; other keys are not looked at.
        """
        rules = self.on(received_day)
        days = {**started, Milestone.RECEIVED.value: received_day}
        begun: dict[str, Clock] = {}
        for clock in rules.clocks:  # a clock stands below the one it extends
            can_begin = not clock.extends or clock.extends in begun
            if kind in clock.kinds and clock.starts_from in days and can_begin:
                begun[clock.name] = clock
        extended = {clock.extends for clock in begun.values()}
        return tuple(self._due(rules, c, days) for c in begun.values() if c.name not in extended)

    def running(
        self, kind: Kind, received_day: date, started: Mapping[str, date] = MappingProxyType({})
    ) -> tuple[Due, ...]:
        """The clocks of `due` that nothing in `started` has met yet."""
        rules = self.on(received_day)
        met = {c.name for c in rules.clocks if not c.met_by.isdisjoint(started)}
        return tuple(due for due in self.due(kind, received_day, started) if due.clock not in met)

    def _due(self, rules: RuleSet, clock: Clock, days: Mapping[str, date]) -> Due:
        """A clock's last day, after that of the clock it extends."""
        before = rules.clock(clock.extends) if clock.extends else None
        base = self._due(rules, before, days) if before else None
        day = base.on if base else days[clock.starts_from]
        last, steps = _end(self.calendar, clock, day)
        doubts = tuple(map(_doubt, self.calendar.guessed(day + _DAY, last)))
        if base is not None:
            doubts = tuple(doubt for doubt in doubts if doubt not in base.trace)
        return Due(
            clock=clock.name,
            on=last,
            provisional=bool(doubts) or (base is not None and base.provisional),
            basis=clock.basis,
            trace=(*(base.trace if base else ()), *steps, *doubts),
        )


def day_of(received_at: datetime, zone: ZoneInfo) -> date:
    """The day of receipt in the centre's time zone. Raises ValueError for a naive time."""
    if received_at.tzinfo is None:
        raise ValueError("a time of receipt needs its zone")
    return received_at.astimezone(zone).date()


def _end(calendar: Calendar, clock: Clock, day: date) -> tuple[date, tuple[str, ...]]:
    """The last day of a clock that begins on a day, with its steps."""
    zh, en = _MILESTONE_NAMES[clock.starts_from]
    begin = f"{day} {zh}，当日不计 / {en}, this day is not counted"
    if clock.extends:
        begin = f"{day} 期满，{zh} / the time ends, {en}"
    steps = [
        begin,
        f"{clock.zh}：{clock.count} 个{_UNITS[clock.unit][0]}，{clock.basis}"
        f" / {clock.en}: {clock.count} {_UNITS[clock.unit][1]}",
    ]
    if clock.unit is Unit.WORKING:
        last = calendar.workday_after(day, clock.count)
        steps += calendar.changes(day + _DAY, last)
    else:
        full = day + _DAY * clock.count
        last = calendar.workday_after(full - _DAY, 1)
        if last != full:
            steps.append(f"{full} 非工作日，顺延至 {last} / no workday, moved to {last}")
    steps.append(f"{last} 截止 / last day")
    return last, tuple(steps)


def _doubt(year: int) -> str:
    return (
        f"{year} 年放假安排尚未录入，暂按法定节假日推算"
        f" / no calendar of {year} yet: counted with statutory holidays only"
    )


def _start(rules: RuleSet) -> date:
    return rules.in_force_from


_UNITS = {Unit.WORKING: ("工作日", "working days"), Unit.CALENDAR: ("自然日", "calendar days")}
