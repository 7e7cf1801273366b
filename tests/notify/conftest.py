"""A centre that writes: the real intake, a real database, and the post office built from settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.channels.email.reception import Reception
from gateway.core.item.contact import Channel, Contact, Kind, Person, Receipt, Respondent
from gateway.core.item.delivery import Delivery, DeliveryState
from gateway.core.item.notice import Sending
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.mail.thread import Marks
from gateway.notify.post_office import PostOffice
from gateway.notify.service import post_office
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.threads import MailThreads
from tests.notify.mail_server import MailServer
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in

ROOT = Path(__file__).resolve().parents[2]
MARKS = Marks(b"a secret that only the tests know")
INBOX = "12315@linfen.example"
ZHANG = "zhang@example.cn"
ZONE = ZoneInfo("Asia/Shanghai")
RULES = shipped_rules()


@dataclass
class House:
    """Everything behind the intake; `at` is how far the post office's clock is ahead."""

    storage: Storage
    intake: Intake
    matters: Matters
    var: Path
    ahead: timedelta = field(default_factory=timedelta)
    _offices: list[PostOffice] = field(default_factory=list)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def settings(self, port: int = 0, text: str = "", **out: object) -> Config:
        """Mail goes to that port, unless it is 0; `text` is more of gateway.toml."""
        given: dict[str, object] = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": INBOX}
        lines = (
            [f"{k} = {v if isinstance(v, int) else repr(v)}" for k, v in (given | out).items()]
            if port
            else []
        )
        file = self.var / "gateway.toml"
        file.write_text(
            "\n".join(["[web]", "public_url = 'https://12315.example'", "[mail_out]", *lines, text])
        )
        return load(file, {"GATEWAY_VAR": str(self.var)})

    def office(self, settings: Config) -> PostOffice:
        made = post_office(
            settings,
            self.storage.outbox,
            MARKS,
            self.storage.once,
            RULES,
            now=self.now,
            on_settled=lambda number: self._settled.set(),
        )
        self._offices.append(made)
        return made

    async def opened(self, settings: Config) -> PostOffice:
        office = self.office(settings)
        self.intake.on_change(lambda what, number: office.wake())
        await office.start()
        return office

    async def close(self) -> None:
        for office in self._offices:
            await office.stop()
        await self.storage.close()

    async def form(self, key: str = "web:1", email: str = ZHANG, **more: object) -> Receipt:
        given: dict[str, object] = {
            "kind": Kind.COMPLAINT,
            "person": Person("张三", "13835700000", email),
            "respondent": Respondent("某电器商行"),
            "content": "商家拒绝退款",
        }
        made = Contact(key, Channel.WEB, received_at=datetime.now(UTC), **(given | more))  # type: ignore[arg-type]
        return await self.intake.submit(made)

    async def post(self, state: DeliveryState | None = None) -> list[Delivery]:
        return list(await self.storage.outbox.list(state, "", 0, 100))

    async def until(self, state: DeliveryState, count: int = 1) -> list[Delivery]:
        """Wait until so many deliveries stand in that state."""
        async with asyncio.timeout(30):
            while True:
                self._settled.clear()
                if len(found := await self.post(state)) >= count:
                    return found
                await self._settled.wait()

    async def past(self, number: str) -> list[tuple[str, str]]:
        return [(one.what, one.text) for one in (await self.intake.get(number)).timeline]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    storage = await Storage.open(await sqlite_in(tmp_path), tmp_path)
    intake = Intake(storage, RULES, ZONE)
    made = House(
        storage, intake, Matters(intake, storage, RULES, ZONE, sending=Sending(frozenset({"mail"}))), tmp_path
    )
    yield made
    await made.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def office(house: House, server: MailServer) -> PostOffice:
    return house.office(house.settings(server.port, inbox=INBOX))


@pytest.fixture
async def reception(house: House, office: PostOffice) -> AsyncIterator[Reception]:
    threads = MailThreads(house.storage.database, house.storage.identities)
    spool = house.var / "spool"
    made = Reception(house.intake, threads, MARKS, spool, house.storage.ping, office.bounced)
    yield made
    made.close()
