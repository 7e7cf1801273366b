"""Assigning items in a real Chromium: suggestions, keys, taking back, what was returned, the item page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.accounts.seed_units import ensure_units
from gateway.core.item.contact import Kind, Respondent
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.pages.desk_site import PHONE, SMALL, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
WHOM = (
    (Respondent("福满超市", "临汾市尧都区解放路12号"), "141002"),
    (Respondent("某电器商行", "平阳北街23号"), ""),
    (Respondent("大槐树酒楼", "洪洞县大槐树镇槐荫街"), "141002"),
    (Respondent("阳光健身", "侯马市府西路"), ""),
)


async def items(site: RealSite) -> list[str]:
    await ensure_units(site.storage, rules(), "临汾市12315热线", utc_now())
    return [
        (
            await site.intake.submit(
                contact(
                    f"{n}", respondent=whom, county=county, kind=Kind.REPORT if n == 3 else Kind.COMPLAINT
                )
            )
        ).number
        for n, (whom, county) in enumerate(WHOM)
    ]


async def test_items_are_assigned_by_keys(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        numbers = await items(site)
        async with at_desk(browser, site, "boss") as page:
            await page.goto("/desk/dispatch")
            await page.wait_for_selector("body[data-read='to_assign 4']")
            await page.keyboard.press("ArrowDown")
            await page.wait_for_selector(f"body[data-planned='{numbers[0]} 141002']")
            await looked_at_everywhere(page, "dispatch", (WIDE, SMALL, PHONE))
            await page.set_viewport_size({"width": 1280, "height": 720})
            await page.keyboard.press("Enter")
            await expect(page.locator("#done")).to_contain_text("尧都区市场监督管理局")
            await page.wait_for_selector("body[data-read='to_assign 3']")
            # Of the next nothing is chosen: it cannot be told. Enter assigns nothing.
            await expect(page.locator("#as-doubt")).to_contain_text("地址也对不上")
            await expect(page.locator("#as-unit")).to_have_value("")
            await page.keyboard.press("Enter")
            await page.keyboard.press("/")
            await page.keyboard.type("洪洞")
            await page.wait_for_selector(f"body[data-planned='{numbers[1]} 141024']")
            await page.select_option("#as-urgency", "pressing")
            await page.fill("#as-copy", "襄汾")
            await page.keyboard.press("Enter")
            await expect(page.locator("#as-copies li")).to_have_count(1)
            await page.fill("#as-note", "请先联系消费者")
            await page.click("#as-do")
            await page.wait_for_selector("body[data-read='to_assign 2']")
            await page.click("#done button")
            await page.wait_for_selector("body[data-read='to_assign 3']")
            orders = await site.storage.database.read(lambda t: site.storage.orders.of_item(t, numbers[1]))
            assert [(order.unit, order.state.value, order.urgency.value) for order in orders] == [
                ("141024", "cancelled", "pressing")
            ]
            await returned_and_upheld(page, site, numbers[0])
            await at_the_item(page, site, numbers[0], numbers[2])


async def of_unit(site: RealSite, path: str, unit: str = "141002", **body: object) -> dict[str, object]:
    """What an officer of a unit does, over the API."""
    token = site.tokens.get(unit) or await site.storage.tokens.create("handler", unit, utc_now(), unit=unit)
    site.tokens[unit] = token
    headers = {"Authorization": f"Bearer {token}"}
    async with site.client.post(f"/api/v1/orders/{path}", json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


async def order_of(site: RealSite, number: str) -> int:
    orders = await site.storage.database.read(lambda t: site.storage.orders.of_item(t, number))
    return orders[-1].id


async def returned_and_upheld(page: Page, site: RealSite, number: str) -> None:
    order = await order_of(site, number)
    await of_unit(site, f"{order}/return", reason="address_unclear", text="请补充门牌号")
    await page.click("#tab-returned")
    await page.wait_for_selector("body[data-read='returned 1']")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#one-facts")).to_contain_text("请补充门牌号")
    await expect(page.locator("#as-candidates li")).to_have_count(2)
    await page.click("#act-buttons button")
    await expect(page.locator("#act-fault")).to_contain_text("请写明维持理由")
    await looked_at_everywhere(page, "dispatch-returned", (WIDE,))
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.fill("#act-text", "地址已核实，在辖区内")
    await page.click("#act-buttons button")
    await page.wait_for_selector("body[data-read='returned 0']")


async def at_the_item(page: Page, site: RealSite, number: str, other: str) -> None:
    order = await order_of(site, number)
    report = {"result": "mediated", "text": "已组织调解", "answer": "商家已退款。", "signed_by": "李局长"}
    await of_unit(site, f"{order}/report", **report)
    await page.goto(f"/desk#{number}")
    await page.wait_for_selector(f"body[data-order='{order} reported']")
    await expect(page.locator("#order")).to_contain_text("地址已核实，在辖区内")
    await looked_at_everywhere(page, "desk-order", (WIDE, PHONE))
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.click("#order-acts [data-act=send_back]")
    await page.click("#order-do button")
    await expect(page.locator("#fault-order-word")).to_contain_text("请写明原因")
    await page.fill("#order-word", "请补充退款凭证")
    await page.click("#order-do button")
    await page.wait_for_selector(f"body[data-order='{order} sent_back']")
    await of_unit(site, f"{order}/report", **report)
    await page.wait_for_selector(f"body[data-order='{order} reported']")
    await page.click("#order-acts [data-act=approve]")
    await page.wait_for_selector(f"body[data-order='{order} closed']")
    await page.goto(f"/desk#{other}")
    await page.wait_for_selector("#assign-item:not([hidden])")
    await page.keyboard.press("d")
    await expect(page.locator("#as-unit")).to_be_focused()
    await expect(page.locator("#as-candidates li")).to_have_count(3)
    await looked_at_everywhere(page, "desk-assign", (PHONE,))
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.fill("#as-unit", "大槐树")
    await page.wait_for_selector(f"body[data-planned='{other} 14102401']")
    await page.click("#as-do")
    await expect(page.locator("#order-told")).to_contain_text("大槐树市场监督管理所（洪洞县）")
    await page.wait_for_selector("body[data-order$='assigned']")
