"""Work orders on the database. Decides nothing: gateway/cases does. As with Items, what takes a transaction
is part of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    text,
    update,
)

from gateway.core.item.contact import Due
from gateway.core.item.item import Item
from gateway.core.item.lists import NO_CLOCK
from gateway.core.order.order import (
    Order,
    OrderEntry,
    OrderQuery,
    OrderState,
    Report,
    Suspension,
    Urgency,
)
from gateway.core.order.states import OPEN, OrderEvent
from gateway.errors import NotFound
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.order_lists import of_units, places
from gateway.storage.tables import (
    deliveries,
    dues,
    items,
    order_copies,
    order_events,
    order_reports,
    order_suspensions,
    orders,
    outbox,
)
from gateway.storage.tables.columns import GIVEN, ORDER_OPEN, ORDER_OPEN_ALONE, ORDER_PROBLEM

ONE = select(orders).where(orders.c.id == bindparam("id"))
LOCKED = ONE.with_for_update()
SUPERSEDE = (
    update(orders).where(orders.c.number == bindparam("of"), text("NOT superseded")).values(superseded=True)
)
OF_ITEM = select(orders).where(orders.c.number == bindparam("number")).order_by(orders.c.id)
OPEN_OF_ITEM = select(orders).where(orders.c.number == bindparam("number"), ORDER_OPEN)
EVENTS = select(order_events).where(order_events.c.order_id == bindparam("id")).order_by(order_events.c.id)
EVENTS_OF = (
    select(order_events)
    .where(order_events.c.order_id.in_(bindparam("ids", expanding=True)))
    .order_by(order_events.c.id)
)
COPIES = (
    select(order_copies.c.unit)
    .where(order_copies.c.order_id == bindparam("id"))
    .order_by(order_copies.c.unit)
)
SUSPENSIONS = (
    select(order_suspensions)
    .join(orders, orders.c.id == order_suspensions.c.order_id)
    .where(
        order_suspensions.c.number == bindparam("number"),
        or_(order_suspensions.c.ends != "", orders.c.state.in_(sorted(state.value for state in OPEN))),
    )
    .order_by(order_suspensions.c.id)
)
REPORTS = (
    select(order_reports)
    .where(order_reports.c.order_id == bindparam("id"), order_reports.c.given == bindparam("given"))
    .order_by(order_reports.c.id)
)
TOLD = (
    select(orders.c.id, orders.c.number)
    .join(items, items.c.number == orders.c.number)
    .where(
        text("orders.state = 'closed' AND orders.told_at IS NULL"),
        orders.c.id > bindparam("after"),
        items.c.state.in_(["answered", "not_accepted"]),
        ~exists().where(outbox.c.number == orders.c.number),
        ~exists().where(
            deliveries.c.number == orders.c.number,
            deliveries.c.notice != "",
            deliveries.c.state.in_(["waiting", "dead", "bounced"]),
            deliveries.c.made_at >= orders.c.closed_at,
        ),
    )
    .order_by(orders.c.id)
    .limit(bindparam("limit"))
)
RUNNING = (
    select(orders)
    .where(ORDER_OPEN, orders.c.id > bindparam("after"))
    .order_by(orders.c.id)
    .limit(bindparam("limit"))
)
ITEMS_OF = select(items).where(items.c.number.in_(bindparam("numbers", expanding=True)))
DUES_OF = (
    select(dues)
    .where(dues.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(dues.c.on, dues.c.clock)
)
_DAYS = ("begun_on", "due", "legal_due", "disputed_on", "supervised_due")
_TIMES = (
    *("assigned_at", "since", "signed_at", "reported_at", "closed_at", "told_at", "urged_at"),
    "supervised_at",
)
_COLUMNS = tuple(field.name for field in fields(Order) if field.name not in ("id", "suspensions"))


class OrderRows:
    """The orders of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ writing

    def add(self, t: Transaction, order: Order, copies: Collection[str] = ()) -> Order:
        """A new order, with the id that it gets. The item has no open one: whoever asks holds the item's
        lock."""
        t.execute(SUPERSEDE, {"of": order.number}).close()
        result = t.execute(insert(orders).returning(orders.c.id), _values(order, _COLUMNS))
        added = replace(order, id=int(result.scalar_one()))
        if copies:
            each = [{"order_id": added.id, "unit": unit, "number": order.number} for unit in sorted(copies)]
            t.execute(insert(order_copies), each)
        return added

    def change(self, t: Transaction, before: Order, after: Order) -> None:
        """Write what differs."""
        changed = [name for name in _COLUMNS if getattr(before, name) != getattr(after, name)]
        if before.suspension != after.suspension and "due" not in changed:
            changed.append("due")
        if changed:
            t.execute(update(orders).where(orders.c.id == after.id).values(**_values(after, changed)))

    def happened(self, t: Transaction, order: Order, entry: OrderEntry) -> None:
        values = {
            "order_id": order.id,
            "number": order.number,
            "at": rows.to_ms(entry.at),
            "event": entry.event,
            "who": entry.who,
            "unit": entry.unit,
            "text": entry.text,
            "facts": json.dumps(dict(entry.facts), ensure_ascii=False),
        }
        t.execute(insert(order_events), values)

    def suspend(self, t: Transaction, order: Order, entry: Suspension) -> Suspension:
        values = {
            "order_id": order.id,
            "number": order.number,
            "begins": entry.begins.isoformat(),
            "reason": entry.reason,
            "paper": entry.paper,
        }
        new = t.execute(insert(order_suspensions).returning(order_suspensions.c.id), values)
        return replace(entry, id=int(new.scalar_one()))

    def resume(self, t: Transaction, suspension: Suspension, ends: date) -> None:
        statement = update(order_suspensions).where(order_suspensions.c.id == suspension.id)
        t.execute(statement.values(ends=ends.isoformat()))

    def suspensions_of_item(self, t: Transaction, number: str) -> tuple[Suspension, ...]:
        """Those of all orders of an item; one without an end while its order is open."""
        return tuple(map(_suspension_of, t.execute(SUSPENSIONS, {"number": number}).mappings()))

    def report(self, t: Transaction, order: Order, report: Report, *, given: bool) -> None:
        """Keep a report, or its draft; the draft before it goes."""
        draft = and_(order_reports.c.order_id == order.id, order_reports.c.given.is_(False))
        t.execute(delete(order_reports).where(draft))
        values = {field.name: getattr(report, field.name) for field in fields(Report)}
        values |= {"order_id": order.id, "number": order.number, "given": given}
        values["at"] = rows.to_ms_or_none(report.at)
        values["files"] = json.dumps(report.files)
        values["received_on"] = report.received_on.isoformat() if report.received_on else ""
        t.execute(insert(order_reports), values)

    # ------------------------------------------------------------ looking

    def locked(self, t: Transaction, order_id: int) -> Order:
        """The order; nobody else may change it in this transaction. Raises NotFound."""
        return self._whole(t, t.execute(LOCKED, {"id": order_id}).mappings().first(), order_id)

    def there(self, t: Transaction, order_id: int) -> Order:
        """Raises NotFound."""
        return self._whole(t, t.execute(ONE, {"id": order_id}).mappings().first(), order_id)

    def several(self, t: Transaction, ids: Collection[int]) -> tuple[Order, ...]:
        """The orders with these ids, by id."""
        wanted = select(orders).where(orders.c.id.in_(ids)).order_by(orders.c.id)
        return self._all(t, t.execute(wanted).mappings().all()) if ids else ()

    def open_of(self, t: Transaction, number: str) -> Order | None:
        """The item's open order."""
        row = t.execute(OPEN_OF_ITEM, {"number": number}).mappings().first()
        return self._whole(t, row, 0) if row else None

    def of_item(self, t: Transaction, number: str) -> tuple[Order, ...]:
        """All orders of an item, the first one first."""
        return self._all(t, t.execute(OF_ITEM, {"number": number}).mappings().all())

    def events_of(self, t: Transaction, order_id: int) -> tuple[OrderEntry, ...]:
        return tuple(_entry_of(row) for row in t.execute(EVENTS, {"id": order_id}).mappings())

    def last_said(
        self, t: Transaction, of: Mapping[OrderEvent, Collection[Order]]
    ) -> dict[tuple[int, OrderEvent], OrderEntry]:
        """By order and event: the last line of an order's history with that event."""
        ids = {order.id for page in of.values() for order in page}
        wanted = EVENTS_OF.where(order_events.c.event.in_([event.value for event in of]))
        lines = t.execute(wanted, {"ids": sorted(ids)}).mappings()
        return {(row["order_id"], OrderEvent(row["event"])): _entry_of(row) for row in lines}

    def copies_of(self, t: Transaction, order_id: int) -> tuple[str, ...]:
        return tuple(t.execute(COPIES, {"id": order_id}).scalars())

    def reports_of(self, t: Transaction, order_id: int) -> tuple[Report, ...]:
        """The reports that were given, the last one last."""
        return self._reports(t, order_id, given=True)

    def draft_of(self, t: Transaction, order_id: int) -> Report | None:
        return next(iter(self._reports(t, order_id, given=False)), None)

    def _reports(self, t: Transaction, order_id: int, *, given: bool) -> tuple[Report, ...]:
        records = t.execute(REPORTS, {"id": order_id, "given": given}).mappings()
        return tuple(_report_of(row) for row in records)

    def page(self, t: Transaction, query: OrderQuery) -> tuple[Order, ...]:
        matches = [tuple(row) for wanted in places(query) for row in t.execute(wanted)]
        ids = [place[-1] for place in sorted(matches)[: query.limit]]
        by_id = {order.id: order for order in self.several(t, ids)}
        return tuple(by_id[order_id] for order_id in ids)

    def items_of(self, t: Transaction, page: Collection[Order]) -> dict[str, Item]:
        """The items of these orders with their clocks, by number."""
        numbers = {order.number for order in page}
        clocks: dict[str, tuple[Due, ...]] = {}
        for row in t.execute(DUES_OF, {"numbers": sorted(numbers)}).mappings():
            clocks[row["number"]] = (*clocks.get(row["number"], ()), rows.due_of(row))
        wanted = t.execute(ITEMS_OF, {"numbers": sorted(numbers)}).mappings()
        return {row["number"]: rows.item_of(row, clocks.get(row["number"], ())) for row in wanted}

    def about_the_same(
        self, t: Transaction, order: Order, units: Collection[str] | None, most: int
    ) -> tuple[Order, ...]:
        """Other orders whose items name the same respondent, the last one first; `units` as in a query."""
        name = select(items.c.respondent_name).where(items.c.number == order.number).scalar_subquery()
        wanted = (
            select(orders)
            .join(items, items.c.number == orders.c.number)
            .where(items.c.respondent_name == name, GIVEN["respondent_name"], orders.c.id != order.id)
            .order_by(orders.c.id.desc())
            .limit(most)
        )
        if units is not None:
            wanted = wanted.where(of_units(OrderQuery(units=tuple(units))))
        return self._all(t, t.execute(wanted).mappings().all())

    def open_problems(self, t: Transaction) -> list[tuple[int, datetime]]:
        """Of each open problem order: how often it came back, and when it was assigned."""
        wanted = select(orders.c.passes, orders.c.assigned_at).where(ORDER_PROBLEM, ORDER_OPEN_ALONE)
        return [(row.passes, rows.of_ms(row.assigned_at)) for row in t.execute(wanted)]

    def told(self, t: Transaction, after: int, limit: int) -> list[tuple[int, str]]:
        """Closed orders, with their items, whose answer has gone out by now or need not, and that are not
        noted as told."""
        closed = t.execute(TOLD, {"after": after, "limit": limit})
        return [(int(row[0]), str(row[1])) for row in closed]

    def running(self, t: Transaction, after: int, limit: int) -> tuple[Order, ...]:
        """Open orders by id."""
        return self._all(t, t.execute(RUNNING, {"after": after, "limit": limit}).mappings().all())

    def _whole(self, t: Transaction, row: Mapping[Any, Any] | None, order_id: int) -> Order:
        if row is None:
            raise NotFound(f"no order {order_id}")
        (order,) = self._all(t, [row])
        return order

    def _all(self, t: Transaction, records: Sequence[Mapping[Any, Any]]) -> tuple[Order, ...]:
        """Orders with their suspensions."""
        ids = [row["id"] for row in records]
        suspended: dict[int, list[Suspension]] = {}
        if ids:
            wanted = select(order_suspensions).where(order_suspensions.c.order_id.in_(ids))
            for row in t.execute(wanted.order_by(order_suspensions.c.id)).mappings():
                suspended.setdefault(row["order_id"], []).append(_suspension_of(row))
        return tuple(_order_of(row, tuple(suspended.get(row["id"], ()))) for row in records)


# ------------------------------------------------------------------ rows


def _values(order: Order, names: Collection[str]) -> dict[str, Any]:
    return {name: _value(order, name) for name in names}


def _value(order: Order, name: str) -> Any:
    value = getattr(order, name)
    if name == "due":
        return NO_CLOCK if order.suspension or value is None else value.isoformat()
    if name in _DAYS:
        return "" if value is None else value.isoformat()
    return rows.to_ms_or_none(value) if name in _TIMES else value


def _order_of(row: Mapping[Any, Any], suspensions: tuple[Suspension, ...]) -> Order:
    values = {name: row[name] for name in _COLUMNS}
    values |= {name: rows.of_ms_or_none(row[name]) for name in _TIMES}
    values |= {name: _day(row[name]) for name in _DAYS}
    values |= {"state": OrderState(row["state"]), "urgency": Urgency(row["urgency"])}
    return Order(id=row["id"], suspensions=suspensions, **values)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text and text != NO_CLOCK else None


def _suspension_of(row: Mapping[Any, Any]) -> Suspension:
    begins = date.fromisoformat(row["begins"])
    return Suspension(row["id"], begins, row["reason"], row["paper"], _day(row["ends"]))


def _entry_of(row: Mapping[Any, Any]) -> OrderEntry:
    return OrderEntry(
        at=rows.of_ms(row["at"]),
        event=row["event"],
        who=row["who"],
        unit=row["unit"],
        text=row["text"],
        facts=json.loads(row["facts"]),
    )


def _report_of(row: Mapping[Any, Any]) -> Report:
    values = {field.name: row[field.name] for field in fields(Report)}
    values["files"] = tuple(json.loads(row["files"]))
    values["received_on"] = _day(row["received_on"])
    return Report(**values | {"at": rows.of_ms(row["at"])})
