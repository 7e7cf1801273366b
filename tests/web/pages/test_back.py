"""What was filled in is there again after the browser's back button."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.web.pages.test_browser import fill, opened
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live

SAID = {
    "respondent_name": "某商店",
    "respondent_address": "解放路1号",
    "respondent_phone": "0357-2025100",
    "content": "商家拒绝退款",
    "name": "张三",
}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_the_fields_are_there_after_going_back(browser: Browser, site: RealSite, script: bool) -> None:
    async with opened(browser, site, script=script) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.goto("/track")
        await page.go_back()
        await page.wait_for_selector("#f-respondent_name")
        assert {name: await page.input_value(f"#f-{name}") for name in SAID} == SAID
