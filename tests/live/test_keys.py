"""Keys as callers press them: `#` after a number that is complete, and keys typed ahead of the questions."""

from __future__ import annotations

import asyncio

import pytest

from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Phone
from tests.live.conftest import Gateway
from tests.live.test_phone_lines import greeted, query_code

pytestmark = pytest.mark.live


async def item_of(gateway: Gateway, phone: Phone) -> tuple[str, str]:
    """Number and query code of the item that a caller leaves who hangs up in the menu."""
    call = await greeted(phone)
    await call.hang_up()
    record = await gateway.call_of(phone.user)
    return record["number"], await asyncio.to_thread(query_code, gateway, record["number"])


async def hears_his_state(call: Call) -> None:
    """The state is told to its end: no key that is left over cuts it short."""
    await call.wait_prompt("state_received", timeout=10)
    await call.wait_prompt("progress_due_before", timeout=10)
    await call.wait_prompt("progress_after", timeout=20)


async def test_the_end_key_after_a_whole_number_is_no_wrong_code(gateway: Gateway) -> None:
    async with gateway.phone("13912381001") as phone:
        number, code = await item_of(gateway, phone)
        call = await greeted(phone)
        await call.press("4")
        await call.wait_prompt("progress_ask_number", timeout=10)
        await call.press(number + "#")
        await call.wait_prompt("progress_ask_code", timeout=10, whole=True)
        await call.press(code + "#")
        await hears_his_state(call)
        await call.hang_up()
        told = await gateway.call_of("13912381001", 2)
    assert told["outcome"] == "served"


async def test_keys_typed_ahead_of_every_question(gateway: Gateway) -> None:
    async with gateway.phone("13912381002") as phone:
        number, code = await item_of(gateway, phone)
        call = await greeted(phone)
        await call.press(f"4{number}#{code}#")
        await hears_his_state(call)
        await call.hang_up()
        assert (await gateway.call_of("13912381002", 2))["outcome"] == "served"
