"""A queue from which work is removed only when it is done, so that a worker that failed finds it again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """One worker takes from it; anybody puts."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, item: T) -> None:
        self._items.append(item)
        if len(self._items) == 1:
            self._filled.set()
            self._empty.clear()

    def __len__(self) -> int:
        return len(self._items)

    async def some(self, most: int) -> list[T]:
        """The first items, at least one; they stay until `done`."""
        await self._filled.wait()
        return list(islice(self._items, most))

    def waiting(self) -> list[T]:
        """All that wait now; they stay until `done`."""
        return list(self._items)

    def done(self, items: Collection[T]) -> None:
        """Take these off."""
        for item in items:
            self._items.remove(item)
        if items and not self._items:
            self._filled.clear()
            self._empty.set()

    async def emptied(self) -> None:
        """Wait until nothing waits."""
        await self._empty.wait()
