"""A browser in another time zone than the centre: days and hours on the pages are the centre's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.accounts.seed_units import ensure_units
from gateway.cases.assigning import Assignment
from gateway.core.roles import Account, Role
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.pages.desk_site import WIDE, desk_site
from tests.web.pages.test_browser import opened
from tests.web.pages.test_fax_page import PASSWORD, log_in
from tests.web.real_site import ZONE

pytestmark = pytest.mark.live
FAR = ("America/Los_Angeles", "Pacific/Auckland")
STATION = "14100201"
BOSS = Account("boss", Role.SUPERVISOR)


@pytest.mark.parametrize("zone", FAR)
async def test_times_are_the_centres(browser: Browser, tmp_path: Path, zone: str) -> None:
    now = utc_now()
    here = now.astimezone(ZONE)
    async with desk_site(tmp_path) as site:
        await ensure_units(site.storage, rules(), "临汾市12315热线", now)
        await site.accounts.add("wang", "王军", Role.HANDLER, PASSWORD, STATION)
        number = (await site.intake.submit(replace(contact("web:1"), received_at=now))).number
        order = (await site.orders.assign(number, BOSS, Assignment(STATION))).order.id
        async with opened(browser, site, WIDE, timezone_id=zone) as page:
            await log_in(page, "boss")
            await page.wait_for_selector("#rows", state="attached")
            await page.evaluate("number => (location.hash = number)", number)
            await expect(page.locator("#item-facts")).to_contain_text(f"{here:%Y-%m-%d %H:%M}")
            await page.goto("/desk/today")
            links = page.locator("#f-offered")
            await expect(links).to_have_attribute(
                "href", f"/desk/calls#from={here:%Y-%m-%d}&to={here:%Y-%m-%d}"
            )
        async with opened(browser, site, WIDE, timezone_id=zone) as page:
            await log_in(page, "wang")
            await page.goto(f"/unit#{order}")
            await expect(page.locator("#events")).to_contain_text(f"{here:%Y-%m-%d}")
            await page.click("#acts >> text=签收")
            await page.click("#acts >> text=中止计时")
            await expect(page.locator("#a-from")).to_have_attribute("max", f"{here:%Y-%m-%d}")
