"""What each column of the supervision's matrix counts: one condition for the figure and for its list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.core.order.figures import SOON, Count, Figure
from gateway.core.order.order import OrderState, Urgency
from gateway.core.order.states import OPEN, WITH_UNIT
from gateway.core.unit import CENTRE
from gateway.storage.database import Transaction
from gateway.storage.tables import items, orders

S = OrderState
HANDLED = (S.SIGNED, S.HANDLING, S.EXTENSION_ASKED, S.SENT_BACK, S.DONE_AGAIN)
WITH_CENTRE = tuple(
    sorted(
        state.value
        for state in (ItemState.RECEIVED, ItemState.IN_WORK, ItemState.WAITING, ItemState.ACCEPTED)
    )
)
_LATER = orders.alias("later")


def _in(*states: OrderState) -> ColumnElement[bool]:
    return orders.c.state.in_(sorted(state.value for state in states))


def condition(figure: Figure, today: date) -> ColumnElement[bool]:
    """Of which orders a figure tells."""
    day = today.isoformat()
    match figure:
        case Figure.NOT_SIGNED:
            return _in(S.ASSIGNED)
        case Figure.IN_HANDLING:
            return _in(*HANDLED)
        case Figure.DUE_SOON:
            soon = (today + timedelta(days=SOON)).isoformat()
            return and_(_in(*WITH_UNIT), orders.c.due >= day, orders.c.due < soon)
        case Figure.OVERDUE:
            return and_(_in(*WITH_UNIT), orders.c.due < day)
        case Figure.REPORTED:
            return _in(S.REPORTED)
        case Figure.RETURNED:
            return and_(_in(S.RETURNED), _waits(), _not_assigned_anew())
        case Figure.SENT_BACK:
            return _in(S.SENT_BACK)
        case Figure.DONE_AGAIN:
            return and_(_in(*OPEN), orders.c.rounds > 0)


def _waits() -> ColumnElement[bool]:
    """Given back to its bureau; or to the centre, where the item lies still."""
    waiting = select(items.c.number).where(items.c.state.in_(WITH_CENTRE))
    return or_(orders.c.returned_to != CENTRE, orders.c.number.in_(waiting))


def _not_assigned_anew() -> ColumnElement[bool]:
    """It is the item's last order."""
    return ~exists().where(_LATER.c.number == orders.c.number, _LATER.c.id > orders.c.id)


def pressing(today: date) -> ColumnElement[bool]:
    """Urgent orders that are not signed for, or that are due."""
    urgent = orders.c.urgency != Urgency.GENERAL.value
    late = or_(orders.c.state == S.ASSIGNED.value, orders.c.due <= today.isoformat())
    return and_(_in(*WITH_UNIT), urgent, late)


def of_kind(kind: Kind) -> ColumnElement[bool]:
    return exists().where(items.c.number == orders.c.number, items.c.kind == kind.value)


def counts(t: Transaction, today: date, kind: Kind | None, units: Sequence[str] | None = None) -> list[Count]:
    """The figures of all units, or of orders that these units have or answer for."""
    found = []
    for figure in Figure:
        wanted = (
            select(orders.c.bureau, orders.c.unit, func.count())
            .where(condition(figure, today))
            .group_by(orders.c.bureau, orders.c.unit)
        )
        if kind is not None:
            wanted = wanted.where(of_kind(kind))
        if units is not None:
            wanted = wanted.where(orders.c.bureau.in_(units) | orders.c.unit.in_(units))
        found += [Count(row[0], row[1], figure, row[2]) for row in t.execute(wanted)]
    return found
