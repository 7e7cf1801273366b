"""Shared by all parts of cases: orders and items in one transaction, clocks derived anew, listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.item import Happened, Item
from gateway.core.order.clock import Clock, due_of
from gateway.core.order.handling import Handling, in_force
from gateway.core.order.moves import MoveContext
from gateway.core.order.order import Order, OrderEntry, is_problem
from gateway.core.order.states import OPEN, WITH_UNIT
from gateway.core.unit import Tree
from gateway.errors import FieldFault
from gateway.intake.decisions import Decisions
from gateway.intake.item_changes import ChangeListener, ItemChanges
from gateway.storage import Storage, Transaction

SYSTEM = "system"
OrderEventListener = Callable[[Transaction, Order, str, str], None]
"""Called with an order as it is now, what happened to it, and the words, within the transaction."""


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What an event made of an order. `text` and `facts` go into its history. `in_time`: a paper that came
    in time was written down later; what was noted of lateness meanwhile does not count."""

    order: Order
    text: str = ""
    facts: Mapping[str, str] | None = None
    in_time: bool = False


class OrderChanges:
    """`rows` are the orders of storage; `items` what intake changes items with."""

    def __init__(
        self,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        now: Callable[[], datetime],
        on_change: ChangeListener,
    ) -> None:
        self.storage = storage
        self.rows = storage.orders
        self.rules = rules
        self.zone = zone
        self.now = now
        self.items = ItemChanges(storage, now)
        self.items.listen(on_change)
        self.decisions = Decisions(self.items, rules, zone)
        self.event_listeners: list[OrderEventListener] = []

    def today(self) -> date:
        return day_of(self.now(), self.zone)

    def day(self, at: datetime) -> date:
        return day_of(at, self.zone)

    def tree(self, t: Transaction) -> Tree:
        return self.storage.units.tree_in(t)

    # ------------------------------------------------------------ clocks

    def handling(self, order: Order) -> Handling:
        """The rules that an order keeps: those of the day on which it was assigned."""
        return in_force(self.rules.handling, self.day(order.assigned_at))

    def clock(self, order: Order, item: Item) -> Clock:
        return due_of(order, item.due, self.today(), self.rules.calendar)

    def context(self, order: Order, clock: Clock) -> MoveContext:
        rules = self.handling(order)
        since = order.begun_on if order.unit == order.bureau else self.day(order.since)
        until = self.rules.calendar.workday_after(since, rules.return_within)
        return MoveContext(self.today(), clock.due, until, rules)

    # ------------------------------------------------------------ writing

    def save(
        self, t: Transaction, before: Order, after: Order, item: Item, *, in_time: bool = False
    ) -> Order:
        """Write an order with what follows from it. That it was late once is never taken back, unless what
        it owed had come `in_time`."""
        after, item = self._not_outlasted(t, after, item)
        derived = self.derived(before, after, item)
        if in_time:
            derived = replace(derived, ever_late=False)
        self.rows.change(t, before, derived)
        return derived

    def resumed(self, t: Transaction, order: Order, item: Item, ends: date) -> Order:
        """The order with its suspension over, if it has one, on the first day that is counted again; the
        item's clocks go on."""
        last = order.suspension
        if last is None:
            return order
        self.rows.resume(t, last, ends)
        self.decisions.recount(t, item)
        entries = tuple(replace(s, ends=ends) if s.id == last.id else s for s in order.suspensions)
        return replace(order, suspensions=entries)

    def _not_outlasted(self, t: Transaction, order: Order, item: Item) -> tuple[Order, Item]:
        """End the suspension of an order that ends."""
        last = order.suspension
        if order.state in OPEN or last is None:
            return order, item
        order = self.resumed(t, order, item, max(self.today(), last.begins))
        return order, self.items.items.there(t, order.number)

    def derived(self, before: Order, after: Order, item: Item) -> Order:
        rules = self.handling(after)
        problem = is_problem(after, rules.problem_passes, rules.problem_rounds)
        after = replace(after, problem=problem)
        if after.state not in OPEN:
            return replace(after, ever_late=after.ever_late or self.is_late(before))
        clock = self.clock(after, item)
        late = before.ever_late or after.ever_late or clock.late_from_start or self.is_late(before)
        return replace(
            after,
            due=clock.due,
            legal_due=clock.legal,
            late_from_start=clock.late_from_start,
            ever_late=late,
        )

    def is_late(self, order: Order) -> bool:
        """Is its last day over while the unit still has to do something?"""
        waits = order.state in WITH_UNIT and order.suspension is None
        return waits and order.due is not None and order.due < self.today()

    def write_down(
        self,
        t: Transaction,
        order: Order,
        event: str,
        who: str,
        text: str = "",
        facts: Mapping[str, str] | None = None,
        shown: str = "",
    ) -> None:
        """A line of the order's history, of the item's timeline (`shown`, else the text) and of the audit
        log."""
        at = self.now()
        self.rows.happened(t, order, OrderEntry(at, event, who, order.unit, text, facts or {}))
        line = "：".join(filter(None, (self.tree(t).name(order.unit), shown or text)))
        self.items.items.happened(t, order.number, Happened(at, f"order_{event}", who, line))
        for listener in self.event_listeners:
            listener(t, order, event, text)


def not_between(name: str, day: date, first: date, last: date) -> list[FieldFault]:
    """What is wrong with a day that was entered in the field `name`, both ends included."""
    if first <= day <= last:
        return []
    return [FieldFault(name, f"应在 {first} 至 {last} 之间", f"is between {first} and {last}")]
