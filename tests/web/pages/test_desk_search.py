"""The search at the desk in a real Chromium: by keys alone, its states, its address, at three sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Route, expect

from gateway.core.item.contact import Kind, Person, Respondent
from gateway.storage.search_index import begin_anew
from tests.storage.databases import contact
from tests.web.pages.desk_site import at_desk, desk_site, looked_at_everywhere

pytestmark = pytest.mark.live


async def test_what_was_taken_in_before_is_found_by_keys_alone(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        one = contact("1", person=Person("𠮷伟", "13835700000"), respondent=Respondent("临汾恒信家电商行"))
        number = (await site.intake.submit(one)).number
        secret = contact(
            "2", kind=Kind.REPORT, person=Person("赵敏", "13835700009"), respondent=Respondent("恒信超市")
        )
        await site.intake.submit(secret)
        await page.locator("#rows button").nth(1).wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("恒信")
        await page.keyboard.press("Enter")
        found = page.locator("#found-rows button")
        await expect(found).to_have_count(2)
        await expect(page.locator("#found-count")).to_have_text("2 件")
        await expect(found.nth(0)).to_contain_text("恒信超市")
        await expect(found.nth(0)).not_to_contain_text("赵敏")
        assert await page.is_hidden("#rows") and await page.is_hidden("#found-indexing")
        await looked_at_everywhere(page, "desk-found")
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.focus("#q")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"body[data-matter='{number}']")
        await page.go_back()
        await expect(found).to_have_count(2)
        await page.select_option("#s-kind", "complaint")
        await expect(found).to_have_count(1)
        await page.focus("#q")
        await page.keyboard.press("Escape")
        await expect(page.locator("#rows button")).to_have_count(2)
        assert await page.is_hidden("#found")
        await page.evaluate("location.hash = 'q=没有这个词'")
        await page.wait_for_selector("#found-empty:not([hidden])")
        await looked_at_everywhere(page, "desk-found-nothing")
        await site.storage.database.write(begin_anew)
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.fill("#q", "𠮷")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#found-indexing:not([hidden])")
        await expect(found).to_have_count(1)


async def test_a_search_that_fails_says_so_and_keeps_what_was_typed(browser: Browser, tmp_path: Path) -> None:
    async def away(route: Route) -> None:
        await route.fulfill(
            status=503, json={"detail": "数据库无应答 / it does not answer", "zh": "忙", "en": "busy"}
        )

    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await page.route("**/api/v1/search*", away)
        await page.fill("#q", "恒信")
        await page.keyboard.press("Enter")
        await expect(page.locator("#found-fault")).to_have_text("数据库无应答")
        assert await page.input_value("#q") == "恒信"
        await page.unroute("**/api/v1/search*")
        await page.click("#found-again")
        await page.wait_for_selector("#found-empty:not([hidden])")
        assert await page.input_value("#q") == "恒信"
        await page.route("**/api/v1/search*", away)
        await page.goto("/desk?lang=en#q=恒信")
        await expect(page.locator("#found-fault")).to_have_text("it does not answer")
        await page.unroute("**/api/v1/search*")
        await page.goto("/desk?lang=zh")
        await page.goto("/desk?q=恒信")  # as the browser sends the form while the script is on its way
        await page.wait_for_selector("#found-empty:not([hidden])")
        assert await page.input_value("#q") == "恒信"
        assert await page.evaluate("decodeURIComponent(location.hash)") == "#q=恒信"
