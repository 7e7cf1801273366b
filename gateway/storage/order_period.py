"""What figures of a period are counted from, out of the database; and figures that were published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, insert, or_, select

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

LAST_REPORT = (
    select(func.max(order_reports.c.id).label("id"))
    .where(order_reports.c.given)
    .group_by(order_reports.c.order_id)
).subquery()
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
        select(orders, items.c.kind, order_reports.c.amount_recovered)
        .join(items, items.c.number == orders.c.number)
        .outerjoin(
            order_reports,
            and_(order_reports.c.order_id == orders.c.id, order_reports.c.id.in_(select(LAST_REPORT.c.id))),
        )
        .where(
            or_(
                and_(orders.c.assigned_at >= since, orders.c.assigned_at < until),
                and_(orders.c.due >= span.first.isoformat(), orders.c.due <= span.last.isoformat()),
                and_(orders.c.closed_at >= since, orders.c.closed_at < until),
            )
        )
        .order_by(orders.c.id)
    )
    if kind is not None:
        wanted = wanted.where(items.c.kind == kind.value)
    return [_order(row, day_of, sign_by) for row in t.execute(wanted).mappings()]


def _order(
    row: Mapping[Any, Any], day_of: Callable[[datetime], date], sign_by: Callable[[date, date], date]
) -> OrderFact:
    def day(name: str) -> date | None:
        at = rows.of_ms_or_none(row[name])
        return day_of(at) if at else None

    assigned, since = day("assigned_at"), day("since")
    assert assigned and since
    due = row["due"]
    return OrderFact(
        id=row["id"],
        number=row["number"],
        bureau=row["bureau"],
        unit=row["unit"],
        kind=Kind(row["kind"]),
        state=OrderState(row["state"]),
        assigned_on=assigned,
        sign_by=sign_by(assigned, since),
        signed_on=day("signed_at"),
        due=date.fromisoformat(due) if due < "9999" else None,
        reported_on=day("reported_at"),
        closed_on=day("closed_at") if row["state"] == OrderState.CLOSED.value else None,
        ever_late=row["ever_late"],
        home=row["state"] == OrderState.RETURNED.value and row["returned_to"] == CENTRE,
        rounds=row["rounds"],
        recovered=row["amount_recovered"] or 0,
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
        select(follow_ups)
        .where(
            follow_ups.c.closed_at >= rows.to_ms(span.since),
            follow_ups.c.closed_at < rows.to_ms(span.until),
            follow_ups.c.unit != "",
        )
        .order_by(follow_ups.c.id)
    )
    if kind is not None:
        wanted = wanted.where(follow_ups.c.kind == kind.value)
    return [
        AskedFact(
            id=row["id"],
            number=row["number"],
            bureau=bureau_of(row["unit"]),
            unit=row["unit"],
            kind=Kind(row["kind"]),
            closed_on=day_of(rows.of_ms(row["closed_at"])),
            verdict=row["verdict"],
        )
        for row in t.execute(wanted).mappings()
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
