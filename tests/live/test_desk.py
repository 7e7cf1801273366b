"""The desk in real Chromiums on a whole installation: pop, talk, draft, items, phone's health.

Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.sip_phone.phone import Answer
from tests.accessibility import check_accessible
from tests.live.browser import eared, hears_tone, talking, tone_file
from tests.live.conftest import Gateway
from tests.web.pages.walk import ON_THE_PHONE, Log, Walk, renew

pytestmark = pytest.mark.live
AGENT_TONE, CALLER_TONE = 1400.0, 700.0
SIZE = {"width": 1440, "height": 900}


async def log_in(page: Page, gateway: Gateway, agent: str) -> None:
    """From the form to the desk, and the phone in the page is there."""
    known = json.loads(await asyncio.to_thread(gateway.command, "user", "show", agent, "--json"))
    await page.goto("/desk")
    await page.fill("#f-account", agent)
    await page.fill("#f-password", known["web_password"])
    await page.click("button[type=submit]")
    await expect(page.locator("#health")).to_have_attribute("data-link", "ready", timeout=15_000)


async def seat_is(page: Page, state: str) -> None:
    await page.wait_for_selector(f"#state[data-state={state}]", timeout=10_000)


async def looked_at(page: Page, name: str) -> None:
    """axe finds nothing, in light and in dark; kept as a picture."""
    for look in ("light", "dark"):
        await page.evaluate("look => (document.documentElement.dataset.look = look)", look)
        await check_accessible(page, colours=look == "dark")
        if folder := os.environ.get("PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}-{look}.png")
    await page.evaluate("() => (document.documentElement.dataset.look = 'light')")


@asynccontextmanager
async def at_desk(
    browser: Browser, gateway: Gateway, agent: str, *, ready: bool = True
) -> AsyncIterator[Page]:
    """An agent at the desk; signed out of the queue afterwards."""
    async with eared(browser, gateway.url(""), viewport=SIZE) as page:
        await log_in(page, gateway, agent)
        if ready:
            await page.keyboard.press("F8")
            await seat_is(page, "ready")
        yield page
        await asyncio.to_thread(gateway.api, f"/api/v1/agents/{agent}/state", {"state": "offline"})


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with talking(tone_file(tmp_path / "agent.wav", AGENT_TONE)) as made:
        yield made


async def test_a_call_is_seen_answered_written_and_registered(gateway: Gateway, browser: Browser) -> None:
    caller = "13835712345"
    async with at_desk(browser, gateway, "agent1") as page, gateway.phone(caller) as phone:
        await looked_at(page, "desk-idle")
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        await seat_is(page, "ringing")
        assert await page.inner_text("#pop-number") == caller
        await page.wait_for_selector(f"body[data-known='{await page.get_attribute('body', 'data-popped')}']")
        assert "1 投诉" in await page.inner_text("#pop-path")
        assert await page.is_checked("input[name=kind][value=complaint]"), "the key he pressed"
        await looked_at(page, "desk-pop")
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        call.tone(int(CALLER_TONE))
        await hears_tone(page, CALLER_TONE)
        await call.wait_tone(AGENT_TONE)
        await page.fill("#d-content", "买到过期食品，商家拒绝退款")
        await page.fill("#d-name", "张三")
        await page.fill("#d-respondent_name", "某超市")
        await page.wait_for_selector("#saved[data-state=saved]")
        await looked_at(page, "desk-talk")
        for _ in range(3):  # faster than the telephones can agree: the last wish counts
            await page.keyboard.press("F4")
        await page.wait_for_selector("#call[data-state=held]")
        await call.wait_prompt("music_calm", timeout=15)
        await expect(page.locator("#held")).to_contain_text("对方听到等待音乐")
        await expect(page.locator("#hold")).to_have_attribute("aria-pressed", "true")
        await looked_at(page, "desk-held")
        await page.click("#hold")
        await page.wait_for_selector("#call[data-state=talking]")
        await expect(page.locator("#held")).to_be_hidden()
        await page.check("[name=also_report]")
        await page.fill("#d-report", "该店长期销售过期食品")
        await page.keyboard.press("Shift+F2")
        await call.ended(5)
        await seat_is(page, "wrap_up")
        await page.keyboard.press("F10")
        await page.wait_for_selector("body[data-made]")
        made = (await page.get_attribute("body", "data-made") or "").split()
        await page.wait_for_selector("#made:not([hidden])")
        assert made[0][6:11] in await page.inner_text("#made-items"), "the card to be read aloud"
        assert await page.locator("#made-items .code").count() == 2
        await looked_at(page, "desk-made")
        await seat_is(page, "ready")
    assert len(made) == 2
    record = await gateway.call_of(caller)
    assert (record["outcome"], record["number"]) == ("talked", made[0])
    complaint, report = await gateway.item_of(made[0]), await gateway.item_of(made[1])
    assert (complaint["kind"], complaint["content"]) == ("complaint", "买到过期食品，商家拒绝退款")
    assert (complaint["task"], complaint["person"]["phone"]) == ("none", caller)
    assert (report["kind"], report["content"]) == ("report", "该店长期销售过期食品")
    of_call = [one for one in gateway.queue() if one["call_id"] == record["id"]]
    assert sorted(one["number"] for one in of_call) == sorted(made), "the call itself leaves nothing more"


async def test_registering_a_call_costs_no_more_than_the_documentation_says(
    gateway: Gateway, browser: Browser
) -> None:
    """From the ring to number and query code on the screen, as somebody who has never seen the page."""
    log = Log()
    async with at_desk(browser, gateway, "agent1") as page, gateway.phone("13835712346") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        await seat_is(page, "ringing")
        person = Walk(page)
        person.begin()
        await person.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        await person.write("#d-content", "买到过期食品，商家拒绝退款")
        await person.write("#d-name", "张三")
        await person.write("#d-respondent_name", "某超市")
        await person.press("F10")
        await page.wait_for_selector("body[data-made]")
        assert await page.locator("#made-items .code").count() == 1
        log.done("register-call", person)
        await call.hang_up()
        await seat_is(page, "ready")
    if os.environ.get("RENEW_WALKS"):
        renew(log.measured)
    assert log.too_much() == {} and log.measured.keys() == ON_THE_PHONE


async def test_only_who_rings_sees_the_caller(gateway: Gateway, browser: Browser) -> None:
    caller = "03573009999"
    async with (
        at_desk(browser, gateway, "agent1") as page,
        at_desk(browser, gateway, "agent2", ready=False) as other,
        gateway.phone(caller) as phone,
    ):
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await seat_is(page, "ringing")
        number = await page.get_attribute("body", "data-popped")
        assert await page.inner_text("#pop-number") == caller
        await page.wait_for_selector(f"body[data-known='{number}']")
        assert "山西临汾" in await page.inner_text("#pop-facts")
        assert await other.is_hidden("#pop")
        told = await other.evaluate("async call => (await fetch(`/api/v1/calls/${call}/pop`)).status", number)
        assert told == 403
        assert f"call {number} is not agent2's: refused" in gateway.log.read_text("utf-8")
        await call.hang_up()
        await seat_is(page, "ready")


async def test_a_draft_outlives_a_reload_and_hostile_text_is_text(gateway: Gateway, browser: Browser) -> None:
    caller, evil = "13900008888", '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    item = {"kind": "complaint", "content": evil, "name": evil, "phone": caller, "respondent_name": evil}
    await asyncio.to_thread(gateway.api, "/api/v1/intake", item)
    async with at_desk(browser, gateway, "agent1") as page, gateway.phone(caller) as phone:
        call = await phone.dial("12315", display=evil)
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await page.wait_for_selector("#answer:not([hidden])")
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        assert evil in await page.inner_text("#earlier-items")
        await page.fill("#d-content", evil)
        await page.wait_for_selector("#saved[data-state=saved]")
        await page.keyboard.press("Shift+F2")
        await call.ended(5)
        await page.reload()
        await page.locator("#rows button.call", has_text="onerror").click()
        await page.wait_for_selector("body[data-known]")
        assert await page.input_value("#d-content") == evil
        await page.keyboard.press("Shift+F10")
        await page.wait_for_selector("body[data-made]")
        number = await page.get_attribute("body", "data-made") or ""
        assert await page.title() not in ("1", "2")
        assert await page.evaluate("document.querySelectorAll('#rows img, aside img').length") == 0
        assert (await gateway.item_of(number))["state"] == "closed"
        written = page.locator("#rows button.item", has_text="onerror").first
        await written.click()
        await page.wait_for_selector("#item:not([hidden])")
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        await looked_at(page, "desk-item")
        await page.keyboard.press("F10")
        await page.fill("#item-word", "已处理")
        await page.click("#do")
        await page.wait_for_selector("#complete", state="hidden")


async def test_a_phone_that_is_gone_is_told_and_one_page_holds_it(gateway: Gateway, browser: Browser) -> None:
    async with at_desk(browser, gateway, "agent1") as page:
        async with eared(browser, gateway.url(""), viewport=SIZE) as second:
            known = json.loads(gateway.command("user", "show", "agent1", "--json"))
            await second.goto("/desk")
            await second.fill("#f-account", "agent1")
            await second.fill("#f-password", known["web_password"])
            await second.click("button[type=submit]")
            await second.wait_for_selector("#health[data-link=other]")
            await looked_at(second, "desk-elsewhere")
            await second.click("#take")
            await second.wait_for_selector("#health[data-link=ready]")
            await page.wait_for_selector("#health[data-link=other]")
        await seat_is(page, "paused")
        await page.wait_for_selector("#alarm:not([hidden])")
        await expect(page.locator("#health")).to_have_attribute("data-link", "ready", timeout=20_000)
        await seat_is(page, "ready")
        await looked_at(page, "desk-phone-again")


async def test_the_page_is_not_rung_while_the_seats_telephone_talks(
    gateway: Gateway, browser: Browser
) -> None:
    async with (
        at_desk(browser, gateway, "agent1") as page,
        gateway.seat("8001", "agent1", sign_in=False) as telephone,
        gateway.seat("8002", "agent2", sign_in=False) as colleague,
        gateway.phone("13835712399") as phone,
    ):
        colleague.answer_with(Answer())
        inside = await telephone.dial("8002")
        await page.wait_for_selector("#state[data-state=paused]")
        assert "另一部话机" in await page.inner_text("#state")
        (seat,) = [one for one in gateway.api("/api/v1/agents")["items"] if one["id"] == "agent1"]
        assert (seat["state"], seat["reason"]) == ("paused", "other-phone")
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        rung = asyncio.ensure_future(seat_is(page, "ringing"))
        await asyncio.sleep(4)  # within which the queue looks for a seat several times
        assert not rung.done()
        await inside.hang_up()
        await rung
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        await call.hang_up()
        await seat_is(page, "ready")
