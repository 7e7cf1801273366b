"""Fixtures: a database of each kind for every test, a clock that is set by hand, and the intake."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.item.contact import Channel, Contact, Kind, Person, Respondent
from gateway.core.item.deadlines import Rules
from gateway.intake.intake import Intake
from gateway.storage import Storage
from gateway.storage.database import Database
from gateway.storage.installation import Installation
from tests.shipped_rules import shipped_rules
from tests.storage.postgres_server import postgres_server

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 in Linfen
KINDS = ("sqlite", "postgresql")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = MONDAY

    def __call__(self) -> datetime:
        return self.at

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


def rules() -> Rules:
    return shipped_rules()


def contact(key: str = "web:1", **changes: object) -> Contact:
    """A complaint that lacks nothing."""
    whole = Contact(
        key,
        Channel.WEB,
        Kind.COMPLAINT,
        MONDAY,
        Person("张三", "13835700000"),
        Respondent("某电器商行"),
        "商家拒绝退款",
        claims=("退货",),
        amount=19990,
        problem="after_sales",
        subject="household",
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def intake_on(storage: Storage, clock: Clock) -> Intake:
    return Intake(storage, rules(), ZONE, now=clock)


async def prepare(url: str) -> None:
    """All tables, and no var/ that the database belongs to yet."""
    database = Database(url)
    await database.open()
    await database.close()


async def lose_key(url: str, var: Path, name: str = "identities") -> None:
    """A key is gone for good, and the operator has accepted a new one."""
    (var / "secrets" / f"{name}.key").unlink()
    database = Database(url)
    await database.open()
    await Installation(database, var).accept_key(name)
    await database.close()


class Templates:
    """Databases that are up to date, to be copied: quicker than to migrate anew for each test."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="templates-"))
        self._postgres = ""

    async def copied(self, kind: str, folder: Path) -> str:
        """The URL of a database of this kind without rows."""
        if kind == "sqlite":
            whole = self.folder / "gateway.db"
            if not whole.exists():
                await prepare(f"sqlite:///{whole}")
            return f"sqlite:///{shutil.copy(whole, folder / 'gateway.db')}"
        server = postgres_server()
        if not self._postgres:
            self._postgres = await server.create()
            await prepare(server.url(self._postgres))
        return server.url(await server.create(self._postgres))


TEMPLATES = Templates()
atexit.register(shutil.rmtree, TEMPLATES.folder, ignore_errors=True)


async def sqlite_in(var: Path) -> str:
    """The URL of the SQLite database in var/, where the gateway looks for it; made when there is none."""
    file = var / "gateway.db"
    return f"sqlite:///{file}" if file.exists() else await TEMPLATES.copied("sqlite", var)


@pytest.fixture(scope="session")
def templates() -> Templates:
    return TEMPLATES


@pytest.fixture(params=KINDS)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    server = postgres_server()
    return server.url(await server.create())


@pytest.fixture(params=KINDS)
async def url(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> str:
    """A database with all tables and without rows."""
    return await templates.copied(request.param, tmp_path)


@pytest.fixture
async def storage(url: str, tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(url, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intake(storage: Storage, clock: Clock) -> Intake:
    return intake_on(storage, clock)
