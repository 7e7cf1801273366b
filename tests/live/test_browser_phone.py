"""/phone in a real Chromium: it dials the hotline, hears it, chooses by key and leaves a message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.pbx.sound_length import sound_seconds
from gateway.sip_phone import sound
from tests.live.browser import eared, hears, hears_tone, talking, tone_file
from tests.live.conftest import Gateway
from tests.live.test_phone_lines import sound_of

pytestmark = pytest.mark.live
VISITOR = "13800012315"
BEEP = 1000.0  # Hz


async def speaks(gateway: Gateway, seconds: float) -> None:
    """Wait until so many seconds of a message are on the disk, to which Asterisk writes as it comes."""
    async with asyncio.timeout(20):
        while max(map(sound_seconds, gateway.places.messages.glob("*.wav")), default=0) < seconds:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_visitor_calls_from_the_browser_and_leaves_a_message(
    gateway: Gateway, tmp_path: Path
) -> None:
    voice = tone_file(tmp_path / "voice.wav", 1400)
    async with talking(voice) as browser, eared(browser, gateway.url("")) as page:
        await page.goto("/phone")
        await page.click("#dial")
        await page.wait_for_selector("#phone[data-state=talking]", timeout=10_000)
        await hears(page, "welcome")
        await page.keyboard.press("5")
        await hears(page, "message_or_callback")
        await hears_tone(page, BEEP)
        await speaks(gateway, 3)
        await page.click("#dial")
        await page.wait_for_selector("#phone[data-state=idle]")
    record = await gateway.call_of(VISITOR)
    assert record["outcome"] == "message"
    assert record["path"][1]["keys"] == "5"
    assert await asyncio.to_thread(sound_of, gateway, record["id"]) > 2
    files = list((gateway.config.var / "recordings").glob(f"*/{record['id']}*.wav"))
    spoken = sound.tones(sound.read_wav(files[0]), [1400.0])[1400.0]
    assert sum(span.length for span in spoken) > 1, "the microphone's tone is in the message"
