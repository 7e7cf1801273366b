"""The clock of an order: its workdays, what was granted, what is not counted, and the item's legal clocks.

Nothing here is stored as the truth: the day is derived from the facts each time, with its trace. A legal
clock is never changed by an assignment or a return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.core.item.calendar import Calendar
from gateway.core.item.contact import Due
from gateway.core.order.order import Order, Suspension

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """When an order is due, and why. `inner` is the last day of its own days, `legal` that of the item's
    first legal clock that runs (None without one), whose name is `legal_clock`; `due` the earlier of them,
    the day on which the order began where that is past: it is late from its start then. `provisional`: a
    calendar is missing. While it is suspended all days move on with each day."""

    due: date
    inner: date
    legal: date | None
    legal_clock: str
    late_from_start: bool
    provisional: bool
    trace: tuple[str, ...]


def due_of(order: Order, legal: Sequence[Due], today: date, calendar: Calendar) -> Clock:
    """The clock of an order. `legal` are the item's clocks that run, which leave out suspensions themselves
    where their law says so."""
    inner, steps = _inner(order, today, calendar)
    first, law = _legal(legal)
    earlier = min(inner, law[0]) if law else inner
    due = max(earlier, order.begun_on)
    guessed = calendar.guessed(order.begun_on, inner)
    trace = [*steps]
    if first is not None and law is not None:
        trace += law[1]
    trace += _choice(order, inner, law[0] if law else None, due)
    trace += (
        f"{year} 年放假安排尚未录入，期限暂定 / no calendar of {year} yet: provisional" for year in guessed
    )
    return Clock(
        due=due,
        inner=inner,
        legal=law[0] if law else None,
        legal_clock=first.clock if first else "",
        late_from_start=earlier < order.begun_on,
        provisional=bool(guessed) or bool(first and first.provisional),
        trace=tuple(trace),
    )


def _choice(order: Order, inner: date, legal: date | None, due: date) -> list[str]:
    if legal is not None and legal < order.begun_on:
        return [f"法定期限 {legal} 已过，当日 {due} 到期 / the legal clock is over: due on the day it began"]
    if legal is not None and legal < inner:
        return [f"法定期限在前，{due} 到期 / the legal clock ends first: due {due}"]
    return [f"{due} 到期 / due {due}"]


def _inner(order: Order, today: date, calendar: Calendar) -> tuple[date, list[str]]:
    """The last of the order's own days, each workday that is not suspended being one."""
    steps = [
        f"{order.begun_on} 起，当日不计 / begun, this day is not counted",
        f"办理时限 {order.budget} 个工作日 / {order.budget} working days to handle it",
    ]
    if order.granted:
        steps.append(
            f"批准延期 {order.extensions} 次共 {order.granted} 个工作日 / extended {order.extensions} times,"
            f" {order.granted} working days"
        )
    last = calendar.workday_after(order.begun_on, order.budget + order.granted)
    moved = _not_counted(order, today, calendar, last)
    if moved > last:
        steps += (_told(entry, today) for entry in order.suspensions)
        last = moved
    steps += calendar.changes(order.begun_on + _DAY, last)
    steps.append(f"内部期限 {last} / the order's own last day")
    return last, steps


def _not_counted(order: Order, today: date, calendar: Calendar, last: date) -> date:
    """The last day once suspended workdays are left out; those may lie in the days that come instead."""
    counted = order.budget + order.granted
    while True:
        lost = sum(
            calendar.workdays(max(entry.begins, order.begun_on + _DAY), min(_end(entry, today), last + _DAY))
            for entry in order.suspensions
        )
        moved = calendar.workday_after(order.begun_on, counted + lost)
        if moved == last:
            return last
        last = moved


def _end(entry: Suspension, today: date) -> date:
    """The first day that is counted again; while it lasts, tomorrow."""
    return entry.ends or max(today, entry.begins) + _DAY


def _told(entry: Suspension, today: date) -> str:
    end = _end(entry, today) - _DAY
    still = "" if entry.ends else "（进行中） "
    return f"{entry.begins} 至 {end} {still}{entry.reason}（{entry.paper}），不计 / suspended, not counted"


def _legal(legal: Sequence[Due]) -> tuple[Due | None, tuple[date, list[str]] | None]:
    """The item's clock that ends first, with its last day and step; the clock's own trace has the rest."""
    first = min(legal, key=lambda due: (due.on, due.clock), default=None)
    if first is None:
        return None, None
    step = f"法定期限（{first.basis}）：{first.on} / legal clock {first.clock}: {first.on}"
    return first, (first.on, [step])
