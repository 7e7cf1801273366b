"""A telephone that falls silent, without a word of good-bye: its seat is paused, and comes back with it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from gateway.sip_phone.phone import Answer, Ignore
from tests.live.conftest import Gateway

pytestmark = pytest.mark.live
LIMIT = 15.0  # seconds for what takes less than five; how long exactly, the bench measures


async def told(events: aiohttp.ClientWebSocketResponse, state: str) -> dict[str, Any]:
    """The event that agent2's seat is in this state now."""
    async with asyncio.timeout(LIMIT):
        while True:
            event = await events.receive_json()
            data = event["data"]
            if event["name"] == "agent.state" and (data["id"], data["state"]) == ("agent2", state):
                return dict(data)


async def test_a_telephone_that_says_nothing_any_more_pauses_its_seat(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with (
        gateway.seat("8002", "agent2", sign_in=False) as phone,
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(gateway.url("/api/v1/events")) as events,
    ):
        state = "/api/v1/agents/agent2/state"
        await asyncio.to_thread(gateway.api, state, {"state": "ready", "phone": "sip"})
        await told(events, "ready")
        phone.answer_with(Ignore())
        paused = await told(events, "paused")
        assert (paused["reason"], paused["reachable"]) == ("phone", False)
        board = await asyncio.to_thread(gateway.api, "/api/v1/board")
        (seat,) = [one for one in board["now"]["seats"] if one["seat"] == "8002"]
        assert (seat["state"], seat["reason"], seat["reachable"]) == ("paused", "phone", False)
        phone.answer_with(Answer())
        back = await told(events, "ready")
        assert (back["reason"], back["reachable"]) == ("", True)
        await asyncio.to_thread(gateway.api, state, {"state": "offline"})
