"""A gateway that climbs the ladder of many orders until it is killed; for test_supervision_kill.py."""

from __future__ import annotations

import asyncio
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from tests.cases.test_supervision import opened
from tests.storage.databases import Clock


def climb(url: str, var: Path, at: datetime, told: Connection) -> None:
    asyncio.run(_climb(url, var, at, told))


async def _climb(url: str, var: Path, at: datetime, told: Connection) -> None:
    clock = Clock()
    clock.at = at
    centre = await opened(url, var, clock)
    told.send("up")
    while True:
        await centre.supervision.look()
