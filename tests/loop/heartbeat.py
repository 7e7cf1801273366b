"""How long an event loop was kept from its other work, whatever else the machine does at the time."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

BEAT = 0.002  # seconds between beats
TURNS = 8_000_000
"""Turns of an empty loop for which the event loop may be held up: 100 ms on a core of one's own. A number of
turns and not of seconds, since a core that others use too needs several times as long for the same work."""


@dataclass(slots=True)
class Heart:
    """`longest` is the longest time between two beats, `most` what it may be, in seconds."""

    longest: float = 0.0
    most: float = 0.0
    beats: int = 0

    async def next(self) -> None:
        """Wait until two more beats have been measured: then nothing that went before is missed."""
        last = self.beats + 2
        while self.beats < last:  # noqa: ASYNC110
            await asyncio.sleep(BEAT)


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Heart]:
    """Beat on the running loop and measure the gaps.

    A gap is the shorter of wall time and CPU time of this process: while the machine runs other
    programs the wall clock goes on alone, while threads of ours work beside the loop only CPU time does.
    """
    heart = Heart()
    gc.collect()
    gc.freeze()  # what the tests themselves hold is not looked through meanwhile
    task = asyncio.create_task(_beat(heart))
    try:
        yield heart
    finally:
        gc.unfreeze()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    since = Moment()
    for _ in range(TURNS):
        pass
    heart.most = since.passed()


async def _beat(heart: Heart) -> None:
    while True:
        since = Moment()
        await asyncio.sleep(BEAT)
        heart.longest = max(heart.longest, since.passed())
        heart.beats += 1


class Moment:
    """Measures what passes from it on."""

    def __init__(self) -> None:
        self.wall, self.worked = time.perf_counter(), time.process_time()

    def passed(self) -> float:
        """Seconds by the clock or of computing in this process, whichever is less."""
        return min(time.perf_counter() - self.wall, time.process_time() - self.worked)
