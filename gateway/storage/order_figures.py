"""What each column of the supervision's matrix counts: one condition for the figure and for its list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.core.order.figures import SOON, Count, Figure
from gateway.core.order.order import OrderState
from gateway.core.order.states import OPEN, WITH_UNIT
from gateway.core.unit import CENTRE
from gateway.storage.database import Transaction
from gateway.storage.tables import items, orders
from gateway.storage.tables.columns import GIVEN_BACK, ORDER_OPEN_ALONE, ORDER_URGENT

S = OrderState
HANDLED = (S.SIGNED, S.HANDLING, S.EXTENSION_ASKED, S.SENT_BACK, S.DONE_AGAIN)
STATES_OF: Mapping[Figure, Collection[OrderState]] = {
    Figure.NOT_SIGNED: (S.ASSIGNED,),
    Figure.IN_HANDLING: HANDLED,
    Figure.DUE_SOON: WITH_UNIT,
    Figure.OVERDUE: WITH_UNIT,
    Figure.REPORTED: (S.REPORTED,),
    Figure.RETURNED: (S.RETURNED,),
    Figure.SENT_BACK: (S.SENT_BACK,),
    Figure.DONE_AGAIN: OPEN,
}
"""The states of a figure's orders."""
WITH_CENTRE = tuple(
    sorted(
        state.value
        for state in (ItemState.RECEIVED, ItemState.IN_WORK, ItemState.WAITING, ItemState.ACCEPTED)
    )
)
UNIT = (orders.c.bureau, orders.c.unit)
OF_OPEN = tuple(figure for figure in Figure if figure is not Figure.RETURNED)


def condition(figure: Figure, today: date) -> ColumnElement[bool]:
    """Of which orders a figure tells."""
    if figure is Figure.RETURNED:
        return and_(GIVEN_BACK, _waits())
    here = orders.c.state.in_(sorted(state.value for state in STATES_OF[figure]))
    return and_(here, *_further(figure, today))


def _further(figure: Figure, today: date) -> Iterator[ColumnElement[bool]]:
    """What is asked of orders beside their states."""
    day = today.isoformat()
    match figure:
        case Figure.DUE_SOON:
            yield orders.c.due >= day
            yield orders.c.due < (today + timedelta(days=SOON)).isoformat()
        case Figure.OVERDUE:
            yield orders.c.due < day
        case Figure.DONE_AGAIN:
            yield orders.c.rounds > 0


def _waits() -> ColumnElement[bool]:
    """Given back to its bureau; or to the centre, where the item lies still."""
    waits = exists().where(items.c.number == orders.c.number, items.c.state.in_(WITH_CENTRE))
    return or_(orders.c.returned_to != CENTRE, waits)


def pressing(today: date) -> ColumnElement[bool]:
    """Urgent orders that are not signed for, or that are due."""
    late = or_(orders.c.state == S.ASSIGNED.value, orders.c.due <= today.isoformat())
    return and_(ORDER_URGENT, orders.c.state != S.REPORTED.value, late)


def of_kind(kind: Kind) -> ColumnElement[bool]:
    return exists().where(items.c.number == orders.c.number, items.c.kind == kind.value)


def counts(t: Transaction, today: date, kind: Kind | None, units: Sequence[str] | None = None) -> list[Count]:
    """The figures of all units, or of orders that these units have or answer for.

    Open orders are read once for all figures, from an index that has all that these look at.
    """
    rows = []
    for figures, among in (
        (OF_OPEN, ORDER_OPEN_ALONE),
        ((Figure.RETURNED,), condition(Figure.RETURNED, today)),
    ):
        sums = [func.sum(case((condition(figure, today), 1), else_=0)) for figure in figures]
        # What was given back is sorted: SQLite shall not walk all orders to have them in this order.
        first = () if among is ORDER_OPEN_ALONE else (orders.c.bureau.concat(""),)
        wanted = select(*UNIT, *sums).where(among).group_by(*first, *UNIT)
        if kind is not None:
            wanted = wanted.where(of_kind(kind))
        if units is not None:
            wanted = wanted.where(orders.c.bureau.in_(units) | orders.c.unit.in_(units))
        for bureau, unit, *counted in t.execute(wanted):
            rows += [
                Count(bureau, unit, figure, count)
                for figure, count in zip(figures, counted, strict=True)
                if count
            ]
    return rows
