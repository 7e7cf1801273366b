"""The card after registering on a call, in a real Chromium: read aloud, sent, corrected; one more item."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.core.call.record import CallRecord
from gateway.web.site import utc_now
from tests.web.pages.desk_site import PHONE, SMALL, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
CALL, CALLER = "1772415000.7", "13835700000"


async def call_over(site: RealSite) -> None:
    """A talk of agent1 that is over, of which a word is written down."""
    at = utc_now()
    talk = CallRecord(*(CALL, "in", CALLER, "12315", 1, at, at, at, at, at), agent="agent1")
    await site.storage.calls.keep([talk])
    await site.storage.drafts.save(CALL, "agent1", 0, f'{{"phone": "{CALLER}", "content": "手机"}}', at)


async def write(page: Page, **said: str) -> None:
    for name, text in said.items():
        await page.fill(f"#d-{name}", text)


async def registered(page: Page) -> str:
    await page.keyboard.press("F10")
    await page.wait_for_selector("#made:not([hidden])")
    return await page.get_attribute("body", "data-made") or ""


async def test_what_is_registered_is_read_aloud_sent_and_followed_by_one_more(
    browser: Browser, tmp_path: Path
) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await call_over(site)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.reload()
        await page.click("#rows button.call")
        await page.wait_for_selector(f"body[data-known='{CALL}']")

        # A complaint names both sides, or says that they are not told.
        await page.check("#draft [name=kind][value=complaint]")
        await page.keyboard.press("F10")
        await expect(page.locator("#draft .fault.beside")).to_have_count(2)
        await looked_at_everywhere(page, "made-missing", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await write(page, content="手机黑屏", name="张三")
        await page.locator("#draft [name=declined][value=respondent_name]").check()
        first = await registered(page)

        card = page.locator("#made-items li")
        code = await card.locator(".code").inner_text()
        assert len(code) == 6 and first[6:11] in await card.inner_text()
        due = (await site.intake.get(first)).item.due[0]
        await expect(card).to_contain_text(due.on.isoformat())
        await looked_at_everywhere(page, "made", sizes=(WIDE, SMALL, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await card.get_by_role("button", name="复制").click()
        await expect(page.locator("#made-said")).to_have_text("已复制")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert first in copied and code in copied and due.on.isoformat() in copied
        async with page.context.expect_page() as opened:
            await card.get_by_role("link", name="打印登记表").click()
        form = await opened.value
        await expect(form.locator("body")).to_contain_text("投诉登记表")
        await form.close()
        await card.get_by_role("button", name="发送登记回执").click()
        await expect(page.locator("#made-said")).to_contain_text("没有")  # neither mail nor address was given

        # One more of the same call, which is over; the word that makes it one outlives a reload.
        await page.click("#made-more")
        assert await page.input_value("#d-name") == "张三" and await page.input_value("#d-content") == ""
        await page.check("#draft [name=kind][value=question]")
        await write(page, content="怎样退卡")
        await page.wait_for_selector("#saved[data-state=saved]")
        await page.reload()
        await page.click("#rows button.call")
        await page.wait_for_selector(f"body[data-known='{CALL}']")
        assert await page.input_value("#d-content") == "怎样退卡"
        second = await registered(page)
        assert second != first
        items = [(await site.intake.get(number)).item for number in (first, second)]
        assert [one.content for one in items] == ["手机黑屏", "怎样退卡"]
        assert [one.declined for one in items] == [("respondent_name",), ()]

        await card.get_by_role("button", name="更正").click()
        await page.wait_for_selector(f"body[data-matter='{second}']")
        await page.click("#claim")
        await expect(page.locator("button[aria-label='更正 姓名']")).to_be_visible()
