"""Drafts of calls: one row a call, replaced as the agent types, gone when items were made of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.draft import Draft
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import drafts

ONE = select(drafts).where(drafts.c.call_id == bindparam("call"))
OWN = select(drafts).where(drafts.c.agent == bindparam("agent")).order_by(drafts.c.at)
SAVE = (
    update(drafts)
    .where(drafts.c.call_id == bindparam("call"), drafts.c.version == bindparam("before"))
    .values(version=bindparam("after"), agent=bindparam("by"), text=bindparam("said"), at=bindparam("when"))
)
DROP = delete(drafts).where(drafts.c.call_id == bindparam("call"))


class Drafts:
    """The drafts of one database. Every method raises StorageDown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        made = sqlite_insert if database.sqlite else postgres_insert
        self._begin = made(drafts).on_conflict_do_nothing()

    async def open(self, call: str, agent: str, at: datetime) -> Draft:
        """The call's draft; an empty one of version 0 when nothing was written yet."""
        row = await self._database.read(lambda t: t.execute(ONE, {"call": call}).mappings().first())
        return _draft(row) if row else Draft(call, agent, 0, "", at)

    async def save(self, call: str, agent: str, before: int, text: str, at: datetime) -> Draft | None:
        """The draft with this text, if it still was of version `before`; None when it is not."""

        def saved(t: Transaction) -> Draft | None:
            values = {"call": call, "before": before, "after": before + 1}
            values |= {"by": agent, "said": text, "when": rows.to_ms(at)}
            if before == 0:
                first = {"call_id": call, "agent": agent, "version": 1, "text": text, "at": rows.to_ms(at)}
                made = t.execute(self._begin, first).rowcount
            else:
                made = t.execute(SAVE, values).rowcount
            if made != 1:
                return None
            return _draft(t.execute(ONE, {"call": call}).mappings().one())

        return await self._database.write(saved)

    async def of_agent(self, agent: str) -> list[Draft]:
        """What an agent has begun and not made items of, the oldest first."""
        found = await self._database.read(lambda t: t.execute(OWN, {"agent": agent}).mappings().all())
        return [_draft(row) for row in found]

    async def drop(self, call: str) -> None:
        await self._database.write(lambda t: t.execute(DROP, {"call": call}).close())


def _draft(row: rows.Row) -> Draft:
    return Draft(row["call_id"], row["agent"], row["version"], row["text"], rows.of_ms(row["at"]))
