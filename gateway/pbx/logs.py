"""Asterisk's own log files: begun anew once a day, old ones deleted. Calls are not kept in them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

LOOK_EVERY = 3600.0  # seconds
DAY = timedelta(hours=23, minutes=30)  # half an hour less, so that the hour of the day stays
CONSOLE_BYTES = 10_000_000  # of what Asterisk says on its standard output; it is emptied beyond that
_OLD = re.compile(r"(?:messages|security|queue_log)\.(\d+)", re.ASCII)


async def keep_rotating(
    folder: Path, days: int, rotate: Callable[[], Awaitable[object]], now: Callable[[], datetime]
) -> None:
    """Look once an hour. `rotate` lets Asterisk rename its files; what it raises is the caller's."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if is_due(folder, now()):
            await rotate()
        await asyncio.to_thread(prune, folder, now() - timedelta(days=days))


def is_due(folder: Path, now: datetime) -> bool:
    """Has nothing been rotated for a day? Asterisk names an old file by the second of its rotation."""
    last = max((stamp for stamp, _ in _old(folder)), default=0)
    return now.timestamp() - last >= DAY.total_seconds()


def prune(folder: Path, before: datetime) -> None:
    """Delete what was rotated before that time; empty a large file of the console. Raises OSError."""
    for stamp, file in _old(folder):
        if stamp < before.timestamp():
            file.unlink(missing_ok=True)
    console = folder / "console"
    if console.exists() and console.stat().st_size > CONSOLE_BYTES:
        with console.open("r+b") as out:  # Asterisk appends: it goes on at the new end
            out.truncate()


def _old(folder: Path) -> list[tuple[int, Path]]:
    return [(int(match[1]), file) for file in folder.iterdir() if (match := _OLD.fullmatch(file.name))]
