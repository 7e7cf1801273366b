"""`gateway demo fill`: an invented city's worth of items and calls, to try lists, figures and speed with."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from gateway.channels.registry import REGISTRY
from gateway.cli.storage import opened
from gateway.core.item import number
from gateway.core.item.deadlines import Rules, day_of
from gateway.core.item.invention import Inventor
from gateway.errors import OperatorError, SetupError
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import bulk

SEED = 12315
BEGIN_DAYS = 14  # the first invented items are spread over so many days
MOST_A_DAY = 50_000  # numbers of a day are shared with real arrivals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway demo`."""
    actions = parser.add_subparsers(dest="action", required=True)
    fill = actions.add_parser("fill", help="add invented people, firms, items and calls; kept between runs")
    fill.add_argument("--items", type=int, default=10_000, help="how many items there shall be in all")
    fill.add_argument("--days", type=int, default=365, help="spread over so many days until today")
    fill.add_argument("--seed", type=int, default=SEED, help="the same seed invents the same")
    actions.add_parser("begin", help="add demo.items invented items to a database that has no item")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0. With as many invented items as are wanted, nothing is added."""
    settings = load()
    if arguments.action == "begin":
        wanted = settings.demo.items if settings.demo.enabled else 0
        return asyncio.run(_begin(settings, wanted)) if wanted else 0
    if not settings.demo.enabled:
        raise SetupError("demo.enabled is off: invented items do not belong into a real database")
    if arguments.items < 1 or not 1 <= arguments.days <= 3650:
        raise OperatorError("--items must be at least 1 and --days 1 to 3650")
    if arguments.items > arguments.days * MOST_A_DAY:
        raise OperatorError(f"at most {MOST_A_DAY} items a day: name more --days")
    return asyncio.run(_fill(settings, arguments.items, arguments.days, arguments.seed))


async def _begin(settings: Config, wanted: int) -> int:
    async with opened(settings) as storage:
        empty = await bulk.is_empty(storage.database)
    return await _fill(settings, wanted, BEGIN_DAYS, SEED, queued=False) if empty else 0


async def _fill(settings: Config, wanted: int, days: int, seed: int, *, queued: bool = True) -> int:
    """Add what is missing of `wanted` items. Unless `queued`, none waits to be claimed, and none is of today:
    whoever tries the demo claims what he sent himself, and today's first number is his."""
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    now = datetime.now(UTC)
    today = day_of(now, settings.zone)
    last = today if queued else today - timedelta(days=1)
    began = time.monotonic()
    async with opened(settings) as storage:
        there = await bulk.count_invented(storage.database)
        chance = Random(seed + there)
        inventor = _inventor(settings, rules, chance, today)
        clocks = lru_cache(4000)(rules.due)
        filled = 0
        for day, count in _spread(last, days, max(0, wanted - there)):
            arrivals = inventor.day(day, count, there, now=now, queued=queued)
            filled += await bulk.add_day(
                storage.database, day, arrivals, clocks, lambda: number.query_code(chance.getrandbits(40))
            )
            print(f"\r{filled}/{wanted - there}", end="", file=sys.stderr)
        if filled:
            await bulk.analyse(storage.database)
    print(f"\r{filled} 件已加入，共 {there + filled} 件 / items added, {time.monotonic() - began:.0f} s")
    return 0


def _spread(last: date, days: int, count: int) -> Iterator[tuple[date, int]]:
    """Each day and its share, the oldest first."""
    for place in range(days):
        share = count * (place + 1) // days - count * place // days
        if share:
            yield last - timedelta(days=days - 1 - place), share


def _inventor(settings: Config, rules: Rules, chance: Random, today: date) -> Inventor:
    return Inventor(
        chance,
        settings.zone,
        today,
        counties=[division.code for division in rules.divisions],
        problems=[problem.id for problem in rules.categories.problems],
        subjects=[problem.id for problem in rules.categories.subjects],
        claims=[claim.id for claim in rules.claims],
    )
