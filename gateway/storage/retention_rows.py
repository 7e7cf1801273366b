"""Rows whose term is over: found, taken out of every table into one sealed record, and put back from it.

What goes is one transaction for each item or call, with its line in the audit log. Its rows lie for
`files.WASTE_DAYS` in the table `discarded`, sealed with the key of identities, its files in the waste folder.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from gateway.core.audit import Entry
from gateway.core.item.catalogue import RAW_MAIL, RECORDING
from gateway.core.item.hold import Hold
from gateway.errors import Conflict, NotFound
from gateway.storage import tables
from gateway.storage.audit import Audit
from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.retention_parts import (
    PARTS,
    due_parts,
    name_of,
    number_of,
    over,
    put_part_back,
    take_part,
)
from gateway.storage.rows import of_ms, to_ms
from gateway.storage.search_index import SearchIndex
from gateway.storage.tables import attachments, calls, fax_pages, items, kept_figures
from gateway.storage.tables.retention import discarded, holds

OF_ITEM = tuple(
    table
    for table in tables.meta.sorted_tables
    if "number" in table.c and table not in (calls, holds) and table.name != "call_backs"
)
"""Tables whose rows belong to one item by its number."""
OF_CALL = (tables.transfers, tables.drafts, tables.call_backs)
CALL = "call_without_item"


@dataclass(frozen=True, slots=True)
class Discarded:
    """What went: an item's number or a call's id, its kind, when, and by whom."""

    about: str
    what: str
    at: datetime
    who: str


class RetentionRows:
    """Ends of terms in one database."""

    def __init__(self, database: Database, audit: Audit, identities: Identities, index: SearchIndex) -> None:
        self._database = database
        self._audit = audit
        self._identities = identities
        self._index = index

    # ------------------------------------------------------------ what is due

    async def due(self, what: str, before: datetime, limit: int) -> list[str]:
        """Items of a kind (or calls that led to none) whose last change is older, the oldest first."""
        return await self._database.read(lambda t: _due(t, what, to_ms(before), limit))

    async def count(self) -> dict[str, int]:
        """How many items and calls there are in all, by `items` and `calls`."""
        sizes = {table.name: select(func.count()).select_from(table) for table in (items, calls)}
        return await self._database.read(
            lambda t: {name: int(t.execute(query).scalar_one()) for name, query in sizes.items()}
        )

    # ------------------------------------------------------------ holds

    async def hold(self, number: str, who: str, reason: str, at: datetime) -> None:
        """Put a legal hold on an item: nothing of it goes until `let_go`. Raises NotFound, StorageDown."""

        def held(t: Transaction) -> None:
            if not t.execute(select(items.c.number).where(items.c.number == number)).first():
                raise NotFound(f"no item {number}")
            t.execute(delete(holds).where(holds.c.number == number))
            t.execute(insert(holds), {"number": number, "at": to_ms(at), "who": who, "reason": reason})
            self._note(t, "retention.hold", number, who, at, {"reason": reason})

        await self._database.write(held)

    async def let_go(self, number: str, who: str, at: datetime) -> None:
        """Raises NotFound for an item that is not held."""

        def gone(t: Transaction) -> None:
            if not t.execute(delete(holds).where(holds.c.number == number)).rowcount:
                raise NotFound(f"{number} is not held")
            self._note(t, "retention.let_go", number, who, at)

        await self._database.write(gone)

    async def holds(self) -> list[Hold]:
        query = select(holds).order_by(holds.c.at)
        rows = await self._database.read(lambda t: t.execute(query).all())
        return [Hold(row.number, of_ms(row.at), row.who, row.reason) for row in rows]

    # ------------------------------------------------------------ going and coming back

    async def discard(self, what: str, abouts: Sequence[str], who: str, at: datetime) -> int:
        """Take these out, in one transaction; how many went. One that is held by now stays."""

        def gone(t: Transaction) -> int:
            kept = select(kept_figures).where(kept_figures.c.figures.is_not(None))
            figures = [dict(row) for row in t.execute(kept).mappings()]
            count = sum(self._discard(t, what, about, who, at) for about in abouts)
            _keep_figures(t, figures)
            return count

        return await self._database.write(gone)

    def _discard(self, t: Transaction, what: str, about: str, who: str, at: datetime) -> bool:
        name = name_of(what, about)
        if _stays(t, what, about) or _there(t, discarded, {"about": name}):
            return False
        rows, files = take_part(t, what, about) if what in PARTS else _taken(t, what, about)
        if not rows:
            return False
        sealed = self._identities.seal_text(f"discarded:{name}", json.dumps(rows, ensure_ascii=False))
        values = {"about": name, "what": what, "at": to_ms(at), "who": who, "sealed": sealed}
        t.execute(insert(discarded), {**values, "files": json.dumps(files), "moved": False})
        if _is_item(what):
            self._index.drop(t, about)
        self._note(t, "retention.discarded", about, who, at, {"what": what})
        return True

    async def undo(self, about: str, who: str, at: datetime) -> list[str]:
        """Put an item or call back; its files. Raises NotFound, Conflict when it is there."""

        def back(t: Transaction) -> list[str]:
            row = t.execute(select(discarded).where(discarded.c.about == about)).mappings().first()
            if row is None:
                raise NotFound(f"nothing of {about} was discarded lately")
            opened = json.loads(self._identities.open_text(f"discarded:{about}", bytes(row["sealed"])))
            if row["what"] in PARTS:
                put_part_back(t, row["what"], opened)
            else:
                _put_back(t, about, opened)
            t.execute(delete(discarded).where(discarded.c.about == about))
            if _is_item(row["what"]):
                self._index.put(t, about)
            self._note(t, "retention.undone", about, who, at)
            return [str(file) for file in json.loads(row["files"])]

        return await self._database.write(back)

    async def gone_lately(self) -> list[Discarded]:
        """What can still be put back, the newest first."""
        query = select(discarded).order_by(discarded.c.at.desc())
        rows = await self._database.read(lambda t: t.execute(query).all())
        return [Discarded(row.about, row.what, of_ms(row.at), row.who) for row in rows]

    # ------------------------------------------------------------ its files, and the end

    async def unmoved(self) -> dict[str, list[str]]:
        """Files of what went and that lie where they were, by what they belonged to."""

        def left(t: Transaction) -> dict[str, list[str]]:
            query = select(discarded.c.about, discarded.c.files).where(discarded.c.moved.is_(False))
            rows = {row.about: json.loads(row.files) for row in t.execute(query)}
            return {about: [file for file in files if not _named(t, file)] for about, files in rows.items()}

        return await self._database.read(left)

    async def moved(self, abouts: Sequence[str]) -> None:
        change = update(discarded).where(discarded.c.about.in_(abouts)).values(moved=True)
        await self._database.write(lambda t: t.execute(change).close())

    async def end_now(self, about: str, who: str, reason: str, at: datetime) -> list[str]:
        """Forget one for good, and what of it went before; its files, but for those that other rows name."""

        def ended(t: Transaction) -> list[str]:
            names = [about, *self._parts_gone(t, about)]
            query = select(discarded.c.files).where(discarded.c.about.in_(names))
            files = [file for row in t.execute(query).scalars() for file in json.loads(row)]
            t.execute(delete(discarded).where(discarded.c.about.in_(names)))
            self._note(t, "person.erased", about, who, at, {"reason": reason})
            return [file for file in files if not _named(t, file)]

        return await self._database.write(ended)

    async def end(self, before: datetime, at: datetime) -> int:
        """Forget for good what went before that time; how many."""

        def ended(t: Transaction) -> int:
            count = t.execute(delete(discarded).where(discarded.c.at < to_ms(before))).rowcount
            if count:
                self._note(t, "retention.ended", "", "retention", at, {"count": count})
            return count

        return await self._database.write(ended)

    def _parts_gone(self, t: Transaction, about: str) -> list[str]:
        """What recordings and mails of a discarded item or call are called, if they went before it."""
        sealed = t.execute(select(discarded.c.sealed).where(discarded.c.about == about)).scalar()
        rows = json.loads(self._identities.open_text(f"discarded:{about}", bytes(sealed))) if sealed else {}
        own = [row["id"] for row in rows.get(calls.name, ())]
        return [name_of(RAW_MAIL, about), *(name_of(RECORDING, call) for call in own)]

    def _note(
        self, t: Transaction, what: str, about: str, who: str, at: datetime, detail: Mapping[str, object] = {}
    ) -> None:
        self._audit.write(t, Entry(at, who, what, about, detail))


# ------------------------------------------------------------ what is due


def _due(t: Transaction, what: str, before: int, limit: int) -> list[str]:
    if what in PARTS:
        query = due_parts(what, before)
    else:
        query = _due_calls(before) if what == CALL else _due_items(what, before)
    return list(t.execute(query.limit(limit)).scalars())


def _due_items(kind: str, before: int) -> Select[Any]:
    wanted = select(items.c.number).where(items.c.kind == kind, over(before))
    return wanted.order_by(items.c.received_at, items.c.number)


def _due_calls(before: int) -> Select[Any]:
    ended = func.coalesce(calls.c.ended_at, calls.c.started_at)
    return (
        select(calls.c.id)
        .where(calls.c.number == "", calls.c.started_at < before, ended < before)
        .order_by(calls.c.started_at, calls.c.id)
    )


def _stays(t: Transaction, what: str, about: str) -> bool:
    """Is it, or what it belongs to, held?"""
    if what == CALL:
        return False
    number = number_of(t, what, about)
    return t.execute(select(holds.c.number).where(holds.c.number == number)).first() is not None


def _is_item(what: str) -> bool:
    return what != CALL and what not in PARTS


# ------------------------------------------------------------ rows and texts


def gathered(t: Transaction, what: str, about: str) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """The rows of an item or call by table, and the files they name: hashes, and recordings below var/."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for table, where in _belonging(t, what, about):
        if kept := t.execute(select(table).where(where)).mappings().all():
            rows[table.name] = [_as_text(dict(row)) for row in kept]
    return rows, sorted(set(_files(rows)))


def _taken(t: Transaction, what: str, about: str) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """The same, and the rows are gone."""
    rows = gathered(t, what, about)
    for table, where in _belonging(t, what, about):
        t.execute(delete(table).where(where))
    return rows


def _belonging(t: Transaction, what: str, about: str) -> list[tuple[Table, ColumnElement[bool]]]:
    return list(_of_call([about]) if what == CALL else _of_item(t, about))


def _of_item(t: Transaction, number: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    own = list(t.execute(select(calls.c.id).where(calls.c.number == number)).scalars())
    for table in OF_ITEM:
        other = [table.c.other == number] if table is tables.links else []
        yield table, or_(table.c.number == number, *other)
    yield from _of_call(own)


def _of_call(ids: Sequence[str]) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    yield calls, calls.c.id.in_(ids)
    for table in OF_CALL:
        yield table, and_(table.c.call_id.in_(ids))


def _files(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for name in (attachments.name, fax_pages.name):
        yield from (row["sha256"] for row in rows.get(name, ()))
    yield from (row["recording"] for row in rows.get(calls.name, ()) if row["recording"])


def _as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _put_back(t: Transaction, about: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raises Conflict when one of them is there."""
    for name, kept in rows.items():
        table = tables.meta.tables[name]
        if any(_there(t, table, values) for values in kept):
            raise Conflict(f"{about} is there: it was not discarded, or came again")
        t.execute(insert(table), [_from_text(table, values) for values in kept])


def _from_text(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: base64.b64decode(value["base64"])
        if isinstance(table.c[name].type, LargeBinary) and value is not None
        else value
        for name, value in row.items()
    }


def _there(t: Transaction, table: Table, row: Mapping[str, Any]) -> bool:
    same = and_(*(column == row[column.name] for column in table.primary_key))
    return t.execute(select(literal(1)).select_from(table).where(same)).first() is not None


def _named(t: Transaction, file: str) -> bool:
    """Does a row that is still there name this file?"""
    columns = (calls.c.recording,) if "/" in file else (attachments.c.sha256, fax_pages.c.sha256)
    return any(t.execute(select(column).where(column == file).limit(1)).first() for column in columns)


def _keep_figures(t: Transaction, figures: Sequence[dict[str, Any]]) -> None:
    """What was counted of those days stays true: triggers have dropped it because rows went."""
    kept = {(row.since, row.until) for row in t.execute(select(kept_figures.c.since, kept_figures.c.until))}
    lost = [row for row in figures if (row["since"], row["until"]) not in kept]
    if lost:
        t.execute(insert(kept_figures), lost)
