"""A gateway's intake in a process of its own, to be killed: submits and tells each key that was taken."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from gateway.core.item.contact import Contact, Evidence
from gateway.storage import Storage
from tests.storage.databases import Clock, contact, intake_on

AT_ONCE = 3


def attached(key: str, folder: Path) -> Contact:
    """A contact with a file of its own; the same for the same key."""
    file = folder / f"{key.replace(':', '-')}.png"
    if not file.exists():
        file.write_bytes(bytes_of(key))
    return contact(key, content=f"内容 {key}", evidence=(Evidence(str(file), file.name, "image/png"),))


def bytes_of(key: str) -> bytes:
    return key.encode() * (1 + sum(key.encode()) % 7000)


def submit_for_ever(url: str, var: Path, round_: int, told: Connection) -> None:
    """Submit the keys round:0, round:1 … until somebody ends it."""
    asyncio.run(_submit(url, var, round_, told))


async def _submit(url: str, var: Path, round_: int, told: Connection) -> None:
    storage = await Storage.open(url, var)
    intake = intake_on(storage, Clock())
    sources = var / f"sources{round_}"
    sources.mkdir()

    async def one(start: int) -> None:
        number = start
        while True:
            key = f"{round_}:{number}"
            receipt = await intake.submit(attached(key, sources))
            told.send((key, receipt.number, receipt.query_code))
            number += AT_ONCE

    await asyncio.gather(*(one(start) for start in range(AT_ONCE)))
