"""Notices: those deliveries that tell a person something, as the desk sees them.

As with Items, everything is part of the transaction that is handed in, and nothing is decided here.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update

from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import NoticeRecord
from gateway.core.item.notice import BY_HAND, NoticeState
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.sealed_drafts import SealedDrafts
from gateway.storage.tables import deliveries

OF_ITEM = (
    select(deliveries)
    .where(deliveries.c.number == bindparam("number"), deliveries.c.notice != "")
    .order_by(deliveries.c.id)
)
SETTLE = update(deliveries).where(deliveries.c.id == bindparam("of"))
MASK = "······"
"""Stands for a query code in a text that is shown."""
STATES = {
    DeliveryState.WAITING: NoticeState.WAITING,
    DeliveryState.SENT: NoticeState.SENT,
    DeliveryState.DEAD: NoticeState.FAILED,
    DeliveryState.BOUNCED: NoticeState.BOUNCED,
    DeliveryState.DROPPED: NoticeState.DROPPED,
}
STATES_BY_HAND = STATES | {
    DeliveryState.WAITING: NoticeState.TO_DO,
    DeliveryState.SENT: NoticeState.DONE,
}


class NoticeRows:
    """The notices of one database."""

    def __init__(self, sealed: SealedDrafts) -> None:
        self._sealed = sealed

    def of_item(self, t: Transaction, number: str) -> tuple[NoticeRecord, ...]:
        """What was and is to be told about an item, in its order."""
        return tuple(self._notice(row) for row in t.execute(OF_ITEM, {"number": number}).mappings())

    def settle(self, t: Transaction, notice: int, state: DeliveryState, proof: str, at: datetime) -> None:
        """Done by hand, or given up for another way."""
        values: dict[str, object] = {"state": state.value, "proof": proof, "lease_until": None}
        if state is DeliveryState.SENT:
            values["sent_at"] = rows.to_ms(at)
        t.execute(SETTLE.values(**values), {"of": notice})

    def _notice(self, row: rows.Row) -> NoticeRecord:
        draft = self._sealed.opened(row)
        states = STATES_BY_HAND if draft.way in BY_HAND else STATES
        text, code = draft.content.get("text", ""), draft.content.get("code", "")
        return NoticeRecord(
            id=row["id"],
            kind=draft.notice,
            way=draft.way,
            to=draft.address,
            subject=draft.content.get("subject", ""),
            text=text.replace(code, MASK) if code else text,
            state=states[DeliveryState(row["state"])],
            made_at=rows.of_ms(row["made_at"]),
            sent_at=rows.of_ms_or_none(row["sent_at"]),
            proof=row["proof"] or row["error"],
            occasion=draft.content.get("occasion", ""),
        )
