"""When what happened to a call on its way to an agent's page, and the rows that come of it.

Asterisk's journal, the telephones that ring, the gateway's event and the page's own marks, all on one
clock. For pop.py and pop_floor.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, async_playwright

from bench.table import Row, at_most, percentile
from bench.transfers import command
from gateway.core.call.journal import EntryType, number_of, read_note
from gateway.pbx.conf import Places
from gateway.settings.schema import Config
from gateway.setup.workshop import tool
from gateway.sip_phone.phone import Phone, Policy, Ring

# What each page notes: when it read of a call, and when the gateway had told of it.
NOTES = """
window.told = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (!data.includes('"call.pop"')) return;
      const { at, data: call } = JSON.parse(data);
      performance.mark(`read:${call.id}`);
      window.told.push([`told:${call.id}`, Date.parse(at)]);
    });
  }
};
const mark = performance.mark.bind(performance);
performance.mark = (name) => {
  mark(name);
  window.marked(name);
};
localStorage.setItem("which", "sip");
"""
FLAGS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MARKS = """() => performance.getEntriesByType("mark").map(
    (one) => [one.name, performance.timeOrigin + one.startTime]
)"""
RINGS = Ring()
STAGES = (
    ("queued", "rang", "queued to the ring at the telephone"),
    ("rang", "pop", "ring at the telephone to the pop in the page"),
    ("queued", "told", "queued to the gateway's word (Asterisk's choice, AMI, switchboard)"),
    ("told", "read", "its word to the page (WebSocket)"),
    ("read", "pop", "in the page: read to shown"),
    ("pop", "history", "shown to its history"),
)


@dataclass(slots=True)
class Seen:
    """When each thing happened, in Unix milliseconds: by what, then by the call's id.

    `rings` are those of telephones, by the caller's number.
    """

    at: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    rings: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def between(self, first: str, last: str) -> list[float]:
        """Milliseconds from one thing to the other, of the calls that have both."""
        begun, done = self.at[first], self.at[last]
        return [done[call] - begun[call] for call in done if call in begun]

    def rows(self, first: str, last: str, what: str, limit: float = 0) -> tuple[Row, ...]:
        """Median and p99; the p99 may have a limit."""
        found = self.between(first, last)
        p50, p99, count = percentile(found, 0.5), percentile(found, 0.99), str(len(found))
        if not limit:
            return (Row(f"{what} p50 / p99", f"{p50:.1f} / {p99:.1f} ms", samples=count),)
        median = Row(f"{what} p50", f"{p50:.1f} ms", samples=count)
        return median, at_most(f"{what} p99", p99, limit, "{:.1f} ms", count)

    def stages(self) -> list[Row]:
        return [row for stage in STAGES for row in self.rows(*stage)]

    async def take_page(self, page: Page) -> None:
        """The marks of a page, on this process's clock."""
        before = time.time()
        there = await page.evaluate("() => performance.timeOrigin + performance.now()")
        off = there - (before + time.time()) / 2 * 1000
        marks = [(name, at - off) for name, at in await page.evaluate(MARKS)]
        for name, at in (*marks, *await page.evaluate("() => window.told")):
            what, _, call = name.partition(":")
            self.at[what].setdefault(call, at)

    def take_calls(self, settings: Config) -> None:
        """When each call was queued, as the dialplan noted it, and when its telephone rang."""
        rings = {number: iter(found) for number, found in self.rings.items()}
        for file in sorted(Places(settings.var).journal.glob("*.log")):
            for line in file.read_text("utf-8").splitlines():
                note = read_note(line)
                if note and note.what is EntryType.QUEUED:
                    self.at["queued"].setdefault(note.call, note.at.timestamp() * 1000)
                elif note and note.what is EntryType.BEGAN:
                    rang = next(rings.get(number_of(note.arg(2)), iter(())), None)
                    if rang:
                        self.at["rang"][note.call] = rang


async def chromium(stack: AsyncExitStack) -> Browser:
    """A browser that ends with the stack; it does nothing but the pages' own work."""
    playwright = await stack.enter_async_context(async_playwright())
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    browser = await playwright.chromium.launch(executable_path=tool("chromium"), args=flags)
    stack.push_async_callback(browser.close)
    return browser


async def account(environment: dict[str, str], agent: str) -> dict[str, str]:
    """What `gateway user show` tells of an agent."""
    told = await asyncio.to_thread(command, environment, "user", "show", agent, "--json")
    known: dict[str, str] = json.loads(told)
    return known


async def telephone(
    stack: AsyncExitStack, settings: Config, seat: str, password: str, seen: Seen, policy: Policy = RINGS
) -> Phone:
    """A SIP telephone that is registered; unless told otherwise it rings until the caller gives up."""
    server = f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port}"
    phone = await stack.enter_async_context(Phone(seat, "127.0.0.1", sip_server=server, password=password))
    await phone.register()
    phone.answer_with(policy)
    task = asyncio.create_task(_keep_rings(phone, seen), name=f"rings of {seat}")
    stack.callback(task.cancel)
    return phone


async def _keep_rings(phone: Phone, seen: Seen) -> None:
    while True:
        call = await phone.incoming(3600)
        seen.rings[call.caller].append(time.time() * 1000)


async def desk(
    browser: Browser, settings: Config, agent: str, password: str, marked: asyncio.Queue[str]
) -> Page:
    """An agent's page in a real browser, ready to be rung at his SIP telephone.

    What the page marks is told to `marked`: to ask it again and again would be work for the page.
    """
    context = await browser.new_context(base_url=f"http://127.0.0.1:{settings.web.port}")
    await context.expose_function("marked", marked.put_nowait)
    await context.add_init_script(NOTES)
    page = await context.new_page()
    await page.goto("/desk")
    await page.fill("#f-account", agent)
    await page.fill("#f-password", password)
    await page.click("button[type=submit]")
    await page.wait_for_selector("#health[data-link=sip]")
    await page.keyboard.press("F8")
    await page.wait_for_selector("#state[data-state=ready]")
    return page
