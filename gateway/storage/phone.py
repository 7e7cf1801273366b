"""The phone side's ledgers (gateway/ledgers.py) on the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.call import AgentChange, CallBack, CallBackState, CallOutcome, CallRecord, Gap
from gateway.storage import rows
from gateway.storage.database import Database
from gateway.storage.tables import agent_changes, call_backs, calls, gaps, once_marks

OWED = (CallBackState.PENDING, CallBackState.PLACED, CallBackState.DIALLING)


def replace_into(database: Database, table: Table, key: str) -> Any:
    """Insert, or replace every column of the row that has this key."""
    made = (sqlite_insert if database.sqlite else postgres_insert)(table)
    others = {c.name: made.excluded[c.name] for c in table.columns if c.name != key}
    return made.on_conflict_do_update(index_elements=[key], set_=others)


class Calls:
    """CallLog."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keep = replace_into(database, calls, "id")

    async def keep(self, calls_: Sequence[CallRecord]) -> None:
        if not calls_:
            return
        async with self._database.write() as connection:
            await connection.execute(self._keep, [rows.call_values(call) for call in calls_])

    async def get(self, call_id: str) -> CallRecord | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(calls).where(calls.c.id == call_id))).mappings().first()
        return rows.call_of(row) if row else None

    async def page(
        self, since: datetime | None, limit: int, before: str = "", caller: str = ""
    ) -> list[CallRecord]:
        wanted = select(calls).order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit)
        if since is not None:
            wanted = wanted.where(calls.c.started_at >= rows.to_ms(since))
        if caller:
            wanted = wanted.where(or_(calls.c.caller == caller, calls.c.dialled == caller))
        if before:
            last = select(calls.c.started_at, calls.c.id).where(calls.c.id == before).subquery()
            wanted = wanted.where(
                tuple_(calls.c.started_at, calls.c.id)
                < select(last.c.started_at, last.c.id).scalar_subquery()
            )
        return [rows.call_of(row) for row in await self._all(wanted)]

    async def open_calls(self) -> list[CallRecord]:
        return [rows.call_of(row) for row in await self._all(select(calls).where(calls.c.ended_at.is_(None)))]

    async def turned_away(self, since: datetime) -> int:
        counted = select(func.count()).where(
            calls.c.outcome == CallOutcome.TURNED_AWAY.value, calls.c.started_at >= rows.to_ms(since)
        )
        async with self._database.read() as connection:
            return int((await connection.execute(counted)).scalar_one())

    async def _all(self, wanted: Any) -> Sequence[Any]:
        async with self._database.read() as connection:
            return (await connection.execute(wanted)).mappings().all()


class CallBacks:
    """CallBackBook."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, owed: CallBack) -> CallBack:
        dialect = sqlite_insert if self._database.sqlite else postgres_insert
        values = {
            "id": owed.id,
            "phone": owed.phone,
            "call_id": owed.call_id,
            "arrived_at": rows.to_ms(owed.arrived_at),
            "booked_at": rows.to_ms(owed.booked_at),
            "state": owed.state.value,
            "number": owed.number,
        }
        async with self._database.write() as connection:
            await connection.execute(dialect(call_backs).values(values).on_conflict_do_nothing())
            kept = await connection.execute(select(call_backs).where(call_backs.c.id == owed.id))
            return rows.call_back_of(kept.mappings().one())

    async def move(self, owed_id: str, before: CallBackState, after: CallBackState) -> bool:
        change = (
            update(call_backs)
            .where(call_backs.c.id == owed_id, call_backs.c.state == before.value)
            .values(state=after.value)
        )
        async with self._database.write() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def link(self, owed_id: str, number: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(call_backs).where(call_backs.c.id == owed_id).values(number=number)
            )

    async def owed(self, *states: CallBackState) -> list[CallBack]:
        wanted = select(call_backs).where(call_backs.c.state.in_([s.value for s in states or OWED]))
        ordered = wanted.order_by(call_backs.c.arrived_at, call_backs.c.id)
        async with self._database.read() as connection:
            return [rows.call_back_of(row) for row in (await connection.execute(ordered)).mappings()]


class Once:
    """OnceLedger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._set = replace_into(database, once_marks, "name")

    async def mark(self, name: str) -> str:
        async with self._database.read() as connection:
            found = await connection.execute(select(once_marks.c.value).where(once_marks.c.name == name))
            return found.scalar_one_or_none() or ""

    async def set_mark(self, name: str, value: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(self._set, {"name": name, "value": value})


class Gaps:
    """GapLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_gap(self, gap: Gap) -> None:
        values = {"began_at": rows.to_ms(gap.began_at), "ended_at": rows.to_ms(gap.ended_at), "why": gap.why}
        async with self._database.write() as connection:
            await connection.execute(insert(gaps).values(values))

    async def gaps(self, since: datetime) -> list[Gap]:
        wanted = select(gaps).where(gaps.c.ended_at >= rows.to_ms(since)).order_by(gaps.c.id)
        async with self._database.read() as connection:
            return [rows.gap_of(row) for row in (await connection.execute(wanted)).mappings()]


class Agents:
    """AgentLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_changes(self, changes: Sequence[AgentChange]) -> None:
        values = [
            {"at": rows.to_ms(c.at), "agent": c.agent, "state": c.state, "reason": c.reason} for c in changes
        ]
        async with self._database.write() as connection:
            await connection.execute(insert(agent_changes), values)

    async def changes(self, since: datetime, agent: str = "") -> list[AgentChange]:
        wanted = select(agent_changes).where(agent_changes.c.at >= rows.to_ms(since))
        if agent:
            wanted = wanted.where(agent_changes.c.agent == agent)
        async with self._database.read() as connection:
            found = await connection.execute(wanted.order_by(agent_changes.c.id))
            return [rows.change_of(row) for row in found.mappings()]
