"""Which colleague was named in the note of which item, and whether he has seen it.

Everything is part of the transaction that is handed in.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, insert, select, update

from gateway.core.item.notes import Mention
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import mentions

UNSEEN = mentions.c.seen_at.is_(None)


class Mentions:
    """The mentions of one database."""

    def add(self, t: Transaction, number: str, accounts: Collection[str], note: Mention) -> None:
        """One for each account that is named; `note.account` is not looked at."""
        if accounts:
            values = {"number": number, "at": rows.to_ms(note.at), "author": note.by, "text": note.text}
            t.execute(insert(mentions), [{**values, "account": account} for account in sorted(accounts)])

    def unseen_by(self, t: Transaction, account: str, limit: int) -> list[Mention]:
        """What names an account and he has not seen, the newest first."""
        wanted = select(mentions).where(mentions.c.account == account, UNSEEN)
        records = t.execute(wanted.order_by(mentions.c.id.desc()).limit(limit)).mappings()
        return [
            Mention(row["number"], row["account"], row["author"], rows.of_ms(row["at"]), row["text"])
            for row in records
        ]

    def seen(self, t: Transaction, number: str, account: str, at: datetime) -> int:
        """He has looked at this item; how many mentions were new to him."""
        his = and_(mentions.c.number == number, mentions.c.account == account, UNSEEN)
        return t.execute(update(mentions).where(his).values(seen_at=rows.to_ms(at))).rowcount
