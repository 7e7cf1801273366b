"""The table of orders: what it does not know is refused with what is possible; conditions; who acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.core.item.contact import Kind
from gateway.core.order.actors import may, possible_for, sees
from gateway.core.order.handling import Handling, in_force
from gateway.core.order.moves import MoveContext, move
from gateway.core.order.order import Order, OrderState, Suspension, Urgency, is_problem
from gateway.core.order.states import (
    OPEN,
    ORDER_EVENT_NAMES,
    ORDER_STATE_NAMES,
    SIDE,
    TABLE,
    OrderEvent,
    Side,
)
from gateway.core.roles import Account, Role
from gateway.core.unit import CENTRE, Tree, Unit, UnitKind
from gateway.errors import NotPossible
from gateway.storage.tables.columns import ORDER_OPEN

E, S = OrderEvent, OrderState
MONDAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
RULES = Handling(MONDAY, 1, 1, dict.fromkeys(Kind, 5), {Urgency.MAJOR: 1}, 3, 3, 7, 3, 3, 20_000)
TREE = Tree(
    [
        Unit(CENTRE, "", UnitKind.CENTRE, "中心"),
        Unit("141002", CENTRE, UnitKind.BUREAU, "尧都局"),
        Unit("14100201", "141002", UnitKind.STATION, "一所"),
        Unit("141021", CENTRE, UnitKind.BUREAU, "曲沃局", online=False),
    ]
)


def order(state: OrderState = S.ASSIGNED, **changes: object) -> Order:
    whole = Order(1, "260302000017", "14100201", "141002", state, Urgency.GENERAL, AT, AT, MONDAY, 5)
    return replace(whole, due=date(2026, 3, 9), **changes)


def context(today: date = MONDAY, **changes: object) -> MoveContext:
    return replace(MoveContext(today, date(2026, 3, 9), date(2026, 3, 3), RULES), **changes)


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("event", OrderEvent)
def test_what_the_table_does_not_know_is_refused(state: OrderState, event: OrderEvent) -> None:
    one = order(state, disputed_on=MONDAY, returned_to="141002", unit="141002")
    if event in TABLE[state]:
        return
    with pytest.raises(NotPossible) as refusal:
        move(one, event, context())
    assert ORDER_STATE_NAMES[state][0] in refusal.value.detail
    assert set(refusal.value.possible) <= set(TABLE[state])


@pytest.mark.parametrize(
    ("event", "one", "when"),
    [
        (E.RETURN, order(S.SIGNED), context(date(2026, 3, 4))),
        (E.RETURN, order(S.SIGNED, firm=True), context()),
        (E.RETURN, order(S.RETURNED, returned_to=CENTRE, unit="141002"), context()),
        (E.TAKE_BACK, order(S.HANDLING), context()),
        (E.UPHOLD, order(S.HANDLING), context()),
        (E.DISPUTE, order(S.HANDLING, disputed_on=MONDAY), context()),
        (E.RESUME, order(S.HANDLING), context()),
        (E.SUSPEND, order(S.HANDLING, suspensions=(Suspension(1, MONDAY, "检测", "1"),)), context()),
        (E.ASK_EXTENSION, order(S.HANDLING, extensions=3), context()),
        (E.ASK_EXTENSION, order(S.HANDLING), context(date(2026, 3, 10))),
        (E.SIGN, order(S.RETURNED, returned_to=CENTRE), context()),
    ],
)
def test_what_a_condition_forbids_is_refused(event: OrderEvent, one: Order, when: MoveContext) -> None:
    assert event in TABLE[one.state]
    with pytest.raises(NotPossible) as refusal:
        move(one, event, when)
    assert event not in refusal.value.possible


def test_a_return_that_is_too_late_is_offered_as_a_dispute() -> None:
    with pytest.raises(NotPossible) as refusal:
        move(order(S.SIGNED), E.RETURN, context(date(2026, 3, 4)))
    assert E.DISPUTE in refusal.value.possible
    assert move(order(S.SIGNED), E.DISPUTE, context(date(2026, 3, 4))) is S.SIGNED


def test_every_state_and_event_has_its_names_and_its_side() -> None:
    assert set(ORDER_STATE_NAMES) == set(TABLE) == set(OrderState)
    assert set(ORDER_EVENT_NAMES) == set(SIDE) == set(OrderEvent)
    assert {event for row in TABLE.values() for event in row} == set(OrderEvent)
    assert str(ORDER_OPEN).count("'") == 2 * len(OPEN)
    assert all(f"'{state}'" in str(ORDER_OPEN) for state in OPEN)


def test_an_order_is_always_somebodys() -> None:
    """From every open state somebody of the unit or the centre can go on, and each can come to an end."""
    for state in OPEN:
        sides = {SIDE[event] for event, after in TABLE[state].items() if after is not state}
        assert sides & {Side.UNIT, Side.CENTRE}
        assert S.CANCELLED in TABLE[state].values()


def who(role: Role, unit: str = "") -> Account:
    return Account("somebody", role, unit=unit)


@pytest.mark.parametrize(
    ("account", "seen", "signs", "approves", "supervises"),
    [
        (who(Role.AGENT), True, False, False, False),
        (who(Role.DISPATCHER), True, False, True, False),
        (who(Role.LEADER), True, False, True, True),
        (who(Role.HANDLER, "14100201"), True, True, False, False),
        (who(Role.UNIT_LEADER, "141002"), True, True, False, False),
        (who(Role.HANDLER, "141021"), False, False, False, False),
        (who(Role.PARTNER), False, False, False, False),
    ],
)
def test_who_sees_and_does_what(
    account: Account, seen: bool, signs: bool, approves: bool, supervises: bool
) -> None:
    one = order()
    assert sees(account, one, TREE) is seen
    done = [may(account, one, event, TREE) for event in (E.SIGN, E.APPROVE, E.SUPERVISE)]
    assert done == [signs, approves, supervises]
    assert not may(account, one, E.CLOSE, TREE)


def test_the_centre_acts_for_a_unit_on_paper_and_a_leader_decides_a_dispute() -> None:
    paper = order(unit="141021", bureau="141021")
    assert may(who(Role.DISPATCHER), paper, E.SIGN, TREE) and not may(who(Role.AGENT), paper, E.SIGN, TREE)
    disputed = order(S.HANDLING, disputed_on=MONDAY)
    assert not may(who(Role.DISPATCHER), disputed, E.UPHOLD, TREE)
    assert may(who(Role.LEADER), disputed, E.TAKE_BACK, TREE)
    can = set(possible_for(who(Role.LEADER), disputed, context(), TREE))
    assert {E.UPHOLD, E.TAKE_BACK, E.SUPERVISE} <= can and E.SIGN not in can


def test_a_copy_is_seen_and_is_no_work() -> None:
    other = who(Role.HANDLER, "141021")
    assert sees(other, order(), TREE, ("141021",)) and not may(other, order(), E.SIGN, TREE)


def test_rules_by_their_day_and_problem_orders() -> None:
    later = replace(RULES, in_force_from=date(2026, 6, 1), return_within=2)
    rules = (RULES, later)
    assert in_force(rules, date(2026, 5, 31)) is RULES and in_force(rules, date(2026, 6, 1)) is later
    assert in_force(rules, date(2025, 1, 1)) is RULES
    assert RULES.budget(Kind.REPORT, Urgency.GENERAL) == 5 and RULES.budget(Kind.REPORT, Urgency.MAJOR) == 1
    assert is_problem(order(passes=3), 3, 3) and is_problem(order(rounds=3), 3, 3)
    assert not is_problem(order(passes=2, rounds=2), 3, 3)
