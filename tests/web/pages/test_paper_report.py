"""A report on paper of a unit without accounts, typed in at the desk with its scan, in a real Chromium."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.cases.order_actions import OrderInput
from gateway.core.order.states import OrderEvent
from gateway.web.site import utc_now
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, looked_at_everywhere
from tests.web.pages.test_browser import picture
from tests.web.pages.test_unit_page import CENTRE, STATION, assigned, unit_site

pytestmark = pytest.mark.live


async def test_a_paper_report_is_typed_in_with_its_scan(browser: Browser, tmp_path: Path) -> None:
    async with unit_site(tmp_path) as site:
        station = (await site.storage.units.tree()).get(STATION)
        assert station
        await site.storage.units.keep([replace(station, online=False)], "boss", utc_now())
        order = await assigned(site, "web:1", content="买到过期牛奶，商家拒绝退货")
        await site.orders.act(int(order), CENTRE, OrderEvent.SIGN, OrderInput())
        number = (await site.orders.order(int(order), CENTRE)).item.item.number
        async with at_desk(browser, site, "boss") as page:
            await page.evaluate("number => (location.hash = number)", number)
            await page.click("#order-acts >> text=录入纸质报告")
            await page.click("#paper-form [type=submit]")
            await expect(page.locator("#fault-p-result")).to_have_text("请选择")
            await expect(page.locator("#fault-p-signed_by")).to_have_text("必填")
            await looked_at_everywhere(page, "paper-report", (WIDE, PHONE))
            await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            await page.select_option("#p-result", "mediated")
            await page.fill("#p-text", "现场调解，商家同意退货。")
            await page.fill("#p-answer", "商家已同意退货。")
            await page.fill("#p-signed_by", "张所长")
            await page.set_input_files("#p-new", [picture("报告扫描件.png")])
            await expect(page.locator("#p-files a")).to_have_text("报告扫描件.png")
            await page.click("#paper-form [type=submit]")
            await expect(page.locator("#paper-form")).to_be_hidden()
            await expect(page.locator("#order-report-files a")).to_have_text("报告扫描件.png")
            await expect(page.locator("#order-report-facts")).to_contain_text("收到，王班长 代为录入")
            await expect(page.locator("#order-acts")).to_contain_text("审核通过")
            await looked_at_everywhere(page, "paper-report-kept", (WIDE, PHONE))
        (report,) = (await site.orders.order(int(order), CENTRE)).reports
        assert report.received_on is not None and len(report.files) == 1 and report.who == "boss"
