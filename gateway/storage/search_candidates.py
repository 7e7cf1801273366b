"""Items that the index of the search gives for tokens, the newest first, a batch at a time.

SQLite walks its index from the newest on, as far as it is read. PostgreSQL gives what a GIN index has in no
order, and each of it may stand on a page of its own that is not in memory: where many items have the tokens,
it is told to walk the numbers instead, whose newest are in memory. It guesses badly which is better.
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
SOON = 1000
"""With more numbers than these for each token a page is first looked for among the newest: each item that is
walked over is compared with every token."""
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
# Set for one transaction: hashes are looked up in the GIN index, or numbers walked, and nothing else. Pages
# of a look-up are asked of the disk many at a time; a server whose system cannot do so has 0 and keeps it.
LOOK_UP = text(
    "select set_config('plan_cache_mode', 'force_custom_plan', true), "
    "set_config('max_parallel_workers_per_gather', '0', true), "
    "set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true), "
    "set_config('enable_bitmapscan', 'on', true), set_config('effective_io_concurrency', "
    "case current_setting('effective_io_concurrency') when '0' then '0' else '100' end, true)"
)
WALK = text("select set_config('enable_bitmapscan', 'off', true), set_config('enable_indexscan', 'on', true)")


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
    for some in _numbers(t, values, query, either):
        if rows := _items(t, query, some):
            yield rows


def _numbers(
    t: Transaction, values: dict[str, Any], query: SearchQuery, either: bool
) -> Iterator[Sequence[int]]:
    """All numbers with the tokens, the newest first, in batches. When nothing else is wanted of an item, the
    first batch is as large as a page: mostly all of it fits."""
    if not either and next(filters(query), None) is None:
        soon = min(FEW, SOON * len(values["tokens"]))
        few = _looked_up(t, values, either, soon)
        if len(few) <= soon:
            yield from _batches(few, query.limit + 1)
            return
        newest = next(_walk(t, values, query.limit + 1))
        yield newest
        values = {**values, "last": newest[-1] - 1}
    few = _looked_up(t, values, either, FEW)
    yield from _batches(few, BATCH) if len(few) <= FEW else _walk(t, values, BATCH)


def _looked_up(t: Transaction, values: dict[str, Any], either: bool, most: int) -> list[int]:
    """The newest first; where there are more than `most`, one more of them, whichever."""
    t.execute(LOOK_UP).close()
    return sorted(t.execute(POSTGRES_FEW[either], {**values, "limit": most + 1}).scalars(), reverse=True)


def _batches(numbers: Sequence[int], first: int) -> Iterator[Sequence[int]]:
    yield numbers[:first]
    for at in range(first, len(numbers), BATCH):
        yield numbers[at : at + BATCH]


def _walk(t: Transaction, values: dict[str, Any], batch: int) -> Iterator[Sequence[int]]:
    t.execute(WALK).close()
    while True:
        numbers = t.execute(POSTGRES_MANY, {**values, "limit": batch}).scalars().all()
        yield numbers
        if len(numbers) < batch:
            return
        values = {**values, "last": numbers[-1] - 1}


def _items(t: Transaction, query: SearchQuery, numbers: Sequence[int]) -> Rows:
    """Of these numbers the items that are wanted, the newest first."""
    wanted = select(*COLUMNS).where(
        items.c.number.in_([f"{number:012}" for number in numbers]), *filters(query)
    )
    return t.execute(wanted.order_by(items.c.number.desc())).mappings().all()
