"""Drafts of calls: one row a call, replaced as the agent types, gone when items were made of it.

What was typed is sealed with the key of the reporters' identities, and bound to its call: nobody knows yet
whether a report will come of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.call.draft import Draft
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.one_time_work import Batch
from gateway.storage.tables import drafts

ONE = select(drafts).where(drafts.c.call_id == bindparam("call"))
OWN = select(drafts).where(drafts.c.agent == bindparam("agent")).order_by(drafts.c.at)
SAVE = (
    update(drafts)
    .where(drafts.c.call_id == bindparam("call"), drafts.c.version == bindparam("before"))
    .values(
        version=bindparam("after"),
        agent=bindparam("by"),
        sealed=bindparam("said"),
        text="",
        at=bindparam("when"),
    )
)
OLD = (
    select(drafts.c.call_id, drafts.c.text)
    .where(drafts.c.sealed.is_(None), drafts.c.call_id > bindparam("behind"))
    .order_by(drafts.c.call_id)
    .limit(bindparam("limit"))
)
SEAL = update(drafts).where(drafts.c.call_id == bindparam("call")).values(sealed=bindparam("said"), text="")
DROP = delete(drafts).where(drafts.c.call_id == bindparam("call"))


class Drafts:
    """The drafts of one database. Every method raises StorageDown, also when a draft does not open."""

    def __init__(self, database: Database, seals: Identities) -> None:
        self._database = database
        self._seals = seals
        insert = sqlite_insert if database.sqlite else postgres_insert
        self._begin = insert(drafts).on_conflict_do_nothing()

    async def open(self, call: str, agent: str, at: datetime) -> Draft:
        """The call's draft; an empty one of version 0 when nothing was written yet."""
        return await self._database.read(lambda t: self.of_call(t, call, agent, at))

    def of_call(self, t: Transaction, call: str, agent: str, at: datetime) -> Draft:
        """The same within a transaction."""
        row = t.execute(ONE, {"call": call}).mappings().first()
        return self._draft(row) if row else Draft(call, agent, 0, "", at)

    async def save(self, call: str, agent: str, before: int, text: str, at: datetime) -> Draft | None:
        """The draft with this text, if it still was of version `before`; None when it is not."""

        def saved(t: Transaction) -> Draft | None:
            sealed, when = self._sealed(call, text), rows.to_ms(at)
            values = {"call": call, "before": before, "after": before + 1}
            values |= {"by": agent, "said": sealed, "when": when}
            if before == 0:
                first = {"call_id": call, "agent": agent, "version": 1, "sealed": sealed, "at": when}
                inserted = t.execute(self._begin, first).rowcount
            else:
                inserted = t.execute(SAVE, values).rowcount
            if inserted != 1:
                return None
            return self._draft(t.execute(ONE, {"call": call}).mappings().one())

        return await self._database.write(saved)

    async def of_agent(self, agent: str) -> list[Draft]:
        """What an agent has begun and not made items of, the oldest first."""
        records = await self._database.read(lambda t: t.execute(OWN, {"agent": agent}).mappings().all())
        return [self._draft(row) for row in records]

    async def drop(self, call: str) -> None:
        await self._database.write(lambda t: t.execute(DROP, {"call": call}).close())

    def _sealed(self, call: str, text: str) -> bytes:
        return self._seals.seal_text(f"draft:{call}", text)

    def _draft(self, row: rows.Row) -> Draft:
        call = row["call_id"]
        sealed = row["sealed"]  # None: kept by an older gateway and not sealed yet
        text = row["text"] if sealed is None else self._seals.open_text(f"draft:{call}", bytes(sealed))
        return Draft(call, row["agent"], row["version"], text, rows.of_ms(row["at"]))

    # ------------------------------------------------------------ what was there before

    def seal_old(self, t: Transaction, after: str, limit: int) -> Batch:
        """Seal some of what an older gateway kept in the open, by call from behind `after`."""
        page = t.execute(OLD, {"behind": after, "limit": limit}).all()
        for call, text in page:
            t.execute(SEAL, {"call": call, "said": self._sealed(call, text)})
        return Batch(len(page), page[-1][0] if page else after)
