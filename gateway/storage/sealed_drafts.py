"""Whom a delivery goes to and what is sent, sealed with the key of the reporters' identities.

Of the address a keyed hash stands beside it, so that what goes to one address can be counted. Every delivery
is kept like this: an item may become a report after its mail was planned. Called by Outbox.
"""

from __future__ import annotations

import json

from sqlalchemy import bindparam, select, update

from gateway.core.item.delivery import MAIL, Draft
from gateway.errors import StorageDown
from gateway.storage.database import Transaction
from gateway.storage.identities import Identities
from gateway.storage.one_time_work import Batch
from gateway.storage.rows import Row
from gateway.storage.tables import UNSEALED, deliveries

OLD = select(deliveries).where(UNSEALED).order_by(deliveries.c.id)
SEAL = update(deliveries).where(deliveries.c.id == bindparam("of"))


class SealedDrafts:
    """The drafts of one installation's deliveries."""

    def __init__(self, seals: Identities) -> None:
        self._seals = seals

    def mark(self, way: str, address: str) -> str:
        """What stands for an address; for every spelling of a mail address the same."""
        return self._seals.mark(f"to {way}", address.lower() if way == MAIL else address)

    def columns(self, draft: Draft) -> dict[str, object]:
        """What the delivery's own columns hold."""
        address = draft.address.lower() if draft.way == MAIL else draft.address
        text = json.dumps([address, dict(draft.content)], ensure_ascii=False)
        sealed = self._seals.seal_text(_bound(draft.key), text)
        return {"address": self.mark(draft.way, address), "content": "{}", "sealed": sealed}

    def opened(self, row: Row) -> Draft:
        """The draft; without address and content when the key is another one."""
        if row["sealed"] is None:
            return _open(row)
        try:
            text = self._seals.open_text(_bound(row["key"]), bytes(row["sealed"]))
        except StorageDown:
            text = '["", {}]'
        address, content = json.loads(text)
        return Draft(row["key"], row["way"], address, content, row["reference"], row["notice"])

    # ------------------------------------------------------------ what was there before

    def seal_old(self, t: Transaction, after: str, limit: int) -> Batch:
        """Seal some of what an older gateway kept in the open; `after` is not needed, an index finds them."""
        page = t.execute(OLD.limit(limit)).mappings().all()
        for row in page:
            t.execute(SEAL.values(**self.columns(_open(row))), {"of": row["id"]})
        return Batch(len(page), after)


def _open(row: Row) -> Draft:
    """What an older gateway kept in the open."""
    return Draft(row["key"], row["way"], row["address"], json.loads(row["content"]), row["reference"])


def _bound(key: str) -> str:
    return f"delivery:{key}"
