"""The dialog of the telephone's devices, in a Chromium with a microphone of its own that beeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser

from tests.chromium import chromium
from tests.live.test_desk_calls import DEVICES
from tests.web.pages.desk_site import at_desk, desk_site, looked_at_everywhere

FAKE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium(*FAKE) as launched:
        yield launched


async def test_devices_are_chosen_tried_and_kept(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await page.evaluate(DEVICES)
        await page.click("#phone-menu summary")
        await page.wait_for_selector("#link-help:not(:empty)")
        await page.click("#device-open")
        await page.wait_for_selector("#device-microphone option:nth-child(2)", state="attached")
        await page.wait_for_selector("#device-heard:has-text('听得到')")  # the fake microphone beeps
        await looked_at_everywhere(page, "desk-devices")
        await page.evaluate("window.unplug()")
        await page.wait_for_selector("#device-heard:has-text('没有麦克风')")
        await page.evaluate("window.plugIn()")
        await page.wait_for_selector("#device-heard:has-text('听得到')")
        await page.select_option("#device-microphone", index=1)
        await page.select_option("#device-ring", "soft")
        await page.click("#devices button.main")
        kept = await page.evaluate(
            "['microphone', 'ring'].map((name) => localStorage.getItem(`phone.${name}`))"
        )
        assert kept[0] and kept[1] == "soft"
