"""Whether the gateway can do its work, for whoever watches it: /healthz."""

from __future__ import annotations

import asyncio

from gateway.core.delivery import DeliveryState
from gateway.errors import GatewayError, StorageDown
from gateway.tasks import Supervisor
from gateway.web.outbox_api import PostLedger
from gateway.web.ports import Board, PartHealth, Store
from gateway.web.shapes import HealthShown, PartShown

LIMIT = 2.0  # seconds for storage to answer


async def health(
    store: Store, board: Board, tasks: Supervisor, post: PostLedger | None = None
) -> HealthShown:
    """The state of each part; never raises and never takes longer than LIMIT."""
    storage = await _storage(store, post)
    pbx = board.health().get("pbx", PartHealth(False, "not there"))
    parts = [PartShown(part.ok, part.detail) for part in (storage, pbx, _tasks(tasks))]
    return HealthShown("ok" if all(part.ok for part in parts) else "down", *parts)


def _tasks(tasks: Supervisor) -> PartHealth:
    """Which background tasks keep failing, and with what type of error."""
    failing = tasks.failing()
    return PartHealth(not failing, ", ".join(f"{state.name}: {state.error}" for state in failing))


async def _storage(store: Store, post: PostLedger | None) -> PartHealth:
    """Whether it answers; when it does, the detail tells of dead letters."""
    try:
        async with asyncio.timeout(LIMIT):
            await store.ping()
            counts = await post.counts() if post else {}
    except TimeoutError:
        return PartHealth(False, f"no answer in {LIMIT:g} s")
    except StorageDown as error:
        return PartHealth(False, error.cause)
    except GatewayError as error:
        return PartHealth(False, error.en)
    dead = sum(count for (_, state), count in counts.items() if state == DeliveryState.DEAD.value)
    return PartHealth(True, f"outbox: {dead} dead" if dead else "")
