"""Which orders of a query an account sees: those of its unit and of units below it. Called by orders.py."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.order.order import OrderQuery
from gateway.core.roles import OF_UNITS, Account
from gateway.core.unit import CENTRE, Tree, UnitKind
from gateway.errors import BadContact, FieldFault


def seen_by(query: OrderQuery, account: Account, unit: str, tree: Tree) -> OrderQuery:
    """The query, for what this account sees of it."""
    if unit and unit not in tree:
        raise BadContact(FieldFault("unit", "没有这个单位", "there is no such unit"))
    own = account.unit if account.role in OF_UNITS else CENTRE
    asked = unit or own
    if not tree.within(asked, own):
        return replace(query, units=())
    if query.copied or query.copies_only:
        return replace(query, units=tree.below(asked))
    return _placed(query, asked, tree)


def _placed(query: OrderQuery, unit: str, tree: Tree) -> OrderQuery:
    """Those of a unit and of all below it, as an index has them: of a bureau those that it answers for."""
    entry = tree.get(unit)
    if entry is None or entry.kind is UnitKind.CENTRE:
        return query
    station = entry.kind is UnitKind.STATION
    if (query.at if station else query.bureau) not in ("", unit):
        return replace(query, units=())
    return replace(query, at=unit) if station else replace(query, bureau=unit)
