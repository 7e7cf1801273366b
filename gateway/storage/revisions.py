"""Earlier versions of what items say, sealed with the key of the reporters' identities.

Nobody knows at that moment whether a report will come of an item, so every version is sealed, and bound to
the item's number. Rows are added and never changed.
"""

from __future__ import annotations

import json

from sqlalchemy import bindparam, insert, select

from gateway.core.item.revision import Revision
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.identities import Identities
from gateway.storage.tables import revisions

OF_ITEM = select(revisions).where(revisions.c.number == bindparam("number")).order_by(revisions.c.id)


class Revisions:
    """The revisions of one database; everything is part of the transaction that is handed in."""

    def __init__(self, seals: Identities) -> None:
        self._seals = seals

    def add(self, t: Transaction, number: str, revision: Revision) -> None:
        """Nothing is written when nothing changed."""
        if not revision.changes:
            return
        changes = json.dumps(dict(revision.changes), ensure_ascii=False)
        values = {
            "number": number,
            "at": rows.to_ms(revision.at),
            "who": revision.who,
            "what": revision.what,
            "sealed": self._seals.seal_text(_bound(number), changes),
        }
        t.execute(insert(revisions), values)

    def of_item(self, t: Transaction, number: str) -> tuple[Revision, ...]:
        """In the order in which they were made. Raises StorageDown when one does not open."""
        records = t.execute(OF_ITEM, {"number": number}).mappings().all()
        return tuple(self._opened(row) for row in records)

    def _opened(self, row: rows.Row) -> Revision:
        stored = json.loads(self._seals.open_text(_bound(row["number"]), bytes(row["sealed"])))
        changes = {name: (before, after) for name, (before, after) in stored.items()}
        return Revision(rows.of_ms(row["at"]), row["who"], row["what"], changes)


def _bound(number: str) -> str:
    return f"revision:{number}"
