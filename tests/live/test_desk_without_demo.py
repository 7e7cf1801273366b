"""The desk as it is used in earnest: with the demo off only who is logged in has a telephone in the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.live.browser import hears_tone, talking, tone_file
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.test_desk import AGENT_TONE, CALLER_TONE, at_desk, seat_is

pytestmark = pytest.mark.live


@pytest.fixture
def earnest(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    yield from running(new_gateway(tmp_path, GATEWAY_DEMO_ENABLED="false"))


async def test_an_agent_answers_in_the_page_and_nobody_else_has_a_telephone(
    earnest: Gateway, tmp_path: Path
) -> None:
    async with aiohttp.ClientSession() as session:
        for path, status in (("/phone", 404), ("/api/v1/events", 401)):
            async with session.get(earnest.url(path)) as answer:
                assert answer.status == status
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(earnest.url("/ws"), protocols=["sip"])
        assert refused.value.status == 401
    voice = tone_file(tmp_path / "agent.wav", AGENT_TONE)
    async with (
        talking(voice) as browser,
        at_desk(browser, earnest, "agent1") as page,
        earnest.phone("13835711111") as phone,
    ):
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await seat_is(page, "ringing")
        await page.keyboard.press("F2")
        await page.wait_for_selector("#call[data-state=talking]")
        call.tone(int(CALLER_TONE))
        await hears_tone(page, CALLER_TONE)
        await call.wait_tone(AGENT_TONE)
        refused_at = await asyncio.to_thread(earnest.log.read_text, "utf-8")
        assert "/ws 401" in refused_at, "the visitor stands in the log"
        await call.hang_up()
