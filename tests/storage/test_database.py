"""Transactions, migrations and what is told of trouble, on both kinds of database."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text

from gateway.core.item.states import QUEUED
from gateway.errors import SetupError, StorageDown
from gateway.storage import Storage, Transaction
from gateway.storage.sqlite import CHECKPOINT, MOVED
from gateway.storage.tables import WAITING, gaps, meta

OPENER = """
import asyncio, sys
from pathlib import Path
from gateway.storage import Storage

async def main():
    sys.stdin.readline()
    storage = await Storage.open(sys.argv[1], Path(sys.argv[2]))
    await storage.calls.keep([])
    print(await storage.items.counts())
    await storage.close()

asyncio.run(main())
"""


def add(why: str) -> object:
    def added(t: Transaction) -> str:
        t.execute(insert(gaps), {"began_at": 1, "ended_at": 2, "why": why})
        return why

    return added


async def whys(storage: Storage) -> list[str]:
    return await storage.database.read(
        lambda t: list(t.execute(select(gaps.c.why).order_by(gaps.c.id)).scalars())
    )


async def test_the_log_of_a_busy_database_is_moved_into_its_file(tmp_path: Path) -> None:
    """By a thread beside the writer; when that falls behind, by the writer, so that it never grows on."""
    file = tmp_path / "gateway.db"
    storage = await Storage.open(f"sqlite:///{file}", tmp_path)
    try:
        before = file.stat().st_size
        for _ in range(2 * MOVED // 50):
            await asyncio.gather(*(storage.database.write(add("x" * 4000)) for _ in range(50)))
        async with asyncio.timeout(10):
            while file.stat().st_size < before + 1_000_000:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.02)
        assert Path(f"{file}-wal").stat().st_size < (CHECKPOINT + 1000) * 4200
        assert len(await whys(storage)) == 2 * MOVED
    finally:
        await storage.close()


async def test_what_fails_leaves_nothing(storage: Storage) -> None:
    def fails(t: Transaction) -> None:
        t.execute(insert(gaps), {"began_at": 1, "ended_at": 2, "why": "half"})
        raise LookupError("ours")

    with pytest.raises(LookupError):
        await storage.database.write(fails)
    assert await whys(storage) == []


async def test_those_who_fail_take_back_their_own_alone(storage: Storage) -> None:
    def body(n: int) -> object:
        def run(t: Transaction) -> int:
            t.execute(insert(gaps), {"began_at": 1, "ended_at": 2, "why": str(n)})
            if n % 3 == 0:
                raise LookupError(str(n))
            if n % 7 == 0:
                t.execute(text("insert into gaps (nowhere) values (1)"))
            return n

        return run

    wanted = [n for n in range(100) if n % 3 and n % 7]
    done = await asyncio.gather(
        *(storage.database.write(body(n)) for n in range(100)), return_exceptions=True
    )
    assert [n for n in done if isinstance(n, int)] == wanted
    assert sorted(int(why) for why in await whys(storage)) == wanted
    assert {type(e) for e in done if not isinstance(e, int)} == {LookupError, StorageDown}


async def test_what_is_answered_can_be_read(storage: Storage) -> None:
    async def one(n: int) -> None:
        await storage.database.write(add(str(n)))
        assert str(n) in await whys(storage)

    await asyncio.gather(*(one(n) for n in range(30)))


async def test_a_body_that_nobody_waits_for_any_more_does_no_harm(storage: Storage) -> None:
    task = asyncio.ensure_future(storage.database.write(add("given up")))
    others = [asyncio.ensure_future(storage.database.write(add(str(n)))) for n in range(5)]
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(*others)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {*map(str, range(5))} <= {*await whys(storage)} <= {"given up", *map(str, range(5))}


async def test_after_close_it_is_away(storage: Storage) -> None:
    await storage.ping()
    if not storage.database.sqlite:
        return
    await storage.close()
    with pytest.raises(StorageDown):
        await storage.ping()
    with pytest.raises(StorageDown):
        await storage.database.write(add("late"))


async def test_nothing_of_what_was_written_is_logged(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    def twice(t: Transaction) -> None:
        for _ in range(2):
            values = {"name": "王小明的电话 13835700000", "value": "x"}
            t.execute(text("insert into once_marks (name, value) values (:name, :value)"), values)

    with caplog.at_level(logging.DEBUG), pytest.raises(StorageDown) as caught:
        await storage.database.write(twice)
    logging.getLogger(__name__).error("as others log it", exc_info=caught.value)
    assert "storage: " in caplog.text and "insert into once_marks" in caplog.text
    assert "王小明" not in caplog.text and "13835700000" not in caplog.text


# ---------------------------------------------------------------- migrations


def _in_tables_py(name: str | None, kind: str, parents: object) -> bool:
    """The index of the search is written by its migration alone."""
    return not (kind == "table" and str(name).startswith("search_"))


def differences(connection: Connection) -> list[object]:
    opts = {"compare_type": True, "include_name": _in_tables_py}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, meta))


async def test_migrations_lead_to_the_tables(empty_url: str, tmp_path: Path) -> None:
    storage = await Storage.open(empty_url, tmp_path)
    assert await storage.database.write(differences) == []
    await storage.close()


async def test_two_that_open_a_fresh_database_at_once(empty_url: str, tmp_path: Path) -> None:
    told = await asyncio.to_thread(opened_by_three, empty_url, tmp_path)
    assert told == [("[]\n", "")] * 3


def opened_by_three(url: str, folder: Path) -> list[tuple[str, str]]:
    """What three processes print that open it at once."""
    command = [sys.executable, "-c", OPENER, url, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    openers = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for opener in openers:
        assert opener.stdin
        opener.stdin.write("go\n")
        opener.stdin.flush()
    return [opener.communicate(timeout=60) for opener in openers]


async def test_a_database_of_a_newer_gateway_is_refused(url: str, tmp_path: Path) -> None:
    storage = await Storage.open(url, tmp_path)
    newer = text("update alembic_version set version_num = '9999'")
    await storage.database.write(lambda t: t.execute(newer).close())
    await storage.close()
    with pytest.raises(SetupError, match="newer gateway"):
        await Storage.open(url, tmp_path)


def test_the_index_of_what_waits_is_of_the_states_that_are_queued() -> None:
    states = ", ".join(f"'{state}'" for state in sorted(QUEUED))
    assert {str(where).lstrip("+") for where in WAITING.values()} == {f"state IN ({states})"}


@pytest.mark.parametrize(
    "address",
    ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql://host:port/x", "gateway.db"],
)
async def test_an_address_that_cannot_be(address: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"database\.url"):
        await Storage.open(address, tmp_path)


async def test_postgres_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageDown):
        await Storage.open(f"postgresql://gateway@/none?host={tmp_path}", tmp_path)
