"""Durable submissions through Intake.submit beside bare SQLite commits of the very same rows.

Each round submits to a fresh database by one submitter and to another by fifty at once, then reads
the rows of the first back and writes them to a third with Python's sqlite3 alone: one transaction
for each item, the same tables and indexes, WAL and synchronous=FULL, the same folder. Rounds take
turns in their order. The longer part fills a queue and looks whether intake and claim feel it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from bench.table import Part, Row, at_least, at_most, percentile
from gateway.channels.registry import REGISTRY
from gateway.core.call.record import CallRecord, PathStep
from gateway.core.item.contact import Channel, Contact, Kind, Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.intake.intake import Intake
from gateway.rules.load import load_rules
from gateway.storage import Storage
from gateway.storage.sqlite import CHECKPOINT

ROOT = Path(__file__).resolve().parents[1]
ZONE = ZoneInfo("Asia/Shanghai")
RATIO = 0.6  # of bare commits at least
SUBMIT_CPU = 1.5  # ms at most
KEEP_CPU = 0.5  # ms at most
CLAIM = 5.0  # ms at p99 with a long queue
FALL = 0.9  # of the rate with an empty queue at least
CONTENT = "在该店购买电热水壶，三天后漏电跳闸，商家拒绝退货，只肯维修。小票和照片都在，要求退一赔三。"

DATABASE = "gateway.db"  # in the var/ of an installation
ITEM_TABLES = ("contacts", "items", "dues", "timeline", "outbox")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    rounds: int = 5
    items: int = 1000  # of one submitter, and of fifty together, in each round
    calls: int = 1000
    waiting: int = 100_000


FULL = Scale()
QUICK = Scale(rounds=2, items=200, calls=200, waiting=2000)


@dataclass(slots=True)
class Measured:
    """Seconds for so many items of all rounds; processor seconds beside them."""

    took: float = 0.0
    cpu: float = 0.0
    items: int = 0
    each: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.items / self.took

    @property
    def cpu_ms(self) -> float:
        return self.cpu / self.items * 1000


def measure(scale: Scale = FULL) -> Part:
    """About a minute for FULL. The databases lie in a temporary folder (TMPDIR moves it)."""
    bare, one, fifty, keeps = Measured(), Measured(), Measured(), Measured()
    with tempfile.TemporaryDirectory(prefix="bench-storage-") as folder:
        for number in range(scale.rounds):
            uvloop.run(_round(Path(folder) / str(number), scale, bare, one, fifty, keeps, turned=number % 2))
        empty, full, claims = uvloop.run(_long_queue(Path(folder) / "queue", scale))
    rows = [
        Row("bare SQLite commits of the same rows", _rate(bare), samples=str(bare.items)),
        Row("durable submissions, 1 submitter", _rate(one), samples=str(one.items)),
        Row("durable submissions, 50 submitters", _rate(fifty), samples=str(fifty.items)),
        at_least("1 submitter : bare commits", one.rate / bare.rate, RATIO, "{:.2f}"),
        at_least("50 submitters : bare commits", fifty.rate / bare.rate, RATIO, "{:.2f}"),
        at_most("CPU of a submission, 1 submitter", one.cpu_ms, SUBMIT_CPU, "{:.2f} ms"),
        at_most("CPU of a submission, 50 submitters", fifty.cpu_ms, SUBMIT_CPU, "{:.2f} ms"),
        Row("CPU of the same rows, bare", f"{bare.cpu_ms:.2f} ms"),
        at_most("CPU of one call record kept", keeps.cpu_ms, KEEP_CPU, "{:.2f} ms", str(keeps.items)),
        at_least(
            f"submissions with {scale.waiting:,} waiting : with none", full.rate / empty.rate, FALL, "{:.2f}"
        ),
        at_most(
            f"claim with {scale.waiting:,} waiting, p99",
            percentile(claims.each, 0.99) * 1000,
            CLAIM,
            "{:.2f} ms",
            str(len(claims.each)),
        ),
    ]
    note = (
        "One round is one database each; a submission is the contact, the item, its clocks, a line of the "
        "timeline and a message to be sent, in one transaction that is on the disk before it is answered."
    )
    return Part("storage", "Durable submissions beside bare commits", tuple(rows), (note,))


def _rate(measured: Measured) -> str:
    return f"{measured.rate:,.0f} a second"


async def _round(
    folder: Path,
    scale: Scale,
    bare: Measured,
    one: Measured,
    fifty: Measured,
    keeps: Measured,
    turned: int,
) -> None:
    both = [(one, 1), (fifty, 50)]
    for into, submitters in reversed(both) if turned else both:
        storage, intake = await opened(folder / f"by{submitters}")
        await _submit(intake, into, range(scale.items), submitters)
        if submitters == 1:
            await _keep(storage, keeps, scale.calls)
        await storage.close()
    storage, _ = await opened(folder / "bare")
    await storage.close()
    bare_commits(folder / "by1" / DATABASE, folder / "bare" / DATABASE, bare)


async def opened(var: Path) -> tuple[Storage, Intake]:
    """An installation of its own: a second database beside the first one's data is refused."""
    var.mkdir(parents=True, exist_ok=True)
    storage = await Storage.open(f"sqlite:///{var / DATABASE}", var)
    intake = Intake(storage, load_rules(ROOT / "rules", REGISTRY), ZONE)
    await intake.submit(contact(-1))  # what is made once is made
    return storage, intake


def contact(number: int) -> Contact:
    """A complaint as people write them."""
    return Contact(
        key=f"bench:{number}",
        channel=Channel.WEB,
        kind=Kind.COMPLAINT,
        received_at=datetime(2026, 3, 2, 1, tzinfo=UTC) + timedelta(seconds=number / 10),
        person=Person("王小明", f"138{number:08}", address="尧都区鼓楼北大街 1 号"),
        respondent=Respondent("临汾市某电器商行", "尧都区解放路 2 号", "0357-2000000"),
        content=CONTENT * 3,
        claims=("退货", "赔偿损失"),
        amount=19900,
        county="141002",
    )


async def _submit(intake: Intake, into: Measured, numbers: Sequence[int], submitters: int) -> None:
    waiting = iter(numbers)

    async def submitter() -> None:
        for number in waiting:
            await intake.submit(contact(number))

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(submitter() for _ in range(submitters)))
    into.took += time.perf_counter() - began
    into.cpu += time.process_time() - cpu
    into.items += len(numbers)


async def _keep(storage: Storage, into: Measured, count: int) -> None:
    at = datetime(2026, 3, 2, 1, tzinfo=UTC)
    path = tuple(PathStep(at, f"step{n}", "1") for n in range(4))
    record = CallRecord("", "in", "13800000000", "12315", 1, at, path=path)
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        await storage.calls.keep([replace(record, id=f"1772000000.{number}")])
    into.took += time.perf_counter() - began
    into.cpu += time.process_time() - cpu
    into.items += count


# ------------------------------------------------------------ bare commits


def bare_commits(source: Path, target: Path, into: Measured) -> None:
    """Write every item of `source` to `target`, a commit for each."""
    with closing(sqlite3.connect(source)) as read:
        written = list(_rows_by_item(read))
    with closing(sqlite3.connect(target, isolation_level=None)) as write:
        write.execute("PRAGMA synchronous=FULL")
        write.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
        for table in (*ITEM_TABLES, "serials"):
            write.execute(f"DELETE FROM {table}")
        began, cpu = time.perf_counter(), time.process_time()
        for day, statements in written:
            write.execute("BEGIN IMMEDIATE")
            write.execute(_SERIAL, (day,)).fetchone()
            for statement, values in statements:
                write.executemany(statement, values)
            write.execute("COMMIT")
        into.took += time.perf_counter() - began
        into.cpu += time.process_time() - cpu
        into.items += len(written)


_SERIAL = "INSERT INTO serials VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last"

Written = list[tuple[str, list[tuple[object, ...]]]]


def _rows_by_item(read: sqlite3.Connection) -> Iterator[tuple[str, Written]]:
    """The day of each item, and the statements and values that write it."""
    inserts = {table: _insert(read, table) for table in ITEM_TABLES}
    for (number,) in read.execute("SELECT number FROM items ORDER BY number").fetchall():
        statements: Written = []
        for table, statement in inserts.items():
            found = read.execute(f"SELECT * FROM {table} WHERE number = ?", (number,)).fetchall()
            statements.append((statement, found))
        yield number[:6], statements


def _insert(read: sqlite3.Connection, table: str) -> str:
    columns = len(read.execute(f"PRAGMA table_info({table})").fetchall())
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"


# ------------------------------------------------------------ a long queue


async def _long_queue(folder: Path, scale: Scale) -> tuple[Measured, Measured, Measured]:
    """Submissions with an empty queue and with a long one, and claims from the long one."""
    empty, full, claims = Measured(), Measured(), Measured()
    storage, intake = await opened(folder / "empty")
    filled, full_intake = await opened(folder / "full")
    await filled.close()
    _fill(folder / "full" / DATABASE, scale.waiting)
    filled, full_intake = await opened(folder / "full")
    for turn in range(4):
        numbers = range(turn * scale.items, (turn + 1) * scale.items)
        for one, into in ((intake, empty), (full_intake, full)):
            await _submit(one, into, numbers, 50)
    for number in range(scale.items):
        began = time.perf_counter()
        claimed = await full_intake.claim(f"agent{number % 4}", QueueQuery())
        claims.each.append(time.perf_counter() - began)
        assert claimed
        await full_intake.complete(claimed.item.number, f"agent{number % 4}", "bench")
    await storage.close()
    await filled.close()
    return empty, full, claims


def _fill(file: Path, count: int) -> None:
    """Copies of the one item that is there, under numbers of earlier days."""
    with closing(sqlite3.connect(file)) as write:
        write.execute("PRAGMA synchronous=OFF")
        for table in ITEM_TABLES:
            columns = [row[1] for row in write.execute(f"PRAGMA table_info({table})")]
            made = {"number": "printf('25%010d', n)", "key": "printf('old:%d', n)", "id": "NULL"}
            made["received_at"] = "received_at - 100000000 + n"
            taken = ", ".join(made.get(name, f'"{name}"') for name in columns)
            write.execute(
                f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)"
                f" INSERT INTO {table} SELECT {taken} FROM {table}, counted",
                (count,),
            )
        write.commit()
    os.sync()
