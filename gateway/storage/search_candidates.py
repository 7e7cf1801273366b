"""Items that the index of the search gives for tokens, the newest first, a batch at a time.

SQLite walks its index from the newest on, as far as it is read. PostgreSQL gives what a GIN index has in no
order: where many items have the tokens, it is told to walk the numbers instead, since it guesses badly which
is better.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select, text

from gateway.core.item.search import SearchQuery
from gateway.storage.database import Transaction
from gateway.storage.search_index import NOTHING_DONE, hashes
from gateway.storage.tables import items

BATCH = 200
FEW = 3000
"""So many numbers are fetched and sorted rather than walked to."""
COLUMNS = [
    items.c[name]
    for name in (
        "number",
        "kind",
        "person_name",
        "person_phone",
        "respondent_name",
        "respondent_phone",
        "content",
    )
]
Rows = Sequence[RowMapping]
Find = Callable[[Transaction, SearchQuery, Collection[str], bool], Iterator[Rows]]
"""Batches of items with all of the tokens, or with any of them."""

SQLITE = text(
    "select rowid from search_index where search_index match :tokens "
    "and rowid between :first and :last order by rowid desc"
)
POSTGRES_FEW = {
    either: text(
        f"select number from search_index where tokens {sign} cast(:tokens as bigint[]) "
        "and number between :first and :last limit :limit"
    )
    for either, sign in ((True, "&&"), (False, "@>"))
}
POSTGRES_MANY = text(
    "select number from search_index where tokens @> cast(:tokens as bigint[]) "
    "and number between :first and :last order by number desc limit :limit"
)
# Set for one transaction: hashes are looked up in the GIN index, or numbers walked, and nothing else.
LOOK_UP = text(
    "select set_config('plan_cache_mode', 'force_custom_plan', true), "
    "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'on', true)"
)
WALK = text("select set_config('enable_bitmapscan', 'off', true)")


def candidates(t: Transaction) -> Find:
    """How this database finds them."""
    return _of_sqlite if t.dialect.name == "sqlite" else _of_postgres


def filters(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    """What else is wanted of an item."""
    for name in ("state", "channel", "kind"):
        if value := getattr(query, name):
            yield items.c[name] == value.value


def days(query: SearchQuery) -> tuple[int, int]:
    """The period as numbers of items, which begin with the day of receipt."""
    first = int(_begins(query.first, "0")) if query.first else 0
    return first, int(_begins(query.last, "9")) if query.last else NOTHING_DONE


def _begins(day: date, digit: str) -> str:
    return f"{day:%y%m%d}" + digit * 6


def _bounds(query: SearchQuery) -> dict[str, int]:
    first, last = days(query)
    return {"first": first, "last": min(last, int(query.after) - 1) if query.after else last}


def _of_sqlite(t: Transaction, query: SearchQuery, tokens: Collection[str], either: bool) -> Iterator[Rows]:
    match = (" OR " if either else " AND ").join(f'"{token}"' for token in sorted(tokens))
    with t.execute(SQLITE, {"tokens": match, **_bounds(query)}) as records:
        for some in records.scalars().partitions(min(BATCH, query.limit + 1)):
            if rows := _items(t, query, some):
                yield rows


def _of_postgres(t: Transaction, query: SearchQuery, tokens: Collection[str], either: bool) -> Iterator[Rows]:
    values: dict[str, Any] = {"tokens": hashes(sorted(tokens)), **_bounds(query)}
    t.execute(LOOK_UP).close()
    numbers = list(t.execute(POSTGRES_FEW[either], {**values, "limit": FEW + 1}).scalars())
    if len(numbers) <= FEW:
        numbers.sort(reverse=True)
        some: Iterator[list[int]] = (numbers[at : at + BATCH] for at in range(0, len(numbers), BATCH))
    else:
        t.execute(WALK).close()
        some = _walked(t, values)
    for each in some:
        if rows := _items(t, query, each):
            yield rows


def _walked(t: Transaction, values: dict[str, Any]) -> Iterator[list[int]]:
    while True:
        numbers = list(t.execute(POSTGRES_MANY, {**values, "limit": BATCH}).scalars())
        yield numbers
        if len(numbers) < BATCH:
            return
        values = {**values, "last": numbers[-1] - 1}


def _items(t: Transaction, query: SearchQuery, numbers: Sequence[int]) -> Rows:
    """Of these numbers the items that are wanted, the newest first."""
    wanted = select(*COLUMNS).where(
        items.c.number.in_([f"{number:012}" for number in numbers]), *filters(query)
    )
    return t.execute(wanted.order_by(items.c.number.desc())).mappings().all()
