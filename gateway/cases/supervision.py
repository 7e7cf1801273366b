"""Supervision of orders: which rung fires now, each once, and what leaders write on their own.

A rung fires in one transaction: its row in the ledger, what goes out by mail and fax, the order's history.
The unique key of the ledger keeps it from firing twice, also after restarts and with several gateways. Which
rung is reached is computed by core/order/ladder.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Protocol

from gateway.cases.order_changes import SYSTEM, OrderChanges
from gateway.core.item.delivery import Draft
from gateway.core.item.item import Item
from gateway.core.order.ladder import (
    Firing,
    Ladder,
    Rung,
    RungRule,
    RungWay,
    Standing,
    firing,
    horizon,
    in_force,
)
from gateway.core.order.order import Order, OrderState
from gateway.core.order.rungs import Contact, FiredRung, contacts
from gateway.core.order.states import WITH_UNIT, OrderEvent
from gateway.errors import NotFound, StorageDown
from gateway.storage import Transaction
from gateway.storage.marks import first_mark, mark_of
from gateway.tasks import in_rounds

log = logging.getLogger(__name__)

LOOK_EVERY = 20.0  # seconds between two looks at the ladder
PAGE = 200  # orders in one look at the database
SINCE = "supervision_since"  # the mark with the first day of supervision
DIRECTED = {OrderEvent.URGE: Rung.URGE, OrderEvent.SUPERVISE: Rung.RED}
UNSIGNED = (OrderState.ASSIGNED, OrderState.DONE_AGAIN)


class Papers(Protocol):
    """Makes what is sent of a rung. gateway/notify/rung_papers.py has it."""

    def drafts(
        self,
        fired: FiredRung,
        order: Order,
        item: Item,
        contacts: tuple[Contact, ...],
        ways: tuple[RungWay, ...],
        today: date,
    ) -> Iterable[tuple[str, Draft]]:
        """Deliveries, each with the words of the ledger that tell of it."""


class Supervision:
    """The supervision of one installation. `rung_listeners` are called, within the transaction, for rungs
    whose unit is to be telephoned."""

    def __init__(self, changes: OrderChanges, papers: Papers) -> None:
        self._changes = changes
        self._rows = changes.storage.supervision
        self._papers = papers
        self.rung_listeners: list[Callable[[Transaction, FiredRung, Order, tuple[Contact, ...]], None]] = []

    # ------------------------------------------------------------ background work

    async def keep_on(self, every: float = LOOK_EVERY) -> None:
        await in_rounds(self.look, every, StorageDown, log, "supervision waits")

    async def look(self) -> int:
        """Fire every rung that is reached now; how many."""
        since, count, after = await self._since(), 0, 0
        until = horizon(self._changes.rules.supervision, self._changes.today())
        while True:
            last, reached = await self._changes.items.read(
                lambda t: self._reached(t, until, after, since)  # noqa: B023 - awaited at once
            )
            for order_id in reached:
                count += await self._climb(order_id, since)
            if not last:
                return count
            after = last

    async def _since(self) -> date:
        """The first day of supervision: written down once."""

        def begun(t: Transaction) -> date:
            return date.fromisoformat(first_mark(t, SINCE, self._changes.today().isoformat()))

        kept = await self._changes.items.read(lambda t: mark_of(t, SINCE))
        return date.fromisoformat(kept) if kept else await self._changes.items.write(begun)

    def _reached(self, t: Transaction, until: date, after: int, since: date) -> tuple[int, list[int]]:
        """The last order that was looked at, 0 at the end; and those for which something is to happen, by
        the days that are kept for lists."""
        ids = self._rows.candidates(t, until, after, PAGE)
        fired = self._rows.rungs_of(t, ids)
        reached = [
            order.id
            for order in self._changes.rows.several(t, ids)
            if self._firing(order, order.due, fired.get((order.id, order.rounds), frozenset()), since)
            != Firing()
        ]
        return (ids[-1] if ids else 0), reached

    def _firing(self, order: Order, due: date | None, fired: frozenset[Rung], since: date) -> Firing:
        changes, ladder = self._changes, self.ladder(order)
        now = changes.now().astimezone(changes.zone)
        return firing(
            Standing(
                begun_on=order.begun_on,
                due=None if order.suspension else due,
                owed=order.state in WITH_UNIT,
                urgent=order.urgency.value in ladder.urgent,
                sign_by=self._sign_by(order),
                fired=fired,
            ),
            ladder,
            now,
            changes.rules.calendar,
            since,
        )

    def ladder(self, order: Order) -> Ladder:
        """The rules that an order keeps: those of the day on which it was assigned."""
        return in_force(self._changes.rules.supervision, self._changes.day(order.assigned_at))

    def _sign_by(self, order: Order) -> date | None:
        if order.state not in UNSIGNED or order.signed_at is not None:
            return None
        within = self._changes.handling(order).sign_within
        return self._changes.rules.calendar.workday_after(self._changes.day(order.since), within)

    async def _climb(self, order_id: int, since: date) -> int:
        """Fire what an order has reached, checked once more under its lock; how many rungs."""

        def climbed(t: Transaction) -> tuple[str, int]:
            order, item = self._locked(t, order_id)
            clock = self._changes.clock(order, item)
            fired = self._rows.rungs_of(t, [order.id]).get((order.id, order.rounds), frozenset())
            step = self._firing(order, clock.due, fired, since)
            for rung in step.pass_over:
                self._rows.add(t, replace(self._line(order, rung, SYSTEM), passed_over=True))
            newly_fired = [self._tell(t, replace(order, due=clock.due), item, rung) for rung in step.tell]
            return order.number, sum(newly_fired)

        with suppress(NotFound):
            number, count = await self._changes.items.write(climbed)
            if count:
                self._changes.items.tell("changed", number)
            return count
        return 0

    def _locked(self, t: Transaction, order_id: int) -> tuple[Order, Item]:
        """The item is locked first, as everywhere."""
        number = self._changes.rows.there(t, order_id).number
        item = self._changes.items.items.locked(t, number)
        return self._changes.rows.locked(t, order_id), item

    def _line(self, order: Order, rung: Rung, who: str) -> FiredRung:
        return FiredRung(order.id, order.number, order.unit, order.rounds, rung, self._changes.now(), who)

    # ------------------------------------------------------------ one rung

    def _tell(self, t: Transaction, order: Order, item: Item, rung: Rung) -> bool:
        """Fire a rung of the ladder; False when another gateway was first."""
        ladder = self.ladder(order)
        rule = ladder.rule(rung)
        if rule is None:
            return False
        line = replace(self._line(order, rung, SYSTEM), text=rule.words)
        if rung is Rung.RED:
            days = ladder.answer_within
            day = self._changes.rules.calendar.workday_after(self._changes.today(), days)
            line = replace(line, due=day)
        fired = self._write(t, order, item, line, rule, ladder)
        if fired is None:
            return False
        self._mark(t, order, fired)
        facts = {"told": "、".join(fired.told)}
        facts |= {"sheet": fired.sheet} if fired.sheet else {}
        facts |= {"due": fired.due.isoformat()} if fired.due else {}
        self._changes.write_down(t, order, rung.value, SYSTEM, fired.text, facts, fired.sheet)
        return True

    def _mark(self, t: Transaction, order: Order, fired: FiredRung) -> None:
        """An order shows that it is urged or supervised."""
        now = self._changes.now()
        after = order
        if fired.rung is Rung.ORANGE:
            after = replace(order, urged_at=now)
        elif fired.rung in (Rung.RED, Rung.RAISED):
            after = replace(order, supervised_at=now, supervised_due=fired.due or order.supervised_due)
        self._changes.rows.change(t, order, after)

    def directed(
        self, t: Transaction, order: Order, event: OrderEvent, who: str, text: str, due: date | None
    ) -> None:
        """Somebody of the centre urges, or a leader supervises: into the same ledger, and on its way."""
        rung, ladder = DIRECTED[event], self.ladder(order)
        rule = ladder.rule(Rung.ORANGE if rung is Rung.URGE else rung)
        if rule is None:
            return
        item = self._changes.items.items.there(t, order.number)
        nth = self._rows.next_nth(t, order.id, order.rounds, rung)
        line = replace(self._line(order, rung, who), text=text, due=due, nth=nth)
        self._write(t, order, item, line, rule, ladder)

    def _write(
        self, t: Transaction, order: Order, item: Item, line: FiredRung, rule: RungRule, ladder: Ladder
    ) -> FiredRung | None:
        """Write the row of the ledger with its number, and plan what goes out because of it."""
        urgent = order.urgency.value in ladder.urgent
        ways = rule.urgent_ways if urgent else rule.ways
        people = tuple(contacts(self._changes.tree(t), order.unit, rule.to))
        recipients = tuple(self._told(people, ways))
        if line.rung is Rung.RED:
            line = replace(line, sheet=self._sheet(t, ladder))
        fired = self._rows.add(t, replace(line, told=recipients))
        if fired is None:
            return None
        today, now = self._changes.today(), self._changes.now()
        for _, draft in self._papers.drafts(fired, order, item, people, ways, today):
            self._changes.storage.outbox.add(t, order.number, draft, now)
        if RungWay.CALL in ways:
            for listener in self.rung_listeners:
                listener(t, fired, order, people)
        return fired

    def _told(self, people: tuple[Contact, ...], ways: tuple[RungWay, ...]) -> Iterator[str]:
        for contact in people:
            for way, address in ((RungWay.MAIL, contact.mail), (RungWay.FAX, contact.fax)):
                if way in ways and address:
                    yield f"{way.value} {contact.whom.value}"
        if RungWay.CALL in ways and any(contact.phones for contact in people):
            yield RungWay.CALL.value

    def _sheet(self, t: Transaction, ladder: Ladder) -> str:
        year = self._changes.today().year
        return ladder.sheet.replace("{year}", str(year)).replace(
            "{serial}", str(self._rows.next_sheet(t, year))
        )
