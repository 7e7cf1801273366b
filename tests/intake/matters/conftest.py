"""A intake_on, the matters behind it and a clock that is set by hand, on a real database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.core.item.item import QueueQuery
from gateway.intake.decisions import Act
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.storage import Storage
from tests.storage.databases import KINDS, ZONE, Clock, Templates, contact, intake_on, rules, templates

__all__ = ["templates"]


@dataclass
class House:
    """One installation without its outside."""

    storage: Storage
    intake: Intake
    matters: Matters
    clock: Clock
    var: Path
    told: list[tuple[str, str]] = field(default_factory=list)

    async def submit(self, key: str = "web:1", **changes: object) -> Receipt:
        return await self.intake.submit(contact(key, **changes))

    async def number(self, key: str = "web:1", **changes: object) -> str:
        return (await self.submit(key, **changes)).number

    async def held(self, key: str = "web:1", who: str = "agent1", **changes: object) -> str:
        """The number of a new item that somebody has claimed."""
        number = await self.number(key, **changes)
        await self.intake.claim(who, QueueQuery(), number)
        return number

    async def act(self, number: str, act: Act, who: str = "agent1"):  # type: ignore[no-untyped-def]
        return (await self.matters.act(number, who, act)).item

    async def past(self, number: str) -> list[tuple[str, str]]:
        """What happened, and what was said of it."""
        return [(entry.what, entry.text) for entry in (await self.intake.get(number)).timeline]

    def file(self, name: str, content: bytes) -> Evidence:
        path = self.var / name
        path.write_bytes(content)
        return Evidence(str(path), name, "image/png")


@pytest.fixture(params=KINDS)
async def house(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> AsyncIterator[House]:
    storage = await Storage.open(await templates.copied(request.param, tmp_path), tmp_path)
    clock, told = Clock(), []
    intake = intake_on(storage, clock)
    matters = Matters(
        *(intake, storage, rules(), ZONE),
        centre="临汾市12315热线",
        on_change=lambda what, number: told.append((what, number)),
        now=clock,
    )
    yield House(storage, intake, matters, clock, tmp_path, told)
    await storage.close()


def said(**words: str) -> dict[str, str]:
    return words


__all__ += ["Contact", "House", "house", "said"]
