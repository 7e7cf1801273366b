"""What is to be assigned to a unit: open complaints, reports and questions that nobody else holds.

The first to end by its clock comes first. Read from an index over these alone, however many items there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, tuple_

from gateway.core.item.contact import Kind
from gateway.core.order.dispatch import DispatchPage, DispatchQuery, DispatchRow
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.list_rows import read_rows
from gateway.storage.tables import GIVEN, HELD, TO_ASSIGN, items, orders

FIRST = ("", 0, "")
ORDER = (items.c.next_due, items.c.received_at, items.c.number)
EARLIER = 20
"""Earlier matters of one respondent that are looked at, the newest first."""
OF_RESPONDENT = (
    select(items.c.number)
    .where(items.c.respondent_name == bindparam("name"), GIVEN["respondent_name"])
    .order_by(items.c.received_at.desc())
    .limit(EARLIER)
    .scalar_subquery()
)
HAD = select(orders.c.number, orders.c.bureau).where(
    orders.c.number.in_(OF_RESPONDENT), orders.c.state.not_in(["returned", "cancelled"])
)
STATES = ("accepted", "in_work", "received")
UNSORTED = Kind.UNSORTED.value
SIGNS = ("respondent_address", "county", "problem", "subject")


class DispatchRows:
    """The items of one database that are to be assigned."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._condition = TO_ASSIGN["sqlite" if database.sqlite else "postgresql"]

    async def page(self, query: DispatchQuery) -> DispatchPage:
        """Raises StorageDown, ValueError for an `after` that is no place."""
        after = _place(query.after) if query.after else FIRST
        return await self._database.read(lambda t: self._page(t, query, after))

    async def row(self, number: str) -> DispatchRow | None:
        """One item, whether it may be assigned or not; None when there is none."""
        return next(iter(await self._database.read(lambda t: _rows(t, [number]))), None)

    async def earlier(self, respondents: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Of each of these names: its newest matters by number, with the bureau that has or had them."""
        return await self._database.read(lambda t: {name: _earlier(t, name) for name in respondents})

    def _page(self, t: Transaction, query: DispatchQuery, after: tuple[str, int, str]) -> DispatchPage:
        conditions = (and_(self._condition), *_filters(query))
        # Also from the first place on: a bound has SQLite read the index in its order, whatever it knows.
        wanted = select(*ORDER).where(*conditions, tuple_(*ORDER) > tuple_(*after)).order_by(*ORDER)
        places = [tuple(row) for row in t.execute(wanted.limit(query.limit + 1))]
        shown = places[: query.limit]
        more = ",".join(map(str, shown[-1])) if len(places) > query.limit else ""
        total = None if query.after or query.kind or query.county is not None else self.total(t, query)
        return DispatchPage(tuple(_rows(t, [str(place[-1]) for place in shown])), more, total)

    def total(self, t: Transaction, query: DispatchQuery) -> int:
        """How many there are in all: counted from the index alone, without the few that others hold."""
        count = select(func.count()).select_from(items).where(and_(self._condition))
        others = items.c.lease_holder != query.who
        # Without the condition of that index: SQLite would look through it rather than through what is held.
        held = select(items.c.state, items.c.kind).where(
            HELD, others, items.c.lease_until > rows.to_ms(query.now)
        )
        left_out = sum(1 for state, kind in t.execute(held) if state in STATES and kind != UNSORTED)
        return int(t.execute(count).scalar_one()) - left_out


def _filters(query: DispatchQuery) -> Iterator[ColumnElement[bool]]:
    yield or_(items.c.lease_holder.in_(["", query.who]), items.c.lease_until <= rows.to_ms(query.now))
    if query.kind:
        yield items.c.kind == query.kind.value
    if query.county is not None:
        yield items.c.county == query.county


def _rows(t: Transaction, numbers: Sequence[str]) -> list[DispatchRow]:
    signs = _signs(t, numbers)
    return [DispatchRow(row, *signs[row.number]) for row in read_rows(t, numbers)]


def _earlier(t: Transaction, name: str) -> Mapping[str, str]:
    return {row[0]: row[1] for row in t.execute(HAD, {"name": name})}


def _signs(t: Transaction, numbers: Sequence[str]) -> Mapping[str, Sequence[str]]:
    wanted = select(items.c.number, *(items.c[name] for name in SIGNS)).where(items.c.number.in_(numbers))
    return {row[0]: row[1:] for row in t.execute(wanted)} if numbers else {}


def _place(after: str) -> tuple[str, int, str]:
    """The place that stands in `after`. Raises ValueError."""
    due, at, number = after.split(",")
    return due, int(at), number
