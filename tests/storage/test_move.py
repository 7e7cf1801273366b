"""A whole database goes from SQLite to PostgreSQL and back, and is worked on there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.item import number as numbers
from gateway.core.item.contact import Evidence
from gateway.core.item.item import QueueQuery
from gateway.errors import SetupError
from gateway.storage import Storage
from gateway.storage.move import move
from tests.storage.databases import MONDAY, Clock, Templates, contact, intake_on


async def test_there_and_back(templates: Templates, tmp_path: Path) -> None:
    first = await templates.copied("sqlite", tmp_path)
    second = await templates.copied("postgresql", tmp_path)
    (tmp_path / "back").mkdir()
    third = await templates.copied("sqlite", tmp_path / "back")

    (tmp_path / "a.png").write_bytes(b"picture")
    storage = await Storage.open(first, tmp_path)
    intake = intake_on(storage, Clock())
    picture = Evidence(str(tmp_path / "a.png"), "a.png", "image/png")
    one = contact("one", evidence=(picture,), raw=b"\xff\0raw", publish_consent=True)
    receipts = [await intake.submit(one)]
    receipts += [await intake.submit(contact(f"k{n}", anonymous=False)) for n in range(510)]
    await intake.claim("agent1", QueueQuery())
    token = await storage.tokens.create("agent", "agent1", MONDAY)
    whole = await intake.get(receipts[0].number)
    page = await intake.page(QueueQuery(limit=200))
    await storage.close()

    moved = await move(first, second)
    assert (moved["items"], moved["attachments"], moved["tokens"]) == (511, 1, 1)
    with pytest.raises(SetupError, match="not empty"):
        await move(first, second)
    assert await move(second, third) == moved
    for url in (second, third):
        storage = await Storage.open(url, tmp_path)
        intake = intake_on(storage, Clock())
        assert await intake.get(receipts[0].number) == whole
        assert await intake.page(QueueQuery(limit=200)) == page
        assert (await intake.submit(one)).repeated
        assert await storage.tokens.check(token, MONDAY)
        await intake.note(receipts[0].number, "note", "agent1")  # its counters go on
        more = await intake.submit(contact("more"))
        assert numbers.valid(more.number) and int(more.number[6:11]) == 512
        await storage.close()
