"""Searching: candidates by the tokens of the index, the newest first, then a look at their texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from sqlalchemy import ColumnElement, select, text

from gateway.core.item.lists import ListRow
from gateway.core.item.search import Found, Search, SearchQuery
from gateway.errors import StorageDown
from gateway.storage.database import Database, Transaction
from gateway.storage.list_rows import read_rows
from gateway.storage.search_candidates import candidates, days, filters
from gateway.storage.search_index import SearchIndex, progress, texts_of
from gateway.storage.tables import items
from gateway.tasks import in_rounds

MOST = 1000  # candidates of one page: with more, the page ends early and the next goes on
NEWEST = 100_000  # items: of words that many items have, a page is found among them
WARM_EVERY = 3600.0  # seconds
WARM = text(
    "select count(tokens) from (select tokens from search_index order by number desc limit :limit) newest"
)

log = logging.getLogger(__name__)


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

    async def keep_warm(self, every: float = WARM_EVERY) -> None:
        """Warm at the start, and every hour: what nobody asks for at night does not stay in memory."""
        waits = "the newest of the search's index stay on the disk for now"
        await in_rounds(self.warm, every, StorageDown, log, waits)

    async def warm(self) -> int:
        """Let PostgreSQL read the newest of the index, so that the first who searches does not wait for the
        disk; how many. SQLite has them in one place by themselves. Raises StorageDown."""
        if self._database.sqlite:
            return 0
        return int(await self._database.read(lambda t: t.execute(WARM, {"limit": NEWEST}).scalar_one()))


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
