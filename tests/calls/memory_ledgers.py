"""The phone side's ledgers and intake in memory, of equal rank to storage: for tests of the switchboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from gateway.core.call.record import AgentChange, Callback, CallbackState, CallRecord, Gap
from gateway.core.call.transfer import Transfer
from gateway.core.item import number
from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.item import PublicState
from gateway.errors import StorageDown


@dataclass
class Faults:
    """Errors that the next calls of a ledger raise, one each."""

    errors: list[Exception] = field(default_factory=list)

    def __call__(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


@dataclass
class MemoryCalls:
    rows: dict[str, CallRecord] = field(default_factory=dict)
    moved: dict[str, Transfer] = field(default_factory=dict)
    away: bool = False

    async def keep(self, calls: Sequence[CallRecord], transfers: Sequence[Transfer] = ()) -> None:
        if self.away:
            raise StorageDown
        self.rows |= {call.id: call for call in calls}
        self.moved |= {one.id: one for one in transfers}

    async def transfers(self, call_id: str) -> list[Transfer]:
        return [one for one in self.moved.values() if one.call == call_id]

    async def get(self, call_id: str) -> CallRecord | None:
        return self.rows.get(call_id)

    async def page(
        self, since: datetime | None, limit: int, before: str = "", caller: str = ""
    ) -> list[CallRecord]:
        rows = sorted(self.rows.values(), key=lambda c: c.started_at, reverse=True)
        return [c for c in rows if since is None or c.started_at >= since][:limit]

    async def open_calls(self) -> list[CallRecord]:
        return [call for call in self.rows.values() if call.ended_at is None]

    async def turned_away(self, since: datetime) -> int:
        return sum(c.outcome == "turned_away" and c.started_at >= since for c in self.rows.values())


@dataclass
class MemoryCallBacks:
    rows: dict[str, Callback] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    moving: Faults = field(default_factory=Faults)
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    async def book(self, owed: Callback) -> Callback:
        return self.rows.setdefault(owed.id, owed)

    async def change(
        self, owed: Callback, before: CallbackState, at: datetime, told: tuple[str, str] | None = None
    ) -> Callback | None:
        self.moving()
        row = self.rows.get(owed.id)
        if row is None or row.state is not before:
            return None
        kept = self.rows[owed.id] = replace(owed, number=row.number)
        if kept.number and told:
            self.lines.append((kept.number, *told))
        return kept

    async def link(self, owed_id: str, number: str) -> None:
        if owed_id in self.rows:
            self.rows[owed_id] = replace(self.rows[owed_id], number=number)

    async def get(self, owed_id: str) -> Callback | None:
        return self.rows.get(owed_id)

    async def owed(self, *states: CallbackState) -> list[Callback]:
        self.faults()
        wanted = states or (CallbackState.PENDING, CallbackState.PLACED, CallbackState.DIALLING)
        rows = [row for row in self.rows.values() if row.state in wanted]
        return sorted(rows, key=lambda row: (row.arrived_at, row.id))


@dataclass
class MemoryOnce:
    marks: dict[str, str] = field(default_factory=dict)

    async def mark(self, name: str) -> str:
        return self.marks.get(name, "")

    async def set_mark(self, name: str, value: str) -> None:
        self.marks[name] = value


@dataclass
class MemoryGaps:
    rows: list[Gap] = field(default_factory=list)

    async def add_gap(self, gap: Gap) -> None:
        self.rows.append(gap)

    async def gaps(self, since: datetime) -> list[Gap]:
        return self.rows


@dataclass
class MemoryAgents:
    rows: list[AgentChange] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    away: bool = False

    async def add_changes(self, changes: Sequence[AgentChange]) -> None:
        self.faults()
        if self.away:
            raise StorageDown
        self.rows += changes

    async def changes(self, since: datetime, agent: str = "") -> list[AgentChange]:
        return [row for row in self.rows if not agent or row.agent == agent]

    async def last(self, since: datetime) -> list[AgentChange]:
        return list({row.agent: row for row in self.rows}.values())


@dataclass
class MemoryLedgers:
    """All of them, under the names that storage gives them."""

    calls: MemoryCalls = field(default_factory=MemoryCalls)
    call_backs: MemoryCallBacks = field(default_factory=MemoryCallBacks)
    once: MemoryOnce = field(default_factory=MemoryOnce)
    gaps: MemoryGaps = field(default_factory=MemoryGaps)
    agents: MemoryAgents = field(default_factory=MemoryAgents)


@dataclass
class MemoryIntake:
    """Intake: one item a key."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    states: dict[tuple[str, str], PublicState] = field(default_factory=dict)
    away: bool = False

    async def submit(self, contact: Contact) -> Receipt:
        if self.away:
            raise StorageDown
        repeated = contact.key in self.contacts
        self.contacts.setdefault(contact.key, contact)
        serial = list(self.contacts).index(contact.key) + 1
        made = number.make(date(2026, 11, 24), serial)
        return Receipt(made, "482113", contact.received_at, "received", (), repeated)

    async def known(self, key: str) -> bool:
        return key in self.contacts

    async def added(self, key: str) -> tuple[str, str] | None:
        return None

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        return self.states.get((number, code))

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None:
        if key not in self.keys:
            self.notes.append((number, what))
        self.keys |= {key} - {""}

    def changed(self, number: str) -> None:
        self.changes.append(number)
