"""Items as rows of a list: what a row shows is read for a page of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select, text

from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import ItemState
from gateway.core.item.lists import Clock, ListRow, summary
from gateway.core.item.matter import PLATFORM
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import accounts, dues, externals, items, timeline

COLUMNS = (
    *(items.c.number, items.c.kind, items.c.channel, items.c.state, items.c.person_name),
    *(items.c.respondent_name, items.c.content, items.c.received_at, items.c.added_at, items.c.lease_holder),
)


@dataclass(slots=True)
class _Beside:
    """What of a page's items stands in other tables, by number; names of holders by account."""

    changed: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    clocks: dict[str, Clock] = field(default_factory=dict)
    platform: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def read_rows(t: Transaction, numbers: Sequence[str]) -> list[ListRow]:
    """These items as rows, in this order; those that are not there are left out."""
    if not numbers:
        return []
    by_number = {row["number"]: row for row in t.execute(_of(items.c.number, numbers, *COLUMNS)).mappings()}
    beside = _beside(t, numbers, sorted({row["lease_holder"] for row in by_number.values()} - {""}))
    return [_row(by_number[number], beside) for number in numbers if number in by_number]


def _of(key: Any, values: Sequence[str], *columns: Any) -> Any:
    return select(*columns).where(key.in_(values))


def _beside(t: Transaction, numbers: Sequence[str], holders: Sequence[str]) -> _Beside:
    beside = _Beside()
    past = _of(timeline.c.number, numbers, timeline.c.number, timeline.c.at, timeline.c.what)
    for number, at, what in t.execute(past.order_by(timeline.c.id)):
        beside.changed[number] = at
        if what == "follow_up":
            beside.unread[number] += 1
        elif what == "addition_read":
            beside.unread[number] = 0
    running = _of(dues.c.number, numbers, dues.c.number, dues.c.clock, dues.c.on).where(text("dues.running"))
    for number, clock, on in t.execute(running.order_by(dues.c.on, dues.c.clock)):
        beside.clocks.setdefault(number, Clock(clock, date.fromisoformat(on)))
    elsewhere = _of(externals.c.number, numbers, externals.c.number, externals.c.external_no)
    beside.platform = _pairs(t, elsewhere.where(externals.c.source == PLATFORM))
    if holders:
        beside.names = _pairs(t, _of(accounts.c.id, holders, accounts.c.id, accounts.c.name))
    return beside


def _pairs(t: Transaction, wanted: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in t.execute(wanted)}


def _row(row: rows.Row, beside: _Beside) -> ListRow:
    number, secret = row["number"], row["kind"] == Kind.REPORT.value
    return ListRow(
        number=number,
        kind=Kind(row["kind"]),
        channel=Channel(row["channel"]),
        state=ItemState(row["state"]),
        name=None if secret else row["person_name"],
        respondent_name=row["respondent_name"],
        summary=summary(row["content"]),
        received_at=rows.of_ms(row["received_at"]),
        changed_at=rows.of_ms(beside.changed.get(number, row["received_at"])),
        clock=beside.clocks.get(number),
        holder=row["lease_holder"],
        holder_name=beside.names.get(row["lease_holder"], row["lease_holder"]),
        # Something may have been added by a way that leaves no follow-up in the timeline.
        additions=0 if row["added_at"] is None else max(1, beside.unread[number]),
        platform_number=beside.platform.get(number, ""),
    )
