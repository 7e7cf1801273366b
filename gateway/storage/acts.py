"""What was done to items, with what they were before: to undo or retract the last of it.

Rows are added; one that is taken back keeps its row and says when. Everything is part of the transaction
that is handed in.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from sqlalchemy import bindparam, insert, select, update

from gateway.core.item.item import DoneAct, ItemState, Lease
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import acts

LAST = (
    select(acts)
    .where(acts.c.number == bindparam("number"), acts.c.taken_back_at.is_(None))
    .order_by(acts.c.id.desc())
    .limit(1)
)


class Acts:
    """The acts of one database."""

    def add(self, t: Transaction, number: str, act: DoneAct) -> None:
        days = {name: day.isoformat() for name, day in act.milestones.items()}
        values = {
            "number": number,
            "at": rows.to_ms(act.at),
            "who": act.who,
            "event": act.event,
            "state_before": act.before.value,
            "state_after": act.after.value,
            "lease_holder": act.lease.holder if act.lease else "",
            "lease_until": rows.to_ms(act.lease.until) if act.lease else None,
            "county": act.county,
            "milestones": json.dumps(days),
        }
        t.execute(insert(acts), values)

    def last_of(self, t: Transaction, number: str) -> DoneAct | None:
        """The last that was not taken back."""
        row = t.execute(LAST, {"number": number}).mappings().first()
        return _act_of(row) if row else None

    def take_back(self, t: Transaction, act: DoneAct, at: datetime) -> None:
        t.execute(update(acts).where(acts.c.id == act.id).values(taken_back_at=rows.to_ms(at)))


def _act_of(row: rows.Row) -> DoneAct:
    until = row["lease_until"]
    return DoneAct(
        at=rows.of_ms(row["at"]),
        who=row["who"],
        event=row["event"],
        before=ItemState(row["state_before"]),
        after=ItemState(row["state_after"]),
        lease=Lease(row["lease_holder"], rows.of_ms(until)) if until is not None else None,
        county=row["county"],
        milestones={n: date.fromisoformat(day) for n, day in json.loads(row["milestones"]).items()},
        id=row["id"],
    )
