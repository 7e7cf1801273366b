"""Whom a delivery goes to and what is sent: sealed on the disk, opened for whoever sends, and counted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from gateway.core.item.delivery import DeliveryState, Draft, without_address
from gateway.storage import Storage
from tests.storage.databases import MONDAY, Clock, contact, intake_on, lose_key

LI = "Li@Reporter.example"
CONTENT = {"subject": "已收到", "text": "查询码 4829"}
LEASE = timedelta(seconds=60)


async def everything(storage: Storage) -> str:
    """All that the table of deliveries holds, as text."""
    found = await storage.database.read(lambda t: t.execute(text("SELECT * FROM deliveries")).all())
    return " ".join(str(row) for row in found).casefold()


async def posted(storage: Storage, key: str = "mail:1") -> str:
    number = (await intake_on(storage, Clock()).submit(contact(key))).number
    await storage.outbox.post(number, Draft(key, "mail", LI, CONTENT, "a@b"), MONDAY)
    return number


async def test_it_is_sealed_and_opens_for_the_sender(storage: Storage) -> None:
    number = await posted(storage)
    (one,) = await storage.outbox.claim(("mail",), 1, MONDAY, LEASE)
    assert (one.draft.address, one.draft.content) == (LI.lower(), CONTENT)
    await storage.outbox.settle(
        one, DeliveryState.SENT, MONDAY, error=f"250 <{LI}> taken", entry=("sent", f"to {LI}")
    )
    assert await storage.outbox.sent_since("mail", MONDAY, LI.upper()) == 1
    assert await storage.outbox.sent_since("mail", MONDAY, "other@reporter.example") == 0
    assert await storage.outbox.bounced(["a@b"], True, f"5.1.1 {LI} unknown") == 1
    (shown,) = await storage.outbox.list(None, number, 0, 10)
    assert shown.state is DeliveryState.BOUNCED and shown.error == "5.1.1 l***@reporter.example unknown"
    kept = await everything(storage)
    assert "li@" not in kept and "4829" not in kept and "已收到" not in kept
    past = (await intake_on(storage, Clock()).get(number)).timeline
    assert past[-1].text == "to l***@reporter.example"


async def test_what_was_there_before_is_sealed(url: str, tmp_path: Path) -> None:
    before = await Storage.open(url, tmp_path)
    await posted(before)
    old = (
        f"UPDATE deliveries SET address='{LI.lower()}', content='{{\"text\": \"查询码 4829\"}}', sealed=NULL"
    )
    await before.database.write(lambda t: t.execute(text(old)).close())
    assert "li@reporter" in await everything(before)
    await before.close()
    after = await Storage.open(url, tmp_path)
    await after.one_time_work.run()
    kept = await everything(after)
    assert "li@" not in kept and "4829" not in kept
    (one,) = await after.outbox.claim(("mail",), 1, MONDAY, LEASE)
    assert (one.draft.address, one.draft.content) == (LI.lower(), {"text": "查询码 4829"})
    await after.close()


async def test_with_another_key_it_is_a_dead_letter_and_holds_up_nobody(url: str, tmp_path: Path) -> None:
    before = await Storage.open(url, tmp_path)
    number = await posted(before)
    await before.close()
    await lose_key(url, tmp_path)
    after = await Storage.open(url, tmp_path)
    assert await after.outbox.claim(("mail",), 1, MONDAY, LEASE) == []
    await after.outbox.post(number, Draft("mail:2", "mail", LI, CONTENT), MONDAY)
    (one,) = await after.outbox.claim(("mail",), 1, MONDAY, LEASE)
    assert one.draft.key == "mail:2"
    (_, dead) = await after.outbox.list(None, number, 0, 10)
    assert dead.state is DeliveryState.DEAD and "密钥" in dead.error
    await after.close()


def test_a_far_end_that_repeats_an_address_is_not_quoted_whole() -> None:
    assert without_address("550 <LI@reporter.example>: no", LI) == "550 <L***@Reporter.example>: no"
    assert without_address("550 no", "") == "550 no"
