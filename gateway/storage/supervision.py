"""The ledger of supervision on the database. Decides nothing: gateway/cases/supervision.py does."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.order.ladder import Rung
from gateway.core.order.order import OrderState
from gateway.core.order.rungs import FiredRung
from gateway.core.order.states import WITH_UNIT
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.tables import order_rungs, orders, serials
from gateway.storage.tables.columns import ORDER_OPEN, ORDER_SUPERVISED

OWED = tuple(sorted(state.value for state in WITH_UNIT))
UNSIGNED_STATES = (OrderState.ASSIGNED.value, OrderState.DONE_AGAIN.value)
MOST = 200
"""Rows that a list of the ledger gives at most."""


def _fired(rung: Rung) -> Any:
    return exists().where(
        order_rungs.c.order_id == orders.c.id,
        order_rungs.c.round == orders.c.rounds,
        order_rungs.c.rung == rung.value,
        order_rungs.c.nth == 0,
    )


CANDIDATES = (
    select(orders.c.id)
    .where(
        ORDER_OPEN,
        orders.c.state.in_(OWED),
        orders.c.id > bindparam("after"),
        or_(
            and_(orders.c.due <= bindparam("horizon"), ~_fired(Rung.RAISED)),
            and_(orders.c.state.in_(UNSIGNED_STATES), orders.c.signed_at.is_(None), ~_fired(Rung.UNSIGNED)),
        ),
    )
    .order_by(orders.c.id)
    .limit(bindparam("limit"))
)
SUPERVISED = (
    select(orders.c.id, orders.c.rounds)
    .where(ORDER_SUPERVISED, orders.c.state != OrderState.REPORTED.value)
    .order_by(orders.c.supervised_at.desc(), orders.c.id.desc())
)
OF_ORDER = select(order_rungs).where(order_rungs.c.order_id == bindparam("of")).order_by(order_rungs.c.id)
LAST_NTH = select(func.max(order_rungs.c.nth)).where(
    order_rungs.c.order_id == bindparam("of"),
    order_rungs.c.round == bindparam("in_round"),
    order_rungs.c.rung == bindparam("the_rung"),
)


class SupervisionRows:
    """The ledger of one database."""

    def __init__(self, database: Database) -> None:
        made = sqlite_insert if database.sqlite else postgres_insert
        self._add = made(order_rungs).on_conflict_do_nothing().returning(order_rungs.c.id)
        self._count = (
            made(serials)
            .values(day=bindparam("day"), last=1)
            .on_conflict_do_update(index_elements=["day"], set_={"last": serials.c.last + 1})
            .returning(serials.c.last)
        )

    # ------------------------------------------------------------ writing

    def add(self, t: Transaction, fired: FiredRung) -> FiredRung | None:
        """A line of the ledger; None when that rung of the round is there already."""
        row = t.execute(self._add, _values(fired)).first()
        return replace(fired, id=int(row[0])) if row else None

    def next_nth(self, t: Transaction, order_id: int, round_: int, rung: Rung) -> int:
        """For what people do by themselves; whoever asks holds the order's lock."""
        wanted = {"of": order_id, "in_round": round_, "the_rung": rung.value}
        last = t.execute(LAST_NTH, wanted).scalar()
        return 0 if last is None and rung is not Rung.URGE else int(last or 0) + 1

    def next_sheet(self, t: Transaction, year: int) -> int:
        """The next number of a red order of a year, from 1; taken for good only when the transaction is."""
        return int(t.execute(self._count, {"day": f"sheet-{year}"}).scalar_one())

    # ------------------------------------------------------------ looking

    def candidates(self, t: Transaction, horizon: date, after: int, limit: int) -> list[int]:
        """Ids of orders that may have reached a rung, in order, from behind `after`."""
        wanted = {"horizon": horizon.isoformat(), "after": after, "limit": limit}
        return list(t.execute(CANDIDATES, wanted).scalars())

    def of_order(self, t: Transaction, order_id: int) -> tuple[FiredRung, ...]:
        """What was told of an order and passed over, the first one first."""
        return tuple(_rung_of(row) for row in t.execute(OF_ORDER, {"of": order_id}).mappings())

    def rungs_of(self, t: Transaction, ids: Collection[int]) -> dict[tuple[int, int], frozenset[Rung]]:
        """The rungs of the ladder by order and round."""
        if not ids:
            return {}
        wanted = select(order_rungs.c.order_id, order_rungs.c.round, order_rungs.c.rung)
        fired: dict[tuple[int, int], set[Rung]] = {}
        for row in t.execute(wanted.where(order_rungs.c.order_id.in_(ids))):
            fired.setdefault((row[0], row[1]), set()).add(Rung(row[2]))
        return {key: frozenset(rungs) for key, rungs in fired.items()}

    def standing(self, t: Transaction, rungs: Collection[Rung]) -> tuple[FiredRung, ...]:
        """Rungs of these kinds that were told, of orders still open at the unit, the newest first."""
        # Of the very many lines of the ledger only those of the few orders that are supervised and open.
        last = t.execute(SUPERVISED.limit(MOST))
        rounds = {row.id: row.rounds for row in last}
        if not rounds:
            return ()
        wanted = (
            select(order_rungs)
            .where(
                order_rungs.c.order_id.in_(rounds),
                # No index over rungs is wanted: it has those of all orders there ever were.
                order_rungs.c.rung.concat("").in_(sorted(rung.value for rung in rungs)),
                text("NOT order_rungs.passed_over"),
            )
            .order_by(order_rungs.c.id.desc())
        )
        fired = (_rung_of(row) for row in t.execute(wanted).mappings())
        return tuple(line for line in fired if line.round == rounds[line.order])[:MOST]


def _values(fired: FiredRung) -> dict[str, Any]:
    return {
        "order_id": fired.order,
        "number": fired.number,
        "unit": fired.unit,
        "round": fired.round,
        "rung": fired.rung.value,
        "nth": fired.nth,
        "at": rows.to_ms(fired.at),
        "who": fired.who,
        "text": fired.text,
        "due": fired.due.isoformat() if fired.due else "",
        "sheet": fired.sheet,
        "passed_over": fired.passed_over,
        "told": json.dumps(fired.told, ensure_ascii=False),
    }


def _rung_of(row: Mapping[Any, Any]) -> FiredRung:
    return FiredRung(
        order=row["order_id"],
        number=row["number"],
        unit=row["unit"],
        round=row["round"],
        rung=Rung(row["rung"]),
        at=rows.of_ms(row["at"]),
        who=row["who"],
        nth=row["nth"],
        text=row["text"],
        due=date.fromisoformat(row["due"]) if row["due"] else None,
        sheet=row["sheet"],
        passed_over=row["passed_over"],
        told=tuple(json.loads(row["told"])),
        acknowledged_at=rows.of_ms_or_none(row["acknowledged_at"]),
        acknowledged_by=row["acknowledged_by"],
        id=row["id"],
    )
