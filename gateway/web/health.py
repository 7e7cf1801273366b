"""Whether the gateway can do its work, for whoever watches it: /healthz."""

from __future__ import annotations

import asyncio

from gateway.core.delivery import DeliveryState
from gateway.errors import GatewayError
from gateway.web.outbox_api import PostLedger
from gateway.web.ports import Board, PartHealth, Store
from gateway.web.shapes import HealthShown, PartShown

LIMIT = 2.0  # seconds for storage to answer


async def health(store: Store, board: Board, post: PostLedger | None = None) -> HealthShown:
    """The state of both parts; never raises and never takes longer than LIMIT."""
    storage = await _storage(store, post)
    pbx = board.health().get("pbx", PartHealth(False, "not there"))
    status = "ok" if storage.ok and pbx.ok else "down"
    return HealthShown(status, PartShown(storage.ok, storage.detail), PartShown(pbx.ok, pbx.detail))


async def _storage(store: Store, post: PostLedger | None) -> PartHealth:
    """Whether it answers; when it does, the detail tells of dead letters."""
    try:
        async with asyncio.timeout(LIMIT):
            await store.ping()
            counts = await post.counts() if post else {}
    except TimeoutError:
        return PartHealth(False, f"no answer in {LIMIT:g} s")
    except GatewayError as error:
        return PartHealth(False, error.en)
    dead = sum(count for (_, state), count in counts.items() if state == DeliveryState.DEAD.value)
    return PartHealth(True, f"outbox: {dead} dead" if dead else "")
