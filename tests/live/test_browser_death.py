"""Agents whose browsers die at the worst moments: in a talk, in a private consult, in a three-way call, while
it rings, while the caller is on hold, while a partner is rung.

Three real Chromiums at once; each is killed in one turn and loses its tab in the other, and nobody says
good-bye. The callers are back in the queue within six seconds, or go on talking with the partner; another
agent takes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Page

from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone, Ring
from tests.live.browser import talking, tone_file
from tests.live.conftest import Gateway
from tests.live.test_desk import SIZE, log_in, seat_is
from tests.live.test_transfers import hears

pytestmark = pytest.mark.live
CALLER, PARTNER, COLLEAGUE = 1000, 1900, 1450  # Hz
TONES = {1: 1400, 2: 1600, 3: 2300}  # Hz, of each agent in a browser
LIMIT = 6.0  # seconds that a caller may be left alone


@dataclass
class Desk:
    """An agent in a browser of his own."""

    agent: str
    browser: Browser
    page: Page

    async def lose_tab(self) -> None:
        await self.page.close(run_before_unload=False)

    async def die(self) -> None:
        """The whole browser, as a crash ends it."""
        session = await self.browser.new_browser_cdp_session()
        told = await session.send("SystemInfo.getProcessInfo")
        pid = next(int(one["id"]) for one in told["processInfo"] if one["type"] == "browser")
        os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def desk(gateway: Gateway, folder: Path, number: int) -> AsyncIterator[Desk]:
    """The agent of this number, who sounds his tone and is ready."""
    agent, microphone = f"agent{number}", tone_file(folder / f"{number}.wav", TONES[number])
    with contextlib.suppress(Error):  # it is dead by then
        async with talking(microphone) as browser:
            context = await browser.new_context(base_url=gateway.url(""), locale="zh-CN", viewport=SIZE)
            page = await context.new_page()
            await log_in(page, gateway, agent)
            await page.keyboard.press("F8")
            await seat_is(page, "ready")
            yield Desk(agent, browser, page)
    await asyncio.to_thread(gateway.api, f"/api/v1/agents/{agent}/state", {"state": "offline"})


@dataclass
class Talk:
    """A caller who talks with an agent in a browser."""

    gateway: Gateway
    call: Call
    id: str

    async def ask(self, what: str, body: dict[str, Any] | None = None) -> None:
        await asyncio.to_thread(self.gateway.api, f"/api/v1/calls/{self.id}/{what}", body, "POST")

    async def state(self, *wanted: str) -> None:
        async with asyncio.timeout(15):
            while True:
                now = await asyncio.to_thread(self.gateway.api, f"/api/v1/calls/{self.id}/transfer")
                if now["state"] in wanted:
                    return
                await asyncio.sleep(0.05)


async def talk(gateway: Gateway, phone: Phone, at: Desk, tone: int) -> Talk:
    """A caller comes to the only agent who is free, and each hears the other."""
    call = await phone.dial("12315")
    await call.wait_prompt("welcome", timeout=10)
    await call.press("1")
    await seat_is(at.page, "ringing")
    await at.page.keyboard.press("F2")
    await at.page.wait_for_selector("#call[data-state=talking]")
    call.tone(CALLER)
    await hears(call, tone)
    agents = (await asyncio.to_thread(gateway.api, "/api/v1/agents"))["items"]
    return Talk(gateway, call, next(str(a["call_id"]) for a in agents if a["id"] == at.agent))


async def all_talk(
    stack: AsyncExitStack, gateway: Gateway, folder: Path, numbers: tuple[int, ...]
) -> tuple[list[Desk], list[Talk]]:
    """One desk after another gets a caller."""
    desks, talks = [], []
    for number in numbers:
        desks.append(await stack.enter_async_context(desk(gateway, folder, number)))
        phone = await stack.enter_async_context(gateway.phone(f"1391236000{number}"))
        talks.append(await talk(gateway, phone, desks[-1], TONES[number]))
    return desks, talks


async def requeued(talk: Talk, since: float) -> float:
    """Seconds from a death until the caller is told that he waits again."""
    heard = await talk.call.wait_prompt("queue_again", timeout=15)
    return heard.start - since


def longest_silence(talk: Talk, since: float) -> float:
    """Seconds that a caller heard nothing, from a moment on."""
    return max((one.end - max(one.start, since) for one in talk.call.silences(0.05)), default=0.0)


async def first_to_hear(waiting: list[Talk]) -> Talk:
    """Whoever of them the colleague has now."""
    tasks = {asyncio.create_task(hears(one.call, COLLEAGUE)): one for one in waiting}
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    (heard,) = done
    heard.result()
    return tasks[heard]


async def all_served(colleague: Phone, waiting: list[Talk]) -> None:
    """One after another they reach the colleague, and hang up."""
    while waiting:
        await colleague.incoming(20)
        served = await first_to_hear(waiting)
        waiting.remove(served)
        await served.call.hang_up()


async def each_is_one_call(gateway: Gateway) -> None:
    records = [await gateway.call_of(f"1391236000{number}") for number in (1, 2, 3)]
    assert [one["outcome"] for one in records] == ["talked"] * 3
    assert len({one["number"] for one in records}) == 3


ENDS = (
    ("die", "lose_tab", "die"),
    pytest.param(("lose_tab", "die", "lose_tab"), marks=pytest.mark.soak),
)


@pytest.mark.parametrize("ends", ENDS)
async def test_no_caller_is_lost_with_a_browser(
    own_gateway: Gateway, tmp_path: Path, ends: tuple[str, ...]
) -> None:
    gateway = own_gateway
    async with AsyncExitStack() as stack:
        partner = await stack.enter_async_context(gateway.phone("12345", port=gateway.far_end))
        partner.answer_with(Answer(0.2, PARTNER))
        desks, talks = await all_talk(stack, gateway, tmp_path, (1, 2, 3))
        alone, private, three = talks
        for one in (private, three):
            await one.ask("consult", {"partner": "12345"})
            there = await partner.incoming(10)
            await one.state("consult")
        await three.ask("merge")
        await three.state("joined")
        await hears(there, CALLER)

        since = [one.call.seconds for one in talks]
        await asyncio.gather(*(getattr(at, end)() for at, end in zip(desks, ends, strict=True)))
        waited = await asyncio.gather(requeued(alone, since[0]), requeued(private, since[1]))
        assert max(waited) < LIMIT, waited
        await asyncio.sleep(LIMIT + 1 - min(LIMIT, three.call.seconds - since[2]))  # nothing may happen
        assert not three.call.over
        spoken = three.call.tones((PARTNER,))[PARTNER]
        assert any(span.end > since[2] + LIMIT for span in spoken), "the partner goes on"

        colleague = await stack.enter_async_context(gateway.seat("8004", "agent4"))
        colleague.answer_with(Answer(0.1, COLLEAGUE))
        await all_served(colleague, [alone, private])
        await three.call.hang_up()
    await each_is_one_call(gateway)


@pytest.mark.parametrize("ends", ENDS)
async def test_no_caller_is_lost_while_others_are_rung(
    own_gateway: Gateway, tmp_path: Path, ends: tuple[str, ...]
) -> None:
    """On hold, while the partner is rung, and before anybody has answered."""
    gateway = own_gateway
    async with AsyncExitStack() as stack:
        partner = await stack.enter_async_context(gateway.phone("12345", port=gateway.far_end))
        partner.answer_with(Ring())
        desks, (held, asked) = await all_talk(stack, gateway, tmp_path, (1, 2))
        await desks[0].page.keyboard.press("F4")
        await desks[0].page.wait_for_selector("#hold[aria-pressed=true]")
        await asked.ask("consult", {"partner": "12345"})
        await partner.incoming(10)
        await asked.state("ringing")
        desks.append(await stack.enter_async_context(desk(gateway, tmp_path, 3)))
        phone = await stack.enter_async_context(gateway.phone("13912360003"))
        rung = Talk(gateway, await phone.dial("12315"), "")
        await rung.call.wait_prompt("welcome", timeout=10)
        await rung.call.press("1")
        await seat_is(desks[2].page, "ringing")

        await asyncio.sleep(LIMIT)  # nothing may happen
        assert await desks[0].page.is_visible("#call[data-state=held]"), "a page that lives may hold on"
        since = [one.call.seconds for one in (held, asked, rung)]
        await asyncio.gather(*(getattr(at, end)() for at, end in zip(desks, ends, strict=True)))
        waited = await asyncio.gather(requeued(held, since[0]), requeued(asked, since[1]))
        assert max(waited) < LIMIT, waited

        colleague = await stack.enter_async_context(gateway.seat("8004", "agent4"))
        colleague.answer_with(Answer(0.1, COLLEAGUE))
        waiting = [held, asked, rung]
        alone = [longest_silence(one, at) for one, at in zip(waiting, since, strict=True)]
        assert max(alone) < LIMIT, alone
        rung.call.tone(CALLER)
        await all_served(colleague, waiting)
    await each_is_one_call(gateway)
