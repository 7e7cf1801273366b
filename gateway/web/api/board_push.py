"""Tells wallboards what to show: lines and seats at once, figures at most once a second.

Works only while a wallboard listens, and never spends more than a tenth of its time in the database.
A board that receives nothing for a while takes the connection for dead, so something is sent every few
seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from gateway.tasks import Supervisor
from gateway.web.api.events import EventFeed
from gateway.web.api.figures import FiguresApi

log = logging.getLogger(__name__)

NOW = (0.1, 5.0)  # seconds: least between two looks at the live board, longest without one
FIGURES = (1.0, 15.0)  # the same for figures
SHARE = 9  # so many times as long as a look took, nobody looks again


class BoardPush:
    """`async with` runs it."""

    def __init__(self, figures: FiguresApi, feed: EventFeed, tasks: Supervisor) -> None:
        self._figures = figures
        self._feed = feed
        self._changed = (asyncio.Event(), asyncio.Event())
        self._tasks = Supervisor(tasks)

    async def __aenter__(self) -> BoardPush:
        self._feed.on_change = self._tell
        now, figures = self._changed
        await self._tasks.start()
        self._tasks.keep("board.now", lambda: self._tell_again("board.now", now, NOW, self._now))
        self._tasks.keep(
            "board.figures",
            lambda: self._tell_again("board.figures", figures, FIGURES, self._figures.today),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.stop()

    def _tell(self) -> None:
        if self._feed.boards:  # a board that connects tells of itself
            for event in self._changed:
                event.set()

    async def _now(self) -> Any:
        return self._figures.right_now()

    async def _tell_again(
        self, name: str, changed: asyncio.Event, pace: tuple[float, float], look: Callable[[], Awaitable[Any]]
    ) -> None:
        """Look and tell at each change, not too often, and now and then without one."""
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pace[1]):
                    await changed.wait()
            changed.clear()
            if not self._feed.boards:
                continue
            began = loop.time()
            try:
                shown = await look()
                self._feed.publish(name, vars(shown))
            except Exception:
                log.exception("%s could not be sent to wallboards", name)
            await asyncio.sleep(max(pace[0], SHARE * (loop.time() - began)))
