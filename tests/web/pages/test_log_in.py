"""The log-in page in a real browser: looked at by axe, with and without JavaScript."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from gateway.core.roles import Role
from tests.web.pages.test_browser import DESK, PHONE, looked_at, opened
from tests.web.real_site import RealSite, real_site

PASSWORD = "correct horse 12315"


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path / "var") as running:
        await running.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        yield running


@pytest.mark.parametrize(
    ("size", "lang", "script"), [(PHONE, "zh", True), (DESK, "en", False)], ids=["phone", "desk"]
)
async def test_in_and_out(
    browser: Browser, house: RealSite, size: tuple[int, int], lang: str, script: bool
) -> None:
    async with opened(browser, house, size, script=script) as page:
        await page.goto(f"/desk?lang={lang}")
        if script:
            await looked_at(page, f"log-in-{lang}")
        await page.fill("#f-account", "agent1")
        await page.fill("#f-password", "wrong")
        await page.click("button[type=submit]")
        await expect(page.locator("#f-password")).to_have_value("")
        await expect(page.locator("#f-account")).to_have_value("agent1")
        if script:
            await looked_at(page, f"log-in-wrong-{lang}")
        await page.fill("#f-password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#role")
        assert await page.inner_text("#seat") == "8001"
        if script:
            await looked_at(page, f"desk-{lang}")
        await page.click("form[action='/desk/logout'] button")
        await page.wait_for_selector("#f-password")
