"""Background work under one supervisor: named tasks, restart with back-off, state for /healthz and /metrics.

App makes one `Supervisor`; each part that works in the background makes its own below it, so that a part can
end its tasks by itself while all states are seen in one place. An expected outage (storage away, PBX away) is
the work's own matter; what reaches the supervisor is a fault and is logged with its traceback.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

log = logging.getLogger(__name__)

KEEPS_FAILING = 3  # failures in a row after which the gateway is not ready
CANCEL_AGAIN = 0.5  # seconds after which a task that did not end is cancelled again

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Pace:
    """Back-off in seconds: `first` pause, doubled up to `longest`; a run of `steady` ends a row."""

    first: float = 0.5
    longest: float = 30.0
    steady: float = 60.0

    def pause(self, failures: int) -> float:
        """Seconds before the next try after so many failures in a row."""
        return float(min(self.longest, self.first * 2.0 ** min(failures - 1, 30)))


@dataclass(slots=True)
class TaskState:
    """How one task does. `kept` tasks are restarted; others run once and only their failures are counted."""

    name: str
    kept: bool = True
    running: bool = False
    since: float = 0.0  # seconds of the supervisor's clock when the last run began
    in_a_row: int = 0  # failures without a steady run between them
    failures: int = 0
    error: str = ""  # type of the last failure; not its text, which may hold personal data


class Supervisor:
    """Owns tasks. `start` or `async with`, then `keep` and `once`; `stop` cancels all and waits for them.

    `clock` gives seconds, `sleep` waits; a supervisor below another takes both from it.
    """

    def __init__(
        self,
        above: Supervisor | None = None,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._above = above
        self._pace: Pace = pace or (above._pace if above else Pace())
        self._clock: Callable[[], float] = above._clock if above else clock
        self._sleep: Callable[[float], Awaitable[object]] = above._sleep if above else sleep
        self._below: list[Supervisor] = []
        self._states: dict[str, TaskState] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        if self._group is None:
            self._group = await self._stack.enter_async_context(asyncio.TaskGroup())
            if self._above:
                self._above._below.append(self)

    async def stop(self) -> None:
        """Cancel every task, wait for their end; none begins any more. A task of its own may call it."""
        group, self._group = self._group, None
        caller = asyncio.current_task()
        await self.end(*(task for task in self._tasks if task is not caller))
        self._states.clear()
        if self._above and self in self._above._below:
            self._above._below.remove(self)
        if caller in self._tasks:
            caller.cancel()
        elif group:
            await self._stack.aclose()

    async def end(self, *tasks: asyncio.Task[None]) -> None:
        """Cancel these and wait for their end. Repeated: a library may swallow it."""
        left = {task for task in tasks if not task.done()}
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN)

    async def __aenter__(self) -> Supervisor:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # ------------------------------------------------------------ work

    def keep(self, name: str, work: Work) -> asyncio.Task[None]:
        """Run `work` until it returns; after an exception run it again, with back-off. Cancelling ends it.

        Raises RuntimeError when the supervisor is not started.
        """
        state = self._states[name] = TaskState(name)
        return self._run(self._keep(state, work), name)

    def once(self, name: str, work: Work) -> asyncio.Task[None] | None:
        """Run `work` one time; a failure is logged and counted. None, and nothing begins, after the end.

        `name` is one of few: it labels a metric.
        """
        return self._run(self._once(name, work), name) if self._group else None

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        if self._group is None:
            work.close()
            raise RuntimeError(f"task {name}: its supervisor is not started")
        task = self._group.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, state: TaskState, work: Work) -> None:
        try:
            while not await self._ran(state, work):
                await self._sleep(self._pace.pause(state.in_a_row))
        finally:
            self._states.pop(state.name, None)

    async def _ran(self, state: TaskState, work: Work) -> bool:
        """Run it once; True when it came to its own end, False when it failed."""
        state.running, state.since = True, self._clock()
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            if _cancelled():
                raise
            self._failed(state, error)
            return False
        return True

    async def _once(self, name: str, work: Work) -> None:
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            if _cancelled():
                raise
            state = self._states.setdefault(name, TaskState(name, kept=False))
            state.failures += 1
            state.error = type(error).__name__
            log.exception("task %s failed", name)

    def _failed(self, state: TaskState, error: BaseException) -> None:
        if self._clock() - state.since >= self._pace.steady:
            state.in_a_row = 0
        state.running = False
        state.in_a_row += 1
        state.failures += 1
        state.error = type(error).__name__
        pause = self._pace.pause(state.in_a_row)
        log.error("task %s failed, it starts again in %g s", state.name, pause, exc_info=error)

    # ------------------------------------------------------------ state

    def states(self) -> list[TaskState]:
        """All tasks of this supervisor and of those below it."""
        return [
            *self._states.values(),
            *(state for supervisor in self._below for state in supervisor.states()),
        ]

    def failing(self) -> list[TaskState]:
        """Tasks that keep failing: the gateway is not ready."""
        now = self._clock()
        return [state for state in self.states() if state.kept and self._keeps_failing(state, now)]

    def _keeps_failing(self, state: TaskState, now: float) -> bool:
        steady = state.running and now - state.since >= self._pace.steady
        return state.in_a_row >= KEEPS_FAILING and not steady


async def in_rounds(
    work: Work,
    every: float,
    expected: type[Exception] | tuple[type[Exception], ...],
    logger: logging.Logger,
    waits: str,
) -> None:
    """Run `work` every so many seconds until cancelled. An outage that is expected is logged as `waits`, and
    the next round makes up for it; any other error is raised."""
    while True:
        try:
            await work()
        except expected as error:
            logger.warning("%s: %s", waits, error)
        await asyncio.sleep(every)


def _cancelled() -> bool:
    """Is this task told to end? A CancelledError that comes out of a library without that is a failure."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
