"""A session that is over: the desk asks for the log-in over the page, and what was typed stays."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser

from tests.web.pages.desk_site import at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_fax_page import PASSWORD


async def test_a_session_that_is_over_is_renewed_over_the_page(browser: Browser, tmp_path: Path) -> None:
    sent = {"kind": "question", "content": "怎样退货", "name": "张三", "phone": "13835712345"}
    async with desk_site(tmp_path) as site:
        async with site.client.post("/api/v1/intake", json=sent, headers=site.bearer("agent")) as answer:
            number = (await answer.json())["number"]
        async with at_desk(browser, site) as page:
            await page.evaluate("number => (location.hash = number)", number)
            await page.wait_for_selector("#claim:not([hidden])")
            await page.evaluate("window.kept = true")
            await site.accounts.sign_out("agent1")
            await page.evaluate("document.getElementById('claim').click()")  # the dialog may be there already
            await page.wait_for_selector("dialog.log-in-again:modal")
            await looked_at_everywhere(page, "log-in-again")
            await page.fill("#again-password", PASSWORD)
            await page.press("#again-password", "Enter")
            await page.wait_for_selector("dialog.log-in-again", state="detached")
            await page.wait_for_selector("#claim", state="hidden")  # it was claimed after all
            assert await page.evaluate("window.kept"), "the page was not loaded anew"
            assert (await site.intake.get(number)).item.lease is not None

            # another tab logged in anew: this page's token is of a session that is over
            session = await site.accounts.log_in("agent1", PASSWORD, "")
            assert session
            cookie = {"name": "session", "value": session.cookie, "url": site.url("/")}
            await page.context.add_cookies([cookie])
            await page.evaluate("document.getElementById('release').click()")
            await page.wait_for_selector("#claim:not([hidden])")
