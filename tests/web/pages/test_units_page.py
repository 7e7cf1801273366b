"""The administrator's page of units in a real Chromium: find one, change it, add one, move people."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.accounts.seed_units import ensure_units
from gateway.core.roles import Role
from gateway.web.site import utc_now
from tests.storage.databases import rules
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_fax_page import PASSWORD

pytestmark = pytest.mark.live


async def test_an_administrator_keeps_units(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        await ensure_units(site.storage, rules(), "临汾市12315热线", utc_now())
        await site.accounts.add("root", "周管理", Role.ADMIN, PASSWORD)
        await site.accounts.add("wang", "王军", Role.HANDLER, PASSWORD, "141002")
        async with at_desk(browser, site, "root") as page:
            await page.click(".places a[href='/desk/units']")
            await expect(page.locator("#units button")).to_have_count(84)
            await page.fill("#find", "辛寺街")
            await page.click("#units button")
            await page.wait_for_selector("body[data-shown='14100202']")
            await page.fill("#phones", "0357-2025100、13800138000")
            await page.fill("#hours", "8点到12点")
            await page.uncheck("#online")
            await page.check("#verified")
            await page.fill("#find", "")
            await page.click("#units [data-id='141024']")
            await expect(page.locator("#unit-fault")).to_contain_text("未保存")
            await page.click("#unit-form [type=submit]")
            await expect(page.locator("#unit-fault")).to_contain_text("工作时间：格式如 08:00-12:00")
            await page.fill("#hours", "08:00-12:00 14:30-18:00")
            await page.click("#unit-form [type=submit]")
            await expect(page.locator("#unit-saved")).to_have_text("已保存")
            await expect(page.locator("#history li")).to_have_count(2)
            await expect(page.locator("#history li").first).to_contain_text("线上办理：是 → 否")
            await page.select_option("#account", "wang")
            await page.click("#take-in button")
            await expect(page.locator("#people li")).to_have_text("王军 · wang · 承办人")
            await looked_at_everywhere(page, "units", (WIDE, PHONE))
            unit = (await site.storage.units.tree()).get("14100202")
            assert unit and unit.phones == ("0357-2025100", "13800138000") and not unit.online
            assert (await site.accounts.get("wang")).unit == "14100202"
            await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            await page.click("#new")
            await page.fill("#new-id", "1410029")
            await page.fill("#new-zh", "新所")
            await page.click("#adding-form [type=submit]")
            await expect(page.locator("#adding-fault")).to_contain_text("编号为 6 位区划代码")
            await page.fill("#new-id", "14100209")
            await page.click("#adding-form [type=submit]")
            await page.wait_for_selector("body[data-shown='14100209']")
            audited = [row.what for row in await site.storage.audit.page(who="root")]
            assert {"unit.add", "unit.change", "account.unit"} <= set(audited)
