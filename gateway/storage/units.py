"""Units as the database holds them, with every change that was made on one.

What rules/ names is put in once; afterwards the database is the truth. A unit is never deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.unit import EDITABLE, Tree, Unit, UnitKind
from gateway.storage import rows
from gateway.storage.audit import Audit
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import unit_changes, units

ALL = select(units)
OF_UNIT = (
    select(unit_changes).where(unit_changes.c.unit == bindparam("unit")).order_by(unit_changes.c.id.desc())
)
LISTS = ("phones", "places")


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What was changed on a unit: by field what stood there before and after; None before it was there."""

    at: datetime
    who: str
    changes: Mapping[str, tuple[Any, Any]]


class Units:
    """The units of one database."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit
        insert = sqlite_insert if database.sqlite else postgres_insert
        self._add = insert(units).on_conflict_do_nothing()

    async def tree(self) -> Tree:
        return await self._database.read(self.tree_in)

    def tree_in(self, t: Transaction) -> Tree:
        """The same, within a transaction."""
        return Tree(_unit(row) for row in t.execute(ALL).mappings())

    async def ensure(self, wanted: Iterable[Unit], now: datetime) -> int:
        """Put in those that are not there, and leave the others as they are; how many were put in."""

        def ensured(t: Transaction) -> int:
            tree = self.tree_in(t)
            missing = [unit for unit in wanted if unit.id not in tree]
            return sum(self._added(t, unit, "", now) for unit in missing)

        return await self._database.write(ensured)

    async def keep(self, wanted: Sequence[Unit], who: str, now: datetime) -> int:
        """Put these units in, or in place of those with their ids, all or none; how many changed."""

        def kept(t: Transaction) -> int:
            tree = self.tree_in(t)
            return sum(self._kept(t, tree.get(unit.id), unit, who, now) for unit in wanted)

        return await self._database.write(kept)

    async def history(self, unit: str) -> tuple[UnitChange, ...]:
        """What was changed on a unit, the newest first."""
        records = await self._database.read(lambda t: t.execute(OF_UNIT, {"unit": unit}).mappings().all())
        return tuple(_change(row) for row in records)

    def _kept(self, t: Transaction, before: Unit | None, unit: Unit, who: str, now: datetime) -> bool:
        if before is None:
            return self._added(t, unit, who, now)
        old, new = _columns(before), _columns(unit)
        changed = {name: (old[name], new[name]) for name in EDITABLE if old[name] != new[name]}
        if not changed:
            return False
        values = {name: new[name] for name in changed}
        t.execute(update(units).where(units.c.id == unit.id).values(**values)).close()
        self._noted(t, unit.id, who, {name: _plain(name, *pair) for name, pair in changed.items()}, now)
        self._audit.happened(t, "unit.change", unit.id, {"fields": sorted(changed)}, now)
        return True

    def _added(self, t: Transaction, unit: Unit, who: str, now: datetime) -> bool:
        if t.execute(self._add, _columns(unit)).rowcount != 1:
            return False  # another gateway was first
        self._noted(t, unit.id, who, {"id": (None, unit.id), "zh": (None, unit.zh)}, now)
        if who:
            self._audit.happened(t, "unit.add", unit.id, {"kind": unit.kind.value}, now)
        return True

    def _noted(
        self, t: Transaction, unit: str, who: str, changes: Mapping[str, tuple[Any, Any]], now: datetime
    ) -> None:
        text = json.dumps(dict(changes), ensure_ascii=False)
        t.execute(insert(unit_changes), {"unit": unit, "at": rows.to_ms(now), "who": who, "changes": text})


def _columns(unit: Unit) -> dict[str, Any]:
    lists = {name: json.dumps(getattr(unit, name), ensure_ascii=False) for name in LISTS}
    return {**asdict(unit), "kind": unit.kind.value, **lists}


def _plain(name: str, *pair: Any) -> tuple[Any, Any]:
    before, after = (json.loads(value) if name in LISTS else value for value in pair)
    return before, after


def _unit(row: rows.Row) -> Unit:
    lists = {name: tuple(json.loads(row[name])) for name in LISTS}
    return Unit(**{**row, "kind": UnitKind(row["kind"]), **lists})


def _change(row: rows.Row) -> UnitChange:
    changes = {name: (pair[0], pair[1]) for name, pair in json.loads(row["changes"]).items()}
    return UnitChange(rows.of_ms(row["at"]), row["who"], changes)
