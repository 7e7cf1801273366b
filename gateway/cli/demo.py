"""`gateway demo fill`: an invented city's worth of items and calls, to try lists, figures and speed with."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as midnight
from functools import lru_cache
from random import Random

from gateway.accounts.seed_units import ensure_units
from gateway.channels.registry import REGISTRY
from gateway.cli.demo_orders import DemoOrders
from gateway.cli.storage import opened
from gateway.core.item import number
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.invention import Inventor
from gateway.core.item.item import ItemState
from gateway.errors import OperatorError, SetupError
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage, bulk

SEED = 12315
BEGIN_ORDERS = 40  # at units, of further items
BEGIN_DAYS = 14  # the first invented items are spread over so many days
MOST_A_DAY = 50_000  # numbers of a day are shared with real arrivals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway demo`."""
    actions = parser.add_subparsers(dest="action", required=True)
    fill = actions.add_parser("fill", help="add invented people, firms, items and calls; kept between runs")
    fill.add_argument("--items", type=int, default=10_000, help="how many items there shall be in all")
    fill.add_argument("--days", type=int, default=365, help="spread over so many days until today")
    fill.add_argument("--orders", type=int, default=200, help="how many items get an order at a unit")
    fill.add_argument("--seed", type=int, default=SEED, help="the same seed invents the same")
    actions.add_parser("begin", help="add demo.items invented items to a database that has no item")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0. With as many invented items as are wanted, nothing is added."""
    settings = load()
    if arguments.action == "begin":
        wanted = settings.demo.items if settings.demo.enabled else 0
        return asyncio.run(begin(settings, wanted)) if wanted else 0
    if not settings.demo.enabled:
        raise SetupError("demo.enabled is off: invented items do not belong into a real database")
    if arguments.items < 1 or not 1 <= arguments.days <= 3650:
        raise OperatorError("--items must be at least 1 and --days 1 to 3650")
    if arguments.items > arguments.days * MOST_A_DAY:
        raise OperatorError(f"at most {MOST_A_DAY} items a day: name more --days")
    filling = Filling(settings, arguments.items, arguments.days, arguments.seed, arguments.orders)
    return asyncio.run(filling.run())


async def begin(settings: Config, wanted: int) -> int:
    """Fill a database that has no item, and leave any other alone. Exit code 0. Raises StorageDown."""
    async with opened(settings) as storage:
        empty = await bulk.is_empty(storage.database)
    filling = Filling(settings, wanted, BEGIN_DAYS, SEED, BEGIN_ORDERS, queued=False)
    return await filling.run() if empty else 0


class Filling:
    """Adds what is missing of `wanted` items, and orders of `orders` of them that were handed over.

    Unless `queued`, none of the items waits to be claimed, and none is of today: whoever tries the demo
    claims what he sent himself, and today's first number is his; the orders are of further items then.
    """

    def __init__(
        self, settings: Config, wanted: int, days: int, seed: int, orders: int, *, queued: bool = True
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._days = days
        self._seed = seed
        self._orders = orders
        self._queued = queued
        self._rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
        self._now = datetime.now(UTC)
        self._today = day_of(self._now, settings.zone)

    async def run(self) -> int:
        """Exit code 0. Raises StorageDown."""
        began = time.monotonic()
        async with opened(self._settings) as storage:
            count = await bulk.count_invented(storage.database)
            chance = Random(self._seed + count)
            filled, further = await self._fill(storage, chance, count)
            if filled:
                await bulk.analyse(storage.database)
            orders = await self._assign(storage, chance)
        more = f"，另有已转交 {further} 件 / and {further} handed over" if further else ""
        print(
            f"\r{filled} 件已加入，共 {count + filled} 件{more}，工单 {orders} 件"
            f" / items added, {orders} orders, {time.monotonic() - began:.0f} s"
        )
        return 0

    async def _fill(self, storage: Storage, chance: Random, count: int) -> tuple[int, int]:
        """How many items were added of those wanted, and how many further ones for orders."""
        inventor = inventor_of(self._settings, self._rules, chance, self._today)
        filled = await self._add(storage, chance, inventor, count, max(0, self._wanted - count))
        behind, further = count + filled, 0
        if not self._queued:
            further = await self._add(storage, chance, inventor, behind, self._orders, handed_over=True)
        return filled, further

    async def _add(
        self,
        storage: Storage,
        chance: Random,
        inventor: Inventor,
        behind: int,
        count: int,
        *,
        handed_over: bool = False,
    ) -> int:
        clocks = lru_cache(4000)(self._rules.due)
        last = self._today if self._queued else self._today - timedelta(days=1)
        filled = 0
        for day, share in _spread(last, self._days, count):
            arrivals = inventor.day(day, share, behind, now=self._now, queued=self._queued)
            if handed_over:
                arrivals = (replace(arrival, state=ItemState.HANDED_OVER) for arrival in arrivals)
            filled += await bulk.add_day(
                storage.database, day, arrivals, clocks, lambda: number.query_code(chance.getrandbits(40))
            )
            print(f"\r{filled}/{count}", end="", file=sys.stderr)
        return filled

    async def _assign(self, storage: Storage, chance: Random) -> int:
        """Orders go through units until last night."""
        await ensure_units(storage, self._rules, self._settings.centre.name, self._now)
        until = datetime.combine(self._today, midnight(), self._settings.zone)
        orders = DemoOrders(storage, self._rules, self._settings.zone, chance, until)
        return await orders.make(self._orders)


def _spread(last: date, days: int, count: int) -> Iterator[tuple[date, int]]:
    """Each day and its share, the oldest first."""
    for place in range(days):
        share = count * (place + 1) // days - count * place // days
        if share:
            yield last - timedelta(days=days - 1 - place), share


def inventor_of(settings: Config, rules: Rules, chance: Random, today: date) -> Inventor:
    return Inventor(
        chance,
        settings.zone,
        today,
        counties={division.zh: division.code for division in rules.divisions},
        problems=[problem.id for problem in rules.categories.problems],
        subjects=[problem.id for problem in rules.categories.subjects],
        claims=[claim.id for claim in rules.claims],
    )
