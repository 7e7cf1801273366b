"""From a caller in the queue to his pop on the agent's page: four agents in real browsers, four at once.

The clock starts with the dialplan's own note that he is queued, before a seat is chosen and rung, so it
is no shorter than from the ring. It ends when number and keys stand in the page, and when his history does.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

from bench.pop_marks import Seen, account, chromium, desk, telephone
from bench.site import shipped_site
from bench.table import Part
from bench.transfers import overrides
from gateway.settings.schema import Config
from gateway.sip_phone.phone import Phone

POP = 50.0  # milliseconds at most, p99
PAUSE = 1.5  # seconds until the seats are free again, and the items of who gave up are in the lists


def measure(folder: Path, rounds: int) -> Part:
    """`rounds` times four callers at once; some three seconds a round."""
    with shipped_site(folder, "direct") as settings:
        environment = {**os.environ, **overrides(settings)}
        seen = asyncio.run(_desks(settings, environment, rounds))
    rows = (*seen.rows("queued", "pop", "queued to the pop in the page", POP), *seen.stages())
    return Part("pop", "Screen pop: four agents in Chromium, four callers at once", rows, (_NOTE,))


_NOTE = (
    "From the dialplan's note that the caller is queued to the page's own mark when the pop stands in the "
    "document, so the choice of the seat is in it; SIP telephones ring beside the pages, and one rings when "
    "its INVITE comes. All on the same cores."
)


async def _desks(settings: Config, environment: dict[str, str], rounds: int) -> Seen:
    sip = f"127.0.0.1:{settings.asterisk.sip_port}"
    seen = Seen()
    async with AsyncExitStack() as stack:
        browser = await chromium(stack)
        pages, marked = [], asyncio.Queue[str]()
        for agent in settings.agents:
            known = await account(environment, agent.id)
            await telephone(stack, settings, agent.seat, known["sip_password"], seen)
            pages.append(await desk(browser, settings, agent.id, known["web_password"], marked))
        callers = [
            await stack.enter_async_context(Phone(f"1391236{n:04}", "127.0.0.1", sip_server=sip))
            for n in range(len(pages))
        ]
        for _ in range(rounds):
            await _round(callers, marked)
        for page in pages:
            await seen.take_page(page)
    seen.take_calls(settings)
    return seen


async def _round(callers: list[Phone], marked: asyncio.Queue[str]) -> None:
    """Every agent rings once: nobody answers, each caller hangs up when all are on a page."""
    calls = await asyncio.gather(*(caller.dial("12315") for caller in callers))
    async with asyncio.timeout(30):
        for _ in calls:
            while not (await marked.get()).startswith("history:"):
                pass
    for call in calls:
        await call.hang_up()
    await asyncio.sleep(PAUSE)
