"""A web side on the real intake, a real database and real files; for tests of forms and pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp.test_utils import TestServer

from gateway.accounts.accounts import Accounts
from gateway.accounts.seed_units import ensure_units
from gateway.accounts.unit_desk import UnitDesk
from gateway.accounts.unit_people import UnitPeople
from gateway.calls.board import StoreView, TokenLedger
from gateway.calls.statistics import Statistics
from gateway.cases.dispatch import Dispatch
from gateway.cases.orders import Orders
from gateway.cases.oversight import Oversight
from gateway.cases.period_figures import PeriodFigures
from gateway.cases.supervision import Supervision
from gateway.cases.unit_scope import UnitScope
from gateway.channels.registry import REGISTRY
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.delivery import MAIL, About, Occasion, Plan
from gateway.core.item.notice import Sending
from gateway.intake.faults import faults
from gateway.intake.intake import Intake
from gateway.intake.item_desk import ItemDesk
from gateway.intake.matters import Matters
from gateway.mail.thread import Marks
from gateway.notify.letterhead import Letterhead
from gateway.notify.notices import Notices
from gateway.notify.rung_papers import RungPapers
from gateway.settings.schema import AccountSettings, Centre, PageSettings
from gateway.storage import Storage
from gateway.web.case_parts import CaseParts
from gateway.web.pages.pages import PublicSide
from gateway.web.site import WebParts, make_app, utc_now
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in
from tests.web.memory_house import MemoryBoard

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
QUICK = PageSettings(slow_seconds=0, work_bits=8)


@dataclass
class RealSite:
    """A server and what lies behind it; `tokens` by role."""

    var: Path
    storage: Storage
    intake: Intake
    server: TestServer
    client: aiohttp.ClientSession
    tokens: dict[str, str]
    accounts: Accounts
    matters: Matters
    planned: Callable[[Occasion, About], Plan]
    orders: Orders

    def url(self, path: str = "/") -> str:
        return str(self.server.make_url(path))

    async def items(self) -> list[dict[str, Any]]:
        """The whole queue as the API shows it."""
        async with self.client.get("/api/v1/queue?limit=200", headers=self.bearer("agent")) as response:
            return list((await response.json())["items"])

    def bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def left(self) -> list[Path]:
        """What uploads left behind."""
        return [path for path in (self.var / "uploads").rglob("*") if path.is_file()]


class Later:
    """A part of the site that is there once the site is: `real` is what it stands for."""

    def __init__(self) -> None:
        self.real: object = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@asynccontextmanager
async def real_site(
    var: Path,
    pages: PageSettings = QUICK,
    channels: ChannelRegistry = REGISTRY,
    port: int = 0,
    url: str = "",
    **changes: Any,
) -> AsyncIterator[RealSite]:
    """A running site; `changes` replace members of WebParts or CaseParts, `pages` the settings of its pages.
    On the `port` of one that ended, with its `var`, it is that one started again. `url`: another database
    than its own."""
    var.mkdir(exist_ok=True)
    storage = await Storage.open(url or await sqlite_in(var), var)
    rules = shipped_rules(channels)
    intake = Intake(storage, rules, ZONE)
    sending = Sending(frozenset({MAIL}))
    head = Letterhead(
        "临汾市12315热线", "12315", "12315@linfen.example", ZONE, Marks(b"a secret that only the tests know")
    )
    planned = Notices(head, rules, sending).plan
    orders = Orders(storage, rules, ZONE, on_change=lambda what, number: intake.changed(number))
    papers = RungPapers(head, frozenset({MAIL}))
    orders.on_directed(Supervision(orders.changes, papers).directed)
    matters = Matters(
        *(intake, storage, rules, ZONE),
        sending=sending,
        planned=planned,
        handed_over=orders.handed_over,
    )
    await ensure_units(storage, rules, "临汾市12315热线", utc_now())
    accounts = Accounts(storage, AccountSettings(), utc_now, {"agent1": "8001"})
    units = UnitDesk(storage, accounts, utc_now)
    cases = CaseParts(
        scope=UnitScope(storage),
        units=units,
        unit_people=UnitPeople(accounts, units),
        orders=orders,
        oversight=Oversight(orders.changes, papers),
        order_figures=PeriodFigures(orders.changes),
        dispatch=Dispatch(storage.dispatch, storage.units, rules.dispatch, rules.categories),
    )
    of_cases = {name: changes.pop(name) for name in [*changes] if name in CaseParts.__slots__}
    parts = WebParts(
        intake=intake,
        calls=storage.calls,
        tokens=TokenLedger(storage),
        store=StoreView(storage),
        board=MemoryBoard(),
        zone=ZONE,
        var=var,
        title="临汾市12315热线",
        missing=faults,
        files=storage.files,
        public=PublicSide(rules, Centre(), pages),
        book=Statistics(storage.figures, ZONE, changes.get("now", utc_now)),
        accounts=accounts,
        items=ItemDesk(intake, storage, rules.answers, "临汾市12315热线"),
        matters=matters,
        audit=storage.audit,
        post=storage.outbox,
        lists=storage.lists,
        searches=storage.search,
        holds=storage.retention,
        cases=replace(cases, **of_cases),
    )
    server = TestServer(make_app(replace(parts, **changes)), port=port or None)
    await server.start_server(access_log=None)
    tokens = {
        role: await storage.tokens.create(role, f"{role}1", utc_now())
        for role in ("agent", "supervisor", "display")
    }
    client = aiohttp.ClientSession(server.make_url("/"), cookie_jar=aiohttp.CookieJar(unsafe=True))
    try:
        yield RealSite(var, storage, intake, server, client, tokens, accounts, matters, planned, orders)
    finally:
        await client.close()
        await server.close()
        await storage.close()


async def until(holds: Callable[[], object]) -> None:
    """Wait for what nobody tells of. Raises TimeoutError after ten seconds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
