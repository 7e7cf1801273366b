"""What export and reconciliation read: many items at once, page by page, and all that one day left.

Reads only. Each page, and each day, is one view of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from gateway.core.call.record import CallRecord
from gateway.core.item.contact import Due, Kind
from gateway.core.item.item import Item
from gateway.core.item.matter import PLATFORM, LinkKind
from gateway.core.item.states import Event
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import (
    attachments,
    calls,
    contacts,
    decisions,
    dues,
    externals,
    items,
    links,
    once_marks,
    serials,
)

AT_ONCE = 500
"""Values in one IN (…)."""

CALLS = (
    select(calls)
    .where(calls.c.started_at >= bindparam("since"), calls.c.started_at < bindparam("until"))
    .order_by(calls.c.started_at, calls.c.id)
)
OF_DAY = and_(items.c.number >= bindparam("first"), items.c.number <= bindparam("last"))
ITEMS = select(items.c.number, items.c.channel, items.c.call_id).where(OF_DAY).order_by(items.c.number)
CONTACTS = select(contacts.c.number, contacts.c.key).where(
    contacts.c.number >= bindparam("first"), contacts.c.number <= bindparam("last")
)
NAMED = select(attachments.c.number, attachments.c.sha256, attachments.c.name, attachments.c.size).where(
    attachments.c.number >= bindparam("first"), attachments.c.number <= bindparam("last")
)
SERIAL = select(serials.c.last).where(serials.c.day == bindparam("day"))
MAILBOXES = select(once_marks.c.name, once_marks.c.value).where(once_marks.c.name.startswith("mailbox:"))


@dataclass(frozen=True, slots=True)
class Reported:
    """An item as it is exported, with what stands about it elsewhere.

    `external_no` is the national platform's number; `basis` and `ground` are of the decision not to
    accept it that stands last; `same` are the items linked to it as one matter.
    """

    item: Item
    external_no: str = ""
    ground: int | None = None
    basis: str = ""
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A file that an item names."""

    number: str
    sha256: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class KeptItem:
    """Of an item what reconciliation asks."""

    number: str
    channel: str
    call_id: str


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the database has of one day. `contacts` are numbers by key, `last_serial` is the last
    number given, `known` the items, of any day, that the day's calls name, with their calls."""

    calls: tuple[CallRecord, ...]
    items: tuple[KeptItem, ...]
    contacts: tuple[tuple[str, str], ...]
    files: tuple[Named, ...]
    last_serial: int
    known: dict[str, str]
    call_ids: frozenset[str]
    mailboxes: tuple[tuple[str, str], ...]


class Reports:
    """Reads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, since: datetime, until: datetime, kind: Kind | None, after: Item | None, limit: int
    ) -> list[Reported]:
        """Items received from `since` to before `until`, in order of arrival, from behind `after`."""
        wanted = select(items).where(
            items.c.received_at >= rows.to_ms(since), items.c.received_at < rows.to_ms(until)
        )
        if kind is not None:
            wanted = wanted.where(items.c.kind == kind.value)
        if after is not None:
            last = rows.to_ms(after.received_at)
            later = and_(items.c.received_at == last, items.c.number > after.number)
            wanted = wanted.where(or_(items.c.received_at > last, later))
        ordered = wanted.order_by(items.c.received_at, items.c.number).limit(limit)
        return await self._database.read(lambda t: _reported(t, ordered))

    async def day(self, day: date, since: datetime, until: datetime) -> Kept:
        """What was kept of a day, which lasts from `since` to `until` in the centre's time zone."""
        first = f"{day:%y%m%d}"
        of_day = {"first": first, "last": f"{first}999999"}

        def kept(t: Transaction) -> Kept:
            during = {"since": rows.to_ms(since), "until": rows.to_ms(until)}
            day_calls = tuple(rows.call_of(row) for row in t.execute(CALLS, during).mappings())
            own = tuple(KeptItem(*row) for row in t.execute(ITEMS, of_day))
            return Kept(
                calls=day_calls,
                items=own,
                contacts=tuple((row[0], row[1]) for row in t.execute(CONTACTS, of_day)),
                files=tuple(Named(*row) for row in t.execute(NAMED, of_day)),
                last_serial=t.execute(SERIAL, {"day": day.isoformat()}).scalar() or 0,
                known=_items_of(t, [call.number for call in day_calls if call.number]),
                call_ids=_there(t, calls.c.id, [item.call_id for item in own if item.call_id]),
                mailboxes=tuple((row[0], row[1]) for row in t.execute(MAILBOXES)),
            )

        return await self._database.read(kept)

    async def calls_there(self, ids: Iterable[str]) -> frozenset[str]:
        """Of these calls those that have a record."""
        wanted = list(ids)
        return await self._database.read(lambda t: _there(t, calls.c.id, wanted))

    async def files_named(self, hashes: Iterable[str]) -> frozenset[str]:
        """Of these SHA-256 those that an item names."""
        wanted = list(hashes)
        return await self._database.read(lambda t: _there(t, attachments.c.sha256, wanted))


def _reported(t: Transaction, wanted: Select[Any]) -> list[Reported]:
    records = t.execute(wanted).mappings().all()
    numbers = [row["number"] for row in records]
    clocks = _clocks(t, numbers)
    outside = {
        row.number: row.external_no
        for row in t.execute(
            select(externals).where(externals.c.number.in_(numbers), externals.c.source == PLATFORM)
        )
    }
    refused = _refusals(t, numbers)
    same = _same(t, numbers)
    return [
        Reported(
            rows.item_of(row, clocks.get(row["number"], ())),
            outside.get(row["number"], ""),
            *refused.get(row["number"], (None, "")),
            same.get(row["number"], ()),
        )
        for row in records
    ]


def _clocks(t: Transaction, numbers: Sequence[str]) -> dict[str, tuple[Due, ...]]:
    by_item: dict[str, tuple[Due, ...]] = {}
    wanted = select(dues).where(dues.c.number.in_(numbers)).order_by(dues.c.on, dues.c.clock)
    for row in t.execute(wanted).mappings():
        by_item[row["number"]] = (*by_item.get(row["number"], ()), rows.due_of(row))
    return by_item


def _refusals(t: Transaction, numbers: Sequence[str]) -> dict[str, tuple[int | None, str]]:
    """Ground and basis of the refusals that nobody has taken back."""
    events = (Event.REFUSE_ACCEPTANCE.value, Event.REOPEN.value)
    wanted = select(decisions).where(decisions.c.number.in_(numbers), decisions.c.event.in_(events))
    return {row.number: (row.ground, row.basis) for row in t.execute(wanted.order_by(decisions.c.id))}


def _same(t: Transaction, numbers: Sequence[str]) -> dict[str, tuple[str, ...]]:
    by_item: dict[str, tuple[str, ...]] = {}
    wanted = select(links.c.number, links.c.other).where(
        links.c.number.in_(numbers), links.c.kind == LinkKind.SAME_MATTER.value
    )
    for number, other in t.execute(wanted.order_by(links.c.other)):
        by_item[number] = (*by_item.get(number, ()), other)
    return by_item


def _items_of(t: Transaction, numbers: Sequence[str]) -> dict[str, str]:
    """The call of each of these items that is there."""
    by_call: dict[str, str] = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = items.c.number.in_(numbers[start : start + AT_ONCE])
        by_call.update(
            (row[0], row[1]) for row in t.execute(select(items.c.number, items.c.call_id).where(some))
        )
    return by_call


def _there(t: Transaction, column: Any, values: Sequence[str]) -> frozenset[str]:
    """Of these values those that stand in the column."""
    present: set[str] = set()
    for start in range(0, len(values), AT_ONCE):
        some = select(column).where(column.in_(values[start : start + AT_ONCE]))
        present.update(t.execute(some).scalars())
    return frozenset(present)
