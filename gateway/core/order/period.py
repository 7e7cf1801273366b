"""Figures of orders by unit, kind and period. Pure: every figure is a rule that says of one order, or of one
follow-up call, whether it counts, so that a figure and the list behind it are the same by their making.

docs/using/supervision.md has the definitions. Days are those of the centre's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.core.item.contact import Kind
from gateway.core.order.order import OrderState

S = OrderState


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What figures look at of one order. `sign_by` is the last day for signing, `recovered` fen of its last
    report. `home`: it came back to the centre, which did not uphold the assignment."""

    id: int
    number: str
    bureau: str
    unit: str
    kind: Kind
    state: OrderState
    assigned_on: date
    sign_by: date
    signed_on: date | None = None
    due: date | None = None
    reported_on: date | None = None
    closed_on: date | None = None
    ever_late: bool = False
    home: bool = False
    rounds: int = 0
    recovered: int = 0


@dataclass(frozen=True, slots=True)
class AskedFact:
    """What figures look at of one follow-up call. `verdict` is satisfied, dissatisfied, law or ""."""

    id: int
    number: str
    bureau: str
    unit: str
    kind: Kind
    closed_on: date
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day, both included, as it stands on the day of the cut-off."""

    first: date
    last: date
    cut_off: date

    def has(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last


class Step(StrEnum):
    """Into which pieces a period is taken apart. Values are words of the API."""

    MONTH = "month"
    WEEK = "week"

    def after(self, day: date) -> date:
        """The first day of the next piece; weeks begin on Monday."""
        if self is Step.WEEK:
            return day + timedelta(days=7 - day.weekday())
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def pieces(period: Period, step: Step) -> tuple[Period, ...]:
    """A period month by month or week by week; the first and the last piece may be parts of one."""
    periods, first = [], period.first
    while first <= period.last:
        after = step.after(first)
        periods.append(Period(first, min(after - timedelta(days=1), period.last), period.cut_off))
        first = after
    return tuple(periods)


class Measure(StrEnum):
    """What is counted. Values are words of the API."""

    ASSIGNED = "assigned"
    SIGNED_IN_TIME = "signed_in_time"
    FELL_DUE = "fell_due"
    MET = "met"
    RETURNED = "returned"
    DONE_AGAIN = "done_again"
    CLOSED = "closed"
    ASKED = "asked"
    ANSWERED = "answered"
    SATISFIED = "satisfied"


M = Measure
MEASURE_NAMES: Mapping[Measure, tuple[str, str]] = {
    M.ASSIGNED: ("派单", "assigned"),
    M.SIGNED_IN_TIME: ("按时签收", "signed in time"),
    M.FELL_DUE: ("到期", "fell due"),
    M.MET: ("按时办结", "in time"),
    M.RETURNED: ("退回", "returned"),
    M.DONE_AGAIN: ("重办", "done again"),
    M.CLOSED: ("办结", "closed"),
    M.ASKED: ("应回访", "to be asked"),
    M.ANSWERED: ("有效回访", "answered"),
    M.SATISFIED: ("满意", "satisfied"),
}


def _assigned(order: OrderFact, period: Period) -> bool:
    return period.has(order.assigned_on) and order.state is not S.CANCELLED


def _signed_in_time(order: OrderFact, period: Period) -> bool:
    signed = order.signed_on is not None and order.signed_on <= order.sign_by
    return _assigned(order, period) and signed


def _fell_due(order: OrderFact, period: Period) -> bool:
    """Its last day lies in the period and is over, or it was reported before."""
    counts = order.state not in (S.CANCELLED, S.RETURNED) and order.due is not None
    over = order.due is not None and order.due < period.cut_off
    return counts and period.has(order.due) and (over or order.reported_on is not None)


def _met(order: OrderFact, period: Period) -> bool:
    reported, due = order.reported_on, order.due
    in_time = reported is not None and due is not None and reported <= due and not order.ever_late
    return _fell_due(order, period) and in_time


def _returned(order: OrderFact, period: Period) -> bool:
    return _assigned(order, period) and order.home


def _done_again(order: OrderFact, period: Period) -> bool:
    return _assigned(order, period) and order.rounds > 0


def _closed(order: OrderFact, period: Period) -> bool:
    return _assigned(order, period) and order.state in (S.APPROVED, S.CLOSED)


OF_ORDERS: Mapping[Measure, Callable[[OrderFact, Period], bool]] = {
    M.ASSIGNED: _assigned,
    M.SIGNED_IN_TIME: _signed_in_time,
    M.FELL_DUE: _fell_due,
    M.MET: _met,
    M.RETURNED: _returned,
    M.DONE_AGAIN: _done_again,
    M.CLOSED: _closed,
}
OF_CALLS: Mapping[Measure, Callable[[AskedFact, Period], bool]] = {
    M.ASKED: lambda call, period: period.has(call.closed_on),
    M.ANSWERED: lambda call, period: period.has(call.closed_on) and call.verdict != "",
    M.SATISFIED: lambda call, period: period.has(call.closed_on) and call.verdict == "satisfied",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a unit. `recovered` is in fen, of orders closed in the period; `law` are those who only
    disagree with the law: they are no part of the share of the satisfied."""

    counts: Mapping[Measure, int]
    recovered: int = 0
    law: int = 0

    def rate(self, part: Measure, whole: int) -> float | None:
        return self.counts[part] / whole if whole > 0 else None

    @property
    def rates(self) -> dict[str, float | None]:
        """Shares from 0 to 1 by name; None where there is nothing to divide by."""
        counts = self.counts
        return {
            "signed_in_time": self.rate(M.SIGNED_IN_TIME, counts[M.ASSIGNED]),
            "in_time": self.rate(M.MET, counts[M.FELL_DUE]),
            "returned": self.rate(M.RETURNED, counts[M.ASSIGNED]),
            "done_again": self.rate(M.DONE_AGAIN, counts[M.ASSIGNED]),
            "closed": self.rate(M.CLOSED, counts[M.ASSIGNED] - counts[M.RETURNED]),
            "satisfied": self.rate(M.SATISFIED, counts[M.ANSWERED] - self.law),
            "answered": self.rate(M.ANSWERED, counts[M.ASKED]),
        }


def figures(orders: Iterable[OrderFact], calls: Iterable[AskedFact], period: Period) -> Figures:
    """The figures of these orders and calls."""
    counts = dict.fromkeys(Measure, 0)
    recovered = law = 0
    for order in orders:
        for measure, counted in OF_ORDERS.items():
            counts[measure] += counted(order, period)
        recovered += order.recovered if period.has(order.closed_on) else 0
    for call in calls:
        for measure, asked in OF_CALLS.items():
            counts[measure] += asked(call, period)
        law += period.has(call.closed_on) and call.verdict == "law"
    return Figures(counts, recovered, law)


def behind(
    measure: Measure, orders: Iterable[OrderFact], calls: Iterable[AskedFact], period: Period
) -> Iterator[OrderFact | AskedFact]:
    """What a figure counts, in order."""
    if measure in OF_ORDERS:
        yield from (order for order in orders if OF_ORDERS[measure](order, period))
    else:
        yield from (call for call in calls if OF_CALLS[measure](call, period))


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A unit's figures, and those of the units below it."""

    unit: str
    figures: Figures
    parts: tuple[PeriodRow, ...] = ()


Units = Mapping[str, Mapping[str, Figures]]
"""The figures of each unit that has orders or calls of its own, by the bureau that answers for it."""


def counted(orders: Iterable[OrderFact], calls: Iterable[AskedFact], period: Period) -> Units:
    """Unit by unit."""
    facts: dict[str, dict[str, tuple[list[OrderFact], list[AskedFact]]]] = {}
    for order in orders:
        facts.setdefault(order.bureau, {}).setdefault(order.unit, ([], []))[0].append(order)
    for call in calls:
        facts.setdefault(call.bureau, {}).setdefault(call.unit, ([], []))[1].append(call)
    return {
        bureau: {unit: figures(*of_unit, period) for unit, of_unit in units.items()}
        for bureau, units in facts.items()
    }


def added(parts: Iterable[Units]) -> Units:
    """The figures of periods that follow one another as those of one: what is counted has one day."""
    by_bureau: dict[str, dict[str, Figures]] = {}
    for part in parts:
        for bureau, units in part.items():
            of_bureau = by_bureau.setdefault(bureau, {})
            for unit, of_unit in units.items():
                of_bureau[unit] = together([of_bureau[unit], of_unit]) if unit in of_bureau else of_unit
    return by_bureau


def rows_of(units: Units, bureaus: Iterable[str] = ()) -> tuple[PeriodRow, ...]:
    """A row for each bureau, in this order, those not named behind; with those of its units below it."""
    return tuple(_row(bureau, units.get(bureau, {})) for bureau in dict.fromkeys((*bureaus, *units)))


def _row(bureau: str, units: Mapping[str, Figures]) -> PeriodRow:
    parts = tuple(PeriodRow(unit, units[unit]) for unit in sorted(units))
    below = parts if any(part.unit != bureau for part in parts) else ()
    return PeriodRow(bureau, together(units.values()), below)


def together(parts: Iterable[Figures]) -> Figures:
    """The figures of several units as those of one: each order and each call is one unit's."""
    counts, recovered, law = dict.fromkeys(Measure, 0), 0, 0
    for part in parts:
        for measure, count in part.counts.items():
            counts[measure] += count
        recovered, law = recovered + part.recovered, law + part.law
    return Figures(counts, recovered, law)
