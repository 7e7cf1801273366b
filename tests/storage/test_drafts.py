"""Drafts of calls on both kinds of database: nothing that was typed is written over unseen."""

from __future__ import annotations

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
