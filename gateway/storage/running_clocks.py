"""Which clocks of an item run, and the next day on which one ends: kept so that lists need not look."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select, text, update

from gateway.core.item.lists import NO_CLOCK
from gateway.core.item.states import TERMINAL
from gateway.storage.database import Transaction
from gateway.storage.tables import dues, items

FOLLOW = (
    update(dues)
    .where(dues.c.number == bindparam("of"))
    .values(
        running=select(items.c.state.not_in([state.value for state in TERMINAL]))
        .where(items.c.number == bindparam("of"))
        .scalar_subquery()
    )
)
NEXT_DUE = (
    update(items)
    .where(items.c.number == bindparam("of"))
    .values(
        next_due=func.coalesce(
            select(func.min(dues.c.on))
            .where(dues.c.number == bindparam("of"), text("dues.running"))
            .scalar_subquery(),
            NO_CLOCK,
        )
    )
)


def follow(t: Transaction, number: str) -> None:
    """After a change of an item's state or clocks."""
    t.execute(FOLLOW, {"of": number})
    t.execute(NEXT_DUE, {"of": number})
