"""Assigning items to units, and passing orders down: to which unit, with which copies, by when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from gateway.cases.order_changes import OrderChanges
from gateway.core.item.item import Item, ItemState
from gateway.core.item.states import STATE_NAMES, Event, refuse_if_held_by_other
from gateway.core.order.order import Order, OrderState, Urgency
from gateway.core.order.states import ORDER_STATE_NAMES
from gateway.core.unit import Tree, Unit, UnitKind
from gateway.errors import BadContact, Conflict, FieldFault
from gateway.storage import Transaction

ASSIGNABLE = frozenset({ItemState.RECEIVED, ItemState.IN_WORK, ItemState.ACCEPTED, ItemState.HANDED_OVER})
NAMED = 25
"""Units that a fault names as possible."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What somebody wants assigned. `copies` are ids of units that get to see it."""

    unit: str
    note: str = ""
    urgency: Urgency = Urgency.GENERAL
    copies: tuple[str, ...] = ()


class Assigning:
    """Makes orders of items. Everything is part of the transaction that is handed in."""

    def __init__(self, changes: OrderChanges) -> None:
        self._changes = changes
        self._rows = changes.rows

    def assign(self, t: Transaction, number: str, who: str, assignment: Assignment) -> Order:
        """Raises NotFound, Conflict, BadContact."""
        changes, tree = self._changes, self._changes.tree(t)
        item = changes.items.items.locked(t, number)
        unit, copies = _units(tree, assignment)
        self._check(t, item, who, tree)
        if item.state is not ItemState.HANDED_OVER:
            changes.decisions.hand_over(t, item, who, _county(tree, unit.id), _said(unit, assignment.note))
        return self.add(t, number, who, unit, replace(assignment, copies=copies))

    def handed_over(self, t: Transaction, number: str, who: str, county: str, text: str) -> None:
        """The order of an item that the desk has handed over to a county. Raises Conflict, BadContact."""
        tree = self._changes.tree(t)
        assignment = Assignment(county, text)
        unit, _ = _units(tree, assignment, "to")
        self._refuse_second(t, number, tree)
        self.add(t, number, who, unit, assignment)

    def add(self, t: Transaction, number: str, who: str, unit: Unit, assignment: Assignment) -> Order:
        """A new order at a unit; the item is handed over by now."""
        changes = self._changes
        planned = self.planned(t, changes.items.items.there(t, number), unit, assignment)
        order = self._rows.add(t, planned, assignment.copies)
        facts = {"urgency": assignment.urgency.value, "due": str(order.due)}
        if assignment.copies:
            facts["copies"] = ",".join(assignment.copies)
        changes.write_down(
            t, order, "assign", who, assignment.note, facts, f"{order.due} 到期 {assignment.note}".strip()
        )
        return order

    def planned(self, t: Transaction, item: Item, unit: Unit, assignment: Assignment) -> Order:
        """The order that would be made now, with its days; nothing is written."""
        changes = self._changes
        now, tree, earlier = changes.now(), changes.tree(t), self._rows.of_item(t, item.number)
        bureau = tree.bureau(unit.id) or unit
        order = Order(
            id=0,
            number=item.number,
            unit=unit.id,
            bureau=bureau.id,
            state=OrderState.ASSIGNED,
            urgency=assignment.urgency,
            assigned_at=now,
            since=now,
            begun_on=changes.today(),
            budget=1,
            note=assignment.note,
            passes=earlier[-1].passes if earlier else 0,
        )
        order = replace(order, budget=changes.handling(order).budget(item.kind, assignment.urgency))
        return changes.derived(order, order, item)

    def looked_ahead(self, t: Transaction, number: str, assignment: Assignment) -> Order:
        """The order that `assign` would make. Raises NotFound, BadContact."""
        item = self._changes.items.items.there(t, number)
        unit, _ = _units(self._changes.tree(t), assignment)
        return self.planned(t, item, unit, assignment)

    def take_from_unit(self, t: Transaction, item: Item, who: str, reason: str) -> None:
        """The item goes back to the centre, to be assigned anew."""
        if item.state is ItemState.HANDED_OVER:
            self._changes.decisions.happen(t, item, who, Event.HAND_BACK, {"reason": reason})

    def give_again(self, t: Transaction, order: Order, who: str) -> None:
        """The item goes to the order's unit once more."""
        items, tree = self._changes.items.items, self._changes.tree(t)
        self._refuse_second(t, order.number, tree)
        item = items.there(t, order.number)
        if item.state is not ItemState.HANDED_OVER:
            _check_state(item)
            unit = tree.get(order.unit)
            shown = _said(unit, "") if unit else order.unit
            self._changes.decisions.hand_over(t, item, who, _county(tree, order.unit), shown)

    # ------------------------------------------------------------ checks

    def _check(self, t: Transaction, item: Item, who: str, tree: Tree) -> None:
        self._refuse_second(t, item.number, tree)
        _check_state(item)
        refuse_if_held_by_other(item.lease, who, self._changes.now())

    def _refuse_second(self, t: Transaction, number: str, tree: Tree) -> None:
        """One handling unit: an item has one open order at most. Raises Conflict."""
        order = self._rows.open_of(t, number)
        if order is not None:
            name, (zh, en) = tree.name(order.unit), ORDER_STATE_NAMES[order.state]
            raise Conflict(
                f"该件已派给{name}（工单 {order.id}，{zh}），可先收回或者作废该工单"
                f" / it is with {order.unit} already (order {order.id}, {en}): take back or cancel it"
            )


def down(tree: Tree, order: Order, target: str) -> Unit:
    """The station that a bureau passes an order to. Raises BadContact: nobody passes sideways (Art. 41)."""
    stations = [unit for unit in tree.children(order.bureau) if unit.active]
    unit = next((unit for unit in stations if unit.id == target), None)
    if unit is not None and unit.id != order.unit:
        return unit
    names = _listed(stations)
    if unit is not None:
        zh, en = "工单已在该单位", "it is there already"
    elif target in tree:
        zh, en = "只能下派本局所属的所，不得自行移送", "only a station of the same bureau, never sideways"
    else:
        zh, en = "没有这个单位", "there is no such unit"
    raise BadContact(FieldFault("unit", f"{zh}；可下派：{names[0]}", f"{en}; possible: {names[1]}"))


def warnings(tree: Tree, order: Order, people: bool) -> tuple[tuple[str, str], ...]:
    """What whoever assigns has to know. `people`: somebody of the unit has an account."""
    unit = tree.get(order.unit)
    if unit is None or unit.can_be_told or (unit.online and people):
        return ()
    return (
        (
            f"{unit.zh}没有账号，也没有登记电话、邮箱或传真，无人能得知此工单",
            f"nobody can be told: {unit.id} has no account, telephone, mail or fax",
        ),
    )


def _check_state(item: Item) -> None:
    if item.state not in ASSIGNABLE:
        zh, en = STATE_NAMES[item.state]
        raise Conflict(f"「{zh}」状态不能派单 / {en}: cannot be assigned")


def _units(tree: Tree, assignment: Assignment, field: str = "unit") -> tuple[Unit, tuple[str, ...]]:
    """The unit and the copies of an assignment. Raises BadContact with every fault."""
    faults = []
    unit = tree.get(assignment.unit) if assignment.unit else None
    if unit is None or unit.kind is UnitKind.CENTRE or not unit.active:
        zh, en = _listed([entry for entry in tree if entry.parent and entry.active])
        faults.append(
            FieldFault(
                field, f"没有可派的单位“{assignment.unit}”；可派：{zh}", f"no such unit; possible: {en}"
            )
        )
    copies = tuple(dict.fromkeys(copy for copy in assignment.copies if copy != assignment.unit))
    if unknown := [copy for copy in copies if copy not in tree]:
        named = "、".join(unknown)
        faults.append(FieldFault("copies", f"没有这些单位：{named}", f"no such units: {', '.join(unknown)}"))
    if faults or unit is None:
        raise BadContact(*faults)
    return unit, copies


def _listed(units: Collection[Unit]) -> tuple[str, str]:
    """Some units by name and by id."""
    shown = list(units)[:NAMED]
    more = "…" if len(units) > NAMED else ""
    zh, en = "、".join(f"{unit.zh}（{unit.id}）" for unit in shown), ", ".join(unit.id for unit in shown)
    return f"{zh or '无'}{more}", f"{en or 'none'}{more}"


def _county(tree: Tree, unit: str) -> str:
    """The division of a unit; "" of a department, which leaves the item's as it is."""
    bureau = tree.bureau(unit)
    return bureau.id if bureau and bureau.kind is UnitKind.BUREAU else ""


def _said(unit: Unit, note: str) -> str:
    return "，".join(filter(None, (f"{unit.zh}（{unit.id}）", note)))
