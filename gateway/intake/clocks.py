"""The legal clocks of items: from the day of receipt on, and counted anew when a calendar comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Due, Kind
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.item import Item
from gateway.core.item.states import TERMINAL
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction

RECOUNTED = 200  # items in one transaction of a recount


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

    def of_day(self, kind: Kind, day: date) -> tuple[Due, ...]:
        """The clocks of a kind received on this day, before anything has happened to it."""
        return self._of_day(kind, day)

    def running(self, t: Transaction, item: Item, kind: Kind) -> tuple[Due, ...]:
        """The clocks of a kind from this item's day of receipt on, and from what has happened to it."""
        received = self.day(item.received_at)
        days = self._changes.links.days_of(t, item.number)
        return in_order(self._rules.running(kind, received, days)) if days else self.of_day(kind, received)

    async def recount(self) -> int:
        """Count provisional clocks anew, by the calendar that is loaded now; how many items changed.

        Done at every start: the calendar of a new year comes with a new file under rules/.
        """
        changed, after = 0, ""
        while True:
            page = await self._changes.read(lambda t: self._items.guessed(t, after, RECOUNTED))  # noqa: B023
            if not page:
                return changed
            for number in await self._changes.write(lambda t: self._recounted(t, page)):  # noqa: B023
                changed += 1
                self._changes.tell("changed", number)
            after = page[-1]

    def _recounted(self, t: Transaction, page: Sequence[str]) -> list[str]:
        return [number for number in page if self._recount_item(t, self._items.locked(t, number))]

    def _recount_item(self, t: Transaction, item: Item) -> bool:
        """Only provisional clocks move; whatever else stands on the item stays. False when none did."""
        if item.state in TERMINAL:
            return False
        fresh = {due.clock: due for due in self.running(t, item, item.kind)}
        clocks = tuple(fresh.get(due.clock, due) if due.provisional else due for due in item.due)
        if clocks == item.due:
            return False
        self._items.replace_dues(t, item.number, clocks)
        moved = [f"{new.clock} {new.on}" for new, old in zip(clocks, item.due, strict=True) if new != old]
        self._changes.note(t, item.number, "recounted", "system", ", ".join(moved))
        self._changes.announce(t, item.number)
        return True


def in_order(clocks: Iterable[Due]) -> tuple[Due, ...]:
    """Clocks as they are shown: the first to end first."""
    return tuple(sorted(clocks, key=lambda due: (due.on, due.clock)))


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour: the day, which the clocks run from, stays in every zone of whole hours."""
    return at.replace(minute=0, second=0, microsecond=0)
