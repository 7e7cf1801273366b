"""One person's items and calls: found by telephone, mail address, identity number or whole name.

Reports are found by keyed hashes, and only when they are asked for. Rows are given as they are kept, but for
a reporter's identity, which is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from gateway.core import telephone
from gateway.core.item.contact import Kind
from gateway.core.item.states import TERMINAL
from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.retention_rows import CALL, gathered
from gateway.storage.rows import SEALED, item_of, of_ms
from gateway.storage.tables import calls, items

ENDED = tuple(state.value for state in TERMINAL)


@dataclass(frozen=True, slots=True)
class Signs:
    """What a person is known by. `reports`: also as a reporter, which takes the identity right."""

    phone: str = ""
    email: str = ""
    id_number: str = ""
    name: str = ""
    reports: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One item, or one call that led to none (`what` is retention_rows.CALL)."""

    about: str
    what: str
    at: datetime
    ended: bool


class PersonRows:
    """Persons in one database."""

    def __init__(self, database: Database, identities: Identities) -> None:
        self._database = database
        self._identities = identities

    async def find(self, signs: Signs, area_code: str = "") -> list[Trace]:
        """The oldest first. Raises StorageDown."""
        return await self._database.read(lambda t: list(self._find(t, signs, area_code)))

    async def whole(self, trace: Trace) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
        """Every row by table, a reporter's identity opened, and the files they name. Raises StorageDown."""

        def read(t: Transaction) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
            rows, files = gathered(t, trace.what, trace.about)
            if trace.what == Kind.REPORT.value:
                item = t.execute(select(items).where(items.c.number == trace.about)).mappings().first()
                rows["identities"] = [self._opened(t, item)] if item else []
            return rows, files

        return await self._database.read(read)

    async def traces(self, abouts: Collection[str]) -> list[Trace]:
        """Items and calls by number or id; those that are not there are left out. Raises StorageDown."""
        by_number = items.c.number.in_(abouts)
        by_id = and_(calls.c.id.in_(abouts), calls.c.number == "")
        return await self._database.read(lambda t: [*_items(t, by_number), *_calls(t, by_id)])

    def _find(self, t: Transaction, signs: Signs, area_code: str) -> Iterator[Trace]:
        phones = telephone.spellings(signs.phone, area_code) or ((signs.phone,) if signs.phone else ())
        wanted = list(self._conditions(signs, phones))
        if wanted:
            visible = or_(*wanted) if signs.reports else and_(or_(*wanted), items.c.kind != Kind.REPORT.value)
            yield from _items(t, visible)
        if phones:
            yield from _calls(t, and_(calls.c.number == "", calls.c.caller.in_(phones)))

    def _conditions(self, signs: Signs, phones: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
        given = {"phone": phones, "email": (signs.email,), "id_number": (signs.id_number,)}
        for kind, values in given.items():
            if any(values):
                yield items.c[f"person_{kind}"].in_(self._identities.marks(kind, values))
        if signs.name:
            yield and_(items.c.person_name == signs.name, items.c.person_name != SEALED)

    def _opened(self, t: Transaction, row: Any) -> dict[str, Any]:
        return asdict(self._identities.person_of(t, item_of(row)))


def _items(t: Transaction, wanted: ColumnElement[bool]) -> Iterator[Trace]:
    query = select(items.c.number, items.c.kind, items.c.received_at, items.c.state).where(wanted)
    for row in t.execute(query.order_by(items.c.received_at, items.c.number)):
        yield Trace(row.number, row.kind, of_ms(row.received_at), row.state in ENDED)


def _calls(t: Transaction, wanted: ColumnElement[bool]) -> Iterator[Trace]:
    query = select(calls.c.id, calls.c.started_at, calls.c.ended_at).where(wanted)
    for row in t.execute(query.order_by(calls.c.started_at, calls.c.id)):
        yield Trace(row.id, CALL, of_ms(row.started_at), row.ended_at is not None)
