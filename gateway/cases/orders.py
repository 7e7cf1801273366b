"""Work orders of one installation: assigning items to units, what units and the centre do, lists.

The class builds the parts beside it. order_actions.py has what each event needs and does, core/order the
table and its conditions. Called by the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.cases.answering import Answering, CloseListener
from gateway.cases.assigning import Assigning, Assignment, warnings
from gateway.cases.following import Following
from gateway.cases.order_actions import DirectiveListener, OrderAction, OrderActions, OrderInput
from gateway.cases.order_changes import SYSTEM, OrderChanges, OrderEventListener
from gateway.cases.papers import Papers
from gateway.cases.seen_orders import seen_by
from gateway.core.followup import FollowUp
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import Attachment, Item, ItemDetail
from gateway.core.order.actors import may, possible_for, sees
from gateway.core.order.clock import Clock
from gateway.core.order.moves import move
from gateway.core.order.order import Order, OrderEntry, OrderQuery, OrderState, Report
from gateway.core.order.states import OPEN, OrderEvent
from gateway.core.roles import OF_UNITS, Account
from gateway.core.unit import Tree
from gateway.errors import BadContact, NotAllowed, NotFound, NotPossible
from gateway.intake.item_changes import ChangeListener
from gateway.storage import Storage, Transaction

EARLIER = 10  # orders about the same respondent that are shown beside one
LOOK_EVERY = 5.0  # seconds between looks for answers that have gone out and orders that are late


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with what stands beside it in lists. `possible` are the events that whoever asks may cause
    now, `names` the Chinese names of its units by id. `copy`: his unit has but a copy of it."""

    order: Order
    item: Item
    clock: Clock
    late: bool
    possible: tuple[OrderEvent, ...]
    names: Mapping[str, str]
    warnings: tuple[tuple[str, str], ...] = ()
    copy: bool = False


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order with all that belongs to it."""

    shown: OrderView
    events: tuple[OrderEntry, ...]
    copies: tuple[str, ...]
    reports: tuple[Report, ...]
    draft: Report | None
    item: ItemDetail


class Orders:
    """The orders of one installation. `on_change` is called for each change with the item's number."""

    def __init__(
        self,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        *,
        on_change: ChangeListener = lambda what, number: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.changes = self._changes = changes = OrderChanges(storage, rules, zone, now, on_change)
        self._rows = changes.rows
        self._items = changes.items
        self._assigning = Assigning(changes)
        self._answering = Answering(changes)
        self._papers = Papers(changes)
        self._actions = OrderActions(changes, self._assigning, self._answering, self._papers)
        self._following = Following(changes, self._answering)
        self.handed_over = self._assigning.handed_over
        storage.items.followers.append(self._following.item_moved)

    def on_event(self, listener: OrderEventListener) -> None:
        """Call `listener` in each transaction in which something happens to an order."""
        self._changes.event_listeners.append(listener)

    def day(self, at: datetime) -> date:
        """The centre's day of a time."""
        return self._changes.day(at)

    def tell(self, number: str) -> None:
        """An item's order, or what is sent of it, has changed."""
        self._items.tell("changed", number)

    def on_item_closed(self, listener: CloseListener) -> None:
        """Call `listener` in each transaction in which an item is closed."""
        self._answering.close_listeners.append(listener)

    def on_directed(self, listener: DirectiveListener) -> None:
        """Call `listener` in each transaction in which somebody urges or supervises."""
        self._actions.directive_listeners.append(listener)

    # ------------------------------------------------------------ changing

    async def assign(self, number: str, account: Account, assignment: Assignment) -> OrderView:
        """A new order of an item. Raises NotFound, Conflict, BadContact, StorageDown."""

        def assigned(t: Transaction) -> OrderView:
            order = self._assigning.assign(t, number, account.name, assignment)
            return self._shown(t, order, account, self._changes.tree(t))

        shown = await self._items.write(assigned)
        self._items.tell("changed", number)
        return await self._warned(shown)

    async def look_ahead(self, number: str, account: Account, assignment: Assignment) -> OrderView:
        """The order that `assign` would make, with its clock and warnings. Raises NotFound, BadContact,
        StorageDown."""

        def planned(t: Transaction) -> OrderView:
            order = self._assigning.looked_ahead(t, number, assignment)
            return self._shown(t, order, account, self._changes.tree(t))

        return await self._warned(await self._items.read(planned))

    async def _warned(self, shown: OrderView) -> OrderView:
        people = await self._changes.storage.accounts.work_for(shown.order.unit)
        tree = await self._changes.storage.units.tree()
        return replace(shown, warnings=warnings(tree, shown.order, people))

    async def act(
        self, order_id: int, account: Account, event: OrderEvent, values: OrderInput
    ) -> OrderDetail:
        """One event of the table, with all that follows from it.

        Raises NotFound for what he does not see, NotAllowed, NotPossible, Conflict, BadContact, StorageDown.
        """

        def acted(t: Transaction) -> OrderDetail:
            order, item = self._locked(t, order_id, account)
            done = self._act(t, order, item, account, event, values)
            return self._whole(t, done, account)

        try:
            whole = await self._items.write(acted)
        except BadContact:
            if event is OrderEvent.REPORT:
                await self._keep_refused(order_id, account, values)
            raise
        self._items.tell("changed", whole.shown.order.number)
        return whole

    async def _keep_refused(self, order_id: int, account: Account, values: OrderInput) -> None:
        """Keep a refused report as the draft, without files that came with it; not one that is too long."""
        came = {file.sha256 for file in values.files}
        files = tuple(sha256 for sha256 in values.report.files if sha256 not in came)
        with suppress(BadContact):
            await self.save_draft(order_id, account, replace(values.report, files=files))

    async def do_again(self, order_id: int, who: str, reason: str) -> Order:
        """A closed order is done again, because of a follow-up call. Raises NotFound, Conflict,
        StorageDown."""

        def done(t: Transaction) -> Order:
            return self.do_again_in(t, order_id, who, reason)

        order = await self._items.write(done)
        self._items.tell("changed", order.number)
        return order

    def do_again_in(self, t: Transaction, order_id: int, who: str, reason: str) -> Order:
        """The same, within a transaction; whoever asks tells of the change."""
        number = self._rows.there(t, order_id).number
        item, order = self._items.items.locked(t, number), self._rows.locked(t, order_id)
        return self._do(t, order, item, who, OrderEvent.DO_AGAIN, OrderInput(reason=reason))

    async def save_draft(
        self, order_id: int, account: Account, report: Report
    ) -> tuple[Report, tuple[Attachment, ...]]:
        """Keep what was typed of a report; the draft and the item's files. Raises NotFound, NotAllowed,
        NotPossible, BadContact, StorageDown."""

        def saved(t: Transaction) -> tuple[Report, tuple[Attachment, ...]]:
            order, item = self._locked(t, order_id, account)
            self._check(t, order, item, account, OrderEvent.REPORT)
            faults = self._answering.too_long(report, self._changes.handling(order))
            if faults := [*faults, *self._papers.of_item(t, order, report)]:
                raise BadContact(*faults)
            draft = replace(report, who=account.name, at=self._changes.now())
            self._rows.report(t, order, draft, given=False)
            return draft, self._items.items.attachments_of(t, order.number)

        return await self._items.write(saved)

    def _locked(self, t: Transaction, order_id: int, account: Account) -> tuple[Order, Item]:
        """The order and its item, which is locked first as everywhere. Raises NotFound."""
        order = self._rows.there(t, order_id)
        item = self._items.items.locked(t, order.number)
        order = self._rows.locked(t, order_id)
        if not sees(account, order, self._changes.tree(t), self._rows.copies_of(t, order_id)):
            raise NotFound(f"no order {order_id}")
        return order, item

    def _check(
        self, t: Transaction, order: Order, item: Item, account: Account, event: OrderEvent
    ) -> OrderState:
        """The state after it. Raises NotAllowed for whom it is not to do, NotPossible."""
        changes, tree = self._changes, self._changes.tree(t)
        context = changes.context(order, changes.clock(order, item))
        if not may(account, order, event, tree):
            raise NotAllowed(f"该操作不由此账号办理 / this is not for {account.role} {account.unit}".strip())
        if self._is_superseded(t, order):
            raise NotPossible("该件已重新派单 / its item was assigned anew")
        try:
            return move(order, event, context)
        except NotPossible as refusal:
            possible = tuple(possible_for(account, order, context, tree))
            raise NotPossible(refusal.detail, possible) from None

    def _act(
        self,
        t: Transaction,
        order: Order,
        item: Item,
        account: Account,
        event: OrderEvent,
        values: OrderInput,
    ) -> Order:
        self._check(t, order, item, account, event)
        return self._do(t, order, item, account.name, event, values)

    def _do(
        self, t: Transaction, order: Order, item: Item, who: str, event: OrderEvent, values: OrderInput
    ) -> Order:
        changes = self._changes
        context = changes.context(order, changes.clock(order, item))
        after = move(order, event, context)
        done = self._actions.done(
            event, OrderAction(t, order, item, who, values, context, changes.now(), after)
        )
        item = self._items.items.there(t, order.number)
        saved = changes.save(t, order, done.order, item, in_time=done.in_time)
        word, by = event.value, who
        if saved.state is OrderState.CLOSED:
            word, by = OrderEvent.CLOSE.value, SYSTEM
        changes.write_down(t, saved, word, by, done.text, done.facts)
        return saved

    # ------------------------------------------------------------ looking

    async def order(self, order_id: int, account: Account) -> OrderDetail:
        """Raises NotFound, also for what he does not see, StorageDown."""

        def looked_up(t: Transaction) -> OrderDetail:
            return self._whole(t, self._seen(t, order_id, account, self._changes.tree(t)), account)

        return await self._items.read(looked_up)

    async def list(
        self, query: OrderQuery, account: Account, unit: str = "", *, overdue: bool = False
    ) -> Sequence[OrderView]:
        """The first to be due first; of a unit and those below it when one is named, and never more than he
        sees.

        Raises BadContact for a unit that there is not, StorageDown.
        """

        def looked_up(t: Transaction) -> list[OrderView]:
            tree = self._changes.tree(t)
            today = self._changes.today()
            wanted = replace(query, overdue=today if overdue else query.overdue, today=today)
            page = self._rows.page(t, seen_by(wanted, account, unit, tree))
            items = self._rows.items_of(t, page)
            return [self._beside(t, order, items[order.number], account, tree) for order in page]

        return await self._items.read(looked_up)

    async def of_item(self, number: str, account: Account) -> Sequence[OrderView]:
        """All orders of an item that he sees, the first one first. Raises NotFound, StorageDown."""

        def looked_up(t: Transaction) -> list[OrderView]:
            self._items.items.there(t, number)
            tree = self._changes.tree(t)
            orders = (order for order in self._rows.of_item(t, number) if sees(account, order, tree))
            return [self._shown(t, order, account, tree) for order in orders]

        return await self._items.read(looked_up)

    async def earlier(self, order_id: int, account: Account) -> Sequence[OrderView]:
        """Other orders about the same respondent that he sees, the last one first. Raises NotFound,
        StorageDown."""

        def looked_up(t: Transaction) -> list[OrderView]:
            tree = self._changes.tree(t)
            order = self._seen(t, order_id, account, tree)
            units = tree.below(account.unit) if account.role in OF_UNITS else None
            earlier = self._rows.about_the_same(t, order, units, EARLIER)
            return [self._shown(t, other, account, tree) for other in earlier]

        return await self._items.read(looked_up)

    def _seen(self, t: Transaction, order_id: int, account: Account, tree: Tree) -> Order:
        """Raises NotFound, also for what he does not see."""
        order = self._rows.there(t, order_id)
        if not sees(account, order, tree, self._rows.copies_of(t, order_id)):
            raise NotFound(f"no order {order_id}")
        return order

    def _whole(self, t: Transaction, order: Order, account: Account) -> OrderDetail:
        shown = self._shown(t, order, account, self._changes.tree(t))
        return OrderDetail(
            shown,
            self._rows.events_of(t, order.id),
            self._rows.copies_of(t, order.id),
            self._rows.reports_of(t, order.id),
            None if shown.copy else self._rows.draft_of(t, order.id),
            self._items.detail(t, order.number),
        )

    def _shown(self, t: Transaction, order: Order, account: Account, tree: Tree) -> OrderView:
        return self._beside(t, order, self._items.items.there(t, order.number), account, tree)

    def _beside(self, t: Transaction, order: Order, item: Item, account: Account, tree: Tree) -> OrderView:
        clock = self._changes.clock(order, item)
        if order.state in OPEN:
            order = replace(order, due=clock.due, legal_due=clock.legal)
        possible = () if self._is_superseded(t, order) else self._possible(account, order, clock, tree)
        names = {unit: tree.name(unit) for unit in (order.unit, order.bureau)}
        late, copy = self._changes.is_late(order), not sees(account, order, tree)
        return OrderView(order, item, clock, late, tuple(possible), names, copy=copy)

    def _possible(self, account: Account, order: Order, clock: Clock, tree: Tree) -> Iterator[OrderEvent]:
        return possible_for(account, order, self._changes.context(order, clock), tree)

    def _is_superseded(self, t: Transaction, order: Order) -> bool:
        """Was the item of a returned order assigned anew?"""
        return order.state is OrderState.RETURNED and self._rows.of_item(t, order.number)[-1].id != order.id

    # ------------------------------------------------------------ background work

    async def recount(self) -> int:
        return await self._following.recount()

    async def close_told(self) -> int:
        return await self._answering.close_told()

    async def mark_late(self) -> int:
        return await self._following.mark_late()

    async def keep_on(self, every: float = LOOK_EVERY) -> None:
        """Close items whose answer has gone out; once a day note which orders are late."""
        marked: date | None = None
        while True:
            await self.close_told()
            if marked != (today := self._changes.today()):
                await self.recount()
                await self.mark_late()
                marked = today
            await asyncio.sleep(every)


class Asking(Protocol):
    """The follow-up calls: gateway/cases/follow_ups.py."""

    opened_again: Callable[[Transaction, FollowUp, str, str], bool]

    def due_follow_up(self, t: Transaction, item: Item, unit: str = "", order: int | None = None) -> None: ...


def asked_about(orders: Orders, asking: Asking) -> None:
    """Of an item that an order closed the person is asked about that order, which is done again if need
    be."""

    def closed(t: Transaction, item: Item, order: Order | None) -> None:
        if order is not None:
            asking.due_follow_up(t, item, order.unit, order.id)

    def again(t: Transaction, call: FollowUp, reason: str, who: str) -> bool:
        if call.order is None:
            return False
        orders.do_again_in(t, call.order, who, reason)
        return True

    orders.on_item_closed(closed)
    asking.opened_again = again
