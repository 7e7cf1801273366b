"""Where the orders of a query stand: its conditions, and places that are read from indexes that fit them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, tuple_

from gateway.core.order.figures import Figure
from gateway.core.order.order import OrderQuery, OrderState
from gateway.core.order.states import OPEN, WITH_UNIT
from gateway.storage.order_figures import STATES_OF, condition, of_kind, pressing
from gateway.storage.tables import order_copies, orders
from gateway.storage.tables.columns import ORDER_DISPUTED, ORDER_PROBLEM

ALL_STATES = frozenset(state.value for state in OrderState)
OPEN_STATES = frozenset(state.value for state in OPEN)
OWED = frozenset(state.value for state in WITH_UNIT)


def places(query: OrderQuery) -> Iterator[Select[Any]]:
    """Last day and id of the first orders of a query, in order. Each state is looked for by itself, in the
    order of an index that is read as far as a page needs; where others are fewer, all at once."""
    wanted = _filtered(query).order_by(orders.c.due, orders.c.id).limit(query.limit)
    if query.after:
        last = select(orders.c.due).where(orders.c.id == query.after).scalar_subquery()
        wanted = wanted.where(tuple_(orders.c.due, orders.c.id) > tuple_(last, query.after))
    states = _states(query)
    few = query.number or query.problem or query.disputed or query.pressing or query.copies_only
    if few or query.figure is Figure.RETURNED:
        plain = orders.c.state.concat("")  # no index over states is wanted
        yield wanted if states == ALL_STATES else wanted.where(plain.in_(sorted(states)))
    else:
        yield from (wanted.where(orders.c.state == state) for state in sorted(states))


def _states(query: OrderQuery) -> frozenset[str]:
    """The states in which orders of a query may be."""
    states = frozenset(state.value for state in query.states) or ALL_STATES
    if query.open:
        states &= OPEN_STATES
    if query.overdue is not None or query.disputed:
        states &= OWED
    if query.figure is not None:
        states &= frozenset(state.value for state in STATES_OF[query.figure])
    return states


def _filtered(query: OrderQuery) -> Select[Any]:
    """All conditions of a query but the state."""
    wanted = select(orders.c.due, orders.c.id)
    if query.units is not None:
        wanted = wanted.where(of_units(query))
    if query.overdue is not None:
        wanted = wanted.where(orders.c.due < query.overdue.isoformat())
    if query.number:
        wanted = wanted.where(orders.c.number == query.number)
    if query.bureau:
        wanted = wanted.where(orders.c.bureau == query.bureau)
    if query.at:
        wanted = wanted.where(orders.c.unit == query.at)
    if query.kind is not None:
        wanted = wanted.where(of_kind(query.kind))
    if query.today is not None:
        wanted = wanted.where(*_on_day(query, query.today))
    if query.problem:
        wanted = wanted.where(ORDER_PROBLEM)
    if query.disputed:
        wanted = wanted.where(ORDER_DISPUTED)
    return wanted


def _on_day(query: OrderQuery, today: date) -> Iterator[ColumnElement[bool]]:
    if query.figure is not None:
        yield condition(query.figure, today)
    if query.pressing:
        yield pressing(today)


def of_units(query: OrderQuery) -> ColumnElement[bool]:
    """Which orders the units of a query have or answer for; with copies where these are asked for."""
    units = query.units or ()
    theirs = or_(orders.c.unit.in_(units), orders.c.bureau.in_(units))
    if query.copies_only:
        copies = select(order_copies.c.order_id).where(order_copies.c.unit.in_(units))
        return and_(orders.c.id.in_(copies), not_(theirs))
    if not query.copied:
        return theirs
    copy = exists().where(order_copies.c.order_id == orders.c.id, order_copies.c.unit.in_(units))
    return or_(theirs, copy)
