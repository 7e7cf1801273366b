"""Searching: candidates by the tokens of the index, the newest first, then a look at their texts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select

from gateway.core.item.lists import ListRow
from gateway.core.item.search import Found, Search, SearchQuery
from gateway.storage.database import Database, Transaction
from gateway.storage.list_rows import read_rows
from gateway.storage.search_candidates import candidates, days, filters
from gateway.storage.search_index import SearchIndex, progress, texts_of
from gateway.storage.tables import items

MOST = 2000  # candidates of one page: with more, the page ends early and the next goes on


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
            matches = _found(t, query)
            return matches, read_rows(t, matches.numbers)

        return await self._database.read(read)


def _found(t: Transaction, query: SearchQuery) -> Found:
    search = query.search
    if search is None:
        numbers, more = _of_period(t, query), ""
    else:
        numbers, more = _searched(t, query, search)
    if len(numbers) > query.limit:
        numbers = numbers[: query.limit]
        more = numbers[-1]
    return Found(tuple(numbers), more, progress(t) == 0)


def _of_period(t: Transaction, query: SearchQuery) -> list[str]:
    wanted = select(items.c.number).where(*filters(query)).where(*_period(query))
    if query.after:
        wanted = wanted.where(items.c.number < query.after)
    return list(t.execute(wanted.order_by(items.c.number.desc()).limit(query.limit + 1)).scalars())


def _period(query: SearchQuery) -> Iterator[ColumnElement[bool]]:
    """A number begins with the day of receipt."""
    first, last = days(query)
    yield items.c.number >= f"{first:012}"
    yield items.c.number <= f"{last:012}"


def _searched(t: Transaction, query: SearchQuery, search: Search) -> tuple[list[str], str]:
    """Numbers, the newest first, at most one more than wanted; and where the next page begins when candidates
    are left."""
    find = candidates(t)
    exact = (
        [row["number"] for rows in find(t, query, search.exact, True) for row in rows] if search.exact else []
    )
    if not search.words or (search.whole and exact):
        return exact[: query.limit + 1], ""
    numbers, looked_at, after = set(exact), 0, ""
    for rows in find(t, query, search.tokens, False):
        numbers |= {row["number"] for row in rows if search.fits(texts_of(row))}
        looked_at += len(rows)
        after = rows[-1]["number"]
        if looked_at >= MOST or len(numbers) > query.limit + len(exact):
            break
    else:
        after = ""
    if after:  # exact hits behind the candidates that were looked at come with a later page
        numbers = {number for number in numbers if number >= after}
    return sorted(numbers, reverse=True)[: query.limit + 1], after
