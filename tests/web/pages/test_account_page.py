"""One's own account in a real Chromium: password, one-time codes and other sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.accounts import totp
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_fax_page import PASSWORD

pytestmark = pytest.mark.live
NEW = "yellow-river-2026"


async def test_own_password_codes_and_other_sessions(browser: Browser, tmp_path: Path) -> None:
    async with (
        desk_site(tmp_path) as site,
        at_desk(browser, site) as page,
        at_desk(browser, site) as elsewhere,
    ):
        await page.click("#account-menu summary")
        await page.click("#account-menu a")
        await looked_at_everywhere(page, "account", (WIDE, PHONE))
        await page.fill("#password-new", "short")
        await page.fill("#password-again", "short")
        await page.fill("#password-old", PASSWORD)
        await page.click("form[action$=password] button")
        await expect(page.locator("#password-new-fault")).to_contain_text("10")
        for old, wanted in (("wrong", "不正确"), (PASSWORD, "")):
            await page.fill("#password-new", NEW)
            await page.fill("#password-again", NEW)
            await page.fill("#password-old", old)
            await page.click("form[action$=password] button")
            if wanted:
                await expect(page.locator("#password-old-fault")).to_contain_text(wanted)
        await expect(page.locator(".notice.good")).to_contain_text("密码已修改")
        assert (await elsewhere.request.get("/api/v1/me")).status == 401
        assert (await page.request.get("/api/v1/me")).status == 200

        secret = await page.inner_text("#secret")
        await page.fill("#codes-first", "000000")
        await page.fill("#codes-old", NEW)
        await page.click("form[action$=codes] button")
        await expect(page.locator("#codes-first-fault")).to_be_visible()
        assert await page.inner_text("#secret") == secret, "what was scanned still holds"
        await page.fill("#codes-first", totp.code_at(secret, int(datetime.now(UTC).timestamp()) // 30))
        await page.fill("#codes-old", NEW)
        await page.click("form[action$=codes] button")
        await expect(page.locator(".recovery li")).to_have_count(8)
        await looked_at_everywhere(page, "account-codes", (WIDE, PHONE))
        recovery = await page.locator(".recovery li").all_inner_texts()
        assert await site.accounts.log_in("agent1", NEW, "::1") is None
        await page.fill("#sign-out-old", NEW)
        await page.fill("#sign-out-code", recovery[0])
        await page.click("form[action$=sign-out] button")
        await expect(page.locator(".notice.good")).to_contain_text("已全部结束")
        await expect(page.locator("#codes-name + p")).to_contain_text("7")
        for _ in range(6):
            await page.fill("#no-codes-old", "wrong")
            await page.fill("#no-codes-code", "1")
            async with page.expect_navigation():
                await page.click("form[action$=no-codes] button")
        await expect(page.locator("#no-codes-old-fault")).to_contain_text("秒后再试")
        whats = {row.what for row in await site.storage.audit.page(about="agent1")}
        assert {"account.password", "account.totp", "account.sign_out"} <= whats
