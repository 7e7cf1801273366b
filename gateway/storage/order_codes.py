"""Codes that the reply page of an order asks for, kept as keyed hashes.

Each method is part of a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import order_codes


@dataclass(frozen=True, slots=True)
class Code:
    """One code as it is kept. `mark` is its keyed hash."""

    id: int
    mark: str
    made_at: datetime
    tries: int
    used_at: datetime | None


class OrderCodes:
    """The codes of one database."""

    def add(
        self, t: Transaction, order: int, unit: str, mark: str, at: datetime, keep_since: datetime
    ) -> None:
        """A code; those before `keep_since` are forgotten."""
        t.execute(delete(order_codes).where(order_codes.c.made_at < rows.to_ms(keep_since)))
        values = {"order_id": order, "unit": unit, "mark": mark, "made_at": rows.to_ms(at)}
        t.execute(insert(order_codes), values)

    def of(self, t: Transaction, order: int, unit: str) -> tuple[Code, ...]:
        """The latest first, locked until the transaction ends."""
        wanted = (
            select(order_codes)
            .where(order_codes.c.order_id == order, order_codes.c.unit == unit)
            .order_by(order_codes.c.id.desc())
            .with_for_update()
        )
        return tuple(_code(row) for row in t.execute(wanted).mappings())

    def made_since(self, t: Transaction, order: int, since: datetime) -> int:
        wanted = select(func.count()).where(
            order_codes.c.order_id == order, order_codes.c.made_at >= rows.to_ms(since)
        )
        return int(t.execute(wanted).scalar_one())

    def tried(self, t: Transaction, code: int) -> None:
        """One more wrong code was typed."""
        wanted = update(order_codes).where(order_codes.c.id == code)
        t.execute(wanted.values(tries=order_codes.c.tries + 1)).close()

    def used(self, t: Transaction, code: int, at: datetime) -> None:
        t.execute(update(order_codes).where(order_codes.c.id == code).values(used_at=rows.to_ms(at))).close()


def _code(row: rows.Row) -> Code:
    return Code(
        row["id"], row["mark"], rows.of_ms(row["made_at"]), row["tries"], rows.of_ms_or_none(row["used_at"])
    )
