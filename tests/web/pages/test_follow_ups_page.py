"""The page of follow-up calls in a real Chromium: calls rung and answered, a reporter, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.cases.follow_ups import FollowUps
from gateway.core.followup import FollowUpQuery
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.web.site import utc_now
from tests.storage.databases import rules
from tests.web.pages.desk_site import at_desk, desk_site, looked_at_everywhere
from tests.web.real_site import ZONE, Later, RealSite
from tests.web.test_follow_ups_api import Seats, closed

pytestmark = pytest.mark.live


async def due_today(site: RealSite, *numbers: str) -> None:
    """These were closed some days ago."""
    rows = (await site.intake.changes.read(lambda t: site.storage.follow_ups.page(t, FollowUpQuery()))) or ()
    for place, call in enumerate(row.call for row in rows if row.call.number in numbers):
        early = replace(call, due_at=utc_now() - timedelta(hours=place + 1))
        await site.intake.changes.write(
            lambda t, early=early: site.storage.follow_ups.change(t, early, early.state)
        )


async def answer(page: Page, **answers: str) -> None:
    for name, value in answers.items():
        await page.check(f"#answers input[name={name}][value='{value}']")


async def test_people_are_asked_from_the_page(browser: Browser, tmp_path: Path) -> None:
    calls, seats = Later(), Seats()
    async with desk_site(tmp_path, follow_ups=calls, transfers=seats) as site:
        calls.real = FollowUps(site.intake.changes, rules(), ZONE)
        numbers = [await closed(site, f"web:{n}") for n in range(3)]
        report = await closed(site, "web:r", kind=Kind.REPORT)
        await due_today(site, *numbers[1:], report)

        async with at_desk(browser, site) as page:
            await page.goto("/desk/follow-ups")  # in the head, or in its menu on a narrow screen
            await expect(page.locator("#rows li")).to_have_count(3)
            await expect(page.locator("#count")).to_have_text("共 3 件")
            await page.locator("#rows button", has_text="投诉").first.click()
            await expect(page.locator("#hello")).to_have_text("您好，这里是临汾市12315热线，请问是张三吗？")
            await expect(page.locator("#answers")).to_be_hidden()  # nothing is said before he is known
            await page.keyboard.press("F8")
            await expect(page.locator("#ring-said")).to_contain_text("您的话机先响")
            assert seats.rung[-1][:2] == ("agent1", "13835700000")
            await page.check("#known")
            await expect(page.locator("#about")).to_contain_text("某电器商行一事已经办结")
            await page.keyboard.press("Control+Enter")
            await expect(page.locator("#answers-fault")).to_have_text("请回答第 1 题")
            await answer(page, contacted="true", solved="false", handler="2", outcome="4")
            await page.keyboard.press("Control+Enter")
            await expect(page.locator("#answers-fault")).to_have_text("不满意时请选择原因")
            await looked_at_everywhere(page, "follow-ups")
            await answer(page, reason="not_solved")
            await page.keyboard.press("Control+Enter")
            await expect(page.locator("#said")).to_contain_text("该件已重新办理")
            await expect(page.locator("#rows li")).to_have_count(2)

            await page.locator("#rows button", has_text="举报").click()
            await expect(page.locator("#not-yours")).to_be_visible()
            await expect(page.locator("#ring")).to_be_hidden()
            await page.locator("#rows button", has_text="投诉").click()
            await page.click("#not-reached")
            await expect(page.locator("#said")).to_contain_text("稍后再回访")
            await page.focus("#tab-due")
            for tab, count in (("later", 3), ("pbx", 0), ("answered", 1)):
                await page.keyboard.press("ArrowRight")
                await page.wait_for_selector(f"[data-read={tab}]")
                await expect(page.locator("#rows li")).to_have_count(count)
            await page.click("#rows button")
            await expect(page.locator("#result")).to_contain_text("未解决")

        async with at_desk(browser, site, "boss") as page:
            await page.goto("/desk/follow-ups")
            await page.locator("#rows button", has_text="举报").click()
            await expect(page.locator("#ring")).to_be_disabled()  # who has no seat cannot ring from it
            await page.check("#known")
            await answer(page, contacted="true", solved="true", handler="1", outcome="1")
            await page.click("#answers [type=submit]")
            await expect(page.locator("#said")).to_contain_text("已保存")
        number = seats.rung[0][2].removesuffix("f")
        assert (await site.intake.get(number)).item.state is ItemState.IN_WORK
