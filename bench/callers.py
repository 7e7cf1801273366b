"""Many callers in a process of their own: `python -m bench.callers HOST:PORT`, jobs in, results out.

A job is a line of JSON on standard input, its result a line on standard output. The process says how late
its own clock was, since a load generator that is late measures itself.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bench.line import Heard, Line, Press
from bench.menu import SHORT
from gateway.sip_phone.dialog import Dialog
from gateway.sip_phone.endpoint import Endpoint, Timers, open_endpoint
from gateway.sip_phone.leg import Leg
from gateway.sip_phone.notices import Ended, Notice, Sound
from gateway.sip_phone.sip import Request, Target, address, answer, from_value, header, target_of

HOST = "127.0.0.1"
SLOTS = 4  # callers are spread over the 20 ms
PERIOD = 0.020 / SLOTS


@dataclass(frozen=True, slots=True)
class Job:
    """`count` calls to `number`, one every 1 / `rate` seconds, each with `keys` keys of menu walking.

    With `short` a call is two prompts, each cut by a key 0.3 s after it began, and the hotline ends it;
    without, the caller walks between the first two prompts and hangs up.
    """

    number: str
    count: int
    rate: float
    keys: int = 2
    short: bool = False
    seed: int = 0


@dataclass(slots=True)
class Result:
    """What came of a job. Seconds. `cut`: the key cut a prompt; `quiet`: it came when the prompt had ended.

    `first`: from dialling to the first packet of the first prompt. `lateness`: of every tick of the
    generator's clock. `most`: calls at once. `took` and `cpu`: the whole job's time and the generator's CPU.
    """

    cut: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    done: int = 0
    failed: list[str] = field(default_factory=list)
    most: int = 0
    took: float = 0.0
    cpu: float = 0.0

    def add(self, heard: Heard) -> None:
        self.cut += [delay / 1e9 for long, delay in heard.delays if long]
        self.quiet += [delay / 1e9 for long, delay in heard.delays if not long]
        if heard.first:
            self.first.append((heard.first - heard.dialled) / 1e9)


class Caller:
    """One call of a job."""

    def __init__(self, number: str, caller: str, plan: Sequence[Press], house: House) -> None:
        self.line = Line(HOST, plan, self._done)
        self.over = asyncio.Event()
        self.status = 0
        uri = f"sip:{number}@{house.server[0]}:{house.server[1]}"
        local = from_value(caller, HOST, secrets.token_hex(5), None)
        dialog = Dialog(secrets.token_hex(10), local, f"<{uri}>", uri, house.endpoint.sent_by)
        self.key = (dialog.call_id, dialog.local_tag)
        self._house = house
        self.leg = Leg(house.endpoint, dialog, house.server, self.line.offer(HOST), self._told)
        house.add(self)
        self.leg.call((), None)

    def _done(self) -> None:
        """All is measured: hang up, once the packets that are due have been sent."""
        asyncio.get_running_loop().call_soon(self.leg.hang_up)

    def _told(self, notice: Notice) -> None:
        match notice:
            case Sound(media):
                self.line.connect(media)
            case Ended(status):
                self.status = status
                self.line.close()
                self._house.remove(self)
                self.over.set()


class House:
    """All callers: their SIP socket and their clock."""

    def __init__(self, server: Target) -> None:
        self.server = server
        self.lateness: list[float] = []
        self.most = 0
        self._endpoint: Endpoint | None = None
        self._callers: dict[tuple[str, str], Caller] = {}
        self._slots: list[dict[Caller, None]] = [{} for _ in range(SLOTS)]
        self._turn = 0
        self._due = 0.0

    @property
    def endpoint(self) -> Endpoint:
        assert self._endpoint is not None
        return self._endpoint

    async def open(self) -> None:
        """Bind a port and start the clock, which runs until the process ends."""
        self._endpoint = await open_endpoint(HOST, 0, self._on_request, Timers())
        loop = asyncio.get_running_loop()
        self._due = loop.time()
        loop.call_at(self._due, self._tick)

    def add(self, caller: Caller) -> None:
        self._callers[caller.key] = caller
        min(self._slots, key=len)[caller] = None
        self.most = max(self.most, len(self._callers))

    def remove(self, caller: Caller) -> None:
        self._callers.pop(caller.key, None)
        for slot in self._slots:
            slot.pop(caller, None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while self._due <= loop.time():
            slot = self._slots[self._turn]
            if slot:
                self.lateness.append(loop.time() - self._due)
            for caller in tuple(slot):
                caller.line.tick()
            self._turn = (self._turn + 1) % SLOTS
            self._due += PERIOD
        loop.call_at(self._due, self._tick)

    def _on_request(self, request: Request, source: Target) -> None:
        caller = self._callers.get((header(request, "Call-ID"), address(header(request, "To")).tag))
        if caller:
            caller.leg.receive(request, source)
        elif request.method != "ACK":
            self.endpoint.respond(request, source, answer(request, 481, "Call Does Not Exist", "none"))

    async def run(self, job: Job) -> Result:
        """Place the calls of a job, evenly; returns when the last is over."""
        result = Result()
        dice = random.Random(job.seed)
        self.lateness, self.most = result.lateness, 0
        began, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for n in range(job.count):
                await asyncio.sleep(max(0.0, began + n / job.rate - time.perf_counter()))
                plan = _plan(job, dice)
                group.create_task(self._one(job, f"1380000{n % 10000:04}", plan, result))
        result.most = self.most
        result.took = time.perf_counter() - began
        result.cpu = time.process_time() - cpu
        return result

    async def _one(self, job: Job, number: str, plan: Sequence[Press], result: Result) -> None:
        caller = Caller(job.number, number, plan, self)
        try:
            async with asyncio.timeout(10 + 2 * len(plan)):
                await caller.over.wait()
        except TimeoutError:
            caller.leg.vanish()
            caller.line.heard.late = caller.line.heard.late or "not over in time"
        heard = caller.line.heard
        wanted = len(plan) - 1 if job.short else len(plan)
        if heard.late or len(heard.delays) != wanted:
            result.failed.append(heard.late or f"SIP {caller.status}, {len(heard.delays)} prompts")
            return
        result.done += 1
        result.add(heard)


def _plan(job: Job, dice: random.Random) -> list[Press]:
    """The keys of one call: into the long prompt, and behind the end of the short one."""
    if job.short:
        return [Press("2", 0.3)] * 2
    into, behind = (0.2, 0.5), (SHORT + 0.2, SHORT + 0.5)
    return [Press("1", dice.uniform(*(behind if n % 2 else into))) for n in range(job.keys)]


async def _serve(server: str) -> None:
    house = House(target_of(f"sip:{server}"))
    await house.open()
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection of a long run's samples would be a pause; the process is short-lived
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        result = await house.run(Job(**json.loads(line)))
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
