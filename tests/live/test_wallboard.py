"""The wallboard beside real calls: what it shows while they go on, and that report and API say the same."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import urllib.request
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from gateway.sip_phone.phone import Answer
from tests.chromium import chromium
from tests.live.conftest import Gateway
from tests.live.test_phone_lines import greeted

pytestmark = pytest.mark.live


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


def on_the_wall(gateway: Gateway, token: str) -> dict[str, Any]:
    """What a display gets."""
    request = urllib.request.Request(gateway.url("/api/v1/board"))
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.loads(answer.read()))


def reported(gateway: Gateway, day: str) -> dict[str, str]:
    """The whole's row of the report since a day."""
    head, *_, last = csv.reader(io.StringIO(gateway.command("report", "--from", day, "--csv")))
    return dict(zip((name.split()[-1] for name in head), last, strict=True))


async def test_real_calls_are_shown_and_counted_alike(own_gateway: Gateway, browser: Browser) -> None:
    gateway = own_gateway
    day = f"{datetime.now(gateway.config.zone):%Y-%m-%d}"
    token = await asyncio.to_thread(gateway.command, "token", "create", "--role", "display")
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.goto(gateway.url(f"/wallboard#{token.strip()}"))
    live = page.locator('html[data-link="live"]')
    await expect(live).to_be_attached(timeout=20_000)
    seats, lines = page.locator("#seats li"), page.locator("#lines li")
    await expect(lines).to_have_count(5)
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912340901") as phone:
        await expect(seats.first).to_contain_text("就绪", timeout=10_000)
        seat.answer_with(Answer(0.2))
        call = await greeted(phone)
        await expect(lines.first).to_contain_text("语音菜单")
        await call.press("0")
        await seat.incoming(15)
        await expect(lines.first).to_contain_text("通话")
        await expect(lines.first).to_contain_text("****0901")
        await expect(seats.first).to_contain_text("通话")
        await call.hang_up()
        await gateway.call_of("13912340901")
        await expect(seats.first).to_contain_text("就绪", timeout=20_000)
    async with gateway.phone("13912340902") as phone:
        await (await greeted(phone)).hang_up()
        await gateway.call_of("13912340902")
    await expect(seats.first).to_contain_text("签出", timeout=10_000)
    await expect(page.locator("#f-offered dd")).to_have_text("2", timeout=10_000)
    await expect(page.locator("#f-gave_up dd")).to_have_text("1")
    await expect(page.locator("#f-owed dd")).to_have_text("1")
    wall = (await asyncio.to_thread(on_the_wall, gateway, token.strip()))["today"]
    api = await asyncio.to_thread(gateway.api, f"/api/v1/figures?from={day}")
    report = await asyncio.to_thread(reported, gateway, day)
    assert wall["figures"] == api["days"][-1]["figures"]
    assert wall["standing"] == api["standing"]
    total = api["total"]
    assert (total["offered"], total["answered"], total["in_time"], total["gave_up"]) == (2, 1, 1, 1)
    for name in ("offered", "asked", "answered", "in_time", "connected", "gave_up", "turned_away"):
        assert report[name] == str(total[name]), name
    (agent,) = total["agents"]
    assert agent["talk_seconds"] > 0 and agent["wrap_up_seconds"] > 0
    assert report["agent1_talk_seconds"] == f"{agent['talk_seconds']:.1f}"

    lost = page.locator('html[data-link="lost"]')
    assert gateway.process
    gateway.process.send_signal(signal.SIGSTOP)  # the line stands, and nothing comes over it
    await expect(lost).to_be_attached(timeout=30_000)
    gateway.process.send_signal(signal.SIGCONT)
    await expect(live).to_be_attached(timeout=30_000)

    gateway.kill()
    await expect(lost).to_be_attached(timeout=20_000)
    await expect(page.locator("#link")).to_contain_text("与网关失去联系")
    await asyncio.to_thread(gateway.start)
    await expect(live).to_be_attached(timeout=30_000)
    await expect(page.locator("#f-offered dd")).to_have_text("2")
    await page.close()
