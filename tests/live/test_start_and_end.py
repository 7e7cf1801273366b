"""Starts that are broken off, and healthy ones: nothing is left behind, nothing is complained of."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.live.conftest import ROOT, Gateway, new_gateway

pytestmark = pytest.mark.live


class Commanded(Gateway):
    """Run as a person runs it, from the shell."""

    def _run(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(
                [*self.argv(), "run"],
                env={**os.environ, **self.environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )


@pytest.fixture
def fresh(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    """An installation that was never started; whatever a test leaves behind is killed."""
    other = new_gateway(tmp_path)
    made = Commanded(other.environment, other.config, other.log)
    yield made
    if made.process:
        made.process.kill()
        made.process.wait()
    for pid in asterisks(made):
        os.kill(pid, signal.SIGKILL)


def asterisks(gateway: Gateway) -> list[int]:
    """Processes of this installation's Asterisk."""
    conf = str(gateway.places.conf).encode()
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if conf in (folder / "cmdline").read_bytes().split(b"\0") and "Z" not in status(folder):
                pids.append(int(folder.name))
        except OSError:
            continue
    return pids


def status(folder: Path) -> str:
    return (folder / "stat").read_text().rpartition(")")[2].split()[0]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.005)


MOMENTS: dict[str, Callable[[Gateway], object]] = {
    "the process is there": asterisks,
    "it has written its pid": lambda gateway: (gateway.places.run / "asterisk.pid").exists(),
    "its console can be reached": lambda gateway: (gateway.places.run / "asterisk.ctl").exists(),
}


BROKEN_OFF = [
    *(("SIGTERM", moment) for moment in MOMENTS),
    *(pytest.param("SIGINT", moment, marks=pytest.mark.soak) for moment in list(MOMENTS)[:-1]),
    ("SIGINT", list(MOMENTS)[-1]),
]


@pytest.mark.parametrize(("name", "moment"), BROKEN_OFF)
async def test_a_start_that_is_broken_off_leaves_no_asterisk(fresh: Gateway, name: str, moment: str) -> None:
    fresh.start(wait=False)
    assert fresh.process
    await until(lambda: MOMENTS[moment](fresh))
    fresh.process.send_signal(signal.Signals[name])
    assert await asyncio.to_thread(fresh.process.wait, 40) == 0
    assert not asterisks(fresh)
    assert "Traceback" not in fresh.log.read_text("utf-8")


async def test_a_healthy_start_and_end_has_nothing_to_warn_of(fresh: Gateway) -> None:
    for _ in range(2):
        await asyncio.to_thread(fresh.start)
        assert await asyncio.to_thread(fresh.stop) == 0
    lines = fresh.log.read_text("utf-8").splitlines()
    assert [line for line in lines if any(word in line for word in ("WARN", "ERROR", "CRITICAL"))] == []
    assert not asterisks(fresh)
