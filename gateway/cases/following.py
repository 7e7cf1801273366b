"""Changes of orders without a user's action: items that are merged, withdrawn or taken back, clocks that
move, lateness."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from gateway.cases.answering import Answering
from gateway.cases.order_changes import SYSTEM, OrderChanges
from gateway.core.item.item import Item, ItemState
from gateway.core.item.states import STATE_NAMES, TERMINAL
from gateway.core.order.order import Order, OrderState
from gateway.core.order.states import OPEN
from gateway.errors import NotFound
from gateway.storage import Transaction

GONE = TERMINAL | {ItemState.RECEIVED, ItemState.IN_WORK, ItemState.WAITING}
"""In these no unit has anything to do: the item is over, or lies with the centre again."""
PAGE = 100
Wanted = Callable[[Order, Item], bool]
Changing = Callable[[Transaction, Order, Item], None]


class Following:
    """Keeps orders in step with their items and with the calendar."""

    def __init__(self, changes: OrderChanges, answering: Answering) -> None:
        self._changes = changes
        self._rows = changes.rows
        self._answering = answering

    def item_moved(self, t: Transaction, number: str) -> None:
        """After a change of an item's state or legal clocks, in the same transaction."""
        item, order = self._changes.items.items.there(t, number), self._rows.open_of(t, number)
        if order is not None:
            self._follow(t, order, item)
        if item.state is ItemState.CLOSED:
            self._answering.item_closed(t, item)

    def _follow(self, t: Transaction, order: Order, item: Item) -> None:
        if item.state in GONE:
            zh = STATE_NAMES[item.state][0]
            cancelled = replace(
                order, state=OrderState.CANCELLED, closed_at=self._changes.now(), disputed_on=None
            )
            self._changes.save(t, order, cancelled, item)
            facts = {"item": item.state.value}
            self._changes.write_down(t, cancelled, "cancel", SYSTEM, f"事项{zh}", facts)
        else:
            self._changes.save(t, order, order, item)

    async def recount(self) -> int:
        """Derive every open order's clock anew, by the calendar and rules that are loaded; how many moved.

        What moved says so in its history. Done at every start and every day, since the clocks of an item move
        on while its order is suspended.
        """
        await self._all(self._lasts, self._left_out)
        return await self._all(self._moved, self._recounted)

    async def mark_late(self) -> int:
        """Note of each open order whose last day is over that it was late; how many there were."""
        return await self._all(self._is_new_late, self._marked)

    async def _all(self, wanted: Wanted, done: Changing) -> int:
        """Do it to each open order that wants it, in a transaction each; how many there were."""
        count, after = 0, 0

        def page(t: Transaction) -> tuple[int, list[Order]]:
            orders = self._rows.running(t, after, PAGE)
            items = self._changes.items.items
            pairs = [(order, items.item(t, order.number)) for order in orders]
            chosen = [order for order, item in pairs if item is not None and wanted(order, item)]
            return (orders[-1].id if orders else 0), chosen

        while True:
            after, chosen = await self._changes.items.read(page)
            for order in chosen:
                count += await self._one(order, wanted, done)
            if not after:
                return count

    async def _one(self, chosen: Order, wanted: Wanted, done: Changing) -> bool:
        """Check the condition once more under the lock: it may have changed since."""

        def work(t: Transaction) -> bool:
            item = self._changes.items.items.locked(t, chosen.number)
            order = self._rows.locked(t, chosen.id)
            if order.state not in OPEN or not wanted(order, item):
                return False
            done(t, order, item)
            return True

        with suppress(NotFound):
            if await self._changes.items.write(work):
                self._changes.items.tell("changed", chosen.number)
                return True
        return False

    def _lasts(self, order: Order, item: Item) -> bool:
        return order.suspension is not None

    def _left_out(self, t: Transaction, order: Order, item: Item) -> None:
        self._changes.decisions.recount(t, item)

    def _moved(self, order: Order, item: Item) -> bool:
        after = self._changes.derived(order, order, item)
        return (after.due, after.legal_due) != (order.due, order.legal_due) and order.suspension is None

    def _recounted(self, t: Transaction, order: Order, item: Item) -> None:
        after = self._changes.save(t, order, order, item)
        self._changes.write_down(t, after, "recounted", SYSTEM, f"{order.due or '—'} → {after.due}")

    def _is_new_late(self, order: Order, item: Item) -> bool:
        return self._changes.is_late(order) and not order.ever_late

    def _marked(self, t: Transaction, order: Order, item: Item) -> None:
        self._changes.save(t, order, replace(order, ever_late=True), item)
        self._changes.write_down(t, order, "late", SYSTEM, f"{order.due} 到期未办结")
