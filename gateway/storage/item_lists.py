"""The lists of the desk on the database: pages and counts of the tabs that core/item/lists.py defines.

Each part of a tab is read from an index that fits it, as far as a page needs, and the parts are merged.
SQLite knows nothing of how rows are spread: a plus sign keeps it from an index that would have it read
all items of a state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, tuple_

from gateway.core.item import lists
from gateway.core.item.item import ItemState
from gateway.core.item.lists import Hold, ListPage, ListQuery, ListRow, Part, Sort, Tab
from gateway.core.item.states import QUEUED
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.list_rows import read_rows
from gateway.storage.mentions import UNSEEN
from gateway.storage.tables import (
    ADDED,
    CLOCKED,
    COMPLETED,
    HELD,
    NOTICE_OPEN,
    deliveries,
    items,
    mentions,
    timeline,
)

Condition = ColumnElement[bool]
Place = tuple[str | int, ...]
ORDER = {Sort.CLOCK: ("next_due", "received_at", "number"), Sort.AGE: ("received_at", "number")}
S = ItemState
COUNTED = sorted({*QUEUED, S.ACCEPTED, S.NOT_ACCEPTED, S.WAITING, S.HANDED_OVER})
BY_STATE = (
    select(items.c.state, func.count())
    .where(items.c.state.in_([state.value for state in COUNTED]))
    .group_by(items.c.state)
)


UNTOLD = items.c.number.in_(select(deliveries.c.number).where(NOTICE_OPEN))


class ItemLists:
    """The lists of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: ListQuery) -> ListPage:
        """Some rows of a tab. Raises StorageDown, ValueError for an `after` that is no place."""
        after = _place(query.sort, query.after) if query.after else None
        return await self._database.read(lambda t: _page(t, query, after))

    async def rows(self, numbers: Sequence[str]) -> list[ListRow]:
        """These items as rows, in this order; those that are not there are left out."""
        return await self._database.read(lambda t: read_rows(t, numbers))

    async def counts(self, query: ListQuery) -> dict[Tab, int]:
        """How many items each tab has; `query.tab` and its filters do not matter."""
        return await self._database.read(lambda t: counted(t, query))

    async def holders(self) -> list[str]:
        """Accounts and tokens that hold items."""
        wanted = select(items.c.lease_holder).where(HELD).distinct().order_by(items.c.lease_holder)
        return await self._database.read(lambda t: list(t.execute(wanted).scalars()))

    async def count_mine(self, query: ListQuery) -> int:
        """The count of the one tab that is not the same for all."""
        return await self._database.read(lambda t: _mine(t, query))


# ---------------------------------------------------------------- counts


def counted(t: Transaction, query: ListQuery) -> dict[Tab, int]:
    """Every tab but MINE, each from an index alone."""
    by_state = Counter({ItemState(row[0]): int(row[1]) for row in t.execute(BY_STATE)})
    papers_came = _added(t, _plain(t, "state") == S.WAITING.value)
    return {
        Tab.WAITING: sum(by_state[state] for state in QUEUED) - held_now(t, query.now),
        Tab.TO_ANSWER: by_state[S.ACCEPTED] + by_state[S.NOT_ACCEPTED] + papers_came + _untold(t),
        Tab.PAPERS: by_state[S.WAITING] - papers_came,
        Tab.HANDED_OVER: by_state[S.HANDED_OVER],
        Tab.ADDED: _added(t),
        Tab.OVERDUE: overdue(t, query.today),
        Tab.CLOSED_TODAY: _closed(t, query),
    }


def overdue(t: Transaction, today: date) -> int:
    """Items of which a clock has run out."""
    wanted = select(func.count()).where(CLOCKED, items.c.next_due < today.isoformat())
    return int(t.execute(wanted).scalar_one())


def due_between(t: Transaction, first: date, last: date) -> int:
    """Items whose next clock ends on one of these days."""
    wanted = select(func.count()).where(
        CLOCKED, items.c.next_due >= first.isoformat(), items.c.next_due <= last.isoformat()
    )
    return int(t.execute(wanted).scalar_one())


def _added(t: Transaction, *conditions: Condition) -> int:
    wanted = select(func.count()).select_from(items).where(ADDED, *conditions)
    return int(t.execute(wanted).scalar_one())


def _untold(t: Transaction) -> int:
    """Items with a notice that wants somebody, but for those that are to be answered anyway."""
    here = and_(_plain(t, "state") == S.WAITING.value, items.c.added_at.is_not(None))
    decided = _plain(t, "state").in_([state.value for state in sorted(lists.DECIDED)])
    wanted = select(func.count()).select_from(items).where(UNTOLD, ~or_(here, decided))
    return int(t.execute(wanted).scalar_one())


def held_now(t: Transaction, now: datetime) -> int:
    """Items of the queue at which somebody is."""
    queued = _plain(t, "state").in_([state.value for state in sorted(QUEUED)])
    wanted = select(func.count()).where(HELD, queued, items.c.lease_until > rows.to_ms(now))
    return int(t.execute(wanted).scalar_one())


def _closed(t: Transaction, query: ListQuery) -> int:
    wanted = (
        select(func.count(timeline.c.number.distinct()))
        .join(items, items.c.number == timeline.c.number)
        .where(COMPLETED, timeline.c.at >= rows.to_ms(query.day_began), _plain(t, "state") == S.CLOSED.value)
    )
    return int(t.execute(wanted).scalar_one())


def _mine(t: Transaction, query: ListQuery) -> int:
    wanted = (select(func.count()).where(*_conditions(t, part, query)) for part in lists.TABS[Tab.MINE])
    return sum(int(t.execute(each).scalar_one()) for each in wanted)


# ---------------------------------------------------------------- pages


def _page(t: Transaction, query: ListQuery, after: Place | None) -> ListPage:
    places = sorted(
        place
        for part in lists.TABS[query.tab]
        for each in _apart(part, query)
        for place in _places(t, each, query, after)
    )[: query.limit + 1]
    shown = places[: query.limit]
    more = ",".join(map(str, shown[-1])) if len(places) > query.limit else ""
    return ListPage(tuple(read_rows(t, [str(place[-1]) for place in shown])), more)


def _apart(part: Part, query: ListQuery) -> Iterator[Part]:
    """One part for each state that is wanted, where the state is what it is found by."""
    states = part.states or frozenset(S)
    wanted = states & {query.state} if query.state else states
    if not _by_state(part):
        if wanted:
            yield replace(part, states=wanted if wanted != frozenset(S) else frozenset())
        return
    for state in sorted(wanted):
        yield Part(frozenset({state}), part.hold, part.added)


def _by_state(part: Part) -> bool:
    """Is the state the best thing to find these by? Else few are held, added to, overdue or closed today."""
    return (
        bool(part.states)
        and part.hold in (None, Hold.FREE)
        and not (part.added or part.overdue or part.closed_today or part.untold or part.mentioned)
    )


def _places(t: Transaction, part: Part, query: ListQuery, after: Place | None) -> list[Place]:
    """The places of the first items of a part, in order."""
    names = ORDER[query.sort]
    in_order = _by_state(part) or (part.overdue and query.sort is Sort.CLOCK)
    keys = [items.c[name] if in_order else _unordered(t, name) for name in names]
    wanted = select(*(items.c[name] for name in names)).where(*_conditions(t, part, query), *_filters(query))
    if after is not None:
        wanted = wanted.where(tuple_(*keys) > tuple_(*after))
    return [tuple(row) for row in t.execute(wanted.order_by(*keys).limit(query.limit + 1))]


def _filters(query: ListQuery) -> Iterator[Condition]:
    if query.channel:
        yield items.c.channel == query.channel.value
    if query.kind:
        yield items.c.kind == query.kind.value
    if query.county:
        yield items.c.county == query.county


def _conditions(t: Transaction, part: Part, query: ListQuery) -> Iterator[Condition]:
    if part.states:
        state = items.c.state if _by_state(part) else _plain(t, "state")
        yield state.in_(sorted(state.value for state in part.states))
    if part.hold:
        yield _hold(part.hold, query)
    if part.added is not None:
        yield and_(ADDED) if part.added else items.c.added_at.is_(None)
    if part.overdue:
        yield and_(CLOCKED, items.c.next_due < query.today.isoformat())
    if part.mentioned is not None:
        named = _named(query.who)
        yield named if part.mentioned else ~named
    if part.untold:
        yield UNTOLD
    if part.closed_today:
        since = rows.to_ms(query.day_began)
        yield items.c.number.in_(select(timeline.c.number).where(COMPLETED, timeline.c.at >= since))


def _named(who: str) -> Condition:
    """Items in whose notes somebody named him, and he has not looked yet."""
    return items.c.number.in_(select(mentions.c.number).where(mentions.c.account == who, UNSEEN))


def _hold(hold: Hold, query: ListQuery) -> Condition:
    alive = items.c.lease_until > rows.to_ms(query.now)
    match hold:
        case Hold.FREE:
            return (items.c.lease_holder == "") | ~alive
        case Hold.MINE:
            return and_(HELD, items.c.lease_holder == query.who)
        case Hold.MINE_NOW:
            return and_(HELD, items.c.lease_holder == query.who, alive)


def _unordered(t: Transaction, name: str) -> ColumnElement[Any]:
    """A column to sort few rows by: neither database shall walk all items in its order."""
    if t.dialect.name == "sqlite" or name == "number":
        return _plain(t, name)
    column: ColumnElement[Any] = items.c[name]
    return column + 0 if name == "received_at" else column + ""


def _plain(t: Transaction, name: str) -> ColumnElement[Any]:
    """A column by which SQLite shall not look for rows."""
    if t.dialect.name == "sqlite":
        return literal_column(f"+items.{name}", items.c[name].type)
    return items.c[name]


def _place(sort: Sort, after: str) -> Place:
    """The place that stands in `after`. Raises ValueError."""
    parts = after.split(",")
    if len(parts) != len(ORDER[sort]):
        raise ValueError("a place of another order")
    return (*parts[:-2], int(parts[-2]), parts[-1])
