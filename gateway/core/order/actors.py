"""Who sees an order and who may do what to it: people of the centre, of its unit, of the bureau above it.
Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core import rights
from gateway.core.order.moves import MoveContext, possible, side_of
from gateway.core.order.order import Order
from gateway.core.order.states import OrderEvent, Side
from gateway.core.rights import Right
from gateway.core.roles import OF_UNITS, Account
from gateway.core.unit import Tree

RIGHTS: Mapping[Side, Right] = {
    Side.UNIT: Right.HANDLE_ORDERS,
    Side.CENTRE: Right.DIRECT_ORDERS,
    Side.LEADERS: Right.SUPERVISE_ORDERS,
}
"""What it takes to do what is done on a side; what the system does nobody may."""


def sees(account: Account, order: Order, tree: Tree, copies: tuple[str, ...] = ()) -> bool:
    """The centre sees all; a unit what it or one below it has, answers for, or has a copy of."""
    if account.role not in OF_UNITS:
        return rights.may(account.role, Right.SEE_ORDERS)
    units = (order.unit, order.bureau, *copies)
    return any(tree.within(unit, account.unit) for unit in units)


def may(account: Account, order: Order, event: OrderEvent, tree: Tree) -> bool:
    """Is it for him to do? Whether it may be done now is told by moves.py."""
    side = side_of(order, event)
    right = RIGHTS.get(side)
    if right is None or not rights.may(account.role, right):
        return False
    return side is not Side.UNIT or _acts_for(account, order, tree)


def _acts_for(account: Account, order: Order, tree: Tree) -> bool:
    """One of the unit or of its bureau; for a unit that works on paper the centre writes down what came."""
    if account.role in OF_UNITS:
        return tree.within(order.unit, account.unit)
    unit = tree.get(order.unit)
    return unit is None or not unit.online


def possible_for(account: Account, order: Order, context: MoveContext, tree: Tree) -> Iterator[OrderEvent]:
    """What he may do now, in the table's order."""
    for event in possible(order, context):
        if may(account, order, event, tree):
            yield event
