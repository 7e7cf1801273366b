"""The page of calls in a real Chromium: filters, paging, the player, and whose recordings it offers."""

from __future__ import annotations

import wave
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.web.site import utc_now
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, fits_a_phone, looked_at_everywhere
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live


async def calls_of_a_day(site: RealSite) -> None:
    """55 calls that gave up, then one of agent1 and one of another with a recording."""
    now = utc_now()
    sound = site.var / "recordings" / "1.wav"
    sound.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(sound), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(range(256)) * 125)
    gave_up = [
        CallRecord(f"0.{n}", "in", "13800138000", "12315", 1, now - timedelta(hours=n + 2), ended_at=now)
        for n in range(55)
    ]
    for n, who in enumerate(("agent1", "agent2")):
        at = now - timedelta(minutes=n + 1)
        gave_up.append(
            CallRecord(
                *(f"1.{n}", "in", "+8603572025100", "12315", 1, at, at, at, at, at + timedelta(seconds=65)),
                agent=who,
                outcome=CallOutcome.TALKED,
                recording="recordings/1.wav",
                recording_state=RecordingState.SAVED,
            )
        )
    await site.storage.calls.keep(gave_up)


async def shown(page: Page, count: int) -> None:
    await expect(page.locator("#calls tr")).to_have_count(count)


async def test_a_leader_filters_pages_and_hears(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site, "boss") as page:
        await calls_of_a_day(site)
        await page.click(".places a[href='/desk/calls']")
        await shown(page, 50)
        await looked_at_everywhere(page, "calls", (WIDE, PHONE))
        await fits_a_phone(page)
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.click("#more")
        await shown(page, 57)
        await page.fill("#c-caller", "0357-2025100")
        await page.click("#filters [type=submit]")
        await shown(page, 2)
        await expect(page.locator("#calls tr").first).to_contain_text("已通话")
        await expect(page.locator("#calls tr").first).to_contain_text("1:05")
        await page.select_option("#c-agent", "agent1")
        await shown(page, 1)
        assert "agent=agent1" in page.url
        await page.click("#calls button")
        await expect(page.locator("#wave svg")).to_have_count(1)
        await expect(page.locator("#sound")).to_have_attribute("src", "/api/v1/calls/1.0/recording")
        await looked_at_everywhere(page, "calls-player", (WIDE, PHONE))
        rows = await site.storage.audit.page(about="1.0")
        assert {"recording.picture", "recording.listen"} <= {row.what for row in rows}
        await page.click("#player-close")
        await page.go_back()
        await shown(page, 2)
        await page.click("#filters [type=reset]")
        await shown(page, 50)
        await page.select_option("#c-outcome", "fax")
        await page.wait_for_selector("#empty:not([hidden])")


async def test_an_agent_begins_with_own_calls_and_is_not_offered_those_of_others(
    browser: Browser, tmp_path: Path
) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await calls_of_a_day(site)
        await page.goto("/desk/calls")
        await shown(page, 1)
        await page.select_option("#c-agent", "")
        await shown(page, 50)
        await expect(page.locator("#calls button")).to_have_count(1)
