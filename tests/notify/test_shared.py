"""Two gateways on one database, of each kind: each delivery goes out once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.item.delivery import DeliveryState
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.storage import Storage
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
        storage = await Storage.open(url, tmp_path)
        intake = Intake(storage, RULES, ZONE)
        houses.append(House(storage, intake, Matters(intake, storage, RULES, ZONE), tmp_path))
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
