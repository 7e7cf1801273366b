"""Figures of orders of a period: counted now, with the list behind each; and as they were published."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from gateway.cases.order_changes import OrderChanges
from gateway.core.item.contact import Kind
from gateway.core.order.handling import in_force
from gateway.core.order.period import (
    AskedFact,
    Figures,
    Measure,
    OrderFact,
    Period,
    PeriodRow,
    Step,
    added,
    behind,
    counted,
    figures,
    pieces,
    rows_of,
    together,
)
from gateway.core.unit import Tree, UnitKind
from gateway.storage import Transaction
from gateway.storage.order_period import (
    Published,
    Span,
    asked_facts,
    order_facts,
    publish,
    published,
)

Fact = TypeVar("Fact", OrderFact, AskedFact, OrderFact | AskedFact)


@dataclass(frozen=True, slots=True)
class PeriodView:
    """The figures at one instant. `names` are the Chinese names of units by id."""

    at: datetime
    period: Period
    rows: tuple[PeriodRow, ...]
    total: Figures
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SeriesView:
    """The figures of all units, or of one, piece by piece of a period."""

    at: datetime
    pieces: tuple[tuple[Period, Figures], ...]
    total: Figures


@dataclass(frozen=True, slots=True)
class Behind:
    """What a figure counts, `count` in all, some of it."""

    count: int
    facts: tuple[OrderFact | AskedFact, ...]


class PeriodFigures:
    """The figures of one installation."""

    def __init__(self, changes: OrderChanges) -> None:
        self._changes = changes

    async def view(self, first: date, last: date, kind: Kind | None = None) -> PeriodView:
        """Raises StorageDown."""
        tree, period = await self.units(), Period(first, last, self._changes.today())
        now = self._changes.now()
        pieces_counted = [
            await asyncio.to_thread(counted, *await self._facts(piece, kind), piece)
            for piece in pieces(period, Step.MONTH)
        ]
        bureaus = [unit.id for unit in tree if unit.kind is UnitKind.BUREAU and unit.active]
        rows = rows_of(added(pieces_counted), bureaus)
        names = {unit.id: unit.zh for unit in tree}
        return PeriodView(now, period, rows, together(row.figures for row in rows), names)

    async def series(
        self,
        first: date,
        last: date,
        step: Step,
        kind: Kind | None = None,
        bureau: str = "",
        unit: str = "",
    ) -> SeriesView:
        """Raises StorageDown."""
        period, now, counted_pieces = Period(first, last, self._changes.today()), self._changes.now(), []
        for piece in pieces(period, step):
            orders, calls = await self._facts(piece, kind)
            mine = [*_of(orders, bureau, unit)], [*_of(calls, bureau, unit)]
            counted_pieces.append((piece, await asyncio.to_thread(figures, *mine, piece)))
        return SeriesView(now, tuple(counted_pieces), together(of_piece for _, of_piece in counted_pieces))

    async def units(self) -> Tree:
        """Raises StorageDown."""
        return await self._changes.items.read(self._changes.tree)

    async def behind(
        self,
        measure: Measure,
        first: date,
        last: date,
        kind: Kind | None = None,
        bureau: str = "",
        unit: str = "",
        limit: int = 1000,
    ) -> Behind:
        """The orders or follow-up calls that a figure counts. Raises StorageDown."""

        facts: list[OrderFact | AskedFact] = []
        for piece in pieces(Period(first, last, self._changes.today()), Step.MONTH):
            facts += _of(behind(measure, *await self._facts(piece, kind), piece), bureau, unit)
        return Behind(len(facts), tuple(facts[:limit]))

    async def publish(
        self, view: PeriodView, who: str, kind: Kind | None, body: Mapping[str, Any]
    ) -> Published:
        """Keep the figures as they are shown, with their cut-off. Raises StorageDown."""
        period = view.period
        kept = Published(0, view.at, who, period.first, period.last, kind.value if kind else "", body)
        kept_id = await self._changes.items.write(lambda t: publish(t, kept))
        return Published(kept_id, kept.at, who, kept.first, kept.last, kept.kind, body)

    async def published(self) -> tuple[Published, ...]:
        """What was published, the last one first. Raises StorageDown."""
        return await self._changes.items.read(published)

    def today(self) -> date:
        return self._changes.today()

    async def _facts(self, period: Period, kind: Kind | None) -> tuple[list[OrderFact], list[AskedFact]]:
        """What is looked at of a period. A year is read piece by piece, so that nobody waits for all of it;
        what is counted has one day, so it is in one of them."""
        changes = self._changes
        begin, until = period.first, period.last + timedelta(days=1)
        days = (datetime.combine(day, time(), changes.zone) for day in (begin, until))
        span = Span(period.first, period.last, *days)

        def read(t: Transaction) -> tuple[list[OrderFact], list[AskedFact]]:
            tree = changes.tree(t)

            def bureau_of(unit: str) -> str:
                bureau = tree.bureau(unit)
                return bureau.id if bureau else unit

            orders = order_facts(t, span, kind, changes.day, self._sign_by)
            return orders, asked_facts(t, span, kind, changes.day, bureau_of)

        return await changes.items.read(read)

    def _sign_by(self, assigned: date, since: date) -> date:
        rules = self._changes.rules
        return rules.calendar.workday_after(since, in_force(rules.handling, assigned).sign_within)


def _of(facts: Iterable[Fact], bureau: str, unit: str) -> Iterator[Fact]:
    """Those of which a bureau answers, and which this very unit has; "" for any."""
    return (fact for fact in facts if bureau in ("", fact.bureau) and unit in ("", fact.unit))
