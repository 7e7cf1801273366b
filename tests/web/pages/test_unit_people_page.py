"""The leader of a unit keeps the accounts of its handlers, and nobody else's; without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.roles import Role
from tests.web.pages.desk_site import PHONE, WIDE, looked_at_everywhere
from tests.web.pages.test_browser import opened
from tests.web.pages.test_fax_page import PASSWORD, log_in
from tests.web.pages.test_unit_page import BUREAU, STATION, at_unit, unit_site
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
PEOPLE = "/unit/people"


async def test_a_leader_keeps_the_accounts_of_his_handlers(browser: Browser, tmp_path: Path) -> None:
    async with unit_site(tmp_path) as site:
        await site.accounts.add("zhou", "周梅", Role.HANDLER, PASSWORD, "141081")
        await site.accounts.add("qian", "钱所长", Role.UNIT_LEADER, PASSWORD, STATION)
        async with opened(browser, site, WIDE, script=False) as page:
            await log_in(page, "zhao")
            await page.goto(PEOPLE)
            await expect(page.locator("tr[data-account]")).to_have_count(
                1
            )  # neither the other bureau's nor a leader
            await page.fill("#add-account", "Wang")
            await page.click("form.add button")
            await expect(page.locator("#fault-account")).to_contain_text("账号 wang 已存在")
            await expect(page.locator("#fault-name")).to_have_text("必填")
            await expect(page.locator("#add-account")).to_have_value("Wang")
            await page.fill("#add-account", "li.na")
            await page.fill("#add-shown", "李娜")
            await page.select_option("#add-unit", STATION)
            await page.click("form.add button")
            first = await page.inner_text("#once")
            await expect(page.locator("tr[data-account='li.na']")).to_contain_text("解放路市场监督管理所")

            row = page.locator("tr[data-account='li.na']")
            await row.locator("summary").click()
            await row.locator("details button").click()
            await expect(page.locator("#once")).not_to_have_text(first)
            second = await page.inner_text("#once")
            assert re.fullmatch(r"\S{16}", first) and re.fullmatch(r"\S{16}", second) and first != second
            await page.goto(PEOPLE)
            await expect(page.locator("#once")).to_have_count(0)  # shown this once
            assert await site.accounts.log_in("li.na", first, "127.0.0.1") is None
            session = await site.accounts.log_in("li.na", second, "127.0.0.1")
            assert session and (session.account.role, session.account.unit) == (Role.HANDLER, STATION)

            await page.locator("tr[data-account='li.na']").get_by_role("button", name="停用 li.na").click()
            await expect(page.locator("tr[data-account='li.na']")).to_contain_text("已停用")
            assert await site.accounts.account(session.cookie) is None
            await page.click("#told button")  # undone
            await expect(page.locator("tr[data-account='li.na']")).to_contain_text("正常")
        async with at_unit(browser, site, "zhao") as page:
            await page.click(".places a[href='/unit/people']")
            await expect(page.locator("tr[data-account]")).to_have_count(2)
            await looked_at_everywhere(page, "unit-people", (WIDE, PHONE))
        log = await site.storage.audit.page()
        done = [(row.who, row.what, row.about) for row in log if row.about == "li.na"]
        for what in ("account.add", "account.password", "account.lock", "account.unlock"):
            assert ("zhao", what, "li.na") in done


async def sent(site: RealSite, csrf: str, **fields: str) -> int:
    async with site.client.post(PEOPLE, data={"csrf": csrf, **fields}) as answer:
        return answer.status


async def test_nobody_elses_account_is_reached(tmp_path: Path) -> None:
    async with unit_site(tmp_path) as site:
        await site.accounts.add("zhou", "周梅", Role.HANDLER, PASSWORD, "141081")
        await site.accounts.add("sun", "孙敏", Role.UNIT_LEADER, PASSWORD, BUREAU)
        await site.accounts.add("qian", "钱所长", Role.UNIT_LEADER, PASSWORD, STATION)
        await site.accounts.add("feng", "冯超", Role.HANDLER, PASSWORD, BUREAU)
        before = {row.id: row for row in await site.accounts.list()}

        async def as_(account: str) -> str:
            form = {"account": account, "password": PASSWORD}
            async with site.client.post("/desk/login", data=form) as answer:
                assert answer.status == 200
            async with site.client.get("/api/v1/me") as answer:
                return str((await answer.json())["csrf"])

        csrf = await as_("qian")  # a station's leader reaches neither its bureau's people nor the centre's
        for account in ("feng", "zhou", "sun", "zhao", "qian", "boss", "agent1", "nobody"):
            for act in ("lock", "unlock", "password"):
                assert await sent(site, csrf, act=act, account=account) == 404, (account, act)
        for unit in (BUREAU, "141081", "centre", "", "nowhere"):
            assert await sent(site, csrf, act="add", account="new", name="新人", unit=unit) == 422
        assert await sent(site, "x", act="lock", account="wang") == 403
        assert await sent(site, csrf, act="role", account="wang") == 404
        assert {row.id: row for row in await site.accounts.list()} == before
        assert await sent(site, csrf, act="lock", account="wang") == 200
        csrf = await as_("feng")  # a handler keeps nobody's
        assert await sent(site, csrf, act="unlock", account="wang") == 403
