"""The workplace of a unit in a real Chromium, at two sizes: orders, acts, report, printed form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.accounts.seed_units import ensure_units
from gateway.cases.assigning import Assignment
from gateway.cases.order_actions import OrderInput
from gateway.core.item.contact import Kind, Respondent
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.pages.desk_site import PHONE, WIDE, desk_site, looked_at_everywhere
from tests.web.pages.test_browser import opened, picture
from tests.web.pages.test_fax_page import PASSWORD, log_in
from tests.web.real_site import RealSite
from tests.web.sample_files import png

pytestmark = pytest.mark.live
BUREAU, STATION = "141002", "14100201"
CENTRE = Account("fen", Role.DISPATCHER)
FIRM = Respondent("好再来超市", "尧都区解放路2号", "0357-2025100")


@asynccontextmanager
async def at_unit(
    browser: Browser, site: RealSite, account: str = "wang", size: tuple[int, int] = WIDE
) -> AsyncIterator[Page]:
    """Logged in as somebody of a unit: the log-in leads to the unit's page."""
    async with opened(browser, site, size) as page:
        await log_in(page, account)
        await page.wait_for_url("**/unit*")
        await page.wait_for_selector("body[data-read]")
        yield page


async def assigned(site: RealSite, key: str, unit: str = STATION, days: float = 0, **said: object) -> str:
    """The id of a new order, whose item came so many days ago."""
    given = contact(key, received_at=utc_now() - timedelta(days=days), **{"respondent": FIRM, **said})
    number = (await site.intake.submit(given)).number
    wish = Assignment(unit, "请于周内反馈")
    return str((await site.orders.assign(number, CENTRE, wish)).order.id)


@asynccontextmanager
async def unit_site(tmp_path: Path) -> AsyncIterator[RealSite]:
    """`wang` handles the orders of a station, `zhao` leads its bureau."""
    async with desk_site(tmp_path) as site:
        await ensure_units(site.storage, rules(), "临汾市12315热线", utc_now())
        await site.accounts.add("wang", "王军", Role.HANDLER, PASSWORD, STATION)
        await site.accounts.add("zhao", "赵局长", Role.UNIT_LEADER, PASSWORD, BUREAU)
        yield site


async def test_an_officer_works_on_orders(browser: Browser, tmp_path: Path) -> None:
    async with unit_site(tmp_path) as site:
        earlier = await assigned(site, "web:1", days=70)
        order = await assigned(site, "web:2", content="买到过期牛奶，商家拒绝退货")
        report = await assigned(site, "web:3", kind=Kind.REPORT, content="无照经营", unit=BUREAU)
        async with at_unit(browser, site) as page:
            await expect(page.locator("h1")).to_have_text("解放路市场监督管理所")
            await expect(page.locator("#rows button")).to_have_count(2)
            await expect(page.locator("#rows .due").first).to_have_attribute("data-level", "today")
            await page.click(f"#rows [data-id='{order}']")
            await page.wait_for_selector(f"body[data-order='{order}']")
            await expect(page.locator("#order-notices")).to_contain_text("派单说明：请于周内反馈")
            await expect(page.locator("#earlier li")).to_have_count(1)
            await expect(page.locator("#events")).to_contain_text("解放路市场监督管理所")
            await expect(page.locator("#events")).not_to_contain_text("14100201")
            await page.click("#acts >> text=退回")
            await page.select_option("#a-reason", "address_unclear")
            await page.click("#act-cancel")
            await page.click("#acts >> text=签收")
            await expect(page.locator("#done")).to_have_text("已签收。")
            await expect(page.locator("#order-state")).to_have_text("已签收")
            await page.click("#acts >> text=申请延期")
            await page.fill("#a-days", "30")
            await page.fill("#a-reason", "等待鉴定")
            await page.click("#act-do")
            await expect(page.locator("#act-fault")).to_contain_text("延长（工作日）：每次 1 至 3 个工作日")
            await page.click("#act-cancel")
            await report_is_kept_and_handed_in(site, page, order)
            await looked_at_everywhere(page, "unit", (WIDE, PHONE))
        async with at_unit(browser, site, "zhao", PHONE) as page:
            await expect(page.locator("#rows button")).to_have_count(3)  # two of the station, one of its own
            await page.click(f"#rows [data-id='{report}']")
            await expect(page.locator("#item-sealed")).to_be_visible()
            await expect(page.locator("#unseal-box")).to_be_hidden()
            await page.click("#back")
            await page.click(f"#rows [data-id='{earlier}']")
            await expect(page.locator("#order-unit")).to_have_text("解放路市场监督管理所")
            await page.click("#acts >> text=下派")
            await page.select_option("#a-unit", "14100202")
            await page.click("#act-do")
            await expect(page.locator("#order-unit")).to_have_text("辛寺街市场监督管理所")


async def test_a_copy_is_read_and_nothing_is_done_with_it(browser: Browser, tmp_path: Path) -> None:
    async with unit_site(tmp_path) as site:
        given = contact("web:1", received_at=utc_now(), respondent=FIRM, kind=Kind.REPORT, content="无照经营")
        number = (await site.intake.submit(given)).number
        wish = Assignment("141021", "", copies=(STATION,))
        order = str((await site.orders.assign(number, CENTRE, wish)).order.id)
        async with at_unit(browser, site) as page:
            await expect(page.locator("#rows-empty")).to_be_visible()
            await expect(page.locator("#count-copies")).to_have_text("1")
            await page.click("#tab-copies")
            await page.click(f"#rows [data-id='{order}']")
            await expect(page.locator("#order-notices")).to_contain_text("抄送件，仅供查看；承办单位：")
            await expect(page.locator("#item-content")).to_have_text("无照经营")
            for part in ("#acts-card", "#report-card", "#add-files", "#unseal-box"):
                await expect(page.locator(part)).to_be_hidden()
            await looked_at_everywhere(page, "unit-copy", (WIDE, PHONE))


async def report_is_kept_and_handed_in(site: RealSite, page: Page, order: str) -> None:
    """What is typed outlives a reload, a fault and an ended session."""
    await page.select_option("#result", "mediated")
    await page.fill("#text", "现场调解，商家同意退货。")
    await expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    await page.reload()
    await page.wait_for_selector(f"body[data-order='{order}']")
    await expect(page.locator("#text")).to_have_value("现场调解，商家同意退货。")
    await page.set_input_files("#new-files", [picture("现场.png")])
    await expect(page.locator("#item-files a")).to_have_text("现场.png")
    await page.set_input_files("#report-new", [picture("调解书.png"), picture("误传.png", png() + bytes(9))])
    await expect(page.locator("#report-papers li")).to_have_count(2)
    await page.click("#report-papers li:has-text('误传') >> text=移出报告")
    await page.click("#report-form [type=submit]")
    await expect(page.locator("#report-fault")).to_contain_text("告知投诉人的答复：必填")
    await site.accounts.sign_out("wang")
    await page.fill("#answer", "商家已同意退货，请持小票到店办理。")
    await page.fill(".log-in-again [type=password]", PASSWORD)
    await page.click(".log-in-again [type=submit]")
    await expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    await page.click("#report-form [type=submit]")
    await expect(page.locator("#done")).to_have_text("报告已提交，等待中心审核。")
    await expect(page.locator("#report-card")).to_be_hidden()
    await expect(page.locator("#reports .files a")).to_have_text("调解书.png")
    await site.orders.act(int(order), CENTRE, OrderEvent.SEND_BACK, OrderInput(text="请附调解记录"))
    await page.reload()
    await expect(page.locator("#order-notices")).to_contain_text("请附调解记录")
    await expect(page.locator("#answer")).to_have_value("商家已同意退货，请持小票到店办理。")
    async with page.context.expect_page() as opening:
        await page.click("#print")
    printed = await opening.value
    await expect(printed.locator("table")).to_contain_text("请持小票到店办理")
    await expect(printed.locator("table")).to_contain_text("解放路市场监督管理所")
    await expect(printed.locator("table")).to_contain_text("1. 调解书.png")
    await printed.close()
    assert "order.print" in [row.what for row in await site.storage.audit.page(who="wang")]
