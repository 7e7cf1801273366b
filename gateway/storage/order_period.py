"""What figures of a period are counted from, out of the database; and figures that were published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, insert, select, text, union

from gateway.core.item.contact import Kind
from gateway.core.order.order import OrderState
from gateway.core.order.period import AskedFact, OrderFact
from gateway.core.unit import CENTRE
from gateway.storage import rows
from gateway.storage.database import Transaction
from gateway.storage.tables import (
    follow_ups,
    items,
    order_reports,
    orders,
    published_figures,
)

RECOVERED = (
    select(order_reports.c.amount_recovered)
    .where(order_reports.c.order_id == orders.c.id, text("order_reports.given"))
    .order_by(order_reports.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
"""Of the last report that was given."""
LOOKED_AT = tuple(
    orders.c[name]
    for name in (
        *("id", "number", "bureau", "unit", "state", "assigned_at", "since", "signed_at", "due"),
        *("reported_at", "closed_at", "ever_late", "returned_to", "rounds"),
    )
)
ASKED_ABOUT = ("id", "number", "unit", "kind", "closed_at", "verdict")
QUARTER_MS = 900_000
"""Midnight is at the beginning of a quarter of an hour everywhere."""
PUBLISHED = 200
"""Published figures that are listed at most."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its days, and the milliseconds of their beginning and end."""

    first: date
    last: date
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """Figures as they were published: by whom, and the instant of the cut-off."""

    id: int
    at: datetime
    who: str
    first: date
    last: date
    kind: str
    body: Mapping[str, Any]


def order_facts(
    t: Transaction,
    span: Span,
    kind: Kind | None,
    day_of: Callable[[datetime], date],
    sign_by: Callable[[date, date], date],
) -> list[OrderFact]:
    """Orders that were assigned, fall due or were closed in a period. `sign_by` gives the last day for
    signing, from the day of assignment and the day on which the unit got it."""
    since, until = rows.to_ms(span.since), rows.to_ms(span.until)
    wanted = (
        select(*LOOKED_AT, items.c.kind, RECOVERED.label("recovered"))
        .join(items, items.c.number == orders.c.number)
        .where(orders.c.id.in_(_touched(span, since, until)))
        .order_by(orders.c.id)
    )
    if kind is not None:
        wanted = wanted.where(items.c.kind == kind.value)
    days, ends = _days(day_of), lru_cache(maxsize=None)(sign_by)
    return [_order(row, days, ends) for row in t.execute(wanted)]


def _touched(span: Span, since: int, until: int) -> CompoundSelect[Any]:
    """Ids of orders of a period, each way from an index of its own."""
    ids = select(orders.c.id)
    return union(
        ids.where(orders.c.assigned_at >= since, orders.c.assigned_at < until),
        ids.where(orders.c.due >= span.first.isoformat(), orders.c.due <= span.last.isoformat()),
        ids.where(orders.c.closed_at >= since, orders.c.closed_at < until),
    )


def _days(day_of: Callable[[datetime], date]) -> Callable[[int], date]:
    """The day of a moment in milliseconds, looked up once for each quarter of an hour."""
    of_quarter = lru_cache(maxsize=None)(lambda quarter: day_of(rows.of_ms(quarter * QUARTER_MS)))
    return lambda ms: of_quarter(ms // QUARTER_MS)


def _order(row: Any, days: Callable[[int], date], sign_by: Callable[[date, date], date]) -> OrderFact:
    assigned, closed = days(row.assigned_at), row.state == OrderState.CLOSED.value and row.closed_at
    return OrderFact(
        id=row.id,
        number=row.number,
        bureau=row.bureau,
        unit=row.unit,
        kind=Kind(row.kind),
        state=OrderState(row.state),
        assigned_on=assigned,
        sign_by=sign_by(assigned, days(row.since)),
        signed_on=days(row.signed_at) if row.signed_at else None,
        due=date.fromisoformat(row.due) if row.due < "9999" else None,
        reported_on=days(row.reported_at) if row.reported_at else None,
        closed_on=days(closed) if closed else None,
        ever_late=row.ever_late,
        home=row.state == OrderState.RETURNED.value and row.returned_to == CENTRE,
        rounds=row.rounds,
        recovered=row.recovered or 0,
    )


def asked_facts(
    t: Transaction,
    span: Span,
    kind: Kind | None,
    day_of: Callable[[datetime], date],
    bureau_of: Callable[[str], str],
) -> list[AskedFact]:
    """Follow-up calls of matters that an order closed in a period."""
    wanted = (
        select(*(follow_ups.c[name] for name in ASKED_ABOUT))
        .where(
            follow_ups.c.closed_at >= rows.to_ms(span.since),
            follow_ups.c.closed_at < rows.to_ms(span.until),
            follow_ups.c.unit != "",
        )
        .order_by(follow_ups.c.id)
    )
    if kind is not None:
        wanted = wanted.where(follow_ups.c.kind == kind.value)
    days = _days(day_of)
    return [
        AskedFact(
            id=row.id,
            number=row.number,
            bureau=bureau_of(row.unit),
            unit=row.unit,
            kind=Kind(row.kind),
            closed_on=days(row.closed_at),
            verdict=row.verdict,
        )
        for row in t.execute(wanted)
    ]


def publish(t: Transaction, published: Published) -> int:
    """Keep figures as they are now; their id."""
    values = {
        "at": rows.to_ms(published.at),
        "who": published.who,
        "first": published.first.isoformat(),
        "last": published.last.isoformat(),
        "kind": published.kind,
        "body": json.dumps(published.body, ensure_ascii=False),
    }
    return int(t.execute(insert(published_figures).returning(published_figures.c.id), values).scalar_one())


def published(t: Transaction) -> tuple[Published, ...]:
    """What was published, the last one first."""
    wanted = select(published_figures).order_by(published_figures.c.id.desc()).limit(PUBLISHED)
    return tuple(
        Published(
            row["id"],
            rows.of_ms(row["at"]),
            row["who"],
            date.fromisoformat(row["first"]),
            date.fromisoformat(row["last"]),
            row["kind"],
            json.loads(row["body"]),
        )
        for row in t.execute(wanted).mappings()
    )
