"""What everyday tasks cost in pages, clicks and keys; docs/using/walks.md holds the most that each may cost.

Set RENEW_WALKS to put the measured counts there.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.accounts.seed_units import ensure_units
from gateway.calls.views import AgentView
from gateway.cases.assigning import Assignment
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.roles import Account, Role
from gateway.flows.desk import FlowDesk
from gateway.flows.recordings import Recordings
from gateway.flows.store import FlowStore
from gateway.web.pages.admin import Part
from gateway.web.pages.admin_accounts import AccountsPart
from gateway.web.pages.admin_flows import FlowsPart, PromptsPart
from gateway.web.pages.admin_post import OutboxPart
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.memory_house import MemoryBoard, Scene
from tests.web.pages import walk
from tests.web.pages.desk_site import WIDE, at_desk, desk_site
from tests.web.pages.test_admin_flows import stereo
from tests.web.pages.test_admin_page import dead_letter
from tests.web.pages.test_browser import opened, picture
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.pages.walk import Log, Walk
from tests.web.real_site import ROOT, Later, RealSite

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


async def the_leaders_day(site: RealSite, page: Page, log: Log) -> None:
    """The morning of a shift leader."""
    person = Walk(page)
    await page.wait_for_selector("body[data-list=waiting]")
    person.begin()
    await person.press("7")
    await page.wait_for_selector("body[data-list=overdue]")
    await expect(page.locator("#rows li").first).to_contain_text("李红")
    log.done("overdue-and-holder", person)
    person.begin()
    await person.click(".places a[href='/desk/today']")
    await page.wait_for_selector("body[data-read]")
    await expect(page.locator("#f-overdue strong")).not_to_have_text("0")
    await expect(page.locator("#overdue li").first).to_be_visible()
    await expect(page.locator("#seats tr")).to_have_count(2)
    log.done("morning", person)
    person.begin()
    held = page.locator("#holders button", has_text="李红")
    await person.click("#holders button:has-text('李红')")
    await expect(held).to_have_attribute("aria-pressed", "true")
    await person.click("#held button")
    await person.choose("#to", "boss")
    await person.write("#reason", "换班")
    await person.click("#reassign-form [type=submit]")
    await expect(page.locator("#holders")).to_contain_text("王班长")
    log.done("reassign", person)
    person.begin()
    async with page.expect_request("**/listen") as asked:
        await person.click("#seats button:has-text('监听')")
    assert (await asked.value).post_data_json == {"mode": "listen", "seat": "8001"}
    log.done("listen-in", person)


async def the_administrators_day(site: RealSite, page: Page, log: Log, folder: Path) -> None:
    person = Walk(page)
    person.begin()
    await person.write("#f-account", "root")
    await person.write("#f-password", PASSWORD)
    await person.press("Enter")
    await page.wait_for_selector(".places")
    await page.goto("/desk/admin")
    person.begin()
    await person.click(".parts a[href$='part=accounts']")
    await person.write("#add-account", "wang.jun")
    await person.write("#add-shown", "王军")
    await person.choose("#add-role", "handler")
    await person.choose("#add-unit", "14100201")
    await person.click("form.add [type=submit]")
    await page.wait_for_selector("#once")
    log.done("make-account", person)
    person.begin()
    await person.click(".parts a[href$='part=outbox']")
    await person.click("tr[data-delivery] button:has-text('重发')")
    await expect(page.locator("#told.good")).to_contain_text("将重新发送")
    log.done("resend-dead-letter", person)
    await changes_a_flow(page, person, log)
    person.begin()
    await person.click(".parts a[href$='part=prompts']")
    row = "tr[data-prompt=welcome]"
    await person.click(f"{row} summary:has-text('换录音')")
    await person.add_file(
        f"{row} input[type=file]",
        {"name": "welcome.wav", "mimeType": "audio/wav", "buffer": stereo(folder / "take.wav").read_bytes()},
    )
    await expect(page.locator(f"{row} .said")).to_have_text("0.5 s")
    await person.click(f"{row} button:has-text('上传')")
    await expect(page.locator(row)).to_contain_text("录音")
    log.done("renew-prompt", person)


async def changes_a_flow(page: Page, person: Walk, log: Log) -> None:
    """Drafted and checked, walked without a telephone, published, taken back."""
    person.begin()
    await person.click(".parts a[href$='part=flows']")
    text = page.locator("#text")
    await text.evaluate(
        "area => area.setSelectionRange(...(i => [i, i + 4])(area.value.indexOf('转接提示')), area.focus())"
    )
    person.clicks += 2  # the word is chosen by two clicks
    await person.write("#text", "请稍候")
    await person.click("button:has-text('保存草稿')")
    await expect(page.locator(".diff .plus").filter(has_text="请稍候")).to_have_count(1)
    log.done("draft-flow", person)
    person.begin()
    await person.write("#keys", "1")
    await person.press("Enter")
    await expect(page.locator("#transcript")).to_contain_text("按 1")
    log.done("simulate-flow", person)
    person.begin()
    await person.write("#why", "更清楚")
    await person.press("Enter")
    await expect(page.locator("#told")).to_contain_text("第 2 版已生效")
    log.done("publish-flow", person)
    person.begin()
    await person.click("tr[data-version='1'] summary:has-text('恢复')")
    await person.click("tr[data-version='1'] button:has-text('恢复此版本')")
    await expect(page.locator("#told")).to_contain_text("第 3 版")
    log.done("roll-back-flow", person)


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


def administration(folder: Path) -> tuple[dict[str, Later], tuple[Part, ...]]:
    """The parts of the page that are walked, on what the site has once it is there."""
    drafts = folder / "ivr_flows"
    shutil.copytree(ROOT / "ivr_flows", drafts)
    store = FlowStore(drafts, folder / "published", "main")
    store.current()
    desk, recordings = FlowDesk(store), Recordings(drafts / "prompts.yaml")
    house = {name: Later() for name in ("accounts", "units", "outbox", "audit")}
    return house, (
        AccountsPart(house["accounts"], house["units"], lambda: ()),
        OutboxPart(house["outbox"], house["audit"], utc_now),
        FlowsPart(desk, house["audit"]),
        PromptsPart(recordings, desk, house["audit"]),
    )


TALKS = AgentView("agent1", "李红", "8001", SeatState.TALKING, since=utc_now(), call_id="17.1")
SEATS = (TALKS, AgentView("agent2", "王芳", "8002", SeatState.READY))


async def test_no_task_costs_more_than_the_documentation_says(browser: Browser, tmp_path: Path) -> None:
    log = Log()
    house, admin = administration(tmp_path)
    board = MemoryBoard(scene=Scene((), SEATS, ()))
    async with desk_site(tmp_path / "site", admin=admin, board=board) as site:
        await ensure_units(site.storage, rules(), "临汾市12315热线", utc_now())
        async with at_desk(browser, site) as page:
            await the_agents_day(site, page, log)
        async with opened(browser, site, steps=True) as page:
            await the_citizens_day(site, page, log)
        async with at_desk(browser, site, "boss") as page:
            await the_leaders_day(site, page, log)
        async with opened(browser, site, WIDE) as page:
            await the_officers_day(site, page, log)
        storage = site.storage
        real = {"accounts": site.accounts, "units": storage.units, "outbox": storage.outbox}
        for name, part in (real | {"audit": storage.audit}).items():
            house[name].real = part
        await site.accounts.add("root", "赵管理", Role.ADMIN, PASSWORD)
        await dead_letter(site)
        async with opened(browser, site, WIDE) as page:
            await page.goto("/desk")
            await the_administrators_day(site, page, log, tmp_path)
    if os.environ.get("RENEW_WALKS"):
        walk.renew(log.measured)
    assert log.too_much() == {}
    assert log.measured.keys() | walk.ON_THE_PHONE == walk.most().keys(), "each row is walked"
