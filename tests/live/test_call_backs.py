"""Calls that are owed, on a real Asterisk: nobody there, busy, somebody hangs up early, no phone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone, Refuse, Ring
from tests.live.conftest import Gateway, new_gateway, running, star
from tests.live.test_phone_lines import greeted

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Calls in vain are made again at once, twice."""
    folder = tmp_path_factory.mktemp("call-backs")
    again = {"GATEWAY_QUEUE_CALL_BACK_AGAIN": "0,0", "GATEWAY_QUEUE_WRAP_UP_SECONDS": 1}
    yield from running(new_gateway(folder, **again))


async def booked(gateway: Gateway, caller: str) -> str:
    """A caller asks for a call-back; the number of his item."""
    async with gateway.phone(caller) as phone:
        call = await greeted(phone)
        await call.press("5")
        await call.wait_prompt("message_or_callback", timeout=15)
        await call.press("1")
        await call.wait_prompt("callback_confirm", timeout=30)
        await call.press("1")
        await call.wait_prompt("callback_booked", timeout=15)
        await call.ended(20)
    return str((await gateway.call_of(caller))["number"])


async def told(gateway: Gateway, number: str, what: str, count: int = 1) -> list[str]:
    """The texts of these entries of an item's timeline, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            entries: list[dict[str, Any]] = (await gateway.item_of(number))["timeline"]
            texts = [str(entry["text"]) for entry in entries if entry["what"] == what]
            if len(texts) >= count:
                return texts
            await asyncio.sleep(0.1)


def given_up(gateway: Gateway, caller: str) -> None:
    """He is owed no call any more: a minute later it would ring the seats of other tests."""
    with closing(sqlite3.connect(gateway.config.var / "gateway.db", timeout=30)) as database, database:
        database.execute("update call_backs set state = 'failed' where phone = ?", [caller])


def placed(gateway: Gateway) -> int:
    """Places in the queue that the dialplan's journal tells of."""
    lines = [line for file in gateway.places.journal.glob("*.log") for line in file.read_text().splitlines()]
    return sum(line.split("|")[1] == "back_placed" for line in lines)


async def rung(seat: Phone) -> Call:
    """The seat is rung for a call-back and answers."""
    call = await seat.incoming(40)
    await call.wait_answered(5)
    return call


async def test_busy_is_called_three_times_and_is_then_the_agents(gateway: Gateway) -> None:
    caller = "13912350001"
    number = await booked(gateway, caller)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Refuse(486))
        async with gateway.seat("8001", "agent1") as seat:
            seat.answer_with(Answer(0.1))
            for _ in range(3):
                at_seat = await rung(seat)
                await customer.incoming(20)
                await at_seat.ended(30)
            (last,) = await told(gateway, number, "call_back_failed")
    texts = await told(gateway, number, "not_reached", 2)
    assert [text.partition("；")[0] for text in (*texts, last)] == ["回电未接通：占线"] * 3
    assert last.endswith("第3次，不再自动拨打，请人工联系")
    calls = [call for call in gateway.calls() if call["dialled"] == caller]
    assert [call["outcome"] for call in calls] == ["not_reached"] * 3
    assert len({call["id"] for call in calls}) == 3


async def test_an_agent_who_hangs_up_while_it_rings_is_told_on_the_item(gateway: Gateway) -> None:
    caller = "13912350002"
    number = await booked(gateway, caller)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Ring())
        async with gateway.seat("8001", "agent1") as seat:
            seat.answer_with(Answer(0.1))
            at_seat = await rung(seat)
            back = await customer.incoming(20)
            await at_seat.hang_up()
            await back.ended(10)
            (text,) = await told(gateway, number, "not_reached")
            assert text == "回电未接通：坐席在对方接听前挂断，一分钟后再拨"
    given_up(gateway, caller)


@pytest.mark.soak
async def test_an_agent_who_hangs_up_in_the_greeting_is_told_on_the_item(gateway: Gateway) -> None:
    caller = "13912350006"
    number = await booked(gateway, caller)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Answer(0.1))
        async with gateway.seat("8001", "agent1") as seat:
            seat.answer_with(Answer(0.1))
            at_seat = await rung(seat)
            back = await customer.incoming(20)
            await back.wait_prompt("callback_hello", timeout=20)
            await at_seat.hang_up()
            await back.ended(10)
            (text,) = await told(gateway, number, "not_reached")
            assert text == "回电未接通：对方已接听，坐席在问候语播放时挂断；第1次，1分钟后再拨"
    given_up(gateway, caller)


@pytest.mark.soak
async def test_a_customer_who_hangs_up_in_the_greeting_is_called_again(gateway: Gateway) -> None:
    caller = "13912350003"
    number = await booked(gateway, caller)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Answer(0.1, 600))
        async with gateway.seat("8001", "agent1") as seat:
            seat.answer_with(Answer(0.1))
            at_seat = await rung(seat)
            back = await customer.incoming(20)
            await back.wait_answered(5)
            await back.hang_up()
            await at_seat.ended(30)
            (text,) = await told(gateway, number, "not_reached")
            assert text.startswith("回电未接通：对方接听后随即挂断；第1次")
            at_seat = await rung(seat)
            back = await customer.incoming(20)
            await at_seat.wait_tone(600, timeout=30)
            await at_seat.hang_up()
            await back.ended(10)
            await told(gateway, number, "called_back")


async def test_agent_and_customer_both_hear_the_greeting_of_a_call_back(gateway: Gateway) -> None:
    caller = "13912350005"
    await booked(gateway, caller)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Answer(0.1))
        async with gateway.seat("8001", "agent1") as seat:
            seat.answer_with(Answer(0.1, 600))
            at_seat = await rung(seat)
            back = await customer.incoming(20)
            heard = await asyncio.gather(
                at_seat.wait_prompt("callback_hello", timeout=20),
                back.wait_prompt("callback_hello", timeout=20),
            )
            ago = [call.seconds - span.start for call, span in zip((at_seat, back), heard, strict=True)]
            assert abs(ago[0] - ago[1]) < 0.5, "both at once: the agent knows when to speak"
            await back.wait_tone(600, timeout=10)
            await back.hang_up()
            await at_seat.ended(10)


async def test_no_place_is_asked_for_while_the_only_phone_is_off(gateway: Gateway) -> None:
    caller = "13912350004"
    async with gateway.seat("8002", "agent2", sign_in=False) as seat:
        await star(seat, "*60", "agent_signed_in")
    await reachable(gateway, "agent2", False)
    before = placed(gateway)
    number = await booked(gateway, caller)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            while placed(gateway) - before < 2:  # noqa: ASYNC110 - a journal tells nobody
                await asyncio.sleep(0.1)
    async with gateway.phone(caller, port=gateway.far_end) as customer:
        customer.answer_with(Answer(0.1, 600))
        async with gateway.seat("8002", "agent2", sign_in=False) as seat:
            seat.answer_with(Answer(0.1))
            await star(seat, "*65", "agent_ready")
            at_seat = await rung(seat)
            await at_seat.wait_tone(600, timeout=30)
            await at_seat.hang_up()
            await told(gateway, number, "called_back")
            await star(seat, "*69", "agent_signed_out")
    assert placed(gateway) - before <= 2


async def reachable(gateway: Gateway, agent: str, wanted: bool) -> None:
    async with asyncio.timeout(60):
        while True:
            rows = (await asyncio.to_thread(gateway.api, "/api/v1/agents"))["items"]
            if next(row for row in rows if row["id"] == agent)["reachable"] is wanted:
                return
            await asyncio.sleep(0.1)
