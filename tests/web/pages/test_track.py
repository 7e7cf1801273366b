"""/track in a real Chromium: the course of a matter, the answer in full, adding and withdrawing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.core.item.contact import Channel, Contact, Kind, Person, Receipt, Respondent
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.states import Event
from gateway.intake.decisions import Act
from tests.web.pages.test_browser import looked_at, opened, picture
from tests.web.real_site import RealSite

ANSWER = "经调解，商家同意退款1299元。\n三日内原路退回。"
PAPERS = "购物小票原件照片"

pytestmark = pytest.mark.live


async def submitted(site: RealSite, key: str = "1", **more: Any) -> Receipt:
    given: dict[str, Any] = {
        "kind": Kind.COMPLAINT,
        "person": Person("张三", "13835700000"),
        "respondent": Respondent("尧都区某家电城"),
        "content": "商家拒绝退款",
        "county": "141002",
    }
    at = datetime.now(UTC)
    return await site.intake.submit(Contact(f"web:{key}", Channel.WEB, received_at=at, **(given | more)))


async def decide(site: RealSite, number: str, *acts: Act) -> None:
    await site.intake.claim("agent1", QueueQuery(), number)
    for act in acts:
        await site.matters.act(number, "agent1", act)


async def look_up(page: Page, receipt: Receipt) -> None:
    await page.goto(f"/track?number={receipt.number}")
    await page.fill("#f-code", receipt.query_code)
    await page.click("button[type=submit]")
    await page.wait_for_selector("#state")


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, site: RealSite) -> AsyncIterator[Page]:
    async with opened(browser, site) as tab:
        yield tab


async def test_from_the_receipt_to_the_answer(site: RealSite, page: Page) -> None:
    receipt = await submitted(site)
    number = receipt.number
    await decide(site, number, Act(Event.WAIT_FOR_PAPERS, {"papers": PAPERS, "text": "内部说明"}))
    await look_up(page, receipt)
    await looked_at(page, "track-papers")
    assert PAPERS in await page.inner_text("#h-papers")
    assert "前告知是否受理" in await page.inner_text(".steps")
    await page.fill("#f-text", "小票在此")
    await look_up(page, receipt)
    assert await page.input_value("#f-text") == "小票在此", "kept over another look at the matter"
    await page.set_input_files("#f-evidence", files=[picture()])
    await page.click(".wanted button[type=submit]")
    await page.wait_for_selector(".good")
    assert await page.input_value("#f-text") == ""
    assert "已收到您的补充" in await page.inner_text(".steps")
    await looked_at(page, "track-added")

    await decide(site, number, Act(Event.PAPERS_CAME), Act(Event.ACCEPT))
    await look_up(page, receipt)
    steps = await page.inner_text(".steps li:first-child")
    assert "已受理，由尧都区市场监督管理局办理，调解于" in steps
    await looked_at(page, "track-accepted")
    await page.click("text=撤回投诉")
    await page.wait_for_selector("#f-reason")
    await looked_at(page, "track-withdraw")
    await page.click("text=不撤回，返回")
    await page.wait_for_selector("#state")
    await site.matters.act(number, "agent1", Act(Event.ANSWER, {"text": ANSWER}))
    await look_up(page, receipt)
    assert await page.inner_text("#answer") == ANSWER
    assert "内部说明" not in await page.inner_text("main") and "agent1" not in await page.inner_text("main")
    await looked_at(page, "track-answered")
    for width, height in ((1280, 720), (1024, 768)):
        await page.set_viewport_size({"width": width, "height": height})
        await looked_at(page, "track-answered")
    await site.intake.claim("agent1", QueueQuery(), number)
    await site.intake.complete(number, "agent1")
    await look_up(page, receipt)
    assert await page.inner_text("#answer") == ANSWER, "it stays after closing"
    await page.fill("#f-text", "又坏了")
    await page.click("form.matter button[type=submit]")
    await page.wait_for_selector(".good")
    assert (await site.intake.get(number)).item.added_at, "it is seen at the desk in any state"


async def test_a_refusal_has_its_reason_and_the_ways_left(site: RealSite, page: Page) -> None:
    receipt = await submitted(site)
    await decide(site, receipt.number, Act(Event.REFUSE_ACCEPTANCE, {"text": "内部说明"}, 3))
    await page.emulate_media(color_scheme="dark")
    await look_up(page, receipt)
    text = await page.inner_text("main")
    assert (
        "不是为生活消费需要" in text and "第十六条第（3）项" in text and "仲裁" in text and "人民法院" in text
    )
    assert "内部说明" not in text
    await looked_at(page, "track-refused")
    await looked_at(page, "track-refused-dark")


async def test_withdrawing_asks_first_and_works_without_script(site: RealSite, browser: Browser) -> None:
    receipt = await submitted(site)
    await site.intake.claim("agent1", QueueQuery(), receipt.number)
    async with opened(browser, site, script=False) as page:
        await withdrawn_by_hand(site, page, receipt)


async def withdrawn_by_hand(site: RealSite, page: Page, receipt: Receipt) -> None:
    await look_up(page, receipt)
    await page.click("text=撤回投诉")
    await expect(page.locator("main")).to_contain_text("确定撤回吗")
    assert (await site.intake.get(receipt.number)).item.state is ItemState.IN_WORK
    await page.fill("#f-reason", "已和解")
    await page.click("button.danger")
    await expect(page.locator("#state")).to_have_text("已撤回")
    detail = await site.intake.get(receipt.number)
    assert (detail.item.state, detail.item.lease) == (ItemState.WITHDRAWN, None)
    assert (detail.timeline[-1].who, detail.timeline[-1].text) == ("web", "已和解")
    assert await page.locator("text=撤回投诉").count() == 0


async def test_a_reporter_is_told_the_result_where_a_law_says_so(site: RealSite, page: Page) -> None:
    for key, basis, told in (("1", "", False), ("2", "unfair_competition", True)):
        receipt = await submitted(site, key, kind=Kind.REPORT)
        await decide(site, receipt.number, Act(Event.ANSWER, {"text": ANSWER, "basis": basis}))
        await look_up(page, receipt)
        text = await page.inner_text("main")
        assert ("商家同意退款" in text) is told and ("另行告知" in text) is not told
        assert "某家电城" not in text and "撤回" not in text


async def test_the_state_over_the_api_has_the_same_course(site: RealSite) -> None:
    receipt = await submitted(site)
    await decide(site, receipt.number, Act(Event.ACCEPT), Act(Event.ANSWER, {"text": ANSWER}))
    path = f"/api/v1/intake/{receipt.number}"
    async with site.client.get(path, params={"code": receipt.query_code}) as answer:
        told = await answer.json()
    assert (told["number"], told["status"], told["needs"]) == (receipt.number, "answered", "")
    assert [step["what"] for step in told["timeline"]] == ["received", "accept", "answer"]
    assert told["answer"] == told["timeline"][-1]["text"] == ANSWER and told["may_withdraw"] is False
    async with site.client.get(path, params={"code": "000000"}) as answer:
        assert answer.status == 404 and ANSWER not in await answer.text()


async def test_what_was_taken_back_stands_there_no_more(site: RealSite) -> None:
    receipt = await submitted(site)
    await decide(site, receipt.number, Act(Event.REFUSE_ACCEPTANCE, ground=3))
    await site.intake.retract(receipt.number, "agent1", "理由有误")
    await decide(site, receipt.number, Act(Event.ANSWER, {"text": ANSWER}))
    await site.intake.undo(receipt.number, "agent1")
    state = await site.intake.public_state(receipt.number, receipt.query_code, "web:1")
    assert state and [step.what for step in state.steps] == ["received", "retracted"]
    assert not state.answer and "理由有误" not in str(state.steps)
