"""Work that is left from an older database: in batches, beside the gateway, and as often as it is begun."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from gateway.core.item.contact import Kind, Person
from gateway.core.item.item import QueueQuery
from gateway.errors import StorageDown
from gateway.storage import Storage, Transaction
from gateway.storage.database import Database
from gateway.storage.one_time_work import BATCH, Batch, OneTimeWork
from gateway.web.api import translate
from tests.storage.databases import Clock, contact, intake_on

MANY = 3 * BATCH + 1
COPY = """INSERT INTO items (number, query_code, channel, kind, task, state, received_at, anonymous,
person_name, person_phone) SELECT :number, query_code, channel, kind, task, state, received_at, anonymous,
:name, :phone FROM items WHERE number = :of"""


async def with_open_reports(storage: Storage) -> str:
    """A database with so many reports whose identities stand in the open; the number of one of them."""
    said = contact(kind=Kind.REPORT, person=Person("李举报", "13935701234"))
    of = (await intake_on(storage, Clock()).submit(said)).number
    rows = [
        {"number": f"2501{n:08}", "of": of, "name": f"举报人{n}", "phone": f"139{n:08}"} for n in range(MANY)
    ]
    await storage.database.write(lambda t: t.execute(text(COPY), rows).close())
    return rows[-1]["number"]


def still_open(t: Transaction) -> int:
    return int(t.execute(text("SELECT count(*) FROM items WHERE person_name LIKE '举报人%'")).scalar_one())


async def test_an_interrupted_run_goes_on_where_it_was(storage: Storage) -> None:
    await with_open_reports(storage)
    began = 0

    def fails_at_the_second(t: Transaction, after: str, limit: int) -> Batch:
        nonlocal began
        began += 1
        if began == 2:
            raise StorageDown("away")
        return storage.identities.seal_old(t, after, limit)

    with pytest.raises(StorageDown):
        await OneTimeWork(storage.database, {"sealing": fails_at_the_second}).run()
    assert await storage.database.read(still_open) == MANY - BATCH
    done = await storage.one_time_work.run()
    assert done["sealing identities of reports"] == MANY - BATCH
    assert await storage.database.read(still_open) == 0
    assert (await storage.one_time_work.run())["sealing identities of reports"] == 0


async def test_what_is_not_sealed_yet_is_withheld_and_survives_a_write_up(storage: Storage) -> None:
    number = await with_open_reports(storage)
    intake = intake_on(storage, Clock())
    await intake.claim("agent1", QueueQuery(), number)
    shown = translate.whole(await intake.get(number))
    assert shown.withheld and shown.person.name == "" and shown.person.phone == ""
    words = contact("x", kind=Kind.REPORT, person=Person(), content="售假")
    item = (await intake.fill_in(number, words, "agent1")).item
    known = await storage.database.read(lambda t: storage.items.person_of(t, item))
    assert known == Person(f"举报人{MANY - 1}", f"139{MANY - 1:08}")


async def test_a_long_migration_is_not_cut_off(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"gateway.storage.{module}.LIMIT", 0.2)
    monkeypatch.setattr("gateway.storage.sqlite.Sqlite._ask.__defaults__", (0.2,))
    monkeypatch.setattr("gateway.storage.postgres.STATEMENT_SECONDS", 0.2)

    def slow(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_sleep(0.6)"))
        else:
            time.sleep(0.6)
        connection.execute(text("CREATE TABLE slowly (a integer)"))

    monkeypatch.setattr("gateway.storage.database.upgrade", slow)
    database = Database(empty_url)
    await database.open()
    assert await database.read(lambda t: t.execute(text("SELECT count(*) FROM slowly")).scalar()) == 0
    await database.close()


async def test_a_start_does_not_wait_for_it(url: str, tmp_path: Path) -> None:
    storage = await Storage.open(url, tmp_path)
    await with_open_reports(storage)
    await storage.close()
    again = await Storage.open(url, tmp_path)
    assert await again.database.read(still_open) == MANY
    await again.close()
