"""Retrying work on storage while storage is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.errors import StorageDown

T = TypeVar("T")
log = logging.getLogger(__name__)

RETRY = (0.2, 5.0)  # seconds: first and longest pause while storage is away


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, which is retried while storage is away and therefore must be idempotent."""
    pause = RETRY[0]
    while True:
        try:
            return await work()
        except StorageDown as error:
            log.error("storage: %s; again in %.1f s", error, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY[1])
