"""The reply page of a unit without accounts in a real Chromium, on a phone and a desk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from gateway.cases.assigning import Assignment
from tests.cases.test_offline import BOSS, BUREAU, letters, paper_site
from tests.storage.databases import Clock, contact
from tests.web.pages.test_browser import DESK, PHONE, looked_at, opened

pytestmark = pytest.mark.live


async def test_a_unit_reads_and_signs_for_an_order(browser: Browser, tmp_path: Path) -> None:
    async with paper_site(tmp_path, Clock()) as (site, orders):
        number = (await site.intake.submit(contact("a"))).number
        await orders.assign(number, BOSS, Assignment(BUREAU, "请核实"))
        [(_, _, mail)] = await letters(site)
        path = re.search(r"https://12315\.example(/order/\S+)", mail["text"])[1]  # type: ignore[index]
        async with opened(browser, site, PHONE, script=False) as page:
            await page.goto(path)
            await page.click("button[type=submit]")
            await page.fill("#f-code", "100000")
            await page.click("button:has-text('打开工单')")
            await page.click("button:has-text('签收')")
            assert await page.inner_text("#state") == "已签收"
            cookies = await page.context.cookies()
        async with opened(browser, site, PHONE) as page:
            await page.goto(path)
            await looked_at(page, "unit-reply-door")
            await page.context.add_cookies(cookies)  # type: ignore[arg-type]
            await page.goto(path)
            for size in (PHONE, DESK):
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await looked_at(page, "unit-reply")
