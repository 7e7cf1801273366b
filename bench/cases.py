"""Answers of the server with a million items: the dispatch list, a unit's orders, supervision, one item.

A few thousand invented items with their orders are made through `gateway demo`'s own parts and copied under
other numbers until there are enough. Each answer goes through HTTP on loopback, one at a time.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, text

from bench.table import Part, Row, at_most, percentile
from gateway.accounts.seed_units import ensure_units
from gateway.channels.registry import REGISTRY
from gateway.cli.demo import inventor_of
from gateway.cli.demo_orders import DemoOrders
from gateway.core.item import number
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.storage import Storage, bulk
from gateway.storage.tables import meta
from gateway.web.site import utc_now
from tests.storage.postgres_server import postgres_server
from tests.web.real_site import RealSite, real_site

ROOT = Path(__file__).resolve().parents[1]
MOST = 100.0  # ms at p99
DAYS = 365
KINDS = ("sqlite", "postgresql")
UNIT = "141002"
COPIED = ("items", "dues", "timeline", "orders", "order_events")
APART = 10_000_000  # between the ids of copies


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything: `base` items are invented, `orders` of them have an order."""

    items: int = 1_000_000
    base: int = 2500
    orders: int = 200
    asked: int = 200


FULL = Scale()
QUICK = Scale(items=2000, base=500, orders=20, asked=5)


def measure(scale: Scale = FULL) -> Part:
    """Some minutes for FULL. The databases lie in a temporary folder (TMPDIR moves it)."""
    rows: list[Row] = []
    for kind in KINDS:
        with tempfile.TemporaryDirectory(prefix="bench-cases-") as folder:
            rows += asyncio.run(_measured(kind, Path(folder), scale))
    note = (
        f"{scale.items:,} items, {scale.orders * scale.items // scale.base:,} orders, over {DAYS} days; "
        "one request at a time over loopback, the whole answer read. PostgreSQL runs on the same machine "
        "without fsync."
    )
    return Part("cases", "Dispatch, units and items with many items", tuple(rows), (note,))


async def _measured(kind: str, folder: Path, scale: Scale) -> list[Row]:
    url = f"sqlite:///{folder / 'gateway.db'}"
    if kind == "postgresql":
        server = postgres_server()
        url = server.url(await server.create())
    began = time.monotonic()
    storage = await Storage.open(url, folder)
    numbers = await _filled(storage, scale)
    await storage.close()
    filling = time.monotonic() - began
    rows = [Row(f"{kind}: filling", f"{filling:.0f} s", samples=str(scale.items))]
    async with real_site(folder, url=url) as site:
        for what, paths in _asked(numbers):
            took = await _took(site, list(paths), scale.asked)
            p50, p99 = percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000
            rows.append(Row(f"{kind}: {what}, p50", f"{p50:.1f} ms", samples=str(len(took))))
            rows.append(at_most(f"{kind}: {what}, p99", p99, MOST, "{:.1f} ms", str(len(took))))
    return rows


def _asked(numbers: list[str]) -> Iterator[tuple[str, list[str]]]:
    """What is measured, with the paths that take turns."""
    yield "dispatch list, first page", ["dispatch?limit=20"]
    yield "dispatch list of a county", [f"dispatch?county={UNIT}&limit=20"]
    yield "orders of a bureau", [f"orders?unit={UNIT}&limit=50"]
    yield "overdue orders of a bureau", [f"orders?unit={UNIT}&overdue=true&limit=50"]
    yield "orders that wait for a leader", ["orders?state=extension_asked&limit=50"]
    yield "one item", [f"queue/{number}" for number in numbers]
    yield "orders of one item", [f"queue/{number}/orders" for number in numbers]
    yield "supervision", ["supervision"]


async def _took(site: RealSite, paths: list[str], count: int) -> list[float]:
    took = []
    for place in range(count + 5):
        began = time.perf_counter()
        path = paths[place % len(paths)]
        async with site.client.get(f"/api/v1/{path}", headers=site.bearer("supervisor")) as answer:
            body = await answer.read()
            assert answer.status == 200, (path, body[:300])
        took.append(time.perf_counter() - began)
    return took[5:]


# ------------------------------------------------------------ filling


async def _filled(storage: Storage, scale: Scale) -> list[str]:
    """Numbers of some of the items, over the whole of them."""
    settings, rules = load(ROOT / "gateway.toml"), load_rules(ROOT / "rules", REGISTRY)
    chance, now = Random(12315), datetime.now(UTC)
    today = now.astimezone(settings.zone).date()
    inventor = inventor_of(settings, rules, chance, today)
    behind = 0
    for back in range(DAYS, 0, -1):
        share = scale.base * (DAYS - back + 1) // DAYS - behind
        arrivals = inventor.day(today - timedelta(days=back), share, behind, now=now)
        behind += await bulk.add_day(
            *(storage.database, today - timedelta(days=back), arrivals, rules.due),
            lambda: number.query_code(chance.getrandbits(40)),
        )
    await ensure_units(storage, rules, "bench", utc_now())
    await DemoOrders(storage, rules, settings.zone, chance, now - timedelta(hours=1)).make(scale.orders)
    await storage.database.write(_begin_copies)
    for copy in range(1, scale.items // scale.base):
        await storage.database.write(lambda t: _copy(t, copy))  # noqa: B023
    await bulk.analyse(storage.database)
    wanted = text(
        "SELECT number FROM orders WHERE number NOT LIKE '0%' ORDER BY id"
    )  # copies have no sound ones
    numbers = await storage.database.read(lambda t: list(t.execute(wanted).scalars()))
    return numbers[:: max(1, len(numbers) // 50)]


def _begin_copies(t: Connection) -> None:
    """The first items, each with a place among them."""
    t.execute(
        text("CREATE TABLE bench_base (number VARCHAR(12) PRIMARY KEY, place INTEGER NOT NULL)")
    ).close()
    counted = "SELECT number, row_number() OVER (ORDER BY number) FROM items"
    t.execute(text(f"INSERT INTO bench_base (number, place) {counted}")).close()


def _copy(t: Connection, copy: int) -> None:
    """All that there is of the first items once more, under other numbers."""
    numbered = f"'{copy:06}' || substr(CAST(1000000 + bench_base.place AS TEXT), 2)"
    for name in COPIED:
        made = {
            "number": numbered,
            "id": f"id + {copy * APART}",
            "order_id": f"order_id + {copy * APART}",
            "key": "NULL",
        }
        columns = [column.name for column in meta.tables[name].columns]
        names = ", ".join(f'"{column}"' for column in columns)
        taken = ", ".join(made.get(column, f'{name}."{column}"') for column in columns)
        source = f"{name} JOIN bench_base ON bench_base.number = {name}.number"
        t.execute(text(f"INSERT INTO {name} ({names}) SELECT {taken} FROM {source}")).close()
