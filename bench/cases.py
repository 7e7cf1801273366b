"""Answers of the server with a million items, each page's reads for itself; and claims and submissions.

`--on URL=VAR` measures a database that is there (bench/filling.py makes one); without it, one of each kind
is filled in a temporary folder first, which takes half an hour. Each answer goes through HTTP on loopback,
one at a time.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import func, make_url, select, text

from bench.case_reads import Read, reads, sample
from bench.filling import fill
from bench.storage import contact
from bench.table import Part, Row, percentile
from gateway.cases.follow_ups import FollowUps
from gateway.channels.registry import REGISTRY
from gateway.core.item.item import QueueQuery
from gateway.core.item.lists import ListQuery, Tab
from gateway.intake.intake import Intake
from gateway.rules.load import load_rules
from gateway.storage import Storage
from gateway.storage.tables import items, orders
from tests.storage.postgres_server import postgres_server
from tests.web.real_site import ZONE, Later, RealSite, real_site

ROOT = Path(__file__).resolve().parents[1]
MOST = 100.0  # ms at p99
EMPTY = "bench_empty"  # database beside one of PostgreSQL; dropped again


@dataclass(frozen=True, slots=True)
class Scale:
    """`orders` are made through the services, the others are copies; `asked` is how often each is read,
    `written` how many items are submitted and claimed."""

    items: int = 1_000_000
    orders: int = 1500
    asked: int = 100
    written: int = 300


FULL = Scale()
QUICK = Scale(items=2000, orders=20, asked=3, written=5)


def measure(scale: Scale = FULL, on: Sequence[str] = ()) -> Part:
    """`on`: databases that are there, as URL=VAR. Items are submitted there and stay."""
    rows: list[Row] = []
    notes = []
    with tempfile.TemporaryDirectory(prefix="bench-cases-") as folder:
        for url, var in map(_place, on) if on else _new(Path(folder)):
            if not on:
                asyncio.run(fill(url, var, scale.items, scale.orders))
            note, measured = asyncio.run(_measured(url, var, Path(folder), scale))
            rows += measured
            notes.append(note)
    notes.append(
        "Measured: p50 / p99 of whole answers over loopback, one request at a time, and the processor time "
        "of one, of client, gateway and database together."
    )
    return Part("cases", "Lists, search, orders and supervision with many items", tuple(rows), tuple(notes))


def _place(on: str) -> tuple[str, Path]:
    """URL=VAR; the last equals sign parts them."""
    url, _, var = on.rpartition("=")
    return url, Path(var)


def _new(folder: Path) -> Sequence[tuple[str, Path]]:
    server = postgres_server()
    name = asyncio.run(server.create())
    return [
        (f"sqlite:///{folder / 'sqlite' / 'gateway.db'}", folder / "sqlite"),
        (server.url(name), folder / "postgresql"),
    ]


async def _measured(url: str, var: Path, folder: Path, scale: Scale) -> tuple[str, list[Row]]:
    kind = url.partition(":")[0]
    follow_ups = Later()
    async with real_site(var, url=url, follow_ups=follow_ups) as site:
        follow_ups.real = FollowUps(site.intake.changes, load_rules(ROOT / "rules", REGISTRY), ZONE)
        clock = await CpuClock.of(site.storage)
        of = await site.storage.database.read(sample)
        today = datetime.now(ZONE).date()
        rows = [await _read(kind, site, clock, each, scale) for each in reads(of, today)]
        rows += [await _asked(kind, what, clock, do, scale) for what, do in _direct(site.storage)]
        rows += await _written(url, site, folder, scale)
        return await _note(kind, site.storage), rows


async def _note(kind: str, storage: Storage) -> str:
    def counted(t) -> list[int]:  # type: ignore[no-untyped-def]
        return [t.execute(select(func.count()).select_from(table)).scalar_one() for table in (items, orders)]

    of_items, of_orders = await storage.database.read(counted)
    return f"{kind}: {of_items:,} items, {of_orders:,} orders."


# ------------------------------------------------------------ reads


async def _read(kind: str, site: RealSite, clock: CpuClock, wanted: Read, scale: Scale) -> Row:
    paths, place = wanted.paths, 0

    async def ask() -> None:
        nonlocal place
        path = paths[place % len(paths)]
        place += 1
        async with site.client.get(f"/api/v1/{path}", headers=site.bearer("supervisor")) as answer:
            body = await answer.read()
            assert answer.status == 200, (path, body[:300])

    return await _asked(
        kind, wanted.what, clock, ask, replace(scale, asked=int(scale.asked * wanted.often) + 1)
    )


def _direct(storage: Storage) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
    """What the server shares among those who ask, or looks for by itself."""
    now = datetime.now(UTC)
    today = now.astimezone(ZONE).date()
    midnight = datetime.combine(today, datetime.min.time(), ZONE)
    query = ListQuery(Tab.MINE, "agent1", now, today, midnight)
    read = storage.database.read
    return [
        ("counts of all tabs", lambda: storage.lists.counts(query)),
        ("count of mine", lambda: storage.lists.count_mine(query)),
        ("what stands open, for the wallboard", lambda: storage.figures.standing(today, now)),
        (
            "orders that may have reached a rung",
            lambda: read(lambda t: storage.supervision.candidates(t, today, 0, 200)),
        ),
        ("orders to be told", lambda: read(lambda t: storage.orders.told(t, 0, 100))),
    ]


async def _asked(
    kind: str, what: str, clock: CpuClock, do: Callable[[], Awaitable[object]], scale: Scale
) -> Row:
    await do()
    took, cpu = [], clock.read()
    for _ in range(scale.asked):
        began = time.perf_counter()
        await do()
        took.append(time.perf_counter() - began)
    each = (clock.read() - cpu) / len(took) * 1000
    p50, p99 = percentile(took, 0.5) * 1000, percentile(took, 0.99) * 1000
    value = f"{p50:.1f} / {p99:.1f} ms, CPU {each:.1f} ms"
    return Row(f"{kind}: {what}", value, f"p99 ≤ {MOST:.0f} ms", p99 <= MOST, str(len(took)))


class CpuClock:
    """Processor time of this process, and of the database's server where it runs on this machine."""

    def __init__(self, backends: Sequence[int]) -> None:
        self._backends = backends

    @classmethod
    async def of(cls, storage: Storage) -> CpuClock:
        if storage.database.sqlite:
            return cls(())
        wanted = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        reads = (storage.database.read(lambda t: list(t.execute(wanted).scalars())) for _ in range(10))
        return cls(sorted({backend for each in await asyncio.gather(*reads) for backend in each}))

    def read(self) -> float:
        """Seconds."""
        return time.process_time() + sum(map(_cpu_of, self._backends))


def _cpu_of(process: int) -> float:
    """Of the time a process was on a processor, in seconds; 0 when it is over."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


# ------------------------------------------------------------ claims and submissions


async def _written(url: str, site: RealSite, folder: Path, scale: Scale) -> list[Row]:
    """In turns in the full database and in an empty one."""
    serial = iter(range(int(time.time() * 1000), 10**15))
    async with _empty(url, folder) as empty:
        intakes = {"full": site.intake, "empty": empty}
        took: dict[str, list[float]] = {
            f"{act} {name}": [] for act in ("submit", "claim") for name in intakes
        }
        for _ in range(scale.written):
            for name, intake in intakes.items():
                received = replace(contact(next(serial)), received_at=datetime.now(UTC))
                await _timed(took[f"submit {name}"], intake.submit(received))
        for _ in range(scale.written):
            for name, intake in intakes.items():
                claimed = await _timed(took[f"claim {name}"], intake.claim("agent1", QueueQuery()))
                assert claimed
                await intake.complete(claimed.item.number, "agent1", "bench")
    rows = []
    for act in ("submit", "claim"):
        full, none = took[f"{act} full"], took[f"{act} empty"]
        ratio = percentile(full, 0.5) / percentile(none, 0.5)
        value = (
            f"{percentile(full, 0.5) * 1000:.2f} / {percentile(full, 0.99) * 1000:.2f} ms, empty: "
            f"{percentile(none, 0.5) * 1000:.2f} / {percentile(none, 0.99) * 1000:.2f} ms, p50 {ratio:.2f}"
        )
        rows.append(
            Row(
                f"{url.partition(':')[0]}: {act}", value, "p50 ≤ 1.25 of empty", ratio <= 1.25, str(len(full))
            )
        )
    return rows


async def _timed(into: list[float], work: Awaitable[object]):  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    value = await work
    into.append(time.perf_counter() - began)
    return value


@asynccontextmanager
async def _empty(url: str, folder: Path) -> AsyncIterator[Intake]:
    """Intake of an empty database: SQLite in `folder`, PostgreSQL on the same server."""
    var = Path(tempfile.mkdtemp(dir=folder))
    if url.startswith("sqlite"):
        async with _intake(f"sqlite:///{var / 'gateway.db'}", var) as intake:
            yield intake
        return
    server = await asyncpg.connect(url)
    try:
        await server.execute(f"CREATE DATABASE {EMPTY}")
        beside = make_url(url).set(database=EMPTY).render_as_string(hide_password=False)
        async with _intake(beside, var) as intake:
            yield intake
        await server.execute(f"DROP DATABASE {EMPTY}")
    finally:
        await server.close()


@asynccontextmanager
async def _intake(url: str, var: Path) -> AsyncIterator[Intake]:
    storage = await Storage.open(url, var)
    try:
        yield Intake(storage, load_rules(ROOT / "rules", REGISTRY), ZONE)
    finally:
        await storage.close()
