"""Two agents in two real Chromiums, a caller and a partner outside: one call goes through all hands.

Everybody is known by a tone, and every leg is listened to. What follows the call is looked at too: its
item, the ledger, the recording, the audit log. Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Refuse, Ring
from gateway.sip_phone.sound import tones
from tests.live.browser import hears_tone, talking, tone_file
from tests.live.conftest import Gateway
from tests.live.test_desk import at_desk, looked_at, seat_is
from tests.live.test_transfers import recorded

pytestmark = pytest.mark.live
CALLER, FIRST, SECOND, PARTNER = 1000, 1400, 2300, 1900  # Hz
NUMBER = "13935701234"


@asynccontextmanager
async def desk(gateway: Gateway, folder: Path, agent: str, tone: int, ready: bool) -> AsyncIterator[Page]:
    """An agent in a browser of his own."""
    async with (
        talking(tone_file(folder / f"{agent}.wav", tone)) as browser,
        at_desk(browser, gateway, agent, ready=ready) as page,
    ):
        yield page


async def transfer_is(page: Page, words: str) -> None:
    await page.locator("#transfer-state", has_text=words).wait_for(timeout=10_000)


async def all_hear(pages: dict[int, Page], calls: dict[int, Call], silent: tuple[int, ...] = ()) -> None:
    """Each leg hears every other from now on; nobody hears who has left."""
    for page in pages.values():
        await page.evaluate("window.heardPieces.length = 0")
    since = {tone: call.seconds for tone, call in calls.items()}
    everybody = [*pages, *calls]
    async with asyncio.TaskGroup() as group:
        for own, page in pages.items():
            for tone in everybody:
                if tone != own:
                    group.create_task(hears_tone(page, tone))
        for own, call in calls.items():
            for tone in everybody:
                if tone != own:
                    group.create_task(call.wait_tone(tone, 15, since=since[own]))
    for own, call in calls.items():
        for tone in silent:
            assert not any(one.start > since[own] + 0.5 for one in call.tones([tone])[tone]), (own, tone)


async def test_one_call_through_two_desks_and_a_partner(gateway: Gateway, tmp_path: Path) -> None:
    before = {"kind": "complaint", "content": "上次买的鞋开胶", "name": "周九", "phone": NUMBER}
    earlier = gateway.api("/api/v1/intake", before | {"respondent_name": "某鞋店"})["number"]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(desk(gateway, tmp_path, "agent1", FIRST, ready=True))
        two = await stack.enter_async_context(desk(gateway, tmp_path, "agent2", SECOND, ready=False))
        phone = await stack.enter_async_context(gateway.phone(NUMBER))
        partner = await stack.enter_async_context(gateway.phone("12345", port=gateway.far_end))
        partner.answer_with(Answer(0.2, PARTNER))
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        await seat_is(one, "ringing")
        await one.locator("#earlier-items", has_text=earlier).wait_for()
        await one.keyboard.press("F2")
        await one.wait_for_selector("#call[data-state=talking]")
        call.tone(CALLER)
        await all_hear({FIRST: one}, {CALLER: call})

        await two.keyboard.press("F8")
        await seat_is(two, "ready")
        await one.focus("#target")
        await one.locator("#target option", has_text="坐席二").wait_for(state="attached")
        await one.select_option("#target", "agent:agent2")
        await one.click("#consult")
        await two.wait_for_selector("#answer:not([hidden])")
        assert NUMBER in await two.inner_text("#pop-number")
        await two.keyboard.press("F2")
        await transfer_is(one, "先行沟通中")
        await all_hear({FIRST: one, SECOND: two}, {})
        await one.fill("#d-content", "新买的鞋又开胶")
        await stands(two, "#d-content", "新买的鞋又开胶")
        await two.fill("#d-respondent_name", "某鞋店分店")
        await stands(one, "#d-respondent_name", "某鞋店分店")
        await both_write(one, two)
        await looked_at(one, "desk-consult")
        await one.click("#merge")
        await transfer_is(one, "三方通话")
        await all_hear({FIRST: one, SECOND: two}, {CALLER: call})
        await looked_at(one, "desk-three-way")
        await one.click("#leave")
        await seat_is(one, "wrap_up")
        await seat_is(two, "talking")
        await all_hear({SECOND: two}, {CALLER: call}, silent=(FIRST,))

        await two.select_option("#target", "partner:12345")
        assert await two.inner_text("#advice"), "what the partner is told first"
        await two.click("#consult")
        there = await partner.incoming(10)
        await transfer_is(two, "先行沟通中")
        await two.click("#merge")
        await transfer_is(two, "三方通话")
        await all_hear({SECOND: two}, {CALLER: call, PARTNER: there})
        await looked_at(two, "desk-partner")
        await two.click("#leave")
        await seat_is(two, "wrap_up")
        await all_hear({}, {CALLER: call, PARTNER: there}, silent=(SECOND,))
        await there.hang_up()
        await call.ended(5)

        await one.fill("#d-content", "新买的鞋又开胶，已转12345")
        await one.keyboard.press("F10")
        await one.wait_for_selector("body[data-made]")
        await two.fill("#d-content", "登记之后又写的一句")
        await two.wait_for_selector("#saved[data-state=saved]")
    await followed(gateway)


async def stands(page: Page, field: str, text: str) -> None:
    """What the other has typed comes to this page."""
    await expect(page.locator(field)).to_have_value(text)


async def both_write(one: Page, two: Page) -> None:
    """At the same moment, in the same field: neither is lost."""
    await asyncio.gather(one.fill("#d-address", "尧都区"), two.fill("#d-content", "新买的鞋又开胶，要求退款"))
    await asyncio.gather(
        stands(one, "#d-content", "新买的鞋又开胶，要求退款"), stands(two, "#d-address", "尧都区")
    )
    await asyncio.gather(
        one.fill("#d-content", "新买的鞋又开胶，要求退款。有小票"),
        two.fill("#d-content", "新买的鞋又开胶，要求退款。已电话联系"),
    )
    for page in (one, two):
        await expect(page.locator("#d-content")).to_have_value(re.compile("有小票"))
        await expect(page.locator("#d-content")).to_have_value(re.compile("已电话联系"))
    assert await one.input_value("#d-content") == await two.input_value("#d-content")


async def followed(gateway: Gateway) -> None:
    """The item, the ledger, the recording and the audit lines of that call."""
    record = await gateway.call_of(NUMBER)
    path = f"/api/v1/calls/{record['id']}/draft"
    assert "登记之后又写的一句" in gateway.api(path)["text"]
    gateway.api(path, method="DELETE")
    item = await gateway.item_of(record["number"])
    assert (record["outcome"], item["kind"], item["call_id"]) == ("talked", "complaint", record["id"])
    assert "已转12345" in item["content"]
    kept = gateway.api(f"/api/v1/calls/{record['id']}/transfers")["items"]
    assert [(one["target"], one["outcome"]) for one in kept] == [
        ("agent2", "handed_over"),
        ("12345", "handed_over"),
    ]
    assert await ledger(gateway, record["number"]) == [("12345", "sent", record["id"])]
    spans = tones(await asyncio.to_thread(recorded, gateway, record["id"]), [CALLER, FIRST, SECOND, PARTNER])
    assert all(any(span.length > 0.6 for span in found) for found in spans.values()), "every voice is in it"
    audited = gateway.api("/api/v1/audit?limit=200")["rows"]
    looked = {(one["who"], one["what"]) for one in audited if one["about"] == record["id"]}
    assert {("agent1", "pop.view"), ("agent2", "pop.view")} <= looked


async def ledger(gateway: Gateway, number: str) -> list[tuple[Any, ...]]:
    async with asyncio.timeout(10):
        while not (told := gateway.api(f"/api/v1/referrals?number={number}")["items"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [(one["partner"], one["state"], one["call_id"]) for one in told]


async def test_both_desks_hear_of_busy_and_no_answer(gateway: Gateway, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(desk(gateway, tmp_path, "agent1", FIRST, ready=True))
        phone = await stack.enter_async_context(gateway.phone("13935701235"))
        partner = await stack.enter_async_context(gateway.phone("12345", port=gateway.far_end))
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await page.wait_for_selector("#answer:not([hidden])")
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        call.tone(CALLER)
        await page.select_option("#target", "partner:12345")
        partner.answer_with(Refuse(486))
        await page.click("#consult")
        await transfer_is(page, "占线")
        await all_hear({FIRST: page}, {CALLER: call})
        partner.answer_with(Ring())
        await page.click("#consult")
        there = await partner.incoming(10)
        await transfer_is(page, "振铃")
        await page.click("#back")
        await there.ended(5)
        await transfer_is(page, "已取消")
        await all_hear({FIRST: page}, {CALLER: call})
        await call.hang_up()
