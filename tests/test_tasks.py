"""The supervisor of background work: restart with back-off, state, the end."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import StorageDown
from gateway.tasks import Pace, Supervisor, TaskState, in_rounds

ROOT = Path(__file__).resolve().parents[1]


class Clock:
    """Time that passes only in pauses. `pauses` are the pauses asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def __call__(self) -> float:
        return self.now


class Works:
    """Fails `times` times, then waits for ever (`up` is set then)."""

    def __init__(self, times: int, error: BaseException | None = None) -> None:
        self.left = times
        self.error = error or OSError(28, "No space left on device")
        self.up = asyncio.Event()
        self.failed = asyncio.Event()

    async def __call__(self) -> None:
        if self.left:
            self.left -= 1
            raise self.error
        self.up.set()
        await asyncio.Event().wait()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def tasks(clock: Clock) -> AsyncIterator[Supervisor]:
    async with Supervisor(pace=Pace(1.0, 8.0, 60.0), clock=clock, sleep=clock.sleep) as tasks:
        yield tasks


async def test_work_that_fails_starts_again_with_growing_pauses(
    tasks: Supervisor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    work = Works(5)
    tasks.keep("closing", work)
    async with asyncio.timeout(5):
        await work.up.wait()
    assert clock.pauses == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert len([line for line in caplog.records if line.levelno == logging.ERROR and line.exc_info]) == 5
    assert "closing" in caplog.text


async def test_state_tells_what_keeps_failing_and_when_it_is_well_again(
    tasks: Supervisor, clock: Clock
) -> None:
    work = Works(3)
    tasks.keep("closing", work)
    async with asyncio.timeout(5):
        await work.up.wait()
    state = TaskState("closing", True, True, 7.0, 3, 3, "OSError")
    assert tasks.states() == [state]
    assert tasks.failing() == [state]
    clock.now += 60
    assert tasks.failing() == []


async def test_a_failure_after_a_steady_run_is_the_first_of_a_row(tasks: Supervisor, clock: Clock) -> None:
    again = asyncio.Event()
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            again.set()
            await asyncio.Event().wait()
        clock.now += 61 * (runs - 1)
        raise RuntimeError

    tasks.keep("work", work)
    async with asyncio.timeout(5):
        await again.wait()
    assert clock.pauses == [1.0, 1.0]


async def test_a_cancellation_that_nobody_asked_for_is_a_failure(tasks: Supervisor) -> None:
    work = Works(1, asyncio.CancelledError())
    tasks.keep("mailbox", work)
    async with asyncio.timeout(5):
        await work.up.wait()
    assert tasks.states()[0].error == "CancelledError"


async def test_work_that_returns_is_done(tasks: Supervisor) -> None:
    async def work() -> None:
        return

    async with asyncio.timeout(5):
        await asyncio.wait({tasks.keep("first reload", work)})
    assert tasks.states() == []


async def test_work_done_once_is_not_repeated_and_its_failures_are_counted(
    tasks: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    works = [tasks.once("wrap-up", Works(1, RuntimeError("a secret"))) for _ in range(2)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(work for work in works if work))
    assert tasks.states() == [TaskState("wrap-up", kept=False, failures=2, error="RuntimeError")]
    assert tasks.failing() == []
    assert "a secret" in caplog.text


async def test_the_end_waits_for_work_that_swallows_a_cancellation(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.tasks.CANCEL_AGAIN", 0.01)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with Supervisor(clock=clock, sleep=clock.sleep) as tasks:
        tasks.keep("outbox", work)
        await begun.wait()
    assert ended.is_set()
    assert clock.pauses == []


async def test_a_part_ends_its_own_tasks_and_its_states_are_seen_above(tasks: Supervisor) -> None:
    async with Supervisor(tasks) as part:
        work = Works(0)
        part.keep("closing", work)
        await work.up.wait()
        assert [state.name for state in tasks.states()] == ["closing"]
    assert tasks.states() == []


async def test_nothing_begins_after_the_end(tasks: Supervisor) -> None:
    part = Supervisor(tasks)
    await part.start()
    await part.stop()
    part.once("wrap-up", Works(0))
    with pytest.raises(RuntimeError, match="closing"):
        part.keep("closing", Works(0))


# Tasks outside of the supervisor: each belongs to one connection or request, is awaited by it, ends with it.
OWN_TASKS = {
    "gateway/sip_phone/phone.py": "the SIP caller: a tool, not the service",
    "gateway/demo/partners.py": "talks of the demo's partners, in a TaskGroup that ends with the partner",
    "gateway/channels/email/imap.py": "one command of one connection, raced against its loss",
    "gateway/channels/email/imap_client.py": "the connect of one connection, ended by ImapLink.close",
    "gateway/channels/email/listener.py": "one mail being committed, awaited by its session and by the end",
    "gateway/pbx/agi.py": "one call of one FastAGI connection, ended with the server",
    "gateway/tasks.py": "the supervisor itself",
    "gateway/web/api/events.py": "the writer of one WebSocket; the connection ends with it",
    "gateway/web/http/shared_lists.py": "one reading that several requests await",
    "gateway/web/http/sip_socket.py": "two pumps of one WebSocket",
}
BEGINS = {"create_task", "ensure_future", "TaskGroup", "run_coroutine_threadsafe"}


def test_background_work_runs_under_the_supervisor() -> None:
    files = {str(file.relative_to(ROOT)) for file in (ROOT / "gateway").rglob("*.py") if _begins_tasks(file)}
    assert files == set(OWN_TASKS)


def _begins_tasks(file: Path) -> bool:
    tree = ast.parse(file.read_text("utf-8"))
    return any(isinstance(node, ast.Attribute) and node.attr in BEGINS for node in ast.walk(tree))


async def test_rounds_go_on_after_an_expected_outage_and_end_with_any_other_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outcomes: list[Exception | None] = [None, StorageDown("away"), None, ValueError("a fault")]

    async def work() -> None:
        if error := outcomes.pop(0):
            raise error

    with pytest.raises(ValueError, match="a fault"):
        await in_rounds(work, 0, StorageDown, logging.getLogger("work"), "work waits")
    assert outcomes == []
    assert [record.getMessage() for record in caplog.records if record.name == "work"] == [
        f"work waits: {StorageDown('away')}"
    ]
