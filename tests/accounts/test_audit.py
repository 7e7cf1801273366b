"""The audit log on both databases: chained, only ever added to, whole whoever writes at once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from gateway.core.audit import ASKER, Asker, Entry
from gateway.core.audit_segment import Segment
from gateway.core.item.item import QueueQuery
from gateway.errors import Conflict, SetupError, StorageDown
from gateway.intake.intake import Intake
from gateway.storage import Storage
from tests.storage.databases import contact

OFF = {
    True: ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    False: ("ALTER TABLE audit DISABLE TRIGGER ALL",),
}


async def noted(storage: Storage, count: int = 5) -> None:
    for n in range(count):
        await storage.audit.note("item.view", f"item{n}", {"n": n}, who="agent1")


async def tampered(storage: Storage, statement: str) -> None:
    """As somebody would who rules the database."""
    for off in OFF[storage.database.sqlite]:
        await storage.database.write(lambda t: t.execute(text(off)).close())  # noqa: B023
    await storage.database.write(lambda t: t.execute(text(statement)).close())


async def test_a_whole_log(storage: Storage) -> None:
    await noted(storage)
    assert (await storage.audit.verify()).rows == 5
    assert not (await storage.audit.verify()).broken
    newest = (await storage.audit.page(limit=1))[0]
    assert (newest.seq, newest.about, newest.detail, newest.who) == (5, "item4", '{"n":4}', "agent1")
    assert [row.seq for row in await storage.audit.page(before=3)] == [2, 1]
    assert [row.seq for row in await storage.audit.page(about="item2")] == [3]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET who = 'x' WHERE seq = 2", "DELETE FROM audit WHERE seq = 2", "DELETE FROM audit"],
)
async def test_the_database_refuses_changes(storage: Storage, statement: str) -> None:
    await noted(storage)
    with pytest.raises(StorageDown):
        await storage.database.write(lambda t: t.execute(text(statement)).close())
    assert (await storage.audit.verify()).rows == 5


async def test_postgresql_refuses_to_empty_the_table(storage: Storage) -> None:
    await noted(storage)
    if not storage.database.sqlite:
        with pytest.raises(StorageDown):
            await storage.database.write(lambda t: t.execute(text("TRUNCATE audit")).close())
    assert (await storage.audit.verify()).rows == 5


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET who = 'somebody' WHERE seq = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit SET detail = '{}' WHERE seq = 5", 5),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("UPDATE audit SET seq = 9 WHERE seq = 5", 5),
        ("UPDATE audit SET hash = prev WHERE seq = 4", 4),
    ],
)
async def test_what_was_tampered_with_is_named(storage: Storage, statement: str, broken: int) -> None:
    await noted(storage)
    await tampered(storage, statement)
    assert (await storage.audit.verify()).broken == broken


async def test_a_tail_cut_off_shows_against_the_head(storage: Storage) -> None:
    await noted(storage)
    await storage.audit.keep_head()
    await tampered(storage, "DELETE FROM audit WHERE seq > 3")
    found = await storage.audit.verify()
    assert found.broken == 4 and "5 rows" in found.why


async def test_rows_put_in_place_of_a_tail_show_and_the_head_stays(storage: Storage) -> None:
    await noted(storage)
    await storage.audit.keep_head()
    await tampered(storage, "DELETE FROM audit WHERE seq > 3")
    await noted(storage, 6)
    await storage.audit.keep_head()
    assert (await storage.audit.verify()).broken == 5


async def test_a_row_with_a_hash_made_without_the_key(storage: Storage) -> None:
    await noted(storage, 1)
    last = (await storage.audit.page())[0]
    values = f"(2, 1, 'agent1', '', 'item.view', '', '{{}}', '{last.hash}', '{'a' * 64}')"
    await storage.database.write(lambda t: t.execute(text(f"INSERT INTO audit VALUES {values}")).close())
    assert (await storage.audit.verify()).broken == 2


async def test_the_chain_holds_when_many_write_at_once(url: str, tmp_path: Path) -> None:
    """Two gateways on one database, each with many at a time."""
    one, two = await Storage.open(url, tmp_path), await Storage.open(url, tmp_path)
    try:
        every = [store.audit.note("item.view", f"{n}", who="a") for n in range(60) for store in (one, two)]
        await asyncio.gather(*every)
        found = await one.audit.verify()
        assert (found.rows, found.broken) == (120, 0)
    finally:
        await one.close()
        await two.close()
    opened = await Storage.open(url, tmp_path)
    assert not (await opened.audit.verify()).broken
    await opened.close()


async def test_a_change_and_its_line_are_one(storage: Storage, intake: Intake) -> None:
    receipt = await intake.submit(contact())
    assert await storage.audit.page() == []  # what a citizen does stands in the timeline
    ASKER.set(Asker("agent1", "10.0.0.7"))
    await intake.claim("agent1", QueueQuery())
    with pytest.raises(Conflict):
        await intake.complete(receipt.number, "agent2", "已答复")
    await intake.complete(receipt.number, "agent1", "done")
    rows = [(row.what, row.about, row.who, row.address) for row in await storage.audit.page()]
    assert rows == [
        ("item.complete", receipt.number, "agent1", "10.0.0.7"),
        ("item.claim", receipt.number, "agent1", "10.0.0.7"),
    ]


async def test_what_no_database_takes_is_kept_and_still_holds(storage: Storage) -> None:
    await storage.audit.note("x" * 100, "a\0b\ud83d", {"n": "\ud83d\0"}, who="坐席" * 50)
    assert not (await storage.audit.verify()).broken


ZONE = ZoneInfo("Asia/Shanghai")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=ZONE)


async def two_years(storage: Storage) -> None:
    """Three rows of 2024, the last one a millisecond before it ends in the centre's zone, and two of 2025."""
    ends = datetime(2025, 1, 1, tzinfo=ZONE)
    ats = [ends - timedelta(days=200), ends - timedelta(days=1), ends - timedelta(milliseconds=1), ends]
    for at in (*ats, ends + timedelta(days=1)):
        entry = Entry(at, "agent1", "item.view", "1", {})
        await storage.database.write(lambda t, entry=entry: storage.audit.write(t, entry))


async def moved(storage: Storage, year: int = 2024) -> Segment | None:
    return await storage.audit.move_year(year, ZONE, "retention", NEW_YEAR)


async def test_a_year_is_moved_into_a_sealed_file(storage: Storage) -> None:
    log = storage.audit
    await two_years(storage)
    await log.keep_head()
    assert await log.segments.years(NEW_YEAR.replace(year=2025)) == [2024]
    segment = await moved(storage)
    assert segment and (segment.first, segment.last) == (1, 3)
    assert [row.seq for row in log.segments.rows_of(2024)] == [1, 2, 3]
    assert [row.seq for row in reversed(await log.page())] == [4, 5, 6]
    newest = (await log.page(limit=1))[0]
    assert (newest.what, newest.about, newest.who) == ("audit.segment", "2024", "retention")
    assert (await log.verify()).rows == 6
    with pytest.raises(StorageDown):  # what was not moved is guarded as before
        await storage.database.write(lambda t: t.execute(text("DELETE FROM audit WHERE seq = 4")).close())
    assert await moved(storage, 2025) and (await log.page(limit=1))[0].seq == 7
    assert (await log.verify()).rows == 7 and await log.segments.years(NEW_YEAR) == []
    await log.keep_head()
    assert not (await log.verify()).broken


async def test_a_year_that_was_changed_or_lost_shows(storage: Storage) -> None:
    await two_years(storage)
    segment = await moved(storage)
    assert segment
    file = storage.audit.segments.folder / segment.file
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    assert "was changed" in (await storage.audit.verify()).why
    file.unlink()
    assert "is missing" in (await storage.audit.verify()).why
    file.write_bytes(whole)
    assert not (await storage.audit.verify()).broken
    await tampered(storage, "UPDATE audit_segments SET last = 2")
    assert "the segment of 2024 was changed" in (await storage.audit.verify()).why


async def test_a_broken_log_is_not_moved_and_a_move_cut_short_is_gone_on_with(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_years(storage)

    async def cut_short() -> None:
        raise StorageDown("gone")

    with monkeypatch.context() as without:
        without.setattr(storage.audit.segments, "end_rows", cut_short)
        with pytest.raises(StorageDown):
            await moved(storage)
    assert await moved(storage) is not None, "nothing was written before"
    await tampered(storage, "UPDATE audit SET who = 'x' WHERE seq = 5")
    with pytest.raises(SetupError, match="row 5"):
        await moved(storage, 2025)
