"""A whole gateway, a real mailbox and a real mail server: what people write and get, seen from outside."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.request
from asyncio import to_thread
from typing import Any

import pytest
from playwright.async_api import expect

from tests.chromium import chromium
from tests.live.conftest import Gateway
from tests.live.town import INBOX, Post


async def follows_up(town: Gateway, number: str, times: int = 1) -> bool:
    timeline = (await town.item_of(number))["timeline"]
    return sum(entry["what"] == "follow_up" for entry in timeline) >= times


def form(town: Gateway, email: str) -> dict[str, Any]:
    body = {"kind": "complaint", "name": "张三", "email": email, "content": "商家拒绝退款"}
    body["respondent_name"] = "某电器商行"
    request = urllib.request.Request(town.url("/api/v1/intake"), json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", secrets.token_hex(8))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))


async def test_a_form_and_a_mail_are_acknowledged_and_a_reply_stays_with_its_item(
    town: Gateway, post: Post
) -> None:
    receipt = await to_thread(form, town, "li@example.cn")
    (mail,) = await post.until("li", 1)
    number = receipt["number"]
    text = mail.get_content()
    assert f"{number[:6]} {number[6:11]} {number[11:]}" in text and receipt["query_code"] in text

    await post.write("zhang@example.cn", INBOX, "他们不退款")
    (answer,) = await post.until("zhang", 1)
    (theirs,) = [one for one in await to_thread(town.queue) if one["channel"] == "email"]
    await post.write("zhang@example.cn", answer["Reply-To"], "发票在此", In_Reply_To=answer["Message-ID"])
    async with asyncio.timeout(30):
        while not await follows_up(town, theirs["number"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert len(await to_thread(town.queue)) == 2 and len(await to_thread(post.box, "zhang")) == 1


async def test_the_answer_is_read_in_the_mail_and_on_track(town: Gateway, post: Post) -> None:
    answer = "经调解，商家同意退款1299元，三日内到账。"
    receipt = await to_thread(form, town, "feng@example.cn")
    number = receipt["number"]
    await post.until("feng", 1)
    await to_thread(town.api, "/api/v1/queue/claim", {"number": number})
    await to_thread(town.api, f"/api/v1/queue/{number}/answer", {"text": answer})
    _, told = await post.until("feng", 2)
    assert answer in told.get_content()
    async with chromium() as browser:
        page = await browser.new_page(base_url=town.url(""), locale="zh-CN")
        await page.goto("/track")
        await page.fill("#f-number", number)
        await page.fill("#f-code", receipt["query_code"])
        await page.click("main form [type=submit]")
        await expect(page.locator("#answer")).to_have_text(answer)


async def test_a_second_mail_is_answered_in_its_own_thread(town: Gateway, post: Post) -> None:
    """The person writes anew about his item, from another conversation: the reply stands under that mail."""
    await post.write("qian@example.cn", INBOX, "他们不退款", Message_ID="<first@example.cn>")
    (answer,) = await post.until("qian", 1)
    assert answer["In-Reply-To"] == "<first@example.cn>"
    (item,) = [one for one in await to_thread(town.queue) if one["person"]["email"] == "qian@example.cn"]
    await post.write(
        *("qian@example.cn", answer["Reply-To"], "请问进展如何？"),
        Message_ID="<second@example.cn>",
        References="<talk@example.cn>",
        In_Reply_To="<talk@example.cn>",
    )
    async with asyncio.timeout(30):
        while not await follows_up(town, item["number"]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    at = f"/api/v1/queue/{item['number']}"
    await to_thread(town.api, "/api/v1/queue/claim", {"number": item["number"]})
    await to_thread(town.api, f"{at}/reply", {"text": "正在调解，周五前答复。", "ways": ["mail"]})
    _, reply = await post.until("qian", 2)
    assert "正在调解" in reply.get_content()
    assert reply["In-Reply-To"] == "<second@example.cn>"
    assert reply["References"].split() == ["<talk@example.cn>", "<second@example.cn>"]

    await post.write(
        "other@example.cn", answer["Reply-To"], "我来补充", Message_ID="<stranger@example.cn>"
    )  # somebody else's conversation is not the person's
    async with asyncio.timeout(30):
        while not await follows_up(town, item["number"], 2):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await to_thread(town.api, f"{at}/reply", {"text": "请等候。", "ways": ["mail"]})
    assert (await post.until("qian", 3))[-1]["In-Reply-To"] == "<second@example.cn>"


async def test_killed_between_hand_over_and_note(town: Gateway, post: Post) -> None:
    """The far end has the mail, and we are dead before its yes: it comes again, with the same Message-ID."""
    post.server.hold = asyncio.Event()
    await to_thread(form, town, "wang@example.cn")
    await post.until("wang", 1)
    town.kill()
    post.server.hold.set()
    post.server.hold = None
    await to_thread(town.start)
    first, second = await post.until("wang", 2)
    assert first.as_bytes() == second.as_bytes() and first["Message-ID"]


async def test_the_mail_server_goes_and_comes_back(town: Gateway, post: Post) -> None:
    await post.server.stop()
    await to_thread(form, town, "zhao@example.cn")
    async with asyncio.timeout(30):
        while not (await to_thread(town.api, "/api/v1/outbox?state=waiting"))["items"]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await post.server.start()
    await post.until("zhao", 1, limit=90)


@pytest.mark.soak
async def test_killed_between_an_answer_and_its_sending(town: Gateway, post: Post) -> None:
    """It is told once, in the thread of the person's own mail, with the answer's text."""
    answer = "经调解，商家同意退款1299元。"
    await post.write("sun@example.cn", INBOX, "他们不退款")
    await post.until("sun", 1)
    (item,) = [one for one in await to_thread(town.queue) if one["person"]["email"] == "sun@example.cn"]
    at = f"/api/v1/queue/{item['number']}"
    await to_thread(town.api, "/api/v1/queue/claim", {"number": item["number"]})
    await to_thread(town.api, f"{at}/answer", {"text": answer})
    town.kill()
    await to_thread(town.start)
    _, told = await post.until("sun", 2, limit=90)
    assert answer in told.get_content() and told["In-Reply-To"] == told["References"].split()[-1]
    async with asyncio.timeout(30):
        while (await town.item_of(item["number"]))["notices"][-1]["state"] != "sent":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert len(await to_thread(post.box, "sun")) == 2
