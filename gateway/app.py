"""Runs one gateway from its start to its end. `gateway run` is `main`; the parts are made in wiring/."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

import uvloop

from gateway.errors import PbxDown
from gateway.log_lines import log_to_stderr
from gateway.settings.schema import Config
from gateway.wiring import Parts, build

log = logging.getLogger(__name__)

SWITCH = (
    0.0005  # seconds a database thread may hold the interpreter; with Python's 5 ms a pop would come late
)


class App:
    """One gateway. `async with App(config)` runs it; `wait` returns when it is told to end."""

    def __init__(self, config: Config, say: Callable[[str], None] | None = None) -> None:
        self.config = config
        self._say = say or _say
        self._stack = AsyncExitStack()
        self._stop = asyncio.Event()
        self._starting: asyncio.Task[object] | None = None

    async def __aenter__(self) -> App:
        """Start. A start that is told to end is undone and raises CancelledError."""
        async with self._stack as stack:
            self._starting = asyncio.current_task()
            try:
                await build(Parts(self.config, self._say, stack))
            finally:
                self._starting = None
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def stop(self) -> None:
        """Let `wait` return, or break the start off."""
        self._stop.set()
        if self._starting:
            self._starting.cancel()

    @property
    def stopping(self) -> bool:
        """Was it told to end?"""
        return self._stop.is_set()

    async def wait(self) -> None:
        await self._stop.wait()


async def run(config: Config) -> int:
    """Run until SIGTERM or Ctrl-C; 0, or 1 when Asterisk or storage did not come up."""
    loop = asyncio.get_running_loop()
    app = App(config)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, app.stop)
    try:
        async with app:
            gc.collect()
            gc.freeze()
            gc.set_threshold(
                5_000, 20, 20
            )  # reference cycles are few, and each collection stops the event loop
            await app.wait()
    except PbxDown as error:
        log.error("%s", error)
        return 1
    except asyncio.CancelledError:
        if not app.stopping:
            raise
        log.info("the start was broken off")
    return 0


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the service goes on when nobody reads its output
        print(line, flush=True)


def main(config: Config) -> int:
    """`gateway run`."""
    log_to_stderr(config.log.format)
    sys.setswitchinterval(SWITCH)
    with contextlib.suppress(KeyboardInterrupt):
        return uvloop.run(run(config))
    return 130
