"""A linkage ledger on a real database of each kind, with partners as their files say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.core.flow.partner import Partner
from gateway.intake.intake import Intake
from gateway.intake.referrals import Linkage
from gateway.mail.thread import Marks
from gateway.notify.slips import PartnerSlips, SlipHead
from gateway.storage import Storage
from tests.storage.databases import KINDS, ZONE, Clock, Templates, contact, intake_on, rules, templates

__all__ = ["templates"]

SECRET = b"a secret that only the tests know"
PARTNERS = {
    "12345": Partner(
        "12345",
        "12345热线",
        "12345",
        "12345",
        mail="desk@12345.example",
        sees=("kind", "content", "name", "phone"),
    ),
    "110": Partner("110", "110", "110", "110", reply_days=1),
}


@dataclass
class House:
    storage: Storage
    intake: Intake
    linkage: Linkage
    clock: Clock

    async def number(self, key: str = "web:1", **changes: object) -> str:
        return (await self.intake.submit(contact(key, **changes))).number

    async def past(self, number: str) -> list[tuple[str, str]]:
        return [(entry.what, entry.text) for entry in (await self.intake.get(number)).timeline]


def linkage_of(storage: Storage, intake: Intake, clock: Clock) -> Linkage:
    slips = PartnerSlips(
        SlipHead(
            *("临汾市12315热线", "12315", "12315@linfen.example", Marks(SECRET)),
            link=lambda one: f"https://12315.example/partner/{one}.{made.token(one)}",
            ways=frozenset({"mail"}),
            inbox="12315@linfen.example",
        )
    )
    made = Linkage(*(storage, intake, rules().calendar, ZONE, lambda: PARTNERS, slips, SECRET), now=clock)
    return made


@pytest.fixture(params=KINDS)
async def house(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> AsyncIterator[House]:
    storage = await Storage.open(await templates.copied(request.param, tmp_path), tmp_path)
    clock = Clock()
    intake = intake_on(storage, clock)
    yield House(storage, intake, linkage_of(storage, intake, clock), clock)
    await storage.close()
