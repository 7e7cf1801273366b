"""What everyday tasks cost in pages, clicks and keys; docs/using/walks.md holds the most that each may cost.

Set RENEW_WALKS to put the measured counts there.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.accounts.seed_units import ensure_units
from gateway.cases.assigning import Assignment
from gateway.core.item.contact import Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.roles import Account, Role
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.pages import walk
from tests.web.pages.desk_site import WIDE, at_desk, desk_site
from tests.web.pages.test_browser import opened, picture
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.pages.walk import Log, Walk
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
FIRM = Respondent("尧都区恒信超市", "尧都区解放路2号")


async def came(site: RealSite, key: str, days: float = 1, **said: Any) -> str:
    given = contact(key, person=Person("赵六", "13935700001"), **said)
    return (await site.intake.submit(replace(given, received_at=utc_now() - timedelta(days=days)))).number


async def shown(page: Page, number: str) -> None:
    await page.wait_for_selector(f"body[data-matter='{number}']")


async def held(site: RealSite, page: Page, key: str) -> str:
    """An item that the agent has claimed and has open."""
    number = await came(site, key)
    await site.intake.claim("agent1", QueueQuery(), number)
    await page.evaluate("number => (location.hash = number)", number)
    await shown(page, number)
    return number


async def state_is(page: Page, state: str) -> None:
    await expect(page.locator("#item-state")).to_have_text(state)


async def claims_and_finds(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    old = await came(site, "old", days=7, respondent=FIRM)
    number = await came(site, "next", days=8)
    await page.reload()
    await page.wait_for_selector("body[data-list=waiting]")
    person.begin()
    await person.press("n")
    await shown(page, number)
    log.done("claim-next", person)
    person.begin()
    await person.press("/")
    await person.write("#q", "恒信")
    await person.press("Enter")
    await page.wait_for_selector("#found-rows button")
    await person.press("ArrowDown", "Enter")
    await shown(page, old)
    log.done("find-by-firm", person)
    await page.keyboard.press("Escape")
    await page.focus("#q")
    await page.keyboard.press("Escape")


async def accepts(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    await held(site, page, "accept")
    person.begin()
    await person.click("[data-act=accept]")
    await state_is(page, "已受理")
    log.done("accept", person)


async def refuses(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    await held(site, page, "refuse")
    person.begin()
    await person.click("[data-act=refuse_acceptance]")
    await person.choose("#act-ground", "3")
    await person.click("#do")
    await state_is(page, "不予受理")
    log.done("refuse", person)


async def hands_over(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    await held(site, page, "hand")
    person.begin()
    await person.press("d")
    await page.wait_for_selector("#as-unit:focus")
    await person.write("#as-unit", "尧都区")
    await person.click("#as-do")
    await state_is(page, "已转交")
    log.done("hand-over", person)


async def asks_for_papers(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    await held(site, page, "papers")
    person.begin()
    await person.click("[data-act=wait_for_papers]")
    await person.write("#item-word", "购物小票")
    await person.click("#do")
    await state_is(page, "等待材料")
    log.done("ask-for-papers", person)


async def answers_and_closes(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    await held(site, page, "answer")
    person.begin()
    await person.press("r")
    await person.write("#item-word", "商家同意退款。")
    await person.click("#do")
    await state_is(page, "已答复")
    log.done("answer", person)
    person.begin()
    await person.press("F10")
    await person.click("#do")
    await state_is(page, "已办结")
    log.done("close", person)


async def sees_own_overdue(site: RealSite, page: Page, person: Walk, log: Log) -> None:
    number = await came(site, "late", days=60)
    await site.intake.claim("agent1", QueueQuery(), number)
    await page.goto("/desk")
    await page.reload()
    await page.wait_for_selector("body[data-list=waiting]")
    person.begin()
    await person.press("2")
    await page.wait_for_selector("body[data-list=mine]")
    first = page.locator("#rows li").first
    assert await first.get_attribute("data-number") == number
    await expect(first.locator(".due[data-level=late]")).to_be_visible()
    log.done("own-overdue", person)


async def registers_a_visit(page: Page, person: Walk, log: Log) -> None:
    person.begin()
    await person.click("nav a[href='/desk/entry']")
    await page.wait_for_selector("#draft")
    await person.click("[name=kind][value=complaint]")
    await person.write("#d-content", "商家拒绝退款")
    await person.write("#d-name", "赵六")
    await person.write("#d-phone", "13935700001")
    await person.write("#d-respondent_name", "恒信超市")
    await person.press("F10")
    await page.wait_for_selector("body[data-made]")
    log.done("register-visit", person)


async def the_agents_day(site: RealSite, page: Page, log: Log) -> None:
    person = Walk(page)
    await claims_and_finds(site, page, person, log)
    for task in (accepts, refuses, hands_over, asks_for_papers, answers_and_closes, sees_own_overdue):
        await task(site, page, person, log)
    await registers_a_visit(page, person, log)


async def complains(page: Page, person: Walk) -> tuple[str, str]:
    """Number and query code."""
    await page.goto("/report")
    await page.wait_for_selector(".stepper .at")
    person.begin()
    await person.click("[name=kind][value=complaint]")
    await person.click(".turns .next")
    await page.wait_for_url("**#step-2")
    await person.write("#f-respondent_name", "恒信超市")
    await person.press("Enter")
    await page.wait_for_url("**#step-3")
    await person.write("#f-content", "商家拒绝退款")
    await person.add_file("#f-evidence", picture())
    await person.click(".turns .next")
    await page.wait_for_url("**#step-4")
    await person.write("#f-name", "张三")
    await person.write("#f-phone", "13835700000")
    await person.press("Enter")
    await page.wait_for_url("**#step-5")
    await person.click("button[type=submit]")
    await page.wait_for_selector("#number")
    return (await page.inner_text("#number")).replace(" ", ""), await page.inner_text("#code")


async def the_citizens_day(site: RealSite, page: Page, log: Log) -> None:
    person = Walk(page)
    number, code = await complains(page, person)
    log.done("complain", person)
    await page.goto("/track")
    person.begin()
    await person.write("#f-number", number)
    await person.write("#f-code", code)
    await person.press("Enter")
    await page.wait_for_selector("#state")
    log.done("look-up", person)
    person.begin()
    await person.write("#f-text", "小票找到了")
    await person.click("form.matter button[type=submit]")
    await page.wait_for_selector(".good")
    log.done("add-a-word", person)
    person.begin()
    await person.click("text=撤回投诉")
    await person.click("button.danger")
    await expect(page.locator("#state")).to_have_text("已撤回")
    log.done("withdraw", person)


async def the_leaders_day(page: Page, log: Log) -> None:
    person = Walk(page)
    await page.wait_for_selector("body[data-list=waiting]")
    person.begin()
    await person.press("7")
    await page.wait_for_selector("body[data-list=overdue]")
    await expect(page.locator("#rows li").first).to_contain_text("李红")
    log.done("overdue-and-holder", person)


async def the_officers_day(site: RealSite, page: Page, log: Log) -> None:
    """An officer of a station who has never seen the page: from the log-in to a report that is handed in."""
    await site.accounts.add("wang", "王军", Role.HANDLER, PASSWORD, "14100201")
    number = await came(site, "order", respondent=FIRM)
    await site.orders.assign(number, Account("boss", Role.SUPERVISOR), Assignment("14100201"))
    await page.goto("/desk")
    person = Walk(page)
    person.begin()
    await person.write("#f-account", "wang")
    await person.write("#f-password", PASSWORD)
    await person.press("Enter")
    await page.wait_for_selector("body[data-state=assigned]")
    await person.click("#acts >> text=签收")
    await page.wait_for_selector("body[data-state=signed]")
    await person.choose("#result", "mediated")
    await person.write("#text", "现场调解，商家退款。")
    await person.write("#answer", "商家已同意退款。")
    await person.click("#report-form [type=submit]")
    await page.wait_for_selector("body[data-state=reported]")
    log.done("close-order", person)


async def test_no_task_costs_more_than_the_documentation_says(browser: Browser, tmp_path: Path) -> None:
    log = Log()
    async with desk_site(tmp_path) as site:
        await ensure_units(site.storage, rules(), "临汾市12315热线", utc_now())
        async with at_desk(browser, site) as page:
            await the_agents_day(site, page, log)
        async with opened(browser, site, steps=True) as page:
            await the_citizens_day(site, page, log)
        async with at_desk(browser, site, "boss") as page:
            await the_leaders_day(page, log)
        async with opened(browser, site, WIDE) as page:
            await the_officers_day(site, page, log)
    if os.environ.get("RENEW_WALKS"):
        walk.renew(log.measured)
    assert log.too_much() == {}
    assert log.measured.keys() == walk.most().keys(), "each row is walked"
