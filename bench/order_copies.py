"""Orders for very many items: what `DemoOrders` made through the services, copied to further items.

A copy keeps the distance of every day and moment from the receipt of its item. Older items get matters that
are closed, but for a few that stay open and late; those of the last weeks get matters in all states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, text, update

from gateway.core.item.item import ItemState
from gateway.storage.database import Database, Transaction
from gateway.storage.move import count_on
from gateway.storage.tables import (
    decisions,
    dues,
    follow_ups,
    items,
    milestones,
    order_copies,
    order_events,
    order_reports,
    order_rungs,
    order_suspensions,
    orders,
    timeline,
)

FURTHER = (ItemState.CLOSED, ItemState.ANSWERED, ItemState.HANDED_OVER)  # states of items that get a copy
OF_ORDER = (order_events, order_reports, order_rungs, order_suspensions, order_copies, follow_ups)
OF_ITEM = (timeline, decisions, milestones)
DAY_MS = 86_400_000
LATELY = 40 * DAY_MS  # as old an item may be for a matter in any state
STILL_OPEN = 101  # of so many older matters one is open
PAGE = 5000  # items in one transaction
KEPT = frozenset({"received", "complete"})  # lines of the timeline that every item has of its own

Record = dict[str, Any]


@dataclass(slots=True)
class Matter:
    """All rows of one item with orders, by table; when the item came, and what it is now."""

    received_at: int
    item: Record
    rows: dict[Table, list[Record]] = field(default_factory=lambda: defaultdict(list))

    @property
    def closed(self) -> bool:
        return self.item["state"] == ItemState.CLOSED.value


async def copy_orders(database: Database, share: float) -> int:
    """Copies for this share of the further items; how many items got one. Raises StorageDown."""
    matters = await database.read(_matters)
    closed = [matter for matter in matters if matter.closed]
    now = max(matter.received_at for matter in matters)
    places = _Places(await database.read(_last_ids))
    after, copied = "", 0
    while page := await database.read(lambda t: _further(t, after)):  # noqa: B023 - awaited at once
        after = page[-1][0]
        chosen = [row for row in page if int(row[0]) % 997 < share * 997]
        pairs = [(row, _matter_for(row, matters, closed, now)) for row in chosen]
        await database.write(lambda t: _write(t, pairs, places))  # noqa: B023 - awaited at once
        copied += len(pairs)
    if not database.sqlite:
        numbered = (orders, *(table for table in (*OF_ORDER, *OF_ITEM) if "id" in table.c))
        await database.write(lambda t: [count_on(t, table) for table in numbered])
    return copied


def _matter_for(
    row: tuple[str, int], matters: Sequence[Matter], closed: Sequence[Matter], now: int
) -> Matter:
    place = int(row[0])
    late = place % STILL_OPEN == 0
    among = matters if late or now - row[1] < LATELY else closed
    return among[place % 1_000_003 % len(among)]


# ------------------------------------------------------------ reading


def _matters(t: Transaction) -> list[Matter]:
    numbers = list(t.execute(select(orders.c.number).distinct().order_by(orders.c.number)).scalars())
    wanted = select(items.c.number, items.c.received_at, items.c.state, items.c.next_due)
    matters = {
        row["number"]: Matter(row["received_at"], {"state": row["state"], "next_due": row["next_due"]})
        for row in t.execute(wanted.where(items.c.number.in_(numbers))).mappings()
    }
    for table in (orders, *OF_ORDER, *OF_ITEM):
        for row in t.execute(select(table).where(table.c.number.in_(numbers))).mappings():
            if table is not timeline or row["what"] not in KEPT:
                matters[row["number"]].rows[table].append(dict(row))
    return list(matters.values())


def _further(t: Transaction, after: str) -> list[tuple[str, int]]:
    wanted = (
        select(items.c.number, items.c.received_at)
        .where(items.c.number > after, items.c.state.in_([state.value for state in FURTHER]))
        .where(~select(orders.c.id).where(orders.c.number == items.c.number).exists())
        .order_by(items.c.number)
        .limit(PAGE)
    )
    return [(row[0], row[1]) for row in t.execute(wanted)]


def _last_ids(t: Transaction) -> dict[str, int]:
    return {
        table.name: int(t.execute(select(func.max(table.c.id))).scalar() or 0)
        for table in (orders, *OF_ORDER, *OF_ITEM)
        if "id" in table.c
    }


# ------------------------------------------------------------ writing


@dataclass(slots=True)
class _Places:
    """The last id of each table."""

    last: dict[str, int]

    def next(self, table: Table) -> int:
        self.last[table.name] += 1
        return self.last[table.name]


def _write(t: Transaction, pairs: Sequence[tuple[tuple[str, int], Matter]], places: _Places) -> None:
    written: dict[Table, list[Record]] = defaultdict(list)
    changed = []
    for (number, received_at), matter in pairs:
        days = (received_at - matter.received_at) // DAY_MS
        next_due = _shifted("next_due", matter.item["next_due"], days)
        changed.append({"of": number, "state": matter.item["state"], "next_due": next_due})
        for table, record in _copies(matter, number, days, places):
            written[table].append(record)
    for table, records in written.items():
        t.execute(insert(table), records).close()
    if changed:
        whole = update(items).where(items.c.number == bindparam("of"))
        t.execute(whole.values(state=bindparam("state"), next_due=bindparam("next_due")), changed).close()
        closed = [row for row in changed if row["state"] == ItemState.CLOSED.value]
        stopped = update(dues).where(dues.c.number == bindparam("of")).values(running=text("false"))
        if closed:
            t.execute(stopped, [{"of": row["of"]} for row in closed]).close()


def _copies(matter: Matter, number: str, days: int, places: _Places) -> Iterator[tuple[Table, Record]]:
    ids: dict[int, int] = {row["id"]: places.next(orders) for row in matter.rows[orders]}
    for table, records in matter.rows.items():
        for record in records:
            yield table, _copy(table, record, number, days, ids, places)


def _copy(
    table: Table, record: Mapping[str, Any], number: str, days: int, ids: Mapping[int, int], places: _Places
) -> Record:
    copy = {name: _shifted(name, value, days) for name, value in record.items()}
    copy["number"] = number
    if "id" in copy:
        copy["id"] = ids[record["id"]] if table is orders else places.next(table)
    if "order_id" in copy:
        copy["order_id"] = ids.get(record["order_id"])
    if "key" in copy:
        copy["key"] = None
    return copy


MOMENTS = frozenset({"since"})
DAYS = frozenset(
    {"begun_on", "due", "legal_due", "disputed_on", "supervised_due", "begins", "ends", "on", "next_due"}
)


def _shifted(name: str, value: Any, days: int) -> Any:
    """A day or moment so many days later."""
    if value is None or value == "" or value == "9999-12-31":
        return value
    if name in DAYS:
        return (date.fromisoformat(value) + timedelta(days=days)).isoformat()
    if name in MOMENTS or name.endswith("_at") or name == "at":
        return value + days * DAY_MS
    return value
