"""Follow-up calls: one row for each item and round; nothing is decided here.

Everything is part of the transaction that is handed in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, or_, select, update

from gateway.core.followup import (
    OPEN,
    Answers,
    FollowUp,
    FollowUpQuery,
    FollowUpRow,
    FollowUpState,
    Verdict,
)
from gateway.core.item.contact import Kind
from gateway.core.item.item import Item, ItemState
from gateway.core.item.notice import is_secret
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import follow_ups, items

C = follow_ups.c
ONE = select(follow_ups).where(C.id == bindparam("id"))
OF_ITEM = select(follow_ups).where(C.number == bindparam("of")).order_by(C.round)
CHANGE = update(follow_ups).where(C.id == bindparam("of"), C.state == bindparam("before"))
CLOSED = items.c.state == ItemState.CLOSED.value
OPEN_STATES = tuple(state.value for state in OPEN)
TO_DO = and_(C.state.in_(OPEN_STATES), CLOSED)
"""Whose item was opened again in the meantime is not called."""


class FollowUpRows:
    """The follow-up calls of one database."""

    def add(self, t: Transaction, call: FollowUp) -> None:
        """A new round of an item. The table refuses a second row of the same round."""
        t.execute(insert(follow_ups), _values(call))

    def of_item(self, t: Transaction, number: str) -> tuple[FollowUp, ...]:
        """Every round of an item, in order."""
        return tuple(_call_of(row) for row in t.execute(OF_ITEM, {"of": number}).mappings())

    def get(self, t: Transaction, call_id: int) -> FollowUp | None:
        row = t.execute(ONE, {"id": call_id}).mappings().first()
        return _call_of(row) if row else None

    def change(self, t: Transaction, call: FollowUp, before: FollowUpState) -> bool:
        """Compare and set; False when it was not in the state `before` any more."""
        return t.execute(CHANGE.values(_values(call)), {"of": call.id, "before": before.value}).rowcount == 1

    def page(self, t: Transaction, query: FollowUpQuery) -> tuple[FollowUpRow, ...]:
        """Those that are to be done by the time they are due; others the newest first."""
        return tuple(_row_of(row) for row in t.execute(_page(query)).mappings())

    def count(self, t: Transaction, query: FollowUpQuery) -> int:
        """How many a query has in all, whatever its limit."""
        whole = select(func.count()).select_from(follow_ups.join(items, items.c.number == C.number))
        return int(t.execute(whole.where(*_wanted(query))).scalar_one())


def _wanted(query: FollowUpQuery) -> list[Any]:
    wanted: list[Any] = [TO_DO if query.state is None else C.state == query.state.value]
    if query.due_before is not None:
        wanted.append(C.due_at < rows.to_ms(query.due_before))
    if query.number:
        wanted.append(C.number == query.number)
    if query.by_pbx is not None:
        wanted.append(C.by_pbx.is_(query.by_pbx))
    return wanted


def _page(query: FollowUpQuery) -> Select[Any]:
    wanted = select(items, *(column.label(f"f_{column.name}") for column in C))
    wanted = wanted.join_from(follow_ups, items, items.c.number == C.number).where(*_wanted(query))
    if query.state is not None and query.state not in OPEN:
        if query.after:
            wanted = wanted.where(C.id < query.after)
        return wanted.order_by(C.id.desc()).limit(query.limit)
    if query.after:
        last = select(C.due_at).where(C.id == query.after).scalar_subquery()
        wanted = wanted.where(or_(C.due_at > last, and_(C.due_at == last, C.id > query.after)))
    return wanted.order_by(C.due_at, C.id).limit(query.limit)


def _row_of(row: rows.Row) -> FollowUpRow:
    item: Item = rows.item_of(row)
    call = _call_of({name[2:]: value for name, value in row.items() if name.startswith("f_")})
    return FollowUpRow(call, item, is_secret(item))


def _values(call: FollowUp) -> dict[str, Any]:
    said = call.answers
    return {
        "number": call.number,
        "round": call.round,
        "kind": call.kind.value,
        "state": call.state.value,
        "closed_at": rows.to_ms(call.closed_at),
        "due_at": rows.to_ms(call.due_at),
        "by_pbx": call.by_pbx,
        "unit": call.unit,
        "order_id": call.order,
        "attempts": call.attempts,
        "dials": call.dials,
        "tried_at": rows.to_ms_or_none(call.tried_at),
        "contacted": said.contacted if said else None,
        "solved": said.solved if said else None,
        "handler": said.handler if said else None,
        "outcome": said.outcome if said else None,
        "reason": said.reason if said else "",
        "text": said.text if said else "",
        "answered_at": rows.to_ms_or_none(call.answered_at),
        "who": call.who,
        "call_id": call.call_id,
        "verdict": call.verdict.value if call.verdict else "",
        "again": call.again,
    }


def _call_of(row: Any) -> FollowUp:
    return FollowUp(
        number=row["number"],
        round=row["round"],
        kind=Kind(row["kind"]),
        closed_at=rows.of_ms(row["closed_at"]),
        due_at=rows.of_ms(row["due_at"]),
        by_pbx=bool(row["by_pbx"]),
        unit=row["unit"],
        order=row["order_id"],
        state=FollowUpState(row["state"]),
        attempts=row["attempts"],
        dials=row["dials"],
        tried_at=rows.of_ms_or_none(row["tried_at"]),
        answers=_answers_of(row),
        answered_at=rows.of_ms_or_none(row["answered_at"]),
        who=row["who"],
        call_id=row["call_id"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        again=bool(row["again"]),
        id=row["id"],
    )


def _answers_of(row: Any) -> Answers | None:
    if row["handler"] is None:
        return None
    return Answers(
        bool(row["contacted"]),
        bool(row["solved"]),
        row["handler"],
        row["outcome"],
        row["reason"],
        row["text"],
    )
