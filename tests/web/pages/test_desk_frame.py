"""The frame of the desk in a real Chromium: head, columns, addresses, keys; three sizes, light and dark.

Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.item.contact import Kind
from tests.storage.databases import contact
from tests.web.pages.desk_site import SMALL, WIDE, at_desk, desk_site, looked_at_everywhere

pytestmark = pytest.mark.live


async def test_the_frame_shows_list_work_and_context_at_every_size(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        first = (await site.intake.submit(contact("one", kind=Kind.COMPLAINT))).number
        second = (await site.intake.submit(contact("two", kind=Kind.QUESTION))).number
        places = ["工作台", "分派", "来访来函", "通话记录", "督办", "大屏"]
        await expect(page.locator(".places a")).to_have_text(places)
        await page.reload()
        await page.locator("#rows button").nth(1).wait_for()
        await looked_at_everywhere(page, "desk-list")
        await page.evaluate("number => (location.hash = number)", first)
        await page.wait_for_selector(f"body[data-matter='{first}']")
        await looked_at_everywhere(page, "desk-item")
        assert await page.is_hidden("#rows") and await page.is_hidden("#context"), "a phone shows one column"
        await page.click("#back-to-list")
        await expect(page.locator("#rows")).to_be_visible()
        await page.set_viewport_size(dict(zip(("width", "height"), SMALL, strict=True)))
        assert await page.is_hidden("#context")
        await page.click("#context-toggle")
        await expect(page.locator("#beside-name")).to_be_visible()
        await page.click("#context-toggle")
        await page.set_viewport_size(dict(zip(("width", "height"), WIDE, strict=True)))
        assert await page.is_visible("#rows") and await page.is_visible("#beside-name")
        await page.keyboard.press("/")
        await page.keyboard.type(second)
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"body[data-matter='{second}']")
        await page.go_back()
        await page.wait_for_selector(f"body[data-matter='{first}']")
        await page.keyboard.press("Escape")
        assert await page.is_visible("#idle") and await page.evaluate("location.hash") == "#tab=waiting"


async def test_the_head_shows_what_a_role_may_do(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site, "boss") as page:
        assert await page.locator("#state").count() == 0, "whoever has no seat is shown no state"
        await page.wait_for_selector("#team:not([hidden])")
        await page.click("#account-menu summary")
        await page.keyboard.press("Escape")
        await expect(page.locator("#look")).to_be_hidden()


async def test_a_log_out_ends_what_its_account_had_typed_at_this_computer(
    browser: Browser, tmp_path: Path
) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        for who in ("agent1", "boss"):
            await page.evaluate(
                "who => localStorage.setItem(`words:${who}:x`, JSON.stringify({ at: Date.now() }))", who
            )
        await page.click("#account-menu summary")
        await page.click("form[action='/desk/logout'] button")
        await page.wait_for_selector("#f-password")
        left = await page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('words:'))")
        assert left == ["words:boss:x"]


async def test_the_design_system_and_the_other_pages_of_the_house_are_accessible(
    browser: Browser, tmp_path: Path
) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        for path, name in (("/desk/style", "style"), ("/desk/entry", "entry")):
            await page.goto(path)
            await page.wait_for_selector(".places [href='/desk']")
            await looked_at_everywhere(page, name)
        await page.goto("/desk/style")
        await page.click("#open-dialog")
        await page.wait_for_selector("#dialog[open]")
        await page.keyboard.press("Escape")
        await expect(page.locator("#dialog")).to_be_hidden()
