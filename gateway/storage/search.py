"""Searching: candidates by the tokens of the index, the newest first, then a look at their texts."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, cast, column, select, table, text
from sqlalchemy.sql import ColumnElement, Select

from gateway.core.item.lists import ListRow
from gateway.core.item.search import Found, Search, SearchQuery
from gateway.storage.database import Database, Transaction
from gateway.storage.list_rows import read_rows
from gateway.storage.search_index import SearchIndex, hashes, progress, texts_of
from gateway.storage.tables import items

BATCH = 200  # candidates that are read at once
MOST = 2000  # candidates of one page: with more, the page ends early and the next goes on
CUSTOM_PLANS = text("set local plan_cache_mode = force_custom_plan")
Place = int


class ItemSearch:
    """The search of one database."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database = database
        self._index = index

    def marks_for(self, typed: str, area_code: str) -> tuple[str, ...]:
        """The keyed hashes that stand for a reporter's whole name or telephone."""
        return self._index.marks_for(typed, area_code)

    async def find(self, query: SearchQuery) -> tuple[Found, list[ListRow]]:
        """The items of one page. Raises StorageDown."""

        def read(t: Transaction) -> tuple[Found, list[ListRow]]:
            found = _found(t, query)
            return found, read_rows(t, found.numbers)

        return await self._database.read(read)


def _found(t: Transaction, query: SearchQuery) -> Found:
    if t.dialect.name == "postgresql":
        t.execute(CUSTOM_PLANS).close()
    search = query.search
    if search is None:
        numbers, more = _page(_candidates(t, query, None, query.after), query.limit), ""
    else:
        numbers, more = _searched(t, query, search)
    if len(numbers) > query.limit:
        numbers = numbers[: query.limit]
        more = numbers[-1]
    return Found(tuple(numbers), more, progress(t) == 0)


def _page(rows: list[Any], limit: int) -> list[str]:
    return [row["number"] for row in rows][: limit + 1]


def _searched(t: Transaction, query: SearchQuery, search: Search) -> tuple[list[str], str]:
    """Numbers, at most one more than wanted; and where the next page begins when candidates are left."""
    exact = _candidates(t, query, _any_of(t, search), query.after) if search.exact else []
    numbers = {row["number"] for row in exact}
    after, looked_at, left = query.after, 0, bool(search.words)
    while left and looked_at < MOST and len(numbers) <= query.limit + len(exact):
        rows = _candidates(t, query, _all_of(t, search), after)
        numbers |= {row["number"] for row in rows if search.fits(texts_of(row))}
        looked_at += len(rows)
        left = len(rows) == BATCH
        after = rows[-1]["number"] if rows else after
    if left:  # exact hits that lie behind the candidates that were looked at come with a later page
        numbers = {number for number in numbers if number >= after}
    return sorted(numbers, reverse=True)[: query.limit + 1], after if left else ""


# ---------------------------------------------------------------- candidates

INDEX = table("search_index", column("rowid", Integer), column("number", BigInteger), column("tokens"))
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
SQLITE_NUMBER = text("items.number = printf('%012d', search_index.rowid)")
POSTGRES_NUMBER = text("items.number = lpad(search_index.number::text, 12, '0')")


def _any_of(t: Transaction, search: Search) -> ColumnElement[bool]:
    """Items with one of the exact tokens."""
    if t.dialect.name == "sqlite":
        return _match(" OR ".join(map(_quoted, sorted(search.exact))))
    return INDEX.c.tokens.op("&&", is_comparison=True)(_array(search.exact))


def _all_of(t: Transaction, search: Search) -> ColumnElement[bool]:
    """Items with every token of every word."""
    if t.dialect.name == "sqlite":
        return _match(" AND ".join(map(_quoted, sorted(search.tokens))))
    return INDEX.c.tokens.op("@>", is_comparison=True)(_array(search.tokens))


def _match(expression: str) -> ColumnElement[bool]:
    return text("search_index match :expression").bindparams(expression=expression)  # type: ignore[return-value]


def _quoted(token: str) -> str:
    return f'"{token}"'


def _array(found: frozenset[str]) -> ColumnElement[Any]:
    return cast(bindparam("tokens", hashes(sorted(found))), ARRAY(BigInteger))


def _candidates(t: Transaction, query: SearchQuery, condition: Any, after: str) -> list[Any]:
    """Items behind `after` with this condition and what else is wanted, the newest first."""
    wanted = select(*COLUMNS)
    if condition is None:
        wanted = _within(wanted, items.c.number, query, after, of_items=True)
        wanted = wanted.limit(query.limit + 1)
    else:
        key, join = (
            (INDEX.c.rowid, SQLITE_NUMBER)
            if t.dialect.name == "sqlite"
            else (INDEX.c.number, POSTGRES_NUMBER)
        )
        wanted = wanted.select_from(INDEX.join(items, join)).where(condition)
        wanted = _within(wanted, key, query, after, of_items=False).limit(BATCH)
    for name in ("state", "channel", "kind"):
        if value := getattr(query, name):
            wanted = wanted.where(items.c[name] == value.value)
    return list(t.execute(wanted).mappings())


def _within(wanted: Select[Any], key: Any, query: SearchQuery, after: str, *, of_items: bool) -> Select[Any]:
    """The period as a range of numbers, which begin with the day of receipt."""

    def bound(number: str) -> str | int:
        return number if of_items else int(number)

    if query.first:
        wanted = wanted.where(key >= bound(_begins(query.first)))
    if query.last:
        wanted = wanted.where(key <= bound(_begins(query.last, "9")))
    if after:
        wanted = wanted.where(key < bound(after))
    return wanted.order_by(key.desc())


def _begins(day: date, digit: str = "0") -> str:
    return f"{day:%y%m%d}" + digit * 6
