"""Words that a database keeps about itself, by name: of which rules its clocks were counted, for instance."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.storage.database import Transaction
from gateway.storage.tables import installation

VALUE = select(installation.c.value).where(installation.c.name == bindparam("of"))
SET = {
    dialect: statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": statement.excluded.value}
    )
    for dialect, statement in (
        ("sqlite", sqlite_insert(installation)),
        ("postgresql", postgres_insert(installation)),
    )
}
FIRST = {
    "sqlite": sqlite_insert(installation).on_conflict_do_nothing(),
    "postgresql": postgres_insert(installation).on_conflict_do_nothing(),
}


def mark_of(t: Transaction, name: str) -> str:
    """The word; "" when there is none."""
    return str(t.execute(VALUE, {"of": name}).scalar() or "")


def set_mark(t: Transaction, name: str, value: str) -> None:
    """Another gateway may do the same: the last one stands."""
    t.execute(SET[t.dialect.name], {"name": name, "value": value})


def first_mark(t: Transaction, name: str, value: str) -> str:
    """The word that stands there, this one where there was none: whoever was first."""
    t.execute(FIRST[t.dialect.name], {"name": name, "value": value})
    return mark_of(t, name)
