"""A floor of fifty: from a caller in the queue to his pop, while Asterisk tells two hundred changes a second.

Fifty seats are registered and signed in, each with a desk that logs in, listens and asks as the page does:
two in Chromium, the others as WebSocket clients here. Most seats change the reason of their pause all the
time, which is what comes two hundred times a second; the others are rung by real callers.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from bench.pop_marks import Seen, chromium, desk, telephone
from bench.process_time import cpu_time
from bench.site import shipped_site
from bench.table import Part, Row, at_least, at_most, percentile
from gateway.pbx.ami import Ami
from gateway.pbx.conf import QUEUE, Places
from gateway.settings.schema import Config
from gateway.settings.secrets import load_secrets
from gateway.sip_phone.phone import Answer, Ignore, Phone

SEATS, PAGES, RUNG = 50, 2, 12  # of those that are rung, PAGES are in Chromium
LINES = 40
CHANGES = 200.0  # a second
CALLERS = 8  # about a call a second; fifty agents with talks of three minutes take one in four
REASONS = ("break", "meal")
ANSWERS = Answer(0.5)
POP, RING, SILENT = 100.0, 300.0, 5.0  # milliseconds, p99; and seconds


@dataclass(slots=True)
class Floor:
    """What was counted beside the calls."""

    seen: Seen = field(default_factory=Seen)
    changes: int = 0
    seconds: float = 0.0
    told: int = 0
    late: list[float] = field(default_factory=list)  # milliseconds that this process's clock was late
    silent: list[float] = field(default_factory=list)  # seconds until the desk told that its phone is gone
    gateway_cpu: float = 0.0


def measure(folder: Path, calls: int, silences: int) -> Part:
    """`calls` callers, one after another by CALLERS at once, then `silences` telephones that fall silent."""
    with shipped_site(folder, "direct", seats=SEATS, lines=LINES) as settings:
        floor = asyncio.run(_work(settings, calls, silences))
    seen, late = floor.seen, floor.late
    rows = [
        at_least("changes of seats a second", floor.changes / floor.seconds, CHANGES * 0.95, "{:.0f}"),
        Row("events told to desks a second", f"{floor.told / floor.seconds:.0f}"),
        Row("gateway's CPU meanwhile", f"{floor.gateway_cpu / floor.seconds:.0%} of a core"),
        *seen.rows("queued", "pop", "queued to the pop in Chromium", POP),
        *seen.rows("queued", "read", "queued to the pop at every desk", POP),
        *seen.rows("queued", "rang", "queued to the ring at the telephone of a free agent", RING),
        *seen.stages()[1:],
        Row(
            "the clock of the process with all desks and telephones was late, p50 / p99 / longest",
            f"{percentile(late, 0.5):.1f} / {percentile(late, 0.99):.1f} / {max(late):.1f} ms",
            samples=str(len(late)),
        ),
        at_most(
            "telephone falls silent to its desk told, longest",
            *(max(floor.silent), SILENT, "{:.1f} s", str(len(floor.silent))),
        ),
    ]
    return Part("pop-floor", "Fifty agents: pops amid two hundred changes a second", tuple(rows), (_NOTE,))


_NOTE = (
    f"{SEATS} seats signed in, each telephone registered and asked every two seconds; {RUNG} are ready, the "
    "others paused and changing their reason over AMI, as somebody does who works at a switchboard. "
    f"{PAGES} desks are real Chromium pages, the others log in, listen and read as the page does. Telephones "
    "answer after half a second; each caller leaves an item, and every desk then reads its list. "
    f"{CALLERS} callers call again and again, about one call a second."
)


async def _work(settings: Config, calls: int, silences: int) -> Floor:
    floor = Floor()
    secrets = load_secrets(settings.var, ())
    ami = Ami(settings.ami.host, settings.ami.port, settings.ami.user, secrets.ami)
    async with AsyncExitStack() as stack:
        await ami.start()
        stack.push_async_callback(ami.close)
        await ami.wait_ready(10)
        browser, marked = await chromium(stack), asyncio.Queue[str]()
        pages, phones = [], {}
        for place, agent in enumerate(settings.agents):
            words = secrets.seats[agent.id]
            phones[agent.id] = await telephone(stack, settings, agent.seat, words.sip, floor.seen, ANSWERS)
            if place < PAGES:
                pages.append(await desk(browser, settings, agent.id, words.web, marked))
            else:
                await stack.enter_async_context(_plain_desk(settings, agent.id, words.web, marked, floor))
            if place >= RUNG:
                await ami.queue_pause(f"PJSIP/{agent.seat}", True, queue=QUEUE, reason="break")
        changing = asyncio.create_task(_keep_changing(ami, settings, floor), name="changes")
        stack.callback(changing.cancel)
        watching = asyncio.create_task(_watch_clock(floor.late), name="clock")
        stack.callback(watching.cancel)
        before, began = cpu_time(_gateway_of(settings)), time.monotonic()
        await _calls(stack, settings, floor.seen, calls)
        floor.seconds = time.monotonic() - began
        floor.gateway_cpu = (cpu_time(_gateway_of(settings)) - before).own
        changing.cancel()
        for page in pages:
            await floor.seen.take_page(page)
        for agent in settings.agents[PAGES : PAGES + silences]:
            floor.silent.append(await _silence(phones[agent.id], agent.id, marked))
    floor.seen.take_calls(settings)
    return floor


@asynccontextmanager
async def _plain_desk(
    settings: Config, agent: str, password: str, marked: asyncio.Queue[str], floor: Floor
) -> AsyncIterator[None]:
    """A desk without a browser: it logs in, is ready, listens, and asks for what a page asks for."""
    ours = f"http://127.0.0.1:{settings.web.port}"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(ours, cookie_jar=jar, auto_decompress=False) as session:
        form = {"account": agent, "password": password}
        async with session.post("/desk/login", data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise RuntimeError(f"{agent} cannot log in: {answer.status}")
        csrf = {"X-CSRF-Token": (await _asked(session, "me"))["csrf"]}
        events = f"/api/v1/events?page={agent}"
        async with session.ws_connect(events, headers={"Origin": ours}, protocols=["hotline.events"]) as told:
            ready = {"state": "ready", "phone": "sip"}
            async with session.post(f"/api/v1/agents/{agent}/state", json=ready, headers=csrf) as answer:
                answer.raise_for_status()
            listening = asyncio.create_task(_listen(told, session, marked, floor), name=f"desk of {agent}")
            yield
            listening.cancel()


async def _listen(
    told: aiohttp.ClientWebSocketResponse,
    session: aiohttp.ClientSession,
    marked: asyncio.Queue[str],
    floor: Floor,
) -> None:
    async with asyncio.TaskGroup() as group:
        reading = None
        async for message in told:
            event = json.loads(message.data)
            now, data = time.time() * 1000, event["data"]
            floor.told += 1
            if event["name"] == "call.pop":
                floor.seen.at["read"][data["id"]] = now
                floor.seen.at["told"][data["id"]] = datetime.fromisoformat(event["at"]).timestamp() * 1000
                group.create_task(_history(session, data["id"]))
            elif event["name"] in ("item.new", "queue.changed") and "waiting" not in data:
                if reading is None or reading.done():
                    reading = group.create_task(_read_lists(session))
            elif event["name"] == "agent.state" and data["reason"] == "phone":
                marked.put_nowait(f"gone:{data['id']}")


async def _asked(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(f"/api/v1/{path}") as answer:
        answer.raise_for_status()
        return await answer.json()


async def _history(session: aiohttp.ClientSession, call: str) -> None:
    await _asked(session, f"calls/{call}/pop")


async def _read_lists(session: aiohttp.ClientSession) -> None:
    """As desk.js does it: a little later than told, each desk at its own moment."""
    await asyncio.sleep(random.uniform(0.3, 0.9))
    async with session.get("/api/v1/queue?limit=200") as answer:
        await answer.read()  # what the page's own machine would take apart
    await _asked(session, "drafts")


async def _watch_clock(late: list[float]) -> None:
    """What this process is late itself stands in every figure that it takes."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.005
        await asyncio.sleep(0.005)
        late.append((loop.time() - due) * 1000)


async def _keep_changing(ami: Ami, settings: Config, floor: Floor) -> None:
    """Seats that are paused change their reason, so many a second as wanted."""
    began, sent = time.monotonic(), 0
    seats = [agent.seat for agent in settings.agents[RUNG:]]
    while True:
        due = int((time.monotonic() - began) * CHANGES) - sent
        changes = [
            ami.queue_pause(
                f"PJSIP/{seats[n % len(seats)]}", True, queue=QUEUE, reason=REASONS[n // len(seats) % 2]
            )
            for n in range(sent, sent + due)
        ]
        floor.changes += sum(done.ok for done in await asyncio.gather(*changes))
        sent += due
        await asyncio.sleep(0.01)


async def _calls(stack: AsyncExitStack, settings: Config, seen: Seen, calls: int) -> None:
    sip = f"127.0.0.1:{settings.asterisk.sip_port}"
    callers = [
        await stack.enter_async_context(Phone(f"1391236{n:04}", "127.0.0.1", sip_server=sip))
        for n in range(CALLERS)
    ]
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(_keep_calling(caller, seen, calls // CALLERS))


async def _keep_calling(caller: Phone, seen: Seen, calls: int) -> None:
    """One after another; each hears the greeting, waits for a ring, and hangs up after a short talk."""
    for count in range(calls):
        await asyncio.sleep(random.uniform(0, 4))
        call = await caller.dial("12315")
        async with asyncio.timeout(60):
            while len(seen.rings[caller.user]) <= count:  # noqa: ASYNC110 - a ring is another phone's
                await asyncio.sleep(0.05)
        await asyncio.sleep(random.uniform(0.8, 1.4))
        await call.hang_up()


async def _silence(phone: Phone, agent: str, marked: asyncio.Queue[str]) -> float:
    """Seconds from a telephone's last word to its desk being told that it will not ring."""
    await asyncio.sleep(random.uniform(0, 2))
    phone.answer_with(Ignore())
    began = time.monotonic()
    async with asyncio.timeout(30):
        while await marked.get() != f"gone:{agent}":
            pass
    phone.answer_with(ANSWERS)
    return time.monotonic() - began


def _gateway_of(settings: Config) -> int:
    """The gateway's process: it is the parent of its Asterisk."""
    asterisk = (Places(settings.var).run / "asterisk.pid").read_text().strip()
    return int(Path(f"/proc/{asterisk}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
