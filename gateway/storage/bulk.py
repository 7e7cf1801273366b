"""Many invented arrivals at once, in bulk statements: for `gateway demo fill`, never for real ones.

Real arrivals come through intake, one transaction each. Numbers go on behind those that a day has already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, text

from gateway.core.item import number
from gateway.core.item.contact import Due, Kind
from gateway.core.item.invention import Invented
from gateway.core.item.item import Happened, ItemState
from gateway.core.item.search import tokens
from gateway.core.item.states import QUEUED, TERMINAL, Event
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.search_index import add_many, said_in
from gateway.storage.tables import calls, contacts, dues, items, orders, outbox, serials, timeline

PREFIX = "demo:"  # of the keys of invented contacts

MET = (ItemState.ANSWERED, ItemState.NOT_ACCEPTED, ItemState.HANDED_OVER)  # nothing runs and nothing is left

Clocks = Callable[[Kind, date], tuple[Due, ...]]
Rows = dict[Any, list[dict[str, Any]]]


async def count_invented(database: Database) -> int:
    """How many invented items there are."""
    wanted = select(func.count()).where(contacts.c.key >= PREFIX, contacts.c.key < "demo;")
    return int(await database.read(lambda t: t.execute(wanted).scalar_one()))


async def is_empty(database: Database) -> bool:
    """Is there no item at all?"""
    return await database.read(lambda t: t.execute(select(contacts.c.key).limit(1)).first()) is None


async def without_order(database: Database, most: int) -> list[str]:
    """Invented items that were handed over and have no order, the newest first."""
    wanted = (
        select(items.c.number)
        .join(contacts, contacts.c.number == items.c.number)
        .where(
            items.c.state == ItemState.HANDED_OVER.value,
            contacts.c.key >= PREFIX,
            contacts.c.key < "demo;",
            ~exists().where(orders.c.number == items.c.number),
        )
        .order_by(items.c.received_at.desc(), items.c.number)
        .limit(most)
    )
    return await database.read(lambda t: list(t.execute(wanted).scalars()))


async def forget_occasions(database: Database, number: str) -> None:
    """Nobody outside is told of what happened to an invented item so far."""
    await database.write(lambda t: t.execute(delete(outbox).where(outbox.c.number == number)).close())


async def add_day(
    database: Database, day: date, invented: Iterable[Invented], clocks: Clocks, code: Callable[[], str]
) -> int:
    """Add the arrivals of one day in one transaction; how many items were made. Raises StorageDown."""

    def added(t: Transaction) -> int:
        last = t.execute(select(serials.c.last).where(serials.c.day == day.isoformat())).scalar_one_or_none()
        table_rows: Rows = defaultdict(list)
        tokens_of: list[tuple[str, set[str]]] = []
        serial = last or 0
        for contact in invented:
            if contact.contact is not None:
                serial += 1
                item = number.make(day, serial)
                _item(table_rows, contact, item, code(), clocks(contact.contact.kind, day))
                tokens_of.append((item, tokens(item, said_in(contact.contact))))
            elif contact.call is not None:
                table_rows[calls].append(rows.call_values(contact.call))
        for table, values in filter(itemgetter(1), table_rows.items()):
            t.execute(insert(table), values).close()
        add_many(t, tokens_of)
        _keep_serial(t, day, serial, known=last is not None)
        return serial - (last or 0)

    return await database.write(added)


def _item(table_rows: Rows, fields: Invented, item: str, code: str, due: tuple[Due, ...]) -> None:
    contact = fields.contact
    assert contact is not None
    at = rows.to_ms(contact.received_at)
    values = rows.item_values(contact, 0)
    runs = fields.state not in TERMINAL and fields.state not in MET
    next_due = rows.next_due(due if runs else ())
    table_rows[items].append(
        {"number": item, "query_code": code, "state": fields.state.value, "next_due": next_due, **values}
    )
    table_rows[contacts].append(
        {
            "key": contact.key,
            "fingerprint": "",
            "number": item,
            "channel": contact.channel.value,
            "received_at": at,
            "raw": None,
        }
    )
    if fields.state not in MET:
        table_rows[dues] += [{**rows.due_values(item, clock), "running": runs} for clock in due]
    entries = [Happened(contact.received_at, "received", contact.channel.value)]
    if fields.state not in QUEUED:
        entries.append(Happened(contact.received_at, Event.COMPLETE.value, "demo"))
    table_rows[timeline] += [rows.happened_values(item, entry, None) for entry in entries]
    if fields.call is not None:
        table_rows[calls].append({**rows.call_values(fields.call), "number": item})


def _keep_serial(t: Transaction, day: date, last: int, *, known: bool) -> None:
    values = {"day": day.isoformat(), "last": last}
    if known:
        t.execute(text("update serials set last = :last where day = :day"), values).close()
    else:
        t.execute(insert(serials), values).close()


async def analyse(database: Database) -> None:
    """Let the database learn how its rows are spread; without it, plans are made for an empty one."""
    await database.write(lambda t: t.execute(text("analyze")).close())
