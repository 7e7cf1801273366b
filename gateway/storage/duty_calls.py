"""Calls to units on the database. Decides nothing: gateway/cases/duty_calls.py does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from gateway.core.order.duty import DutyCall, DutyState
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import duty_calls, order_rungs


class DutyCallRows:
    """The calls of one database. Everything is part of the transaction that is handed in."""

    def add(self, t: Transaction, duty: DutyCall) -> None:
        t.execute(insert(duty_calls), _values(duty))

    def change(self, t: Transaction, duty: DutyCall, before: DutyCall) -> bool:
        """False when it is not as before any more: another gateway was first."""
        row = update(duty_calls).where(
            duty_calls.c.id == duty.id,
            duty_calls.c.state == before.state.value,
            duty_calls.c.tries == before.tries,
        )
        return t.execute(row.values(**_values(duty))).rowcount == 1

    def get(self, t: Transaction, duty_id: int) -> DutyCall | None:
        row = t.execute(select(duty_calls).where(duty_calls.c.id == duty_id)).mappings().first()
        return _duty_of(row) if row else None

    def due(self, t: Transaction, now: datetime, limit: int) -> tuple[DutyCall, ...]:
        """Those to be made now, the first one due first."""
        return self._in(t, DutyState.DUE, now, limit)

    def dialling(self, t: Transaction, now: datetime, limit: int) -> tuple[DutyCall, ...]:
        return self._in(t, DutyState.DIALLING, now, limit)

    def _in(self, t: Transaction, state: DutyState, now: datetime, limit: int) -> tuple[DutyCall, ...]:
        wanted = (
            select(duty_calls)
            .where(duty_calls.c.state == state.value, duty_calls.c.due_at <= rows.to_ms(now))
            .order_by(duty_calls.c.due_at, duty_calls.c.id)
            .limit(limit)
        )
        return tuple(_duty_of(row) for row in t.execute(wanted).mappings())

    def acknowledge(self, t: Transaction, rung_id: int, who: str, at: datetime) -> None:
        """The rung was taken note of."""
        line = update(order_rungs).where(order_rungs.c.id == rung_id)
        t.execute(line.values(acknowledged_at=rows.to_ms(at), acknowledged_by=who))


def _values(duty: DutyCall) -> dict[str, Any]:
    return {
        "rung_id": duty.rung_id,
        "order_id": duty.order,
        "number": duty.number,
        "phones": json.dumps(duty.phones),
        "clips": json.dumps(duty.clips),
        "made_at": rows.to_ms(duty.made_at),
        "due_at": rows.to_ms(duty.due_at),
        "state": duty.state.value,
        "dials": duty.dials,
        "tries": duty.tries,
        "tried_at": rows.to_ms_or_none(duty.tried_at),
    }


def _duty_of(row: Mapping[Any, Any]) -> DutyCall:
    return DutyCall(
        rung_id=row["rung_id"],
        order=row["order_id"],
        number=row["number"],
        phones=tuple(json.loads(row["phones"])),
        clips=tuple(json.loads(row["clips"])),
        made_at=rows.of_ms(row["made_at"]),
        due_at=rows.of_ms(row["due_at"]),
        state=DutyState(row["state"]),
        dials=row["dials"],
        tries=row["tries"],
        tried_at=rows.of_ms_or_none(row["tried_at"]),
        id=row["id"],
    )
