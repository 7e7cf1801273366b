"""Legal clocks: which ones run for an item, on which day each ends, and why.

The law itself is data (rules/, read by gateway/rules/load.py): dated rule sets, chosen by the day of
receipt, and the State Council's calendars of holidays and make-up workdays. The day on which a clock
starts is not counted; a last day that is no workday moves to the next one. That a plain weekend moves
it too is a reading where the order names holidays only; the trace says so. Days are those of the
centre's time zone. A year without a calendar is guessed, and what rests on the guess is provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.followup_rules import FollowUpRules
from gateway.core.item.answers import CannedAnswer
from gateway.core.item.calendar import Calendar
from gateway.core.item.catalogue import (
    Area,
    Categories,
    Claim,
    Division,
    Grounds,
    NoticeDuty,
    Retention,
    Station,
)
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Due, Kind
from gateway.core.item.notice import NoticeKind, NoticeTemplate
from gateway.core.item.pause import Pause, left_out, told
from gateway.core.order.handling import Handling
from gateway.core.order.ladder import Ladder
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
    CASE_EXTENDED = "case_extended"  # 批准延长办案
    CASE_DECIDED = "case_decided"  # 作出处理决定
    LEAD_FOUND = "lead_found"  # 调解中发现违法线索
    REPORTED_AGAIN = "reported_again"  # 同一举报人补充新的事实再次举报
    COMPETENCE_DISPUTED = "competence_disputed"  # 发生处理权限争议
    COMPETENCE_SETTLED = "competence_settled"  # 处理权限已确定


MILESTONE_NAMES: Mapping[Milestone, tuple[str, str]] = MappingProxyType(
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
        Milestone.CASE_EXTENDED: ("批准延长办案", "longer case approved"),
        Milestone.CASE_DECIDED: ("作出处理决定", "case decided"),
        Milestone.LEAD_FOUND: ("调解中发现线索", "lead found in the mediation"),
        Milestone.REPORTED_AGAIN: (
            "收到补充新事实的再次举报，重新计算",
            "reported again with new facts, counted anew",
        ),
        Milestone.COMPETENCE_DISPUTED: ("发生处理权限争议", "dispute over competence"),
        Milestone.COMPETENCE_SETTLED: ("处理权限已确定", "competence settled"),
    }
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One time limit. It starts with `starts_from` and is met when one of `met_by` happens.

    `extends` names a clock that this one prolongs: it counts on from that one's last day, and
    takes its place, once `starts_from` has happened. `restarts_from` is what makes it begin anew;
    an extension that was approved until then is spent. `not_counted` is the article by which the time of
    tests and appraisals is left out, "" where none says so.
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
    restarts_from: Milestone | None = None
    not_counted: str = ""

    def begins(self, days: Mapping[str, date]) -> tuple[Milestone, date] | None:
        """What it counts from, and the day; None while it has not begun."""
        first = days.get(self.starts_from)
        if first is None:
            return None
        again = days.get(self.restarts_from) if self.restarts_from else None
        if self.restarts_from and again and again > first:
            return self.restarts_from, again
        return self.starts_from, first


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One order, in force for what is received from a day on. `id` is the file's name.

    `weekend_reading` is said (Chinese, English) where a last day moves though the order does not say so.
    """

    id: str
    zh: str
    en: str
    in_force_from: date
    clocks: tuple[Clock, ...]
    non_acceptance: Grounds
    ending_mediation: Grounds
    weekend_reading: tuple[str, str] | None = None

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
    report_results: tuple[NoticeDuty, ...] = ()
    answers: tuple[CannedAnswer, ...] = ()
    ways_left: tuple[Claim, ...] = ()
    privacy_notice: tuple[Claim, ...] = ()
    supervision: tuple[Ladder, ...] = ()
    dispatch: DispatchRules = field(default_factory=DispatchRules)
    follow_ups: tuple[FollowUpRules, ...] = ()
    handling: tuple[Handling, ...] = ()

    def on(self, day: date) -> RuleSet:
        """The rules for what is received on a day. Before the first set, that one: a machine with a
        wrong clock must not refuse callers."""
        return max((s for s in self.sets if s.in_force_from <= day), key=_start, default=self.sets[0])

    def due(
        self,
        kind: Kind,
        received_day: date,
        started: Mapping[str, date] = MappingProxyType({}),
        pauses: Sequence[Pause] = (),
    ) -> tuple[Due, ...]:
        """Every clock that has begun, met or not, in the order of the rule file.

        `started` has the day of each later milestone, by its value; other keys are not looked at. `pauses`
        are left out of clocks whose law says so.
        """
        rules = self.on(received_day)
        days = {**started, Milestone.RECEIVED.value: received_day}
        begun: dict[str, Clock] = {}
        for clock in rules.clocks:  # a clock stands below the one it extends
            if kind in clock.kinds and clock.begins(days) and _follows(clock, begun, days):
                begun[clock.name] = clock
        extended = {clock.extends for clock in begun.values()}
        return tuple(self._due(rules, c, days, pauses) for c in begun.values() if c.name not in extended)

    def running(
        self,
        kind: Kind,
        received_day: date,
        started: Mapping[str, date] = MappingProxyType({}),
        pauses: Sequence[Pause] = (),
    ) -> tuple[Due, ...]:
        """The clocks of `due` that nothing in `started` has met yet."""
        rules = self.on(received_day)
        met = {c.name for c in rules.clocks if not c.met_by.isdisjoint(started)}
        begun = self.due(kind, received_day, started, pauses)
        return tuple(due for due in begun if due.clock not in met)

    def _due(self, rules: RuleSet, clock: Clock, days: Mapping[str, date], pauses: Sequence[Pause]) -> Due:
        """A clock's last day, after that of the clock it extends."""
        before = rules.clock(clock.extends) if clock.extends else None
        base = self._due(rules, before, days, pauses) if before else None
        first = clock.begins(days)
        assert first is not None  # asked of clocks that have begun
        day = base.on if base else first[1]
        left = pauses if clock.not_counted else ()
        last, steps = _end(self.calendar, rules, clock, first[0], day, left)
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


def _follows(clock: Clock, begun: Mapping[str, Clock], days: Mapping[str, date]) -> bool:
    """Has the clock begun that this one extends, and was the extension approved since it last began?"""
    if not clock.extends:
        return True
    base = begun.get(clock.extends)
    first = base.begins(days) if base else None
    if base is None or first is None:
        return False
    return first[0] is base.starts_from or days[clock.starts_from] > first[1]


def _end(
    calendar: Calendar,
    rules: RuleSet,
    clock: Clock,
    milestone: Milestone,
    day: date,
    pauses: Sequence[Pause] = (),
) -> tuple[date, tuple[str, ...]]:
    """The last day of a clock that begins on a day, with its steps."""
    zh, en = MILESTONE_NAMES[milestone]
    begin = f"{day} {zh}，当日不计 / {en}, this day is not counted"
    if clock.extends:
        begin = f"{day} 期满，{zh} / the time ends, {en}"
    steps = [
        begin,
        f"{clock.zh}：{clock.count} 个{_UNITS[clock.unit][0]}，{clock.basis}"
        f" / {clock.en}: {clock.count} {_UNITS[clock.unit][1]}",
    ]
    if clock.unit is Unit.WORKING:
        ends = partial(_after_workdays, calendar, day, clock.count)
        paused = left_out(pauses, day, ends, calendar.workdays)
    else:
        ends = partial(_after_days, calendar, day, clock.count)
        paused = left_out(pauses, day, ends, lambda first, end: (end - first).days)
    lost = sum(entry.days for entry in paused)
    last = ends(lost)
    steps += (told(entry, clock.not_counted) for entry in paused)
    if clock.unit is Unit.WORKING:
        steps += calendar.changes(day + _DAY, last)
    else:
        steps += _moved(calendar, rules, day + _DAY * (clock.count + lost), last)
    steps.append(f"{last} 截止 / last day")
    return last, tuple(steps)


def _after_workdays(calendar: Calendar, day: date, count: int, lost: int) -> date:
    return calendar.workday_after(day, count + lost)


def _after_days(calendar: Calendar, day: date, count: int, lost: int) -> date:
    """A last day that is no workday moves to the next one."""
    return calendar.workday_after(day + _DAY * (count + lost - 1), 1)


def _moved(calendar: Calendar, rules: RuleSet, full: date, last: date) -> Iterator[str]:
    """Why the last day of a count of calendar days is another than the full count."""
    if last == full:
        return
    yield f"{full} 非工作日，顺延至 {last} / no workday, moved to {last}"
    off = (full + _DAY * place for place in range((last - full).days))
    if rules.weekend_reading and not all(map(calendar.is_holiday, off)):
        zh, en = rules.weekend_reading
        yield f"{zh} / {en}"


def _doubt(year: int) -> str:
    return (
        f"{year} 年放假安排尚未录入，暂按法定节假日推算"
        f" / no calendar of {year} yet: counted with statutory holidays only"
    )


def _start(rules: RuleSet) -> date:
    return rules.in_force_from


_UNITS = {Unit.WORKING: ("工作日", "working days"), Unit.CALENDAR: ("自然日", "calendar days")}
