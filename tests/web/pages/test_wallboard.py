"""The wallboard in a real Chromium: what it shows, what it looks like when the line is lost, who may see it.

Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.calls.views import AgentView, LineState, LineView, WaitingView
from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Channel
from gateway.core.roles import Role
from gateway.core.statistics import day_of
from gateway.web.site import FEED
from tests.accessibility import check_accessible
from tests.storage.databases import contact
from tests.web.memory_house import MemoryBoard, Scene
from tests.web.pages.test_fax_page import log_in
from tests.web.real_site import ZONE, RealSite, real_site

pytestmark = pytest.mark.live

TELEVISION, TABLET = (1920, 1080), (820, 1180)
SEATS = ("王秀英", "李建国", "张敏", "刘洋")


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def quiet() -> Scene:
    return Scene(
        [LineView(n, LineState.FREE) for n in range(1, 6)],
        [AgentView(f"agent{n}", name, f"800{n}", SeatState.OFFLINE) for n, name in enumerate(SEATS, 1)],
    )


def busy() -> Scene:
    talk, three, menu, first, second = (
        (LineState.TALK, 154),
        (LineState.THREE_WAY, 421),
        (LineState.MENU, 6),
        (LineState.QUEUE, 72),
        (LineState.QUEUE, 18),
    )
    lines = [
        LineView(n, state, f"1.{n}", f"1383571000{n}", ago(since))
        for n, (state, since) in enumerate((talk, three, menu, first, second), 1)
    ]
    states = (SeatState.TALKING, SeatState.TALKING, SeatState.WRAP_UP, SeatState.PAUSED)
    seats = [
        AgentView(f"agent{n}", SEATS[n - 1], f"800{n}", state, "meal" if n == 4 else "", ago(60 * n))
        for n, state in enumerate(states, 1)
    ]
    waiting = [WaitingView(line.call_id, line.caller, line.since or ago(0)) for line in lines[3:]]
    return Scene(lines, seats, waiting)


async def a_day(site: RealSite) -> None:
    """Calls and items of today."""
    since = day_of(datetime.now(ZONE).date(), ZONE).since
    gone = datetime.now(UTC) - since
    outcomes = [CallOutcome.TALKED] * 38 + [CallOutcome.GAVE_UP, CallOutcome.TURNED_AWAY, CallOutcome.SERVED]
    calls = [
        CallRecord(f"9.{n}", "in", f"1383571{n:04}", "12315", 1, since + gone * n / len(outcomes))
        for n in range(len(outcomes))
    ]
    await site.storage.calls.keep(
        [
            replace(
                call,
                ended_at=call.started_at,
                outcome=outcome,
                queued_at=call.started_at if outcome in (CallOutcome.TALKED, CallOutcome.GAVE_UP) else None,
                talked_at=call.started_at if outcome is CallOutcome.TALKED else None,
                wait_seconds=float(n * n % 37 * (outcome is not CallOutcome.SERVED)),
            )
            for n, (call, outcome) in enumerate(zip(calls, outcomes, strict=True))
        ]
    )
    for n, channel in enumerate((Channel.WEB, Channel.WEB, Channel.EMAIL, Channel.COUNTER)):
        await site.intake.submit(contact(f"k{n}", channel=channel, received_at=since))


@asynccontextmanager
async def shown(
    browser: Browser,
    site: RealSite,
    size: tuple[int, int] = TELEVISION,
    theme: str = "light",
    role: str = "display",
) -> AsyncIterator[Page]:
    """The wallboard, opened by a display's link; complaints of its console fail the test."""
    context = await browser.new_context(
        base_url=site.url(), viewport={"width": size[0], "height": size[1]}, color_scheme="dark"
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    token = site.tokens.get(role, role)
    await page.goto(f"/wallboard?theme={theme}" + (f"#{token}" if token else ""))
    yield page
    await context.close()
    harmless = ("Failed to load resource", "WebSocket connection to")
    assert [one for one in complaints if not one.startswith(harmless)] == []


async def stands(page: Page, link: str) -> None:
    """Wait until the line to the gateway is so."""
    await page.wait_for_selector(f'html[data-link="{link}"]', state="attached")


async def looked_at(page: Page, name: str) -> None:
    """Whole on the screen and accessible."""
    size = page.viewport_size or {"width": 0, "height": 0}
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"wallboard-{name}-{size['width']}.png")
    await check_accessible(page)
    wide, high = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert wide <= size["width"]
    assert high <= size["height"] or size != {"width": TELEVISION[0], "height": TELEVISION[1]}


@pytest_asyncio.fixture(loop_scope="session")
async def board() -> MemoryBoard:
    return MemoryBoard(scene=quiet())


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, board: MemoryBoard) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path, board=board) as made:
        yield made


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [TELEVISION, TABLET], ids=["television", "tablet"])
async def test_empty_and_busy(
    browser: Browser, site: RealSite, board: MemoryBoard, size: tuple[int, int], theme: str
) -> None:
    async with shown(browser, site, size, theme) as page:
        await stands(page, "live")
        await expect(page.locator("#queue")).to_contain_text("无人等候")
        await looked_at(page, f"empty-{theme}")
        await a_day(site)
        board.scene = busy()
        board.tell("queue.changed", waiting=2)
        await expect(page.locator("#waiting")).to_have_text("2")
        await expect(page.locator("#f-offered dd")).to_have_text("41")
        await expect(page.locator("#f-rate dd")).to_have_text("95.1%")
        await expect(page.locator("#f-written dd")).to_have_text("4")
        await expect(page.locator("#lines li").nth(3)).to_contain_text("****0004")
        await expect(page.locator("#waits rect.late").first).to_be_attached()
        await looked_at(page, f"busy-{theme}")
        assert "13835710" not in await page.content()


async def test_the_screens_own_wish_decides_without_a_theme(browser: Browser, site: RealSite) -> None:
    async with shown(browser, site, theme="auto") as page:
        await stands(page, "live")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 26)"


async def test_times_tick_in_the_page(browser: Browser, site: RealSite, board: MemoryBoard) -> None:
    board.scene = busy()
    async with shown(browser, site) as page:
        first = page.locator("#queue .since").first
        await expect(first).to_have_text("1:13")
        await expect(first).to_have_text("1:15")


async def test_a_lost_agent_stands_out(browser: Browser, site: RealSite, board: MemoryBoard) -> None:
    scene = busy()
    lost = replace(scene.seats[1], state=SeatState.PAUSED, reason="phone", reachable=False)
    gone = replace(scene.seats[2], state=SeatState.READY, reachable=False)
    board.scene = replace(scene, seats=[scene.seats[0], lost, gone, scene.seats[3]])
    async with shown(browser, site) as page:
        row = page.locator("#seats li").nth(1)
        await expect(row).to_contain_text("话机离线")
        await expect(row).to_have_class("bad")
        await expect(page.locator("#seats li").nth(2)).to_contain_text("话机离线")
        await looked_at(page, "agent-lost")


async def test_a_stale_board_looks_stale(browser: Browser, site: RealSite, board: MemoryBoard) -> None:
    board.scene = busy()
    async with shown(browser, site, theme="dark") as page:
        await stands(page, "live")
        await site.server.close()
        await stands(page, "lost")
        await expect(page.locator("#link")).to_contain_text("与网关失去联系，以下是")
        assert "grayscale" in await page.evaluate("getComputedStyle(document.querySelector('main')).filter")
        await looked_at(page, "stale")


async def test_a_gateway_without_asterisk_says_so(
    browser: Browser, site: RealSite, board: MemoryBoard
) -> None:
    board.scene = busy()
    async with shown(browser, site) as page:
        await stands(page, "live")
        board.away = True
        board.tell("agent.state", id="agent1")
        await stands(page, "blind")
        await expect(page.locator("#link")).to_contain_text("与电话系统失去联系")
        await looked_at(page, "blind")
        board.away = False
        board.tell("agent.state", id="agent1")
        await stands(page, "live")


@pytest.mark.parametrize("role", ["", "nonsense"])
async def test_nobody_sees_it_without_a_right(browser: Browser, site: RealSite, role: str) -> None:
    async with shown(browser, site, role=role) as page:
        await stands(page, "refused")
        await expect(page.locator("#link")).to_contain_text("未授权")
        assert await page.locator("#lines li").count() == 0
        await looked_at(page, "refused")


async def test_whoever_is_logged_in_may_look(browser: Browser, site: RealSite, board: MemoryBoard) -> None:
    await site.accounts.add("lead", "值班长", Role.SUPERVISOR, "correct horse 12315")
    board.scene = busy()
    async with shown(browser, site, role="") as page:
        await stands(page, "refused")
        await log_in(page, "lead", "correct horse 12315")
        await page.goto("/wallboard#ended-long-ago")
        await stands(page, "live")
        await expect(page.locator("#lines li")).to_have_count(5)
        for figure, tab in (("waiting", "waiting"), ("overdue", "overdue")):
            link = page.locator(f"#f-{figure} a")
            assert await link.get_attribute("href") == f"/desk#tab={tab}"


async def test_a_token_that_is_taken_back_empties_the_board(
    browser: Browser, site: RealSite, board: MemoryBoard
) -> None:
    board.scene = busy()
    async with shown(browser, site) as page:
        await stands(page, "live")
        (token,) = [one for one in await site.storage.tokens.list() if one.role == "display"]
        assert await site.storage.tokens.revoke(token.id, datetime.now(UTC))
        assert site.server.app
        await site.server.app[FEED].close()
        await stands(page, "refused")
        await expect(page.locator("main li")).to_have_count(0)
        await expect(page.locator("#waiting")).to_have_text("–")


async def test_the_link_is_given_once_and_leaves_the_address(browser: Browser, site: RealSite) -> None:
    async with shown(browser, site) as page:
        await stands(page, "live")
        assert page.url == site.url("/wallboard?theme=light")
        await page.reload()
        await stands(page, "live")


async def test_a_script_in_a_name_is_text(browser: Browser, site: RealSite, board: MemoryBoard) -> None:
    bad = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    scene = busy()
    seats = [replace(scene.seats[0], name=bad), replace(scene.seats[1], state=SeatState.PAUSED, reason=bad)]
    callers = [replace(scene.lines[0], caller=f"{bad}<b>")]
    board.scene = replace(scene, seats=seats, lines=callers)
    async with shown(browser, site) as page:
        await expect(page.locator("#seats .who").first).to_have_text(bad)
        assert await page.locator("main img, main script, main b:not([id])").count() == 0
        assert (await page.title()).startswith("大屏")
        answer = await page.request.get("/wallboard")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
