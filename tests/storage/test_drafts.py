"""Drafts of calls on both kinds of database: nothing that was typed is written over unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import StorageDown
from gateway.storage import Storage
from tests.storage.databases import MONDAY


async def test_a_draft_is_saved_upon_the_version_that_was_seen(storage: Storage) -> None:
    drafts = storage.drafts
    empty = await drafts.open("1.1", "agent1", MONDAY)
    assert (empty.version, empty.text) == (0, "")
    first = await drafts.save("1.1", "agent1", 0, "买到", MONDAY)
    assert first and first.version == 1
    second = await drafts.save("1.1", "agent1", 1, "买到过期食品", MONDAY)
    assert second and (second.version, second.text) == (2, "买到过期食品")
    assert await drafts.save("1.1", "agent1", 1, "旧", MONDAY) is None
    assert await drafts.save("1.1", "agent1", 0, "旧", MONDAY) is None
    assert (await drafts.open("1.1", "agent1", MONDAY)).text == "买到过期食品"


async def test_an_agents_open_drafts_until_they_are_dropped(storage: Storage) -> None:
    await storage.drafts.open("1.2", "agent1", MONDAY)
    await storage.drafts.save("1.3", "agent1", 0, "一", MONDAY)
    await storage.drafts.save("1.4", "agent2", 0, "二", MONDAY)
    assert [one.call_id for one in await storage.drafts.of_agent("agent1")] == ["1.3"]
    await storage.drafts.drop("1.3")
    assert await storage.drafts.of_agent("agent1") == []


async def rows(storage: Storage) -> str:
    """Every draft as somebody reads it who has the database alone."""
    found = await storage.database.read(
        lambda t: [tuple(row) for row in t.execute(text("SELECT * FROM drafts"))]
    )
    return str(found)


async def test_what_was_typed_is_not_to_be_read_in_the_database(storage: Storage) -> None:
    await storage.drafts.save("1.5", "agent1", 0, '{"kind":"report","name":"李举报"}', MONDAY)
    await storage.drafts.save("1.5", "agent1", 1, '{"kind":"report","name":"李举报","phone":"139"}', MONDAY)
    assert "report" not in await rows(storage) and "举报" not in await rows(storage)
    assert "李举报" in (await storage.drafts.open("1.5", "agent1", MONDAY)).text


async def test_a_draft_that_was_there_before_is_sealed(url: str, tmp_path: Path) -> None:
    before = await Storage.open(url, tmp_path)
    old = "INSERT INTO drafts (call_id, agent, version, text, at) VALUES ('1.6', 'agent1', 3, '李举报', 1)"
    await before.database.write(lambda t: t.execute(text(old)).close())
    await before.close()
    after = await Storage.open(url, tmp_path)
    (kept,) = await after.drafts.of_agent("agent1")
    assert kept.text == "李举报", "it is read before it is sealed"
    await after.one_time_work.run()
    assert "举报" not in await rows(after)
    (kept,) = await after.drafts.of_agent("agent1")
    assert (kept.version, kept.text) == (3, "李举报")
    await after.close()


async def test_a_draft_put_under_another_call_does_not_open(storage: Storage) -> None:
    await storage.drafts.save("1.7", "agent1", 0, "李举报", MONDAY)
    moved = "UPDATE drafts SET call_id = '1.8' WHERE call_id = '1.7'"
    await storage.database.write(lambda t: t.execute(text(moved)).close())
    with pytest.raises(StorageDown):
        await storage.drafts.open("1.8", "agent1", MONDAY)
