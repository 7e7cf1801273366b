"""The ladder of supervision: which rung an order has reached, and when it may be told. Pure.

Rungs are data (rules/supervision.yaml). A rung fires once for a round of an order; who writes that down
keeps it so (gateway/cases/supervision.py). The day of a rung is derived from the order's last day
(core/order/clock.py) each time, so that an extension, a suspension or another calendar moves the rungs
that have not fired. Of several rungs that were reached unseen, only the highest is told: a reminder makes
no sense once the time is over. Times are those of the centre's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from gateway.core.flow.hours import ALWAYS, Hours
from gateway.core.item.calendar import Calendar

_DAY = timedelta(days=1)


class Rung(StrEnum):
    """One step of the ladder, the mildest first; and what people do by themselves beside it."""

    UNSIGNED = "unsigned"  # 未按时签收提醒
    BLUE = "blue"  # 蓝色提醒，到期前
    ORANGE = "orange"  # 橙色预警，催办通知书
    RED = "red"  # 红色督办，督办单
    RAISED = "raised"  # 提级
    URGE = "urge"  # 人工催办


LADDER = (Rung.BLUE, Rung.ORANGE, Rung.RED, Rung.RAISED)
"""The rungs that follow each other, from the order's last day on."""
RUNG_NAMES = {
    Rung.UNSIGNED: ("签收提醒", "not signed for"),
    Rung.BLUE: ("蓝色提醒", "blue reminder"),
    Rung.ORANGE: ("橙色预警", "orange warning"),
    Rung.RED: ("红色督办", "red order"),
    Rung.RAISED: ("提级督办", "raised"),
    Rung.URGE: ("催办", "urged"),
}


class Whom(StrEnum):
    """Who is told of a rung."""

    UNIT = "unit"  # 办理单位
    UNIT_LEADER = "unit_leader"  # 办理单位负责人
    BUREAU_LEADER = "bureau_leader"  # 主管局负责人
    CENTRE = "centre"  # 中心领导


class RungWay(StrEnum):
    """By which way a rung is told beside the page of the unit, where it always stands."""

    MAIL = "mail"
    FAX = "fax"
    CALL = "call"  # the PBX rings the duty telephone


@dataclass(frozen=True, slots=True)
class RungRule:
    """When a rung is reached and how it is told. `days` are before the last day for BLUE, after the day for
    signing for UNSIGNED, and after the last day for the others: workdays, of an urgent order plain days."""

    rung: Rung
    days: int
    to: tuple[Whom, ...]
    ways: tuple[RungWay, ...]
    urgent_ways: tuple[RungWay, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules for orders that are assigned from a day on. `hours` are those in which rungs fire, on
    workdays; `urgent_hours` those for urgent orders, on every day. `sheet` is the number of a red order with
    {year} and {serial}, `answer_within` how many workdays it gives."""

    in_force_from: date
    rules: tuple[RungRule, ...]
    hours: Hours
    urgent_hours: Hours = ALWAYS
    urgent: frozenset[str] = field(default_factory=frozenset)
    sheet: str = "{year}-{serial}"
    answer_within: int = 3

    def rule(self, rung: Rung) -> RungRule | None:
        return next((rule for rule in self.rules if rule.rung is rung), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ladder looks at of an order.

    `due` is its last day, None while its time is suspended; `owed`: the unit has to do something.
    `sign_by` is the last day for signing while it is not signed for. `fired` are the rungs of this round
    that were told or passed over.
    """

    begun_on: date
    due: date | None
    owed: bool
    urgent: bool = False
    sign_by: date | None = None
    fired: frozenset[Rung] = frozenset()


@dataclass(frozen=True, slots=True)
class Firing:
    """The rungs to be told now, and those that are passed over for good."""

    tell: tuple[Rung, ...] = ()
    pass_over: tuple[Rung, ...] = ()


NOTHING = Firing()


def firing(order: Standing, ladder: Ladder, now: datetime, calendar: Calendar, since: date) -> Firing:
    """What of the ladder is to happen now. `since` is the first day of supervision: what was reached before
    it is passed over, so that an installation does not begin with a flood of notices."""
    if not order.owed or not may_fire(order.urgent, ladder, now, calendar):
        return NOTHING
    today = now.date()
    days = dict(rung_days(order, ladder, calendar))
    reached = [rung for rung, day in days.items() if day <= today]
    tell, pass_over = _ladder(order, ladder, [rung for rung in reached if rung in LADDER], today)
    if Rung.UNSIGNED in reached and Rung.UNSIGNED not in order.fired:
        tell = (Rung.UNSIGNED, *tell)
    late = tuple(rung for rung in tell if days[rung] < since)
    return Firing(tuple(rung for rung in tell if rung not in late), (*pass_over, *late))


def _ladder(
    order: Standing, ladder: Ladder, reached: list[Rung], today: date
) -> tuple[tuple[Rung, ...], tuple[Rung, ...]]:
    """The highest that was reached and has not fired; those below it are passed over."""
    if not reached:
        return (), ()
    highest = max(reached, key=LADDER.index)
    highest_fired = max((LADDER.index(rung) for rung in order.fired if rung in LADDER), default=-1)
    over = order.due is not None and today > order.due
    tell = LADDER.index(highest) > highest_fired and not (highest is Rung.BLUE and over)
    passed = [rung for rung in reached if rung not in order.fired and not (tell and rung is highest)]
    return (highest,) if tell else (), tuple(passed)


def rung_days(order: Standing, ladder: Ladder, calendar: Calendar) -> Iterator[tuple[Rung, date]]:
    """The first day of each rung that this order can reach as it stands."""
    for rule in ladder.rules:
        day = _day(rule, order, calendar)
        if day is not None:
            yield rule.rung, day


def _day(rule: RungRule, order: Standing, calendar: Calendar) -> date | None:
    if rule.rung is Rung.UNSIGNED:
        return order.sign_by and _after(order.sign_by, rule.days, order.urgent, calendar)
    if order.due is None:
        return None
    if rule.rung is Rung.BLUE:
        next_day = _after(order.begun_on, 1, order.urgent, calendar)
        day = max(_before(order.due, rule.days, order.urgent, calendar), next_day)
        return day if day <= order.due else None
    return _after(order.due, rule.days, order.urgent, calendar)


def _after(day: date, count: int, urgent: bool, calendar: Calendar) -> date:
    return day + _DAY * count if urgent else calendar.workday_after(day, count)


def _before(day: date, count: int, urgent: bool, calendar: Calendar) -> date:
    """The `count`-th workday before a day; of an urgent order the `count`-th day."""
    if urgent:
        return day - _DAY * count
    while count:
        day -= _DAY
        count -= calendar.is_workday(day)[0]
    return day


def may_fire(urgent: bool, ladder: Ladder, now: datetime, calendar: Calendar) -> bool:
    """Is it a time at which people are told? Of urgent orders on every day."""
    minute = now.hour * 60 + now.minute
    if urgent:
        return ladder.urgent_hours.open_at(minute)
    return calendar.is_workday(now.date())[0] and ladder.hours.open_at(minute)


def horizon(ladders: Iterable[Ladder], today: date) -> date:
    """Orders that are due after this day have reached no rung, however many holidays lie between."""
    days = [rule.days for ladder in ladders for rule in ladder.rules if rule.rung is Rung.BLUE]
    return today + _DAY * (max(days, default=0) * 2 + 14)


def in_force(ladders: tuple[Ladder, ...], day: date) -> Ladder:
    """Those for what is assigned on a day; before the first, that one."""
    return max((ladder for ladder in ladders if ladder.in_force_from <= day), key=_start, default=ladders[0])


def _start(ladder: Ladder) -> date:
    return ladder.in_force_from
