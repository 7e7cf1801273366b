"""A unit without accounts: the letter, the link, the code, and what it does on the reply page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cases.assigning import Assignment
from gateway.cases.offline import OfflineUnits
from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import Orders
from gateway.core.item.contact import Kind, Person
from gateway.core.order.order import Order, OrderState, Urgency
from gateway.core.order.paper import LINK_DAYS, Link, Standing, read_link, standing
from gateway.core.order.states import OrderEvent as E
from gateway.core.roles import Account, Role
from gateway.core.unit import Unit, UnitKind
from gateway.mail.thread import Marks
from gateway.notify.order_slips import OrderSlips, SlipFrom
from tests.storage.databases import MONDAY, ZONE, Clock, contact, rules
from tests.web.real_site import Later, RealSite, real_site

BUREAU, STATION = "141027", "14102701"
BOSS = Account("boss", Role.SUPERVISOR)
MARKS = Marks(b"a secret that only the tests know")
PERSON = Person("张三", "13835700000", id_type="身份证", id_number="110101199003076536")


@asynccontextmanager
async def paper_site(
    tmp_path: Path, clock: Clock, ways: tuple[str, ...] = ("mail", "fax")
) -> AsyncIterator[tuple[RealSite, Orders]]:
    """The bureau of 浮山县 works by mail, its first station by fax; `orders` knows `clock`."""
    replies, orders_later = Later(), Later()
    async with real_site(tmp_path / "var", replies=replies, orders=orders_later, now=clock) as site:
        storage = site.storage
        tree = await storage.units.tree()
        mail = replace(tree.get(BUREAU), online=False, mail="fushan@example.com")  # type: ignore[type-var]
        fax = replace(tree.get(STATION), online=False, fax="03571234567")  # type: ignore[type-var]
        await storage.units.keep([mail, fax], "boss", clock())  # type: ignore[list-item]
        orders = Orders(storage, rules(), ZONE, now=clock)
        writer = SlipFrom("临汾市12315热线", "12315", "12315@linfen.example", MARKS, ways)
        slips = OrderSlips(writer, lambda path: f"https://12315.example{path}")
        codes = (f"{n:06}" for n in range(100_000, 200_000))
        replies.real = OfflineUnits(
            orders, storage, slips, b"key", clock, lambda length: next(codes), site.intake.keep
        )
        orders_later.real = orders
        yield site, orders


async def letters(site: RealSite) -> list[tuple[str, str, dict[str, str]]]:
    """Way, address and content of all that is to be sent, in its order."""
    due = await site.storage.outbox.claim(
        ("mail", "fax"), 50, MONDAY + timedelta(days=100), timedelta(days=400)
    )
    drafts = [delivery.draft for delivery in sorted(due, key=lambda delivery: delivery.id)]
    return [(draft.way, draft.address, dict(draft.content)) for draft in drafts]


async def test_an_order_is_signed_for_and_reported_by_link_and_code(tmp_path: Path) -> None:
    clock = Clock()
    async with paper_site(tmp_path, clock) as (site, orders):
        number = (await site.intake.submit(contact("a", person=PERSON))).number
        shown = await orders.assign(number, BOSS, Assignment(BUREAU, "请核实"))
        assert shown.warnings == ()
        [(way, address, mail)] = await letters(site)
        assert (way, address) == ("mail", "fushan@example.com")
        assert "商家拒绝退款" in mail["text"] and str(shown.order.due) in mail["subject"]
        assert not re.search("张三|13835700000|110101199003076536", mail["text"])
        path = re.search(r"https://12315\.example(/order/\S+)", mail["text"])[1]  # type: ignore[index]

        async def post(status: int, **fields: str) -> str:
            async with site.client.post(path, data=fields, headers=OWN) as answer:
                text = await answer.text()
                assert answer.status == status, text
                return text

        async def page(at: str, status: int = 200) -> str:
            async with site.client.get(at) as answer:
                assert answer.status == status
                return await answer.text()

        OWN = {"Origin": site.url().rstrip("/")}
        first_form = await page(path)
        assert "fu***@example.com" in first_form and "商家拒绝退款" not in first_form
        await page(path[:-1] + ("a" if path[-1] != "a" else "b"), 404)
        assert "请先发送验证码" in await post(422, step="code", code="1")
        await post(422, event="sign")
        await post(200, step="send")
        [(_, _, code_mail)] = await letters(site)
        assert "100000" in code_mail["text"] and "商家" not in code_mail["text"]
        assert "验证码不正确" in await post(422, step="code", code="100001")
        whole = await post(200, step="code", code=" 100000 ")
        assert (
            all(text in whole for text in ("商家拒绝退款", "张三", "13835700000"))
            and "1101011990" not in whole
        )
        assert "已使用过" in await post(422, step="code", code="100000")
        assert "已签收" in await post(200, event="sign")
        faults = await post(422, event="report", text="已调解", amount_recovered="很多")
        assert "请填写金额" in faults
        faults = await post(422, event="report", text="已调解")
        assert "已调解" in faults and "f-result-fault" in faults
        report = {"result": "mediated", "text": "已调解", "answer": "商家已退款。", "signed_by": "王局"}
        assert "已上报" in await post(200, event="report", amount_recovered="199.90", **report)
        order = await orders.order(shown.order.id, BOSS)
        assert order.reports[-1].amount_recovered == 19990 and order.events[-1].who == f"paper:{BUREAU}"
        assert "不能签收" in await post(422, event="sign")
        clock.on(days=LINK_DAYS + 1)
        assert "已过期" in await page(path, 410)


async def test_a_station_is_faxed_and_no_reporter_is_named(tmp_path: Path) -> None:
    clock = Clock()
    async with paper_site(tmp_path, clock) as (site, orders):
        complaint = (await site.intake.submit(contact("a", person=PERSON))).number
        report = (await site.intake.submit(contact("b", person=PERSON, kind=Kind.REPORT))).number
        orders_made = [await orders.assign(n, BOSS, Assignment(STATION)) for n in (complaint, report)]
        (way, to, first), (_, _, second) = await letters(site)
        assert (way, to) == ("fax", "03571234567")
        assert "张三" in first["text"] and "13835700000" in first["text"]
        for text in (first["text"], second["text"]):
            assert "110101199003076536" not in text
        assert not re.search("张三|13835700000", second["text"])
        path = re.search(r"https://12315\.example(/order/\S+)", second["text"])[1]  # type: ignore[index]
        async with site.client.get(path) as answer:
            assert answer.status == 200 and "登记的传真" in await answer.text()
        own = {"Origin": site.url().rstrip("/")}
        async with site.client.post(path, data={"step": "send", "way": "fax"}, headers=own) as answer:
            assert answer.status == 200, await answer.text()
        way, to, code = (await letters(site))[-1]
        assert (way, to) == ("fax", "03571234567") and "code：100000" in code["text"]
        await orders.act(orders_made[1].order.id, BOSS, E.TAKE_BACK, OrderInput())
        async with site.client.get(path) as answer:
            assert answer.status == 410 and "已收回" in await answer.text()
        assert "无需办理" in (await letters(site))[-1][2]["subject"]


ORDER = Order(
    7, "2", BUREAU, BUREAU, OrderState.ASSIGNED, Urgency.GENERAL, MONDAY, MONDAY, date(2026, 3, 2), 5
)


@pytest.mark.parametrize(
    ("link", "changes", "wanted"),
    [
        ("7.141027.20260302", {}, Standing.OPEN),
        ("7.141027.20251101", {}, Standing.EXPIRED),
        ("7.141002.20260302", {}, Standing.ELSEWHERE),
        ("7.141027.20260302", {"state": OrderState.CLOSED}, Standing.OVER),
        ("7.141027.20260302", {"state": OrderState.RETURNED, "returned_to": "centre"}, Standing.OVER),
    ],
)
def test_what_a_link_opens(link: str, changes: dict[str, Any], wanted: Standing) -> None:
    made = read_link(link)
    assert made and str(made) == link
    assert standing(made, replace(ORDER, **changes), date(2026, 3, 3)) is wanted
    assert read_link(f"{link}x") is None and read_link("7.141027.20260231") is None
    assert Link(7, BUREAU, date(2026, 3, 2)) == read_link("7.141027.20260302")


def test_codes_go_to_a_mobile_telephone_or_the_mail_address() -> None:
    writer = SlipFrom("中心", "12315", "12315@linfen.example", MARKS, ("mail", "fax", "sms"))
    slips = OrderSlips(writer, lambda path: path)
    unit = Unit(STATION, BUREAU, UnitKind.STATION, "张庄所", online=False)
    for phones, mail, ways in (
        (("0357-2025100", "138 3570 1234"), "", [("sms", "13835701234")]),
        (("0357-2025100",), "", []),
        (("13835701234",), "a@b.cn", [("sms", "13835701234"), ("mail", "a@b.cn")]),
    ):
        given = slips.code_ways(replace(unit, phones=phones, mail=mail))
        assert [(way.way, way.address) for way in given] == ways


async def test_a_code_comes_by_the_way_that_was_chosen(tmp_path: Path) -> None:
    """The page masks number and address; the short message has the code alone."""
    clock = Clock()
    async with paper_site(tmp_path, clock, ("mail", "fax", "sms")) as (site, orders):
        there = (await site.storage.units.tree()).get(BUREAU)
        assert there
        await site.storage.units.keep([replace(there, phones=("13835701234",))], "boss", clock())
        number = (await site.intake.submit(contact("a", person=PERSON))).number
        await orders.assign(number, BOSS, Assignment(BUREAU))
        [(_, _, mail)] = await letters(site)
        path = re.search(r"https://12315\.example(/order/\S+)", mail["text"])[1]  # type: ignore[index]
        own = {"Origin": site.url().rstrip("/")}

        async def post(**fields: str) -> str:
            async with site.client.post(path, data=fields, headers=own) as answer:
                assert answer.status == 200
                return await answer.text()

        async with site.client.get(path) as answer:
            first_form = await answer.text()
        assert (
            "138****1234" in first_form
            and "fu***@example.com" in first_form
            and "13835701234" not in first_form
        )
        assert "验证码已发送到 138****1234" in await post(step="send", way="sms")
        due = await site.storage.outbox.claim(("sms",), 9, MONDAY + timedelta(days=100), timedelta(days=9))
        ((address, said),) = [(entry.draft.address, entry.draft.content["text"]) for entry in due]
        assert address == "13835701234" and "验证码 100000" in said and "商家" not in said
        assert "商家拒绝退款" in await post(step="code", code="100000")
