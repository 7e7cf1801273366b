"""The legal clocks of items: from the day of receipt on, and counted anew when calendar or rules change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Clock, Rules, RuleSet, day_of
from gateway.core.item.item import Item
from gateway.core.item.pause import Pause
from gateway.core.item.states import TERMINAL
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction
from gateway.storage.marks import mark_of, set_mark

_DAY = timedelta(days=1)
RECOUNTED = 200  # items in one transaction of a recount
COUNTED_BY = "clocks"  # the mark with the rules that clocks were counted by
WHY_RECOUNTED = "时限规则或放假安排已更新"


class Clocks:
    """`zone` is the centre's: it decides which day it is."""

    def __init__(self, changes: ItemChanges, rules: Rules, zone: ZoneInfo) -> None:
        self._changes = changes
        self._items = changes.items
        self._rules = rules
        self._zone = zone
        self._of_day = lru_cache(1000)(lambda kind, day: in_order(rules.due(kind, day)))

    def day(self, at: datetime) -> date:
        return day_of(at, self._zone)

    def rules_on(self, day: date) -> RuleSet:
        return self._rules.on(day)

    def of_day(self, kind: Kind, day: date) -> tuple[Due, ...]:
        """The clocks of a kind received on this day, before anything has happened to it."""
        return self._of_day(kind, day)

    def running(self, t: Transaction, item: Item, kind: Kind) -> tuple[Due, ...]:
        """The clocks of a kind from this item's day of receipt on, and from what has happened to it."""
        received = self.day(item.received_at)
        days = self._changes.links.days_of(t, item.number)
        pauses = pauses_of(self._changes, t, item.number, self._zone)
        if not (days or pauses):
            return self.of_day(kind, received)
        return in_order(self._rules.running(kind, received, days, pauses))

    async def recount(self) -> int:
        """Count all clocks that run anew when rules/ say other than they were counted by; how many items
        changed.

        Asked at every start: the calendar of a new year comes with a new file under rules/. That all were
        counted is written down last, so that what was broken off is done again.
        """
        print_ = fingerprint(self._rules)
        if await self._changes.read(lambda t: mark_of(t, COUNTED_BY)) == print_:
            return 0
        changed = await self._recount_all()
        await self._changes.write(lambda t: set_mark(t, COUNTED_BY, print_))
        return changed

    async def _recount_all(self) -> int:
        changed, after = 0, ""
        while True:
            page = await self._changes.read(
                lambda t: self._items.with_clocks(t, after, RECOUNTED)  # noqa: B023
            )
            if not page:
                return changed
            for number in await self._changes.write(lambda t: self._recounted(t, page)):  # noqa: B023
                changed += 1
                self._changes.tell("changed", number)
            after = page[-1]

    def _recounted(self, t: Transaction, page: Sequence[str]) -> list[str]:
        return [number for number in page if self._recount_item(t, self._items.locked(t, number))]

    def _recount_item(self, t: Transaction, item: Item) -> bool:
        """False when no end moves and no clock comes or goes; its explanation may change nevertheless."""
        if item.state in TERMINAL:
            return False
        clocks = self.running(t, item, item.kind)
        if clocks == item.due:
            return False
        self._items.replace_dues(t, item.number, clocks)
        if not (moved := _moved(item.due, clocks)):
            return False
        self._changes.note(t, item.number, "recounted", "system", f"{WHY_RECOUNTED}：{'，'.join(moved)}")
        self._changes.announce(t, item.number)
        return True


def pauses_of(changes: ItemChanges, t: Transaction, number: str, zone: ZoneInfo) -> tuple[Pause, ...]:
    """The suspensions of an item's orders. One that lasts is left out up to today; it is counted anew each
    day."""
    suspensions = changes.storage.orders.suspensions_of_item(t, number)
    if not suspensions:
        return ()
    tomorrow = day_of(changes.now(), zone) + _DAY
    return tuple(
        Pause(s.begins, s.ends or max(tomorrow, s.begins + _DAY), s.reason, s.paper, s.ends is None)
        for s in suspensions
    )


def fingerprint(rules: Rules) -> str:
    """Tells apart what clocks are counted by: the orders and the calendar (64 hex digits)."""
    orders = [
        [
            *(order.id, str(order.in_force_from), repr(order.weekend_reading)),
            *(_said(clock) for clock in order.clocks),
        ]
        for order in rules.sets
    ]
    calendar = rules.calendar
    days = [
        sorted((year, repr(year_days)) for year, year_days in calendar.years.items()),
        *(sorted(calendar.statutory), sorted(map(str, calendar.lunar))),
    ]
    return hashlib.sha256(repr([orders, days]).encode()).hexdigest()


def _said(clock: Clock) -> str:
    """All of a clock that counting and its trace go by; sets in order."""
    facts = (clock.name, clock.zh, clock.en, clock.count, clock.unit.value, clock.starts_from.value)
    more = (clock.basis, clock.extends, clock.restarts_from, clock.not_counted)
    return repr((facts, more, sorted(clock.kinds), sorted(clock.met_by)))


def _moved(before: Iterable[Due], after: Iterable[Due]) -> list[str]:
    """The clocks that come, go or end on another day, or are sure now, a word for each."""
    old, new = ({due.clock: due for due in dues} for dues in (before, after))
    changed = [
        f"{due.clock} {due.on}"
        for due in new.values()
        if due.clock not in old
        or (old[due.clock].on, old[due.clock].provisional) != (due.on, due.provisional)
    ]
    return changed + [f"{name} 取消" for name in old if name not in new]


def in_order(clocks: Iterable[Due]) -> tuple[Due, ...]:
    """Clocks as they are shown: the first to end first."""
    return tuple(sorted(clocks, key=lambda due: (due.on, due.clock)))


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour: the day, which the clocks run from, stays in every zone of whole hours."""
    return at.replace(minute=0, second=0, microsecond=0)
