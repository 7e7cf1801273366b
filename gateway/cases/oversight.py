"""The overview for those who supervise: a matrix of units, what waits for a leader, red orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.cases.order_changes import OrderChanges
from gateway.core.item.contact import Kind
from gateway.core.item.item import Item
from gateway.core.order.actors import sees
from gateway.core.order.figures import Row, matrix
from gateway.core.order.handling import in_force
from gateway.core.order.ladder import Rung
from gateway.core.order.order import Order, OrderEntry, OrderQuery, OrderState
from gateway.core.order.rungs import TITLES, FiredRung
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account
from gateway.core.unit import Tree, UnitKind
from gateway.errors import NotFound
from gateway.storage import Transaction
from gateway.storage.order_figures import counts

SHOWN = 50
"""Rows of each list beside the matrix."""
SAID_WITH = {"extension": OrderEvent.ASK_EXTENSION, "dispute": OrderEvent.DISPUTE}
"""The event whose words a decision rests on."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that a leader has to decide or to look at: extension, dispute or pressing. `text` are the
    unit's words."""

    what: str
    order: Order
    text: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RedOrder:
    """A red order with which the unit still has to do something."""

    order: Order
    fired: FiredRung


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it at one instant. `names` are the Chinese names of units by id."""

    at: datetime
    today: date
    rows: tuple[Row, ...]
    waiting: tuple[Waiting, ...]
    red: tuple[RedOrder, ...]
    problems_by_passes: int
    problems_by_rounds: int
    names: Mapping[str, str]


class PaperText(Protocol):
    """Makes the paper of a rung. gateway/notify/rung_papers.py has it."""

    def paper(self, fired: FiredRung, order: Order, item: Item, unit: str, today: date) -> tuple[str, str]:
        """Subject and text."""


class Oversight:
    """The supervision of one installation, as it is looked at."""

    def __init__(self, changes: OrderChanges, papers: PaperText) -> None:
        self._changes = changes
        self._rows = changes.rows
        self._papers = papers

    async def overview(self, kind: Kind | None = None) -> Overview:
        """Raises StorageDown."""
        return await self._changes.items.read(lambda t: self._overview(t, kind))

    async def rungs(self, order_id: int, account: Account) -> tuple[FiredRung, ...]:
        """What was told of an order, the first one first. Raises NotFound, also for what he does not see,
        StorageDown."""
        return await self._changes.items.read(lambda t: self._seen(t, order_id, account)[1])

    async def paper(self, order_id: int, rung_id: int, account: Account) -> tuple[str, str]:
        """Title and text of the paper of a rung. Raises NotFound, StorageDown."""

        def written(t: Transaction) -> tuple[str, str]:
            order, ledger = self._seen(t, order_id, account)
            fired = next((line for line in ledger if line.id == rung_id and not line.passed_over), None)
            if fired is None:
                raise NotFound(f"no rung {rung_id} of order {order_id}")
            item, unit = self._changes.items.items.there(t, order.number), self._changes.tree(t)
            day = self._changes.day(fired.at)
            return TITLES[fired.rung], self._papers.paper(fired, order, item, unit.name(order.unit), day)[1]

        return await self._changes.items.read(written)

    def _seen(self, t: Transaction, order_id: int, account: Account) -> tuple[Order, tuple[FiredRung, ...]]:
        order = self._rows.there(t, order_id)
        if not sees(account, order, self._changes.tree(t), self._rows.copies_of(t, order_id)):
            raise NotFound(f"no order {order_id}")
        return order, self._changes.storage.supervision.of_order(t, order_id)

    def _overview(self, t: Transaction, kind: Kind | None) -> Overview:
        today, tree = self._changes.today(), self._changes.tree(t)
        bureaus = [unit.id for unit in tree if unit.kind is UnitKind.BUREAU and unit.active]
        rows = matrix(counts(t, today, kind), bureaus)
        passes, rounds = self._problems(t)
        return Overview(
            self._changes.now(),
            today,
            rows,
            self._waiting(t, today),
            self._red(t),
            passes,
            rounds,
            _names(tree, rows),
        )

    def _waiting(self, t: Transaction, today: date) -> tuple[Waiting, ...]:
        asked = OrderQuery(states=(OrderState.EXTENSION_ASKED,), limit=SHOWN)
        disputed, pressing = OrderQuery(disputed=True), OrderQuery(pressing=True, today=today)
        lists = {"extension": self._rows.page(t, asked), "dispute": self._rows.page(t, disputed)}
        last_words = self._rows.last_said(t, {SAID_WITH[what]: page for what, page in lists.items()})
        waiting = [
            _waiting(what, order, last_words.get((order.id, SAID_WITH[what])))
            for what, page in lists.items()
            for order in page
        ]
        waiting += [Waiting("pressing", order, order.note) for order in self._rows.page(t, pressing)]
        return tuple(waiting)

    def _red(self, t: Transaction) -> tuple[RedOrder, ...]:
        fired = self._changes.storage.supervision.standing(t, (Rung.RED, Rung.RAISED))
        last: dict[int, FiredRung] = {}
        for line in reversed(fired):
            last[line.order] = line
        orders = {order.id: order for order in self._rows.several(t, list(last))}
        return tuple(RedOrder(orders[id_], line) for id_, line in last.items() if id_ in orders)[:SHOWN]

    def _problems(self, t: Transaction) -> tuple[int, int]:
        """Problem orders that are open: of how many a unit was not found, how many were done again."""
        open_ones = self._rows.open_problems(t)
        rules, day = self._changes.rules.handling, self._changes.day
        passed = sum(passes >= in_force(rules, day(at)).problem_passes for passes, at in open_ones)
        return passed, len(open_ones) - passed


def _waiting(what: str, order: Order, entry: OrderEntry | None) -> Waiting:
    """With the unit's words, and of a dispute the day by which it is to be settled."""
    until = entry.facts.get("until", "") if entry else ""
    return Waiting(
        what, order, entry.text if entry else "", date.fromisoformat(until) if until else order.due
    )


def _names(tree: Tree, rows: Sequence[Row]) -> dict[str, str]:
    return {unit.id: unit.zh for unit in tree} | {
        row.unit: tree.name(row.unit) for row in rows if row.unit not in tree
    }
