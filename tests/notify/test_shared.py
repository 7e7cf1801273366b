"""Two gateways on one database, of each kind: each delivery goes out once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.item.delivery import DeliveryState, Draft
from gateway.core.item.item import QueueQuery
from gateway.core.item.states import Event
from gateway.intake.decisions import Act
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.storage import Storage
from gateway.storage.outbox import GONE, Outbox
from tests.notify.conftest import RULES, ZONE, House
from tests.notify.mail_server import MailServer
from tests.storage.databases import KINDS, Templates


@pytest.fixture(scope="module")
def templates() -> Iterator[Templates]:
    made = Templates()
    yield made
    shutil.rmtree(made.folder)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_mail_goes_out_once(
    templates: Templates, kind: str, tmp_path: Path, server: MailServer
) -> None:
    url = await templates.copied(kind, tmp_path)
    houses = []
    for _ in range(2):
        houses.append(await opened_house(url, tmp_path))
    settings = houses[0].settings(server.port)
    for house in houses:
        await house.opened(settings)
    forms = (houses[n % 2].form(f"web:{n}", f"p{n}@example.cn") for n in range(30))
    await asyncio.gather(*forms)
    await server.until(30)
    async with asyncio.timeout(30):
        while len(await houses[0].post(DeliveryState.SENT)) < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for house in houses:
        await house.close()
    assert len({mail["Message-ID"] for mail in server.mails()}) == len(server.took) == 30


@pytest.mark.parametrize("kind", KINDS)
async def test_a_decision_is_told_once_after_a_death_before_the_sending(
    templates: Templates, kind: str, tmp_path: Path, server: MailServer
) -> None:
    """Decided, and nobody is there to send; then two gateways begin, and begin again."""
    url = await templates.copied(kind, tmp_path)
    first = await opened_house(url, tmp_path)
    number = (await first.form()).number
    await first.intake.claim("agent1", QueueQuery(), number)
    await first.matters.act(number, "agent1", Act(Event.ANSWER, {"text": "商家同意退款"}))
    await first.close()
    for _ in range(2):
        houses = [await opened_house(url, tmp_path) for _ in range(2)]
        for house in houses:
            await house.opened(house.settings(server.port))
        await server.until(2)
        async with asyncio.timeout(30):
            while len(await houses[0].post(DeliveryState.SENT)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        notices = (await houses[0].intake.get(number)).notices
        for house in houses:
            await house.close()
    assert [mail.get_content().count("商家同意退款") for mail in server.mails()] == [0, 2]
    assert [(one.kind, one.state) for one in notices] == [("acknowledgement", "sent"), ("answered", "sent")]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fax_under_way_stays_with_its_gateway_when_that_dies(
    templates: Templates, kind: str, tmp_path: Path
) -> None:
    """Its Asterisk goes on sending, and its journal alone tells what became of it. A mail is taken over."""
    url = await templates.copied(kind, tmp_path)
    storage = await Storage.open(url, tmp_path)
    other = Outbox(storage.database, storage.items, storage.sealed_drafts, "g000002")
    now, lease = datetime(2026, 3, 2, 2, tzinfo=UTC), timedelta(minutes=5)
    for way in ("mail", "fax"):
        await storage.outbox.post("260302000017", Draft(f"{way}:1", way, "0357", {}), now)
    assert len(await storage.outbox.claim(("mail", "fax"), 10, now, lease)) == 2

    async def taken(outbox: Outbox, at: datetime) -> list[str]:
        return [one.draft.way for one in await outbox.claim(("mail", "fax"), 10, at, lease)]

    later = now + lease
    assert await taken(other, later) == ["mail"]
    assert await taken(storage.outbox, later) == ["fax"], "it looks into its journal when it is back"
    assert await taken(other, later + lease + GONE) == ["mail", "fax"]
    (fax, _) = sorted(await storage.outbox.list(None, "", 0, 10), key=lambda one: one.draft.way)
    await other.settle(fax, DeliveryState.WAITING, later, due_at=later, error="占线")
    assert await taken(storage.outbox, later) == ["fax"]
    await storage.close()


async def opened_house(url: str, var: Path) -> House:
    storage = await Storage.open(url, var)
    intake = Intake(storage, RULES, ZONE)
    return House(storage, intake, Matters(intake, storage, RULES, ZONE), var)
