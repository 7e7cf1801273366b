"""The phone side's ledgers (gateway/core/ledgers.py) on the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    bindparam,
    func,
    insert,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.call.record import AgentChange, Callback, CallbackState, CallOutcome, CallRecord, Gap
from gateway.core.call.transfer import Transfer
from gateway.core.item.contact import Task
from gateway.core.item.item import Happened, ItemState
from gateway.core.ledgers import EVERY_CALL, CallFilters
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.items import Items
from gateway.storage.prepared import Prepared
from gateway.storage.tables import (
    OUTGOING,
    agent_changes,
    call_backs,
    calls,
    gaps,
    items,
    once_marks,
    transfers,
)

CHANGED = ("state", "attempts", "dials", "due_at")  # columns of a call-back that `change` writes
HELD = (CallbackState.PLACED, CallbackState.DIALLING)
HOLD = timedelta(hours=12)
"""How long a call-back that one gateway has placed or dials is left alone by the others."""
OWED = (CallbackState.PENDING, CallbackState.PLACED, CallbackState.DIALLING)

CALL = select(calls).where(calls.c.id == bindparam("id"))
OPEN = select(calls).where(calls.c.ended_at.is_(None)).order_by(calls.c.started_at, calls.c.id)
NEWEST = select(calls).order_by(calls.c.started_at.desc())
FROM = NEWEST.where(calls.c.caller.in_(bindparam("numbers", expanding=True)))
TO = NEWEST.where(calls.c.dialled.in_(bindparam("numbers", expanding=True)), OUTGOING)
CALL_BACK = select(call_backs).where(call_backs.c.id == bindparam("id"))
OF_ITEM = (
    select(call_backs).where(call_backs.c.number == bindparam("of")).order_by(call_backs.c.booked_at.desc())
)
CHANGE = update(call_backs).where(
    call_backs.c.id == bindparam("of"), call_backs.c.state == bindparam("before")
)
TO_CALL = (
    update(items)
    .where(items.c.number == bindparam("of"), items.c.task == Task.NONE.value)
    .values(task=Task.CALL_BACK.value)
)
IN_QUEUE = (ItemState.RECEIVED.value, ItemState.IN_WORK.value)
TO_SEE = (
    update(items)
    .where(items.c.number == bindparam("of"), items.c.added_at.is_(None), items.c.state.not_in(IN_QUEUE))
    .values(added_at=bindparam("now"))
)
"""Nobody looks at an item that is closed, answered or waits: it comes to a list as after an addition."""
LINK = update(call_backs).where(call_backs.c.id == bindparam("of")).values(number=bindparam("to"))
MARK = select(once_marks.c.value).where(once_marks.c.name == bindparam("name"))


async def _run(database: Database, statement: Any, values: Any) -> None:
    """One statement as one transaction."""
    await database.write(lambda t: t.execute(statement, values).close())


def replace_into(database: Database, table: Table, key: str) -> Any:
    """Insert, or replace every column of the row that has this key."""
    insert_ = (sqlite_insert if database.sqlite else postgres_insert)(table)
    others = {c.name: insert_.excluded[c.name] for c in table.columns if c.name != key}
    return insert_.on_conflict_do_update(index_elements=[key], set_=others)


LATEST_FIRST = (calls.c.started_at.desc(), calls.c.id.desc())


def _fitting(since: datetime | None, filters: CallFilters) -> Select[Any]:
    """Calls begun in a period, of an agent, with an outcome; a member that is not set excludes nothing."""
    wanted = select(calls)
    if since is not None:
        wanted = wanted.where(calls.c.started_at >= rows.to_ms(since))
    if filters.until is not None:
        wanted = wanted.where(calls.c.started_at < rows.to_ms(filters.until))
    if filters.agent:
        wanted = wanted.where(calls.c.agent == filters.agent)
    if filters.outcome is not None:
        wanted = wanted.where(calls.c.outcome == filters.outcome.value)
    return wanted


class Calls:
    """CallLog."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keep = Prepared(replace_into(database, calls, "id"), names_columns=True)
        self._keep_transfers = replace_into(database, transfers, "id")

    async def keep(self, calls_: Sequence[CallRecord], transfers_: Sequence[Transfer] = ()) -> None:
        latest = {call.id: call for call in calls_}  # one row for each id in the order of ids, so that
        values = [rows.call_values(latest[id_]) for id_ in sorted(latest)]  # two never wait for each other
        moved = [
            rows.transfer_values(transfer)
            for transfer in sorted(transfers_, key=lambda transfer: transfer.id)
        ]

        def kept(t: Transaction) -> None:
            self._keep.run_each(t, values)
            if moved:
                t.execute(self._keep_transfers, moved).close()

        if values:
            await self._database.write(kept)

    async def transfers(self, call_id: str) -> list[Transfer]:
        wanted = select(transfers).where(transfers.c.call_id == call_id).order_by(transfers.c.id)
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [rows.transfer_of(row) for row in records]

    async def get(self, call_id: str) -> CallRecord | None:
        records = await self._all(CALL, {"id": call_id})
        return records[0] if records else None

    async def page(
        self,
        since: datetime | None,
        limit: int,
        before: str = "",
        numbers: Sequence[str] = (),
        filters: CallFilters = EVERY_CALL,
    ) -> list[CallRecord]:
        wanted = _fitting(since, filters)
        if before:
            last = select(calls.c.started_at).where(calls.c.id == before).scalar_subquery()
            wanted = wanted.where(tuple_(calls.c.started_at, calls.c.id) < tuple_(last, before))
        if not numbers:
            return await self._all(wanted.order_by(*LATEST_FIRST).limit(limit), {})
        from_it = wanted.where(calls.c.caller.in_(numbers))
        to_it = wanted.where(OUTGOING, calls.c.dialled.in_(numbers), calls.c.caller.not_in(numbers))
        newest = [select(part.order_by(*LATEST_FIRST).limit(limit).subquery()) for part in (from_it, to_it)]
        both = union_all(*newest).subquery()
        return await self._all(
            select(both).order_by(both.c.started_at.desc(), both.c.id.desc()).limit(limit), {}
        )

    def with_number(self, t: Transaction, numbers: Sequence[str], limit: int) -> list[CallRecord]:
        """Calls from and to a number, given in all its spellings, the newest first."""
        by_id: dict[str, CallRecord] = {}
        for wanted in (FROM, TO):
            for row in t.execute(wanted.limit(limit), {"numbers": list(numbers)}).mappings():
                by_id[row["id"]] = rows.call_of(row)
        return sorted(by_id.values(), key=lambda call: (call.started_at, call.id), reverse=True)[:limit]

    async def open_calls(self) -> list[CallRecord]:
        return await self._all(OPEN, {})

    async def turned_away(self, since: datetime) -> int:
        counted = select(func.count()).where(
            calls.c.outcome == CallOutcome.TURNED_AWAY.value, calls.c.started_at >= rows.to_ms(since)
        )
        return await self._database.read(lambda t: int(t.execute(counted).scalar_one()))

    async def _all(self, wanted: Select[Any], values: dict[str, Any]) -> list[CallRecord]:
        records = await self._database.read(lambda t: t.execute(wanted, values).mappings().all())
        return [rows.call_of(row) for row in records]


class CallBacks:
    """CallBackBook. `gateway` is the name of this one: what another has placed or dials is its own."""

    def __init__(self, database: Database, items_: Items, gateway: str) -> None:
        self._database = database
        self._gateway = gateway
        self._items = items_
        self._book = (sqlite_insert if database.sqlite else postgres_insert)(
            call_backs
        ).on_conflict_do_nothing()

    async def book(self, owed: Callback) -> Callback:
        def booked(t: Transaction) -> Callback:
            t.execute(self._book, rows.call_back_values(owed))
            return rows.call_back_of(t.execute(CALL_BACK, {"id": owed.id}).mappings().one())

        return await self._database.write(booked)

    async def change(
        self, owed: Callback, before: CallbackState, at: datetime, entry: tuple[str, str] | None = None
    ) -> Callback | None:
        row = rows.call_back_values(owed)
        held = owed.state in HELD
        holder = {"gateway": self._gateway if held else "", "held_at": rows.to_ms(at) if held else None}
        changed = CHANGE.values(holder | {name: row[name] for name in CHANGED})

        def body(t: Transaction) -> Callback | None:
            if t.execute(changed, {"of": owed.id, "before": before.value}).rowcount != 1:
                return None
            kept = rows.call_back_of(t.execute(CALL_BACK, {"id": owed.id}).mappings().one())
            if kept.number and entry:
                self._items.happened(t, kept.number, Happened(at, entry[0], "phone", entry[1]))
            if kept.number and kept.state is CallbackState.FAILED:
                t.execute(TO_CALL, {"of": kept.number})
                t.execute(TO_SEE, {"of": kept.number, "now": rows.to_ms(at)})
            return kept

        return await self._database.write(body)

    async def link(self, owed_id: str, number: str) -> None:
        await _run(self._database, LINK, {"of": owed_id, "to": number})

    async def get(self, owed_id: str) -> Callback | None:
        return await self._database.read(lambda t: self.one(t, owed_id))

    def one(self, t: Transaction, owed_id: str) -> Callback | None:
        """One, in whatever state it is."""
        row = t.execute(CALL_BACK, {"id": owed_id}).mappings().first()
        return rows.call_back_of(row) if row else None

    def of_item(self, t: Transaction, number: str) -> Callback | None:
        """The call-back that an item owes, or owed last."""
        row = t.execute(OF_ITEM, {"of": number}).mappings().first()
        return rows.call_back_of(row) if row else None

    async def again(self, number: str, who: str, at: datetime) -> Callback | None:
        """Owe the failed call-back of an item once more, from its first try; None when none has failed."""

        def renewed(t: Transaction) -> Callback | None:
            failed = self.of_item(t, number)
            if failed is None or failed.state is not CallbackState.FAILED:
                return None
            again = replace(failed, state=CallbackState.PENDING, attempts=0, due_at=None)
            row = rows.call_back_values(again)
            values = {name: row[name] for name in CHANGED}
            t.execute(CHANGE.values(values), {"of": again.id, "before": failed.state.value}).close()
            self._items.happened(t, number, Happened(at, "call_back_again", who))
            return again

        return await self._database.write(renewed)

    async def owed(self, *states: CallbackState) -> list[Callback]:
        wanted = _in_order(states or OWED).where(self._free())
        return await self._database.read(lambda t: _owed(t, wanted))

    def _free(self) -> ColumnElement[bool]:
        """Not under way at another gateway, unless that one is gone."""
        given_up = rows.to_ms(datetime.now(UTC) - HOLD)
        return or_(call_backs.c.gateway.in_(("", self._gateway)), call_backs.c.held_at < given_up)

    def owed_to(self, t: Transaction, phones: Sequence[str]) -> list[Callback]:
        """Calls that are owed to one of these numbers, in order of arrival."""
        return _owed(t, _in_order(OWED).where(call_backs.c.phone.in_(phones)))


def _in_order(states: Sequence[CallbackState]) -> Select[Any]:
    wanted = select(call_backs).where(call_backs.c.state.in_([s.value for s in states]))
    return wanted.order_by(call_backs.c.arrived_at, call_backs.c.id)


def _owed(t: Transaction, wanted: Select[Any]) -> list[Callback]:
    return [rows.call_back_of(row) for row in t.execute(wanted).mappings()]


class Once:
    """OnceLedger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._set = replace_into(database, once_marks, "name")

    async def mark(self, name: str) -> str:
        return await self._database.read(lambda t: t.execute(MARK, {"name": name}).scalar_one_or_none()) or ""

    async def set_mark(self, name: str, value: str) -> None:
        await _run(self._database, self._set, {"name": name, "value": value})


class Gaps:
    """GapLog."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_gap(self, gap: Gap) -> None:
        await _run(self._database, insert(gaps), rows.gap_values(gap))

    async def gaps(self, since: datetime) -> list[Gap]:
        wanted = select(gaps).where(gaps.c.ended_at >= rows.to_ms(since)).order_by(gaps.c.id)
        records = await self._database.read(lambda t: t.execute(wanted).mappings().all())
        return [rows.gap_of(row) for row in records]


class Agents:
    """AgentLog of a gateway."""

    def __init__(self, database: Database, gateway: str) -> None:
        self._database = database
        self._gateway = gateway

    async def add_changes(self, changes: Sequence[AgentChange]) -> None:
        values = [{**rows.change_values(change), "gateway": self._gateway} for change in changes]
        if values:
            await _run(self._database, insert(agent_changes), values)

    async def changes(self, since: datetime, agent: str = "") -> list[AgentChange]:
        wanted = select(agent_changes).where(agent_changes.c.at >= rows.to_ms(since))
        if agent:
            wanted = wanted.where(agent_changes.c.agent == agent)
        return await self._read(wanted)

    async def last(self, since: datetime) -> list[AgentChange]:
        mine = (agent_changes.c.at >= rows.to_ms(since), agent_changes.c.gateway == self._gateway)
        latest = select(func.max(agent_changes.c.id)).where(*mine).group_by(agent_changes.c.agent)
        return await self._read(select(agent_changes).where(agent_changes.c.id.in_(latest)))

    async def _read(self, wanted: Select[Any]) -> list[AgentChange]:
        records = await self._database.read(
            lambda t: t.execute(wanted.order_by(agent_changes.c.id)).mappings().all()
        )
        return [rows.change_of(row) for row in records]
