"""What somebody decides on deliveries of the outbox: send again, or give up; each with its audit line.

What `gateway outbox` and the administrator's page call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from gateway.core.item.delivery import AGAIN, DeliveryState

MAY_DROP = (DeliveryState.WAITING, DeliveryState.DEAD, DeliveryState.BOUNCED)


class Ledger(Protocol):
    """Of storage's outbox, what is needed here."""

    async def move(
        self, delivery_id: int, before: Collection[DeliveryState], after: DeliveryState, now: datetime
    ) -> bool: ...


class AuditNotes(Protocol):
    """Of the audit log, what is needed here."""

    async def note(self, what: str, about: str = "", detail: Mapping[str, object] | None = None) -> None: ...


async def resend(ledger: Ledger, notes: AuditNotes, delivery_id: int, now: datetime) -> bool:
    """Send what is dead, bounced or dropped again; False when there is no such one. Raises StorageDown."""
    done = await ledger.move(delivery_id, AGAIN, DeliveryState.WAITING, now)
    if done:
        await notes.note("outbox.waiting", str(delivery_id))
    return done


async def drop(ledger: Ledger, notes: AuditNotes, delivery_id: int, now: datetime, reason: str = "") -> bool:
    """Give up what waits or is dead: nothing is sent; False when there is no such one. Raises StorageDown."""
    done = await ledger.move(delivery_id, MAY_DROP, DeliveryState.DROPPED, now)
    if done:
        await notes.note("outbox.dropped", str(delivery_id), {"reason": reason} if reason else {})
    return done
