"""The auditor's page in a real Chromium: the log with filters, its check and export, figures, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import text

from gateway.core.roles import Role
from gateway.web.site import utc_now
from tests.web.pages.desk_site import PHONE, WIDE, desk_site, fits_a_phone, looked_at_everywhere
from tests.web.pages.test_browser import opened
from tests.web.pages.test_fax_page import PASSWORD, log_in

pytestmark = pytest.mark.live


async def test_an_auditor_reads_checks_and_exports_the_log(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, opened(browser, site, WIDE) as page:
        await site.accounts.add("eye", "赵审计", Role.AUDITOR, PASSWORD)
        for n in range(120):
            await site.storage.audit.note("export", f"{n}", who="=boss")
        await log_in(page, "eye")
        rows = page.locator("#rows tr")
        await expect(rows).to_have_count(100)
        assert await page.locator(".places a").all_inner_texts() == ["审计与统计"]
        await looked_at_everywhere(page, "audit", (WIDE, PHONE))
        await fits_a_phone(page)
        await page.set_viewport_size({"width": 1280, "height": 720})
        await expect(page.locator("#whats option[value='queue.view']")).to_have_text("查看：事项列表")
        await page.click("#more")
        await expect(rows).to_have_count(120 + 1)
        await page.fill("#a-what", "log_in")
        await page.press("#a-what", "Enter")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("登录")
        await page.click("#filters [type=reset]")
        await page.fill("#a-who", "=boss")
        await page.press("#a-who", "Enter")
        await expect(rows).to_have_count(100)
        async with page.expect_download() as download:
            await page.click("#export")
        lines = (await (await download.value).path()).read_text("utf-8-sig").splitlines()
        assert len(lines) == 121 and ",'=boss," in lines[1] and "导出事项" in lines[1]
        day = utc_now().date().isoformat()
        await page.goto(f"/desk/audit#from={day}&to={day}")
        await expect(page.locator("#counted tr")).to_have_count(8)
        await page.goto("/desk/audit#to=2020-01-01")
        await page.wait_for_selector("#empty:not([hidden])")
        await page.click("#verify")
        await expect(page.locator("#verdict")).to_contain_text("日志完整")
        await site.storage.database.write(lambda t: t.execute(text("drop trigger audit_no_update")).close())
        await site.storage.database.write(
            lambda t: t.execute(text("update audit set who = 'x' where seq = 5")).close()
        )
        await page.click("#verify")
        await expect(page.locator("#verdict")).to_contain_text("第 5 条")
        for path in ("/desk/calls", "/desk/today", "/desk/entry"):
            answer = await page.goto(path)
            assert answer and answer.status == 403
