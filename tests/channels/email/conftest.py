"""A centre that takes mail in: the real intake on a real database, and real mailboxes."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.channels.email.contact import Arrival
from gateway.channels.email.reception import Reception
from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.core.item.item import ItemDetail, QueueQuery
from gateway.errors import StorageDown
from gateway.intake.intake import Intake
from gateway.intake.virus_scan import Clamd
from gateway.mail.bounce import Bounce
from gateway.storage import Storage
from gateway.storage.threads import MailThreads
from tests.channels.email.dovecot import Dovecot, free_port
from tests.mail.mails import MARKS
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class House:
    """The intake with faults that tests set: `away` as if storage were, `stuck` for mails that it refuses."""

    storage: Storage
    intake: Intake
    var: Path
    bounces: list[tuple[str, Bounce]] = field(default_factory=list)
    away: bool = False
    stuck: Callable[[Contact], bool] = lambda contact: False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, contact: Contact) -> Receipt:
        if self.away or self.stuck(contact):
            self.notify()
            raise StorageDown
        return await self.intake.submit(contact)

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        *,
        contact: Contact,
        thread: str = "",
    ) -> bool:
        if self.away:
            raise StorageDown
        return await self.intake.append(number, key, text, evidence, who, contact=contact, thread=thread)

    async def alive(self) -> None:
        if self.away:
            raise StorageDown
        await self.storage.ping()

    def reception(self, clamd: Clamd | None = None) -> Reception:
        async def bounced(number: str, bounce: Bounce) -> None:
            self.bounces.append((number, bounce))

        threads = MailThreads(self.storage.database, self.storage.identities)
        return Reception(self, threads, MARKS, self.var / "spool", self.alive, bounced, clamd)

    async def items(self) -> list[ItemDetail]:
        """All items, with their timelines."""
        return [
            await self.intake.get(one.item.number) for one in await self.intake.page(QueueQuery(limit=200))
        ]

    async def contents(self) -> list[str]:
        return [one.item.content for one in await self.items()]

    def notify(self, *_: object) -> None:
        self._changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for a state that some change brings about."""
        async with asyncio.timeout(30):
            while not reached():
                self._changed.clear()
                await self._changed.wait()

    async def until_items(self, count: int) -> list[ItemDetail]:
        async with asyncio.timeout(30):
            while True:
                self._changed.clear()  # before the look: what comes during it is not missed
                if len(found := await self.items()) >= count:
                    return found
                await self._changed.wait()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    storage = await Storage.open(await sqlite_in(tmp_path), tmp_path)
    rules = shipped_rules()
    house = House(storage, Intake(storage, rules, ZoneInfo("Asia/Shanghai")), tmp_path)
    house.intake.on_change(house.notify)
    yield house
    await storage.close()


@pytest.fixture
async def reception(house: House) -> AsyncIterator[Reception]:
    made = house.reception()
    yield made
    made.close()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    server = Dovecot(home, free_port())
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home)


def arrival(*recipients: str, sender: str | None = None) -> Arrival:
    return Arrival("test", datetime.now(UTC), sender, recipients)
