"""Disk full, locked, gone, read-only: StorageDown, nothing half-written, and it works again after."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import asyncpg
import pytest

from gateway.core.item.contact import Evidence
from gateway.core.item.item import QueueQuery
from gateway.errors import StorageDown
from gateway.intake.intake import Intake
from gateway.storage import Storage, postgres, sqlite
from tests.storage.databases import Clock, Templates, contact, intake_on
from tests.storage.postgres_server import OWNER, postgres_server

ALL = QueueQuery(limit=200)
READER = """
import asyncio, sys
from pathlib import Path
from gateway.errors import StorageDown
from gateway.storage import Storage

async def main():
    try:
        await Storage.open(f"sqlite:///{sys.argv[1]}", Path(sys.argv[1]).parent)
    except StorageDown:
        print("StorageDown")

asyncio.run(main())
"""


class OnSqlite:
    """An intake on a SQLite file."""

    def __init__(self, file: Path, storage: Storage) -> None:
        self.file = file
        self.storage = storage
        self.intake = intake_on(storage, Clock())

    async def keys_kept(self) -> int:
        return len(await self.intake.page(ALL))


@pytest.fixture
async def place(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OnSqlite]:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    url = await templates.copied("sqlite", tmp_path)
    storage = await Storage.open(url, tmp_path)
    yield OnSqlite(tmp_path / "gateway.db", storage)
    await storage.close()


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """What a full disk is to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def submitted(intake: Intake, keys: Iterator[str] | list[str]) -> list[str]:
    """The keys that were taken."""

    async def one(key: str) -> str | None:
        try:
            await intake.submit(contact(key, content=key * 300))
        except StorageDown:
            return None
        return key

    return [key for key in await asyncio.gather(*map(one, keys)) if key]


@pytest.mark.parametrize("at_once", [1, 10])
async def test_disk_full(place: OnSqlite, at_once: int) -> None:
    assert await submitted(place.intake, ["first"])
    room = Path(f"{place.file}-wal").stat().st_size + 200_000
    taken = 1
    with no_file_longer_than(room):
        for n in range(0, 200, at_once):
            got = await submitted(place.intake, [f"k{n + i}" for i in range(at_once)])
            taken += len(got)
            if len(got) < at_once:
                break
        else:
            pytest.fail("the disk never became full")
        with pytest.raises(StorageDown):
            await place.storage.once.set_mark("big", "x" * 400_000)
        assert await place.keys_kept() == taken
    missing = [f"k{n + i}" for i in range(at_once)]
    assert await submitted(place.intake, missing) == missing
    assert await place.keys_kept() == n + at_once + 1


async def test_no_room_for_a_file(place: OnSqlite, tmp_path: Path) -> None:
    big = tmp_path / "big.mp4"
    big.write_bytes(bytes(3_000_000))
    with_file = contact(evidence=(Evidence(str(big), "big.mp4", "video/mp4"),))
    with no_file_longer_than(2_000_000), pytest.raises(StorageDown):
        await place.intake.submit(with_file)
    assert await place.keys_kept() == 0
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []
    with pytest.raises(StorageDown):
        await place.intake.submit(contact(evidence=(Evidence(str(tmp_path / "gone"), "gone", "x"),)))
    assert (await place.intake.submit(with_file)).repeated is False


async def test_locked_by_another_process(place: OnSqlite) -> None:
    keys = [f"k{n}" for n in range(5)]
    with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await submitted(place.intake, keys) == []
        assert await place.keys_kept() == 0, "reading goes on"
        waiting = asyncio.ensure_future(submitted(place.intake, keys))
        other.execute("ROLLBACK")
        assert await waiting == keys
    assert await place.keys_kept() == 5


async def test_the_file_is_gone(place: OnSqlite) -> None:
    await place.intake.submit(contact("before"))
    elsewhere = place.file.rename(place.file.with_suffix(".elsewhere"))
    for work in (place.intake.submit(contact("after")), place.intake.page(ALL), place.storage.ping()):
        with pytest.raises(StorageDown):
            await work
    assert not place.file.exists(), "no empty one takes its place"
    elsewhere.rename(place.file)
    await place.intake.submit(contact("after"))
    assert await place.keys_kept() == 2


async def test_a_file_without_tables_in_its_place(place: OnSqlite) -> None:
    elsewhere = place.file.rename(place.file.with_suffix(".elsewhere"))
    place.file.touch()
    for work in (place.intake.submit(contact()), place.storage.ping()):
        with pytest.raises(StorageDown):
            await work
    elsewhere.rename(place.file)
    await place.intake.submit(contact())
    assert await place.keys_kept() == 1


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    """Root may write everything, unless it lets go of that."""
    file = tmp_path / "gateway.db"
    file.touch(0o400)
    drop = ["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    as_others = ["setpriv", *drop] if os.geteuid() == 0 else []
    command = [*as_others, sys.executable, "-c", READER, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == ("StorageDown\n", 0), done.stderr
    file.chmod(0o600)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StorageDown):
        await Storage.open(f"sqlite:///{tmp_path / 'var' / 'gateway.db'}", tmp_path)


# ---------------------------------------------------------------- PostgreSQL


async def test_postgres_is_away_for_a_while(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_MS", 200)
    url = await templates.copied("postgresql", tmp_path)
    name = url.split("/")[3].partition("?")[0]
    server = postgres_server()
    storage = await Storage.open(url, tmp_path)
    intake = intake_on(storage, Clock())
    await intake.submit(contact("before"))
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await server.run(ended)
    await intake.submit(contact("a connection that broke is made anew"))
    await server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await server.run(ended)
    for work in (intake.submit(contact("after")), intake.page(ALL), storage.ping()):
        with pytest.raises(StorageDown):
            await work
    await server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await intake.submit(contact("after"))
    other = await asyncpg.connect(host=str(server.folder), user=OWNER, database=name)
    async with other.transaction():
        await other.execute("LOCK TABLE serials")
        assert await submitted(intake, ["locked"]) == []
    await other.close()
    assert await submitted(intake, ["locked"]) == ["locked"]
    assert len(await intake.page(ALL)) == 4
    await storage.close()
