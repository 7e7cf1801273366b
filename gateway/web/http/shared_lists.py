"""One reading of a list for all pages that ask for the same at the same time.

When an item changes, every desk reads its list anew; without this each would cost a query and its JSON. A
list is as old as the last change that this gateway knows of, and never more than a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

OLDEST = 1.0  # seconds: leases run out, and other gateways change items too
MOST = 64  # lists that are held


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    version: int
    since: float
    body: asyncio.Task[T]

    def holds(self, version: int, now: float) -> bool:
        failed = self.body.done() and (self.body.cancelled() or self.body.exception() is not None)
        return self.version == version and now - self.since < OLDEST and not failed


class SharedLists(Generic[T]):
    """`version` grows with each change of an item."""

    def __init__(self, version: Callable[[], int]) -> None:
        self._version = version
        self._held: dict[Hashable, _Held[T]] = {}

    async def body(self, asked: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """What was asked for: as somebody else got it just now, else by `read`. Raises what that raises."""
        version, now = self._version(), asyncio.get_running_loop().time()
        held = self._held.get(asked)
        if held is None or not held.holds(version, now):
            if len(self._held) >= MOST:
                self._held.clear()
            held = self._held[asked] = _Held(version, now, asyncio.create_task(_read(read)))
        return await asyncio.shield(held.body)


async def _read(read: Callable[[], Awaitable[T]]) -> T:
    return await read()
