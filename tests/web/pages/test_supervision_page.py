"""The page of supervision in a real Chromium: figures and their lists, decisions, urging, a red order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.core.order.order import Urgency
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.storage import Transaction
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_browser import opened
from tests.web.pages.test_fax_page import log_in
from tests.web.real_site import ZONE, RealSite

pytestmark = pytest.mark.live
BUREAU, STATION, HOUMA = "141002", "14100201", "141081"
LEADER = Account("boss", Role.LEADER)
E = OrderEvent


def handler(unit: str) -> Account:
    return Account(f"h-{unit}", Role.HANDLER, unit=unit)


async def assigned(site: RealSite, key: str, unit: str, urgency: Urgency = Urgency.GENERAL) -> int:
    number = (await site.intake.submit(contact(key, received_at=utc_now()))).number
    return (await site.orders.assign(number, LEADER, Assignment(unit, urgency=urgency))).order.id


async def act(site: RealSite, order: int, who: Account, event: OrderEvent, **said: object) -> None:
    await site.orders.act(order, who, event, OrderInput(**said))  # type: ignore[arg-type]


async def make_late(site: RealSite, order: int, days: int) -> None:
    def late(t: Transaction) -> None:
        before = site.storage.orders.locked(t, order)
        begun = utc_now().astimezone(ZONE).date() - timedelta(days=days)
        item = site.storage.items.there(t, before.number)
        site.orders.changes.save(t, before, replace(before, begun_on=begun), item)

    await site.storage.database.write(late)


async def filled(site: RealSite) -> dict[str, int]:
    """Orders in every column that the page acts on."""
    names = ("new", "late", "asks", "disputes", "station", "houma")
    units = dict(zip(names, (BUREAU, BUREAU, BUREAU, HOUMA, STATION, HOUMA), strict=True))
    orders = {name: await assigned(site, f"web:{name}", unit) for name, unit in units.items()}
    for name in ("late", "asks", "disputes"):
        await act(site, orders[name], handler(units[name]), E.SIGN)
    await act(site, orders["asks"], handler(BUREAU), E.ASK_EXTENSION, days=1, reason="鉴定机构未出结果")
    await act(site, orders["disputes"], handler(HOUMA), E.DISPUTE, text="经营地在尧都区")
    orders["urgent"] = await assigned(site, "web:urgent", BUREAU, Urgency.PRESSING)
    due = utc_now().astimezone(ZONE).date()
    await act(site, orders["late"], LEADER, E.SUPERVISE, text="请局长过问", day=due)
    await make_late(site, orders["late"], 20)
    return orders


async def test_supervision_from_the_page(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        orders = await filled(site)
        async with at_desk(browser, site, "boss") as page:
            await page.click(".places a[href='/desk/supervision']")
            await expect(page.locator("#units th", has_text="尧都区")).to_be_visible()
            row = page.locator("#units tr", has_text="尧都区")
            await expect(row.locator("[data-cell$='/not_signed']")).to_have_text("3")
            await expect(page.locator("#columns")).to_contain_text("本月按时办结率")
            await row.locator("[data-cell$='/not_signed']").click()
            await expect(page.locator("#orders li")).to_have_count(3)
            await expect(page.locator("#list-name")).to_contain_text("未签收（3 件）")
            await row.locator("[data-cell$='/overdue']").click()
            await expect(page.locator("#orders li")).to_have_count(1)
            await expect(page.locator("#orders .late")).to_contain_text("逾期")
            await row.locator(".fold").click()
            await expect(page.locator("#units tr.part")).to_have_count(2)
            await looked_at_everywhere(page, "supervision")

            await page.locator("#orders button", has_text="催办").click()
            await page.click("#word-do")
            await expect(page.locator("#word-fault")).to_contain_text("必填")
            await page.fill("#text", "请今日联系消费者")
            await page.keyboard.press("Tab")
            await page.click("#word-do")
            await expect(page.locator("#said")).to_have_text("已催办。")

            await expect(page.locator("#waiting li")).to_have_count(3)
            extension = page.locator("[data-what=extension]")
            await expect(extension).to_contain_text("鉴定机构未出结果")
            await extension.get_by_role("button", name="同意", exact=True).click()
            await expect(page.locator("#waiting li")).to_have_count(2)
            dispute = page.locator("[data-what=dispute]")
            await expect(dispute).to_contain_text("经营地在尧都区")
            await dispute.get_by_role("button", name="维持派单").click()
            await page.fill("#text", "经营地以登记为准")
            await page.click("#word-do")
            await expect(page.locator("#waiting li")).to_have_count(1)
            await expect(page.locator("#red")).to_contain_text("号")
            async with page.expect_popup() as popup:
                await page.locator("#red a", has_text="打印督办单").click()
            paper = await popup.value
            await expect(paper.locator("main")).to_contain_text("请局长过问")
            await paper.close()
            await page.click(".kind[data-kind=report]")
            await expect(page.locator("#total")).to_contain_text("合计")
            await expect(page.locator("#units button[data-cell]")).to_have_count(0)
            await page.click(".title a[href='/desk/supervision/figures']")
            await page.wait_for_selector("body[data-read]")
            row = page.locator("#units tr", has_text="尧都区")
            await row.locator("[data-cell$='/assigned']").click()
            await expect(page.locator("#list-name")).to_contain_text("派单（5 件）")
            await expect(page.locator("#orders li")).to_have_count(5)
            await page.click("#publish")
            await expect(page.locator("#published li")).to_have_count(1)
            for ending in ("csv", "xlsx"):
                async with page.expect_download() as download:
                    await page.click(f"#{ending}")
                assert (await download.value).suggested_filename.endswith(f".{ending}")
            await looked_at_everywhere(page, "order-figures")
            number = (await site.orders.order(orders["asks"], LEADER)).item.item.number
            await page.goto(f"/desk#{number}")
            await page.click("#more-acts summary")
            await page.click("[data-act=step]")
            await page.click("#do")
            await expect(page.locator("#fault-step")).to_contain_text("请选择办理节点")
            await page.select_option("#act-step", "lead_found")
            await page.fill("#act-on", utc_now().astimezone(ZONE).date().isoformat())
            await page.click("#do")
            await expect(page.locator("#item-past")).to_contain_text("调解中发现线索")
        ledger = await site.storage.database.read(
            lambda t: site.storage.supervision.of_order(t, orders["late"])
        )
        assert [(line.rung.value, line.text) for line in ledger] == [
            ("red", "请局长过问"),
            ("urge", "请今日联系消费者"),
        ]


async def test_charts_of_orders_without_javascript(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        await filled(site)
        async with opened(browser, site, WIDE, script=False) as page:
            await log_in(page, "boss")
            await page.goto("/desk/supervision/charts")
            assert await page.locator(".plot").count() == 5
            await expect(page.locator("#matrix tbody tr")).to_have_count(12)
            await expect(page.locator(".plot").first.locator(".bar.going")).to_have_count(1)
            await expect(page.locator(".plot").first.locator("desc")).to_contain_text("合计 7")
            await page.locator("#matrix tbody tr", has_text="未完").locator("a").first.click()
            await expect(page.locator("#list-name")).to_contain_text("派单（7 件）")
            await expect(page.locator("#orders li")).to_have_count(7)

            await page.select_option("#by", "unit")
            await page.click("main button[type=submit]")
            row = page.locator("#matrix tbody tr", has_text="尧都区局")
            await row.locator("a").first.click()
            await expect(page.locator("#list-name")).to_contain_text("尧都区局")
            await expect(page.locator("#orders li")).to_have_count(5)
            await page.select_option("#unit", BUREAU)
            await page.click("main button[type=submit]")
            await expect(page.locator("#matrix tbody tr")).to_have_count(2)
            await page.locator("#matrix tfoot a").first.click()
            await expect(page.locator("#orders li")).to_have_count(5)

            await page.fill("#from", "2020-01-01")
            await page.click("main button[type=submit]")
            await expect(page.locator("#to-fault")).to_contain_text("最多 366 天")
            assert await page.input_value("#from") == "2020-01-01"
            address = "/desk/supervision/charts?measure=assigned&since=2026-13-01"
            await page.goto(address)
            await expect(page.locator("main .fault")).to_contain_text("日期格式如")
        async with at_desk(browser, site, "boss") as page:
            for by in ("month", "week", "unit"):
                await page.goto(f"/desk/supervision/charts?by={by}")
                await looked_at_everywhere(page, f"order-charts-{by}")
                if by != "unit":
                    await charts_are_read(page)


async def charts_are_read(page: Page) -> None:
    """Names of columns do not touch, and the latest column is seen without scrolling."""
    for size in (PHONE, WIDE):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        room = page.locator(".plot-room").first
        names = await room.evaluate(
            "room => [...room.querySelectorAll('.name')].filter((one) => one.textContent)"
            ".map((one) => [one.getAttribute('y'), one.getBoundingClientRect()])"
            ".map(([y, { left, right }]) => [y, left, right])"
        )
        for line in {y for y, _, _ in names}:
            edges = sorted((left, right) for y, left, right in names if y == line)
            assert all(left - right >= 2 for (_, right), (left, _) in pairwise(edges)), f"{size}: {edges}"
        box = await room.bounding_box()
        assert box and max(right for _, _, right in names) <= box["x"] + box["width"] + 1
