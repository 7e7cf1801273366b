"""The shift leader's page in a real Chromium: figures and their lists, seats, and giving items to others."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.item.item import QueueQuery
from gateway.web.site import FEED
from tests.storage.databases import contact
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, looked_at_everywhere

pytestmark = pytest.mark.live


async def test_a_leader_sees_who_holds_what_and_gives_it_to_another(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site, "boss") as page:
        feed = site.server.app[FEED]
        site.intake.on_change(lambda what, number: feed.publish("queue.changed", {"number": number}))
        numbers = [(await site.intake.submit(contact(f"{n}"))).number for n in range(3)]
        await site.intake.claim("agent1", QueueQuery(), numbers[0])
        await page.click(".places a[href='/desk/today']")
        await page.wait_for_selector("body[data-read]")
        await expect(page.locator("#f-waiting strong")).to_have_text("2")
        await expect(page.locator("#seats tr")).to_have_count(2)
        await expect(page.locator("#waiting li")).to_have_count(1)
        await expect(page.locator("#holders button")).to_have_text("李红 · 1 件")
        await looked_at_everywhere(page, "today", (WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.goto("/desk/today?lang=en")
        await expect(page.locator("#held .due")).to_contain_text("d overdue")
        await page.goto("/desk/today?lang=zh")
        await expect(page.locator("#held .due")).to_contain_text("已逾期")
        await page.click("#held button")
        await page.select_option("#to", "boss")
        await page.fill("#reason", "李红下班")
        await looked_at_everywhere(page, "today-reassign", (WIDE,))
        await page.click("#reassign-form [type=submit]")
        await expect(page.locator("#holders button")).to_have_text("王班长 · 1 件")
        detail = await site.intake.get(numbers[0])
        assert detail.item.lease and detail.item.lease.holder == "boss"
        assert "李红下班" in detail.timeline[-1].text
        assert "item.reassign" in [row.what for row in await site.storage.audit.page(who="boss")]
        await page.click("#held button")
        await page.select_option("#to", "-")
        await page.fill("#reason", "重新分配")
        await page.click("#reassign-form [type=submit]")
        await page.wait_for_selector("#holders-empty:not([hidden])")
        await expect(page.locator("#f-waiting strong")).to_have_text("3")
        await page.click("#f-waiting")
        await expect(page.locator("#rows button")).to_have_count(3)
        async with at_desk(browser, site) as other:
            await expect(other.locator(".places a[href='/desk/today']")).to_have_count(0)
            assert (await other.goto("/desk/today")).status == 403  # type: ignore[union-attr]
            for path in ("queue/holders", "queue/rows?tab=mine&holder=boss"):
                assert (await other.request.get(f"/api/v1/{path}")).status == 403
