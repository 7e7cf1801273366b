"""The queue as agents and programs ask for it: conditions of a QueueQuery, and the next item that is free."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, text

from gateway.core.item.item import QueueQuery
from gateway.core.item.states import TERMINAL
from gateway.storage import rows
from gateway.storage.tables import ADDED, CLOCKED, WAITING, dues, items


def values_of(query: QueueQuery) -> dict[str, str | int]:
    """What is asked, by the name of its condition, to bind; without what may be anything."""
    values = {
        "state": query.state and query.state.value,
        "channel": query.channel and query.channel.value,
        "kind": query.kind and query.kind.value,
        "task": query.task and query.task.value,
        "county": query.county,
        "received_before": rows.to_ms_or_none(query.received_before),
        "due_before": query.due_before.isoformat() if query.due_before else None,
        "provisional": 1 if query.provisional else None,
        "has_addition": 1 if query.has_addition else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def filtered(wanted: Select[Any], names: Iterable[str]) -> Select[Any]:
    """With these conditions, whose values are bound by their names."""
    for name in sorted(names):
        wanted = wanted.where(_condition(name))
    return wanted


def _condition(name: str) -> ColumnElement[bool]:
    match name:
        case "received_before":
            return items.c.received_at < bindparam(name)
        case "due_before":
            return and_(CLOCKED, items.c.next_due < bindparam(name))
        case "provisional":
            return _provisional()
        case "has_addition":
            return and_(ADDED, bindparam(name) == 1)
        case _:
            return items.c[name] == bindparam(name)


def _provisional() -> ColumnElement[bool]:
    """Items on which somebody works or should, with a clock that is not sure yet."""
    clocks = select(dues.c.number).where(text("dues.provisional"))
    working = items.c.state.not_in([state.value for state in sorted(TERMINAL)])
    return and_(working, items.c.number.in_(clocks))


@lru_cache(maxsize=256)
def next_free(dialect: str, names: frozenset[str]) -> Select[Any]:
    """The oldest item that nobody holds, with these conditions."""
    wanted = select(items).where(or_(items.c.lease_holder == "", items.c.lease_until <= bindparam("now")))
    if "state" not in names:
        wanted = wanted.where(WAITING[dialect])
    oldest = filtered(wanted, names).order_by(items.c.received_at, items.c.number).limit(1)
    # skip_locked: two agents who claim at the same moment get different items and neither waits
    return oldest.with_for_update(skip_locked=True)
