"""The demo as `make run` has it: mail both ways, a fax that is answered, partners who answer."""

from __future__ import annotations

import asyncio
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone import sound
from gateway.sip_phone.hear import Library
from gateway.sip_phone.phone import Answer
from tests.live.conftest import ROOT, Gateway, new_gateway, running

pytestmark = pytest.mark.live
GREETING = ROOT / "gateway" / "demo" / "partner_greeting.wav"
AGENT = 2300  # Hz


@pytest.fixture(scope="module")
def demo(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With the settings that gateway.toml ships, but for ports."""
    folder = tmp_path_factory.mktemp("demo")
    made = new_gateway(folder, GATEWAY_FAX_NUMBER="2010315", GATEWAY_DEMO_CHANNELS="true")
    for name in ("GATEWAY_MAIL_IN_LISTEN", "GATEWAY_DEMO_CHANNELS", "GATEWAY_FAX_NUMBER"):
        del made.environment[name]
    yield from running(made)


def page(gateway: Gateway, path: str = "/mailbox", **fields: str) -> str:
    """A page of the demo, or what a form of it answers."""
    data = urllib.parse.urlencode(fields).encode() if fields else None
    with urllib.request.urlopen(gateway.url(path), data, timeout=30) as answer:
        return str(answer.read().decode())


def listed(gateway: Gateway) -> list[dict[str, Any]]:
    return list(gateway.api("/api/v1/faxes")["items"])


async def until_shown(gateway: Gateway, text: str) -> str:
    async with asyncio.timeout(20):
        while text not in (shown := await asyncio.to_thread(page, gateway)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return shown


async def test_mail_goes_both_ways_and_a_fax_is_answered(demo: Gateway) -> None:
    faxed = await asyncio.to_thread(page, demo, "/mailbox/fax", letter="投诉信\n水壶漏水，请求退货。")
    assert "传真正在发送" in faxed
    told = await asyncio.to_thread(page, demo, "/mailbox/mail", subject="电饭煲坏了", text="第二天就坏了。")
    match = re.search(r"taken (\d{12})", told)
    assert match and "已送达" in told
    receipt = await until_shown(demo, "登记编号")
    assert "visitor@demo.example" in receipt and "查询码" in receipt
    answers = re.findall(r'name="answers" value="(\d+)"', receipt)[0]
    await asyncio.to_thread(page, demo, "/mailbox/mail", subject="Re", text="补充：有发票。", answers=answers)
    item = await demo.item_of(match[1])
    assert "有发票" in str(item)
    async with asyncio.timeout(60):
        while not (faxes := await asyncio.to_thread(listed, demo)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert (faxes[0]["status"], faxes[0]["received"], faxes[0]["dialled"]) == ("whole", 1, "2010315")


async def test_a_partner_answers_by_itself(demo: Gateway) -> None:
    """The talk is asked for as the desk does; the partners of the files stay the trunk's."""
    partners = {row["id"]: row for row in (await asyncio.to_thread(demo.api, "/api/v1/partners"))["items"]}
    assert {"110", "12345", "demo_110", "demo_12345"} == set(partners)
    async with AsyncExitStack() as stack:
        seat = await stack.enter_async_context(demo.seat("8001", "agent1"))
        phone = await stack.enter_async_context(demo.phone("13912350071"))
        seat.answer_with(Answer(0.1, AGENT))
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        at_seat = await seat.incoming(15)
        at_seat._library = lambda: Library([("greeting", sound.read_wav(GREETING))])
        await call.wait_tone(AGENT, 10, lasting=0.3)
        id_ = await call_of_agent(demo)
        await ask(demo, id_, "consult", partner="demo_12345")
        await at_seat.wait_prompt("greeting", timeout=15)
        await state(demo, id_, "consult")
        await ask(demo, id_, "merge")
        await state(demo, id_, "joined")
        await call.hang_up()
        await at_seat.hang_up()


async def call_of_agent(gateway: Gateway) -> str:
    async with asyncio.timeout(10):
        while True:
            agents = (await asyncio.to_thread(gateway.api, "/api/v1/agents"))["items"]
            if known := next(agent for agent in agents if agent["id"] == "agent1")["call_id"]:
                return str(known)
            await asyncio.sleep(0.05)


async def ask(gateway: Gateway, call: str, what: str, **body: Any) -> None:
    await asyncio.to_thread(gateway.api, f"/api/v1/calls/{call}/{what}", body or None, "POST")


async def state(gateway: Gateway, call: str, wanted: str) -> None:
    """Wait until the transfer of a call is in this state."""
    async with asyncio.timeout(10):
        while True:
            now = await asyncio.to_thread(gateway.api, f"/api/v1/calls/{call}/transfer")
            if now["state"] == wanted:
                return
            await asyncio.sleep(0.05)
