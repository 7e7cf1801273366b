"""What a waiting caller is offered while nobody is free: with every seat paused there is a way out."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.conftest import Gateway, star
from tests.live.test_phone_lines import greeted

pytestmark = pytest.mark.live


async def test_with_all_seats_paused_both_ways_out_are_offered_and_work(
    own_gateway: Gateway,
) -> None:
    """The call-back that is promised here would ring the seats of other tests."""
    gateway = own_gateway
    async with (
        gateway.seat("8001", "agent1") as seat,
        gateway.phone("13912382001") as one,
        gateway.phone("13912382002") as two,
    ):
        await star(seat, "*62", "agent_paused")
        first, second = await greeted(one), await greeted(two)
        for call in (first, second):
            await call.press("1")
            await call.wait_prompt("to_person", timeout=10)
        waited = await asyncio.gather(
            *(call.wait_prompt("queue_offer_callback", timeout=35) for call in (first, second))
        )
        assert all(heard.start < 40 for heard in waited)
        await first.press("1")
        await first.wait_prompt("callback_confirm", timeout=20)
        await second.wait_prompt("queue_offer_message", timeout=45)
        await second.press("2")
        await second.wait_prompt("message_intro", timeout=15)
        await asyncio.gather(first.hang_up(), second.hang_up())
        for caller in ("13912382001", "13912382002"):
            assert (await gateway.call_of(caller))["outcome"] in ("call_back", "gave_up")
