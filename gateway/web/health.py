"""Whether the gateway can do its work, for whoever watches it: /healthz."""

from __future__ import annotations

import asyncio

from gateway.errors import GatewayError
from gateway.web.ports import Board, PartHealth, Store
from gateway.web.shapes import HealthShown, PartShown

LIMIT = 2.0  # seconds for storage to answer


async def health(store: Store, board: Board) -> HealthShown:
    """The state of both parts; never raises and never takes longer than LIMIT."""
    storage = await _storage(store)
    pbx = board.health().get("pbx", PartHealth(False, "not there"))
    status = "ok" if storage.ok and pbx.ok else "down"
    return HealthShown(status, PartShown(storage.ok, storage.detail), PartShown(pbx.ok, pbx.detail))


async def _storage(store: Store) -> PartHealth:
    try:
        async with asyncio.timeout(LIMIT):
            await store.ping()
    except TimeoutError:
        return PartHealth(False, f"no answer in {LIMIT:g} s")
    except GatewayError as error:
        return PartHealth(False, error.en)
    return PartHealth(True)
