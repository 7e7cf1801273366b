"""What is to be assigned, each item with the units it likely belongs to.

Suggestions are made for one page at a time, from the units as they are now; nothing of them is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.item.catalogue import Categories, Category
from gateway.core.order.dispatch import DispatchPage, DispatchQuery, DispatchRow
from gateway.core.order.suggestion import (
    DispatchRules,
    Gazetteer,
    Signs,
    Suggestion,
    gazetteer_of,
    suggest,
)
from gateway.core.unit import Tree


class ItemsToAssign(Protocol):
    """storage/dispatch.py. Every method may raise StorageDown."""

    async def page(self, query: DispatchQuery) -> DispatchPage:
        """Raises ValueError for an `after` that is no place."""

    async def row(self, number: str) -> DispatchRow | None: ...

    async def earlier(self, respondents: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """By the name of a respondent: its newest matters by number, with the bureau of each."""


class UnitTree(Protocol):
    """storage/units.py, as far as it is read here."""

    async def tree(self) -> Tree: ...


@dataclass(frozen=True, slots=True)
class Suggested:
    """An item to be assigned and its likely units."""

    item: DispatchRow
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class SuggestedPage:
    """As DispatchPage, with suggestions; and the units that they name."""

    items: tuple[Suggested, ...]
    next: str
    total: int | None
    units: Tree


class Dispatch:
    """Items to be assigned, and what they are suggested for."""

    def __init__(
        self, items: ItemsToAssign, units: UnitTree, rules: DispatchRules, categories: Categories
    ) -> None:
        self._items = items
        self._units = units
        self._rules = rules
        self._problems = _paths(categories.problems)
        self._subjects = _paths(categories.subjects)

    async def page(self, query: DispatchQuery) -> SuggestedPage:
        """Some items, those whose clock ends first before the others. Raises StorageDown, ValueError."""
        page = await self._items.page(query)
        tree = await self._units.tree()
        return SuggestedPage(await self._suggested(page.rows, tree), page.next, page.total, tree)

    async def of(self, number: str) -> tuple[Suggested | None, Tree]:
        """One item, whether it may be assigned or not; None when there is none. Raises StorageDown."""
        row, tree = await self._items.row(number), await self._units.tree()
        suggested = await self._suggested([row], tree) if row else ()
        return next(iter(suggested), None), tree

    async def _suggested(self, rows: Sequence[DispatchRow], tree: Tree) -> tuple[Suggested, ...]:
        gazetteer = gazetteer_of(tree)
        names = sorted({row.row.respondent_name for row in rows} - {""})
        earlier = await self._items.earlier(names)
        return tuple(Suggested(row, self._suggest(row, gazetteer, earlier)) for row in rows)

    def _suggest(
        self, row: DispatchRow, gazetteer: Gazetteer, earlier: Mapping[str, Mapping[str, str]]
    ) -> Suggestion:
        others = earlier.get(row.row.respondent_name, {})
        signs = Signs(
            county=row.county,
            address=row.respondent_address,
            respondent=row.row.respondent_name,
            problem=self._problems.get(row.problem, ()),
            subject=self._subjects.get(row.subject, ()),
            earlier=Counter(bureau for number, bureau in others.items() if number != row.row.number),
        )
        return suggest(signs, gazetteer, self._rules)


def _paths(trees: Sequence[Category]) -> Mapping[str, tuple[str, ...]]:
    """By the id of each category: its own and those above it, the highest first."""
    return {path[-1].id: tuple(node.id for node in path) for top in trees for path in top.paths()}
