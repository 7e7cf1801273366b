"""Daily backups: once a day at `backup.at`, by `gateway backup`.

It is a separate process at a lower priority, so that its reading and compressing do not slow calls down.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from gateway.keeping.last import LastBackup, read_last

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
TRY_AGAIN = timedelta(hours=1)  # after a backup that failed
COMMAND = ("nice", "-n", "10", sys.executable, "-m", "gateway", "backup")


def is_due(last: LastBackup, at: time, now: datetime) -> bool:
    """Was none made since the last `at`? After a failure it is tried again an hour later. `now` is local."""
    moment = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    moment -= timedelta(days=moment > now)
    tried = last.tried_at if last.error else 0.0
    return last.made_at < moment.timestamp() and tried < (now - TRY_AGAIN).timestamp()


async def keep_making(
    var: Path, at: time, now: Callable[[], datetime], make: Callable[[], Awaitable[int]]
) -> None:
    """Look every minute. `make` gives the exit code; the command itself tells why it failed."""
    while True:
        last = await asyncio.to_thread(read_last, var)
        if is_due(last, at, now()) and (code := await make()):
            log.error("the backup failed (exit code %d): `gateway doctor` tells why", code)
        await asyncio.sleep(LOOK_EVERY)


async def make_one() -> int:
    """`gateway backup` with the settings of this process; ended when this is cancelled."""
    process = await asyncio.create_subprocess_exec(*COMMAND, stdout=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
