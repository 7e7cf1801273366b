"""Whether the gateway can do its work, for whoever watches it: /healthz."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.calls.views import PartHealth
from gateway.core.item.delivery import DeliveryState
from gateway.errors import GatewayError, StorageDown
from gateway.tasks import Supervisor
from gateway.web.api.outbox import PostLedger
from gateway.web.http.models import AnswerModel
from gateway.web.ports import Board, Store

LIMIT = 2.0  # seconds for storage to answer


class PartShown(AnswerModel):
    """Whether one part answers."""

    ok: bool
    detail: str


class NamedPartShown(AnswerModel):
    """One more part that was looked at lately; `vital` parts that fail make the status "down"."""

    name: str
    ok: bool
    vital: bool
    detail: str


class HealthShown(AnswerModel):
    """Whether the gateway can do its work: ok, degraded (200), or down (503)."""

    status: str
    storage: PartShown
    pbx: PartShown
    tasks: PartShown
    others: tuple[NamedPartShown, ...]


async def health(
    store: Store,
    board: Board,
    tasks: Supervisor,
    post: PostLedger | None = None,
    others: Mapping[str, PartHealth] | None = None,
) -> HealthShown:
    """The state of each part; never raises and never takes longer than LIMIT."""
    storage = await _storage(store, post)
    pbx = board.health().get("pbx", PartHealth(False, "not there"))
    running = _tasks(tasks)
    named = tuple(
        NamedPartShown(name=name, ok=p.ok, vital=p.vital, detail=p.detail)
        for name, p in sorted((others or {}).items())
    )
    parts = (storage, pbx, running, *(others or {}).values())
    bad = [part.vital for part in parts if not part.ok]
    status = "down" if any(bad) else "degraded" if bad else "ok"
    return HealthShown(
        status=status, storage=_shown(storage), pbx=_shown(pbx), tasks=_shown(running), others=tuple(named)
    )


def _shown(part: PartHealth) -> PartShown:
    return PartShown(ok=part.ok, detail=part.detail)


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
