"""Lists of orders come by themselves once the server can be asked again, on each page that shows some."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from gateway.cases.follow_ups import FollowUps
from gateway.core.roles import Role
from tests.storage.databases import rules
from tests.web.pages.desk_site import at_desk, desk_site
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.pages.test_supervision_page import filled
from tests.web.real_site import ZONE, Later

pytestmark = pytest.mark.live
AWAY = {"status": 503, "zh": "存储暂时不可用，请稍后再试", "en": "the storage is away"}
PAGES = {
    "/desk/dispatch": "#empty",
    "/desk/supervision": "#units tr",
    "/desk/supervision/figures": "#units tr",
    "/desk/follow-ups": "#count",
    "/desk/units": "#units li",
}


async def refused(route: Route) -> None:
    if route.request.url.endswith("/me"):
        await route.continue_()
    else:
        await route.fulfill(status=503, json=AWAY)


@pytest.mark.parametrize("path", PAGES)
async def test_a_list_comes_back(browser: Browser, tmp_path: Path, path: str) -> None:
    calls = Later()
    async with desk_site(tmp_path, follow_ups=calls) as site:
        calls.real = FollowUps(site.intake.changes, rules(), ZONE)
        await filled(site)
        await site.accounts.add("root", "陈管理", Role.ADMIN, PASSWORD)
        async with at_desk(browser, site, "root") as page:
            await page.route("**/api/v1/**", refused)
            await page.goto(path)
            await expect(page.locator(".alarm:visible, .fault:visible").first).to_contain_text(
                "存储暂时不可用"
            )
            await expect(page.locator("#loading")).to_be_hidden()
            await page.unroute("**/api/v1/**")
            await expect(page.locator(PAGES[path]).first).to_be_visible(timeout=30_000)
            await expect(page.locator(".alarm:visible, .fault:visible")).to_have_count(0)
