"""Asterisk's process: started apart from the gateway, adopted again by the next one, ended on purpose only.

A gateway that is killed leaves Asterisk and its calls alone. The next one finds the process by its
pid file, gives it the new configuration, and goes on. Used by wiring; nothing of AMI is known here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

from gateway.errors import PbxDown
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import Places

log = logging.getLogger(__name__)

BOOT = 30.0  # seconds until a started Asterisk must answer
END = 10.0  # seconds for a clean end
AGAIN = (1.0, 30.0)  # first and longest pause before it is started again


class AsteriskProcess:
    """One Asterisk under `places`. `start`, `watch` in a task, `stop`."""

    def __init__(self, asterisk: Asterisk, places: Places) -> None:
        self._asterisk = asterisk
        self._places = places
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Its process id while it runs, else None."""
        return running_pid(self._places)

    @property
    def _child(self) -> int | None:
        """The process that was started and has not ended; it may not have written its pid yet."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it, or adopt the one that runs. Raises PbxDown when it does not come up."""
        if self.pid is not None:
            await self.console("core waitfullybooted")
            await self.console("core reload")
            return
        with (self._places.root / "log" / "console").open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *self._asterisk.foreground(self._places.conf),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd=self._places.root,
            )
        await self._booted()

    async def _booted(self) -> None:
        assert self._process
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BOOT):
                while self._process.returncode is None:
                    with contextlib.suppress(PbxDown):
                        if "fully booted" in await self.console("core waitfullybooted"):
                            return
                    await asyncio.sleep(0.05)
        raise PbxDown(f"Asterisk did not come up; it said: {_tail(self._places.root / 'log' / 'console')}")

    async def console(self, command: str) -> str:
        """What it answers to a console command. Raises PbxDown."""
        return await asyncio.to_thread(self._asterisk.console, self._places.conf, command)

    async def watch(self) -> None:
        """Start it again whenever it has ended, until `stop`. The AMI link notices that it is away."""
        pause = AGAIN[0]
        while not self._stopping:
            await self._ended()
            if self._stopping:
                return
            log.error("Asterisk has ended; it is started again")
            try:
                await self.start()
                pause = AGAIN[0]
            except PbxDown as error:
                log.error("%s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, AGAIN[1])

    async def _ended(self) -> None:
        if self._process is not None:
            await self._process.wait()
            self._process = None
            return
        await self._gone(0.2)

    async def _gone(self, every: float) -> None:
        """Wait until the process has ended; it need not be a child of ours."""
        while self.pid is not None or self._child is not None:  # noqa: ASYNC110 - another's process tells nobody
            await asyncio.sleep(every)

    async def stop(self) -> None:
        """End it with its calls. Nothing is raised when it has gone already."""
        self._stopping = True
        pid = self.pid or self._child
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END):
                await self._gone(0.02)
        if pid in (self.pid, self._child):
            log.error("Asterisk did not end within %g s and is killed", END)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()


def running_pid(places: Places) -> int | None:
    """The process id of the Asterisk of this installation while it runs, else None."""
    try:
        pid = int((places.run / "asterisk.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_asterisk(pid, places.conf) else None


def _is_asterisk(pid: int, conf: Path) -> bool:
    """Is this process the Asterisk of this configuration? A pid may have been given to another."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return str(conf).encode() in line.split(b"\0") and state != "Z"


def _tail(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()[-400:]
    except OSError:
        return ""
