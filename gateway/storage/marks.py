"""Words that a database keeps about itself, by name: of which rules its clocks were counted, for instance."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select

from gateway.storage.database import Transaction
from gateway.storage.tables import installation

VALUE = select(installation.c.value).where(installation.c.name == bindparam("of"))
DROP = delete(installation).where(installation.c.name == bindparam("of"))


def mark_of(t: Transaction, name: str) -> str:
    """The word; "" when there is none."""
    return str(t.execute(VALUE, {"of": name}).scalar() or "")


def set_mark(t: Transaction, name: str, value: str) -> None:
    t.execute(DROP, {"of": name})
    t.execute(insert(installation), {"name": name, "value": value})
