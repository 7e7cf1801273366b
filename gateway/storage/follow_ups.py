"""Follow-up calls: one row for each item and round; nothing is decided here.

Everything is part of the transaction that is handed in.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, exists, func, insert, select, tuple_, update

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
CLOSED = exists().where(items.c.number == C.number, items.c.state == ItemState.CLOSED.value)
"""Whose item was opened again in the meantime is not called."""
OPEN_STATES = tuple(state.value for state in OPEN)
ROWS = (
    select(items, *(column.label(f"f_{column.name}") for column in C))
    .join_from(follow_ups, items, items.c.number == C.number)
    .where(C.id.in_(bindparam("ids", expanding=True)))
)


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
        """Those that are to be done by the time they are due; others in the opposite order."""
        states = OPEN_STATES if query.state is None else (query.state.value,)
        # Each state by itself, in the order of an index that is read as far as a page needs.
        places = [tuple(row) for state in states for row in t.execute(_places(query, state))]
        ids = [place[-1] for place in sorted(places, reverse=_is_over(query))[: query.limit]]
        by_id = {row["f_id"]: _row_of(row) for row in t.execute(ROWS, {"ids": ids}).mappings()}
        return tuple(by_id[row_id] for row_id in ids)

    def count(self, t: Transaction, query: FollowUpQuery) -> int:
        """How many a query has in all, whatever its limit."""
        states = OPEN_STATES if query.state is None else (query.state.value,)
        wanted = select(func.count()).select_from(follow_ups)
        return sum(int(t.execute(wanted.where(*_wanted(query, state))).scalar_one()) for state in states)


def _wanted(query: FollowUpQuery, state: str) -> list[Any]:
    wanted: list[Any] = [C.state == state]
    if query.state is None:
        wanted.append(CLOSED)
    if query.due_before is not None:
        wanted.append(C.due_at < rows.to_ms(query.due_before))
    if query.number:
        wanted.append(C.number == query.number)
    if query.by_pbx is not None:
        wanted.append(C.by_pbx.is_(query.by_pbx))
    return wanted


def _places(query: FollowUpQuery, state: str) -> Select[Any]:
    """Where the first calls of a state stand in the order of the query."""
    wanted = select(C.due_at, C.id).where(*_wanted(query, state))
    over, place = _is_over(query), tuple_(C.due_at, C.id)
    if query.after:
        last = tuple_(select(C.due_at).where(C.id == query.after).scalar_subquery(), query.after)
        wanted = wanted.where(place < last if over else place > last)
    order = (C.due_at.desc(), C.id.desc()) if over else (C.due_at, C.id)
    return wanted.order_by(*order).limit(query.limit)


def _is_over(query: FollowUpQuery) -> bool:
    """Are calls wanted that need not be made any more? Those that were due last come first."""
    return query.state is not None and query.state not in OPEN


def _row_of(row: rows.Row) -> FollowUpRow:
    item: Item = rows.item_of(row)
    call = _call_of({name[2:]: value for name, value in row.items() if name.startswith("f_")})
    return FollowUpRow(call, item, is_secret(item))


def _values(call: FollowUp) -> dict[str, Any]:
    answers = call.answers
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
        "contacted": answers.contacted if answers else None,
        "solved": answers.solved if answers else None,
        "handler": answers.handler if answers else None,
        "outcome": answers.outcome if answers else None,
        "reason": answers.reason if answers else "",
        "text": answers.text if answers else "",
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
