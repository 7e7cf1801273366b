"""From a caller in the queue to his pop on the agent's page: four agents in real browsers, four at once.

The clock starts with the dialplan's own note that he is queued, before a seat is chosen and rung, so it
is no shorter than from the ring. It ends when number and keys stand in the page, and when his history does.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, async_playwright

from bench.site import shipped_site
from bench.table import Part, Row, at_most, percentile
from bench.transfers import command, overrides
from gateway.caller.phone import Phone
from gateway.config import Config
from gateway.core.note import What, read_note
from gateway.pbx.conf import Places
from gateway.workshop import tool

POP = 50.0  # milliseconds at most, p99
MARKS = """() => performance.getEntriesByType("mark").map(
    (one) => [one.name, performance.timeOrigin + one.startTime]
)"""


@dataclass(slots=True)
class Seen:
    """Milliseconds from the queue to the pop, and to the history."""

    pops: list[float] = field(default_factory=list)
    histories: list[float] = field(default_factory=list)


def measure(folder: Path, rounds: int) -> Part:
    """`rounds` times four callers at once; some three seconds a round."""
    with shipped_site(folder, "direct") as settings:
        environment = {**os.environ, **overrides(settings)}
        seen = asyncio.run(_desks(settings, environment, rounds))
    count = str(len(seen.pops))
    rows = (
        Row("queued to the pop in the page p50", f"{percentile(seen.pops, 0.5):.1f} ms", samples=count),
        at_most("queued to the pop in the page p99", percentile(seen.pops, 0.99), POP, "{:.1f} ms", count),
        Row("queued to his history in the page p50", f"{percentile(seen.histories, 0.5):.1f} ms"),
        Row("queued to his history in the page p99", f"{percentile(seen.histories, 0.99):.1f} ms"),
    )
    return Part("pop", "Screen pop: four agents in Chromium, four callers at once", rows, (_NOTE,))


_NOTE = (
    "From the dialplan's note that the caller is queued to the page's own mark when the pop stands in the "
    "document, so the choice of the seat is in it; SIP telephones ring beside "
    "the pages. All on the same cores."
)


async def _desks(settings: Config, environment: dict[str, str], rounds: int) -> Seen:
    sip = f"127.0.0.1:{settings.asterisk.sip_port}"
    seen = Seen()
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=tool("chromium"), args=flags)
        stack.push_async_callback(browser.close)
        pages = []
        for agent in settings.agents:
            known = json.loads(
                await asyncio.to_thread(command, environment, "user", "show", agent.id, "--json")
            )
            phone = Phone(agent.seat, "127.0.0.1", sip_server=sip, password=known["sip_password"])
            await stack.enter_async_context(phone)
            await phone.register()
            context = await browser.new_context(base_url=f"http://127.0.0.1:{settings.web.port}")
            await context.add_init_script("localStorage.setItem('which', 'sip')")
            pages.append(await _at_desk(await context.new_page(), agent.id, known["web_password"]))
        callers = [
            await stack.enter_async_context(Phone(f"1391236{n:04}", "127.0.0.1", sip_server=sip))
            for n in range(len(pages))
        ]
        for _ in range(rounds):
            await _round(callers, pages)
        for page in pages:
            _add(seen, await _clocked(page), _queued(settings))
    return seen


async def _at_desk(page: Page, agent: str, password: str) -> Page:
    await page.goto("/desk")
    await page.fill("#f-account", agent)
    await page.fill("#f-password", password)
    await page.click("button[type=submit]")
    await page.wait_for_selector("#health[data-link=sip]")
    await page.keyboard.press("F8")
    await page.wait_for_selector("#state[data-state=ready]")
    return page


async def _round(callers: list[Phone], pages: list[Page]) -> None:
    """Every agent rings once: nobody answers, each caller hangs up when he is on a page."""
    for page in pages:
        await page.evaluate("() => { delete document.body.dataset.known; }")
    calls = await asyncio.gather(*(caller.dial("12315") for caller in callers))
    await asyncio.gather(*(page.wait_for_selector("body[data-known]") for page in pages))
    for call in calls:
        await call.hang_up()
    await asyncio.gather(*(page.wait_for_selector("#state[data-state=ready]") for page in pages))


async def _clocked(page: Page) -> dict[str, float]:
    """The page's marks by name, on this process's clock (Unix milliseconds)."""
    before = time.time()
    there = await page.evaluate("() => performance.timeOrigin + performance.now()")
    off = there - (before + time.time()) / 2 * 1000
    return {name: at - off for name, at in await page.evaluate(MARKS)}


def _queued(settings: Config) -> dict[str, float]:
    """When each call came into the queue, as the dialplan noted it (Unix milliseconds)."""
    found = {}
    for file in Places(settings.var).journal.glob("*.log"):
        for line in file.read_text("utf-8").splitlines():
            note = read_note(line)
            if note and note.what is What.QUEUED:
                found.setdefault(note.call, note.at.timestamp() * 1000)
    return found


def _add(seen: Seen, marks: dict[str, float], queued: dict[str, float]) -> None:
    for name, at in marks.items():
        what, _, call = name.partition(":")
        if call in queued:
            (seen.pops if what == "pop" else seen.histories).append(at - queued[call])
