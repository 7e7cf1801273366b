"""A whole gateway in a process of its own, without a telephone, to be killed under its pages; with one
of each thing that its forms are about."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import aiohttp

from gateway.cases.assigning import Assignment
from gateway.cases.follow_ups import FollowUps
from gateway.cases.order_actions import OrderInput
from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.core.item.contact import Contact, Kind, Person
from gateway.core.item.item import QueueQuery
from gateway.core.item.states import Event
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.intake.decisions import Act
from gateway.intake.referrals import TOKEN
from gateway.settings.secrets import key_once, proof
from gateway.web.site import utc_now
from tests.channels.fax.filed import fax_item
from tests.kills import storm
from tests.live.browser import tone_file
from tests.live.conftest import free_ports
from tests.storage.databases import contact, rules
from tests.web.pages.desk_site import desk_site
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.pages.test_follow_ups_page import due_today
from tests.web.real_site import ZONE, Later, RealSite
from tests.web.test_follow_ups_api import closed

BUREAU, STATION, ON_PAPER = "141002", "14100201", "141081"
OLD_CODE = "4321"
CENTRE = Account("boss", Role.SUPERVISOR)


class House:
    """The gateway, and by name what its forms are about: numbers, ids, addresses."""

    def __init__(self, gateway: storm.Gateway) -> None:
        self.gateway = gateway
        self.known: dict[str, str] = {"password": PASSWORD}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.web}"

    async def start(self) -> None:
        """Until its pages are there."""
        self.gateway.start()
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}/track"):
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def post(self, path: str, body: object) -> Any:
        """What the API answers the shift leader."""
        headers = {"Authorization": f"Bearer {self.known['token']}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/api/v1/{path}", json=body, headers=headers) as answer,
        ):
            told = await answer.json()
            assert answer.ok, told
            return told

    async def mailed(self, pattern: str) -> str:
        """What a pattern finds in the mails that went out."""
        async with asyncio.timeout(30):
            while True:
                for file in sorted((self.gateway.var / "demo-mail").glob("*.eml"), reverse=True):
                    part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
                    if part and (found := re.search(pattern, part.get_content())):
                        return found[1]
                await asyncio.sleep(0.05)


@asynccontextmanager
async def killed_house(folder: Path, demo: tuple[str, ...] = ()) -> AsyncIterator[House]:
    """It runs; with accounts agent1, boss, root, wang of a station and zhao who leads its
    bureau. `demo`: how much of a city's worth of
    invented items, as `gateway demo fill` is told."""
    (port,) = free_ports(1)
    more = {
        "GATEWAY_DEMO_ENABLED": "true",
        "GATEWAY_DEMO_CHANNELS": "true",
        "GATEWAY_FAX_NUMBER": "2010315",
        "GATEWAY_WEB_PORT": port,
        "GATEWAY_WEB_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    with storm.gateway(folder, **more) as gateway:
        house = House(gateway)
        if demo:
            gateway.command("demo", "fill", *demo)
        calls = Later()
        async with desk_site(gateway.var, follow_ups=calls) as site:
            calls.real = FollowUps(site.intake.changes, rules(), ZONE)
            await fill(site, house.known)
        with sqlite3.connect(gateway.var / "gateway.db") as database:  # a code as older items have it
            database.execute(
                "UPDATE items SET query_code = ? WHERE number = ?", [OLD_CODE, house.known["old"]]
            )
        await house.start()
        await fill_running(house)
        yield house


async def fill(site: RealSite, known: dict[str, str]) -> None:
    await site.accounts.add("root", "赵管理", Role.ADMIN, PASSWORD)
    await site.accounts.add("wang", "王军", Role.HANDLER, PASSWORD, STATION)
    await site.accounts.add("zhao", "赵局长", Role.UNIT_LEADER, PASSWORD, BUREAU)
    known["token"] = await site.storage.tokens.create("supervisor", "forms", utc_now())
    for name in ("held", "free", "partner", "old"):
        receipt = await site.intake.submit(came(f"web:{name}"))
        known[name], known[f"{name}-code"] = receipt.number, receipt.query_code
    known["old-code"] = OLD_CODE
    known["fresh"] = (await site.intake.submit(came("web:fresh"))).number
    await site.intake.claim("boss", QueueQuery(), known["held"])
    rung = await site.intake.submit(came("web:rung", person=Person("李四", "13835700001")))
    by_phone, known["rung-code"] = rung.number, rung.query_code
    await site.intake.claim("boss", QueueQuery(), by_phone)
    await site.matters.act(by_phone, "boss", Act(Event.ANSWER, {"text": "商家同意退款"}))
    known["rung"] = by_phone
    report = came("web:report", kind=Kind.REPORT, claims=(), amount=None)
    known["report"] = (await site.intake.submit(report)).number
    known["on-paper"] = ON_PAPER
    known["fax"] = (await fax_item(site.intake, site.storage, site.var / "made", pages=1)).number
    await sealed(site, known, report)
    calls = [await closed(site, f"web:closed{n}") for n in range(2)]
    await due_today(site, *calls)
    await orders(site, known)


async def sealed(site: RealSite, known: dict[str, str], report: Contact) -> None:
    """A fax and a recording of people who reported something."""
    number = (await fax_item(site.intake, site.storage, site.var / "sealed", pages=1, call="2.1")).number
    await site.intake.claim("boss", QueueQuery(), number)
    await site.intake.fill_in(number, report, "boss")
    known["sealed-fax"] = number
    (site.var / "recordings").mkdir(exist_ok=True)
    sound = tone_file(site.var / "recordings" / "1.wav", 700.0, 1.0)
    call = CallRecord("7.1", "in", "13835700000", "12315", 1, utc_now(), number=number)
    heard = replace(call, recording=f"recordings/{sound.name}", recording_state=RecordingState.SAVED)
    await site.storage.calls.keep([replace(heard, outcome=CallOutcome.TALKED, agent="agent1")])


def came(key: str, **more: Any) -> Contact:
    said = {"person": Person("张三", "13835700000", "zhang@example.cn"), "county": BUREAU, **more}
    return contact(key, received_at=utc_now() - timedelta(hours=1), **said)


async def orders(site: RealSite, known: dict[str, str]) -> None:
    """Signed for, reported, and at a unit that works on paper."""
    paper = (await site.storage.units.tree()).get(ON_PAPER)
    assert paper
    offline = replace(paper, online=False, mail="houma@example.cn")
    await site.storage.units.keep([offline], "boss", utc_now())
    for name, unit in (("signed", STATION), ("returned", STATION), ("typed", ON_PAPER)):
        number = (await site.intake.submit(came(f"web:{name}"))).number
        order = (await site.orders.assign(number, CENTRE, Assignment(unit))).order.id
        who = Account("wang", Role.HANDLER, unit=STATION) if unit == STATION else CENTRE
        event = OrderEvent.RETURN if name == "returned" else OrderEvent.SIGN
        said = OrderInput(text="不在辖区", reason="not_competent") if name == "returned" else OrderInput()
        await site.orders.act(order, who, event, said)
        known[name], known[f"{name}-order"] = number, str(order)


async def fill_running(house: House) -> None:
    """What passes to others by itself: a slip to a partner, an order to a unit without accounts."""
    known = house.known
    slip = await house.post(f"queue/{known['partner']}/refer", {"partner": "12345", "text": "请处理"})
    key = key_once(house.gateway.var / "secrets" / "partner.key", "")
    token = proof(key, f"referral:{slip['id']}", TOKEN)
    known["slip-page"] = f"/partner/{slip['id']}.{token}"
    await house.post(f"queue/{known['free']}/assign", {"unit": ON_PAPER, "note": "请核实"})
    known["order-page"] = await house.mailed(r"https?://[^/]+(/order/\S+)")
    page = f"{house.url}{known['order-page']}"
    async with aiohttp.ClientSession() as session, session.post(page, data={"step": "send"}) as answer:
        assert answer.ok
    known["order-code"] = await house.mailed(r"验证码\D*(\d{6})\b")
