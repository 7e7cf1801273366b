"""Parts of items and calls with a shorter term of their own: recordings, and whole mails. The rest stays.

A part goes and comes back as items do (retention_rows.py): its columns or rows lie sealed in `discarded`,
under the name of the part, its file in the waste folder. Called by RetentionRows within its transactions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, update

from gateway.core.call.record import RecordingState
from gateway.core.item.catalogue import RAW_MAIL, RECORDING
from gateway.core.item.states import TERMINAL
from gateway.errors import Conflict
from gateway.storage.database import Transaction
from gateway.storage.tables import attachments, calls, items, timeline
from gateway.storage.tables.retention import holds

Rows = dict[str, list[dict[str, Any]]]

PARTS = (RECORDING, RAW_MAIL)
ENDED = tuple(state.value for state in TERMINAL)
MAIL = and_(attachments.c.role == "raw", attachments.c.media_type == "message/rfc822")
SOUND = (calls.c.id, calls.c.recording, calls.c.recording_state)


def name_of(what: str, about: str) -> str:
    """What a part is called among what went: items and calls have names of their own."""
    return f"{what}:{about}" if what in PARTS else about


def over(before: int) -> ColumnElement[bool]:
    """Items that have ended, whose last change is older, and that nobody holds."""
    changed = exists().where(timeline.c.number == items.c.number, timeline.c.at >= before)
    held = exists().where(or_(holds.c.number == items.c.number, holds.c.number == items.c.merged_into))
    return and_(items.c.state.in_(ENDED), items.c.received_at < before, ~changed, ~held)


def due_parts(what: str, before: int) -> Select[Any]:
    """Calls by id, or items by number, whose part is over its term; the oldest first."""
    if what == RAW_MAIL:
        mailed = exists().where(attachments.c.number == items.c.number, MAIL)
        wanted = select(items.c.number).where(over(before), mailed)
        return wanted.order_by(items.c.received_at, items.c.number)
    free = or_(calls.c.number == "", exists().where(items.c.number == calls.c.number, over(before)))
    ended = func.coalesce(calls.c.ended_at, calls.c.started_at)
    wanted = select(calls.c.id).where(
        calls.c.recording != "", calls.c.started_at < before, ended < before, free
    )
    return wanted.order_by(calls.c.started_at, calls.c.id)


def number_of(t: Transaction, what: str, about: str) -> str:
    """The item that a part belongs to; of an item its own number."""
    if what != RECORDING:
        return about
    return t.execute(select(calls.c.number).where(calls.c.id == about)).scalar() or ""


def take_part(t: Transaction, what: str, about: str) -> tuple[Rows, list[str]]:
    """What is left out of the tables from now on, and the files that it named."""
    if what == RAW_MAIL:
        where = and_(attachments.c.number == about, MAIL)
        rows = [dict(row) for row in t.execute(select(attachments).where(where)).mappings()]
        t.execute(delete(attachments).where(where))
        return ({attachments.name: rows} if rows else {}), sorted({row["sha256"] for row in rows})
    where = and_(calls.c.id == about, calls.c.recording != "")
    rows = [dict(row) for row in t.execute(select(*SOUND).where(where)).mappings()]
    emptied = {"recording": "", "recording_state": RecordingState.NONE.value}
    t.execute(update(calls).where(where).values(emptied))
    return ({calls.name: rows} if rows else {}), [row["recording"] for row in rows]


def put_part_back(t: Transaction, what: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raises Conflict when its item or call is not there, or has such a part again."""
    if what == RAW_MAIL:
        kept = rows[attachments.name]
        if not t.execute(select(items.c.number).where(items.c.number == kept[0]["number"])).first():
            raise Conflict("the item of this mail is not there: put it back first")
        t.execute(insert(attachments), [dict(row) for row in kept])
        return
    for row in rows[calls.name]:
        back = update(calls).where(calls.c.id == row["id"], calls.c.recording == "").values(dict(row))
        if not t.execute(back).rowcount:
            raise Conflict("the call of this recording is not there, or has one")
