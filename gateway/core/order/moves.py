"""May this event happen to this order now? The table, and conditions that lie in the order and its clock.
Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.core.order.handling import Handling
from gateway.core.order.order import Order, OrderState
from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_STATE_NAMES, SIDE, TABLE, OrderEvent, Side
from gateway.errors import NotPossible

E, S = OrderEvent, OrderState
Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MoveContext:
    """What conditions rest on besides the order: today, its last day, and the last day on which it may be
    returned."""

    today: date
    due: date
    return_until: date
    rules: Handling


def side_of(order: Order, event: OrderEvent) -> Side:
    """Who does it: a dispute is decided by those who lead."""
    if order.disputed_on is not None and event in (E.UPHOLD, E.TAKE_BACK):
        return Side.LEADERS
    return SIDE[event]


def move(order: Order, event: OrderEvent, context: MoveContext) -> OrderState:
    """The state after an event. Raises NotPossible, with what is possible instead."""
    after = TABLE[order.state].get(event)
    why = forbidden(order, event, context) if after is not None else ("", "")
    if after is None or why[0]:
        raise NotPossible(_refusal(order, event, why, context), tuple(possible(order, context)))
    return after


def possible(order: Order, context: MoveContext) -> Iterator[OrderEvent]:
    """The events that may happen now, in the table's order."""
    for event in TABLE[order.state]:
        if not forbidden(order, event, context)[0]:
            yield event


def forbidden(order: Order, event: OrderEvent, context: MoveContext) -> Words:
    """Why an event that the table knows may not happen, in both languages; empty when it may."""
    match event:
        case E.RETURN:
            return _late_return(order, context)
        case E.SIGN | E.PASS_DOWN if order.state is S.RETURNED and order.returned_to != order.bureau:
            return "工单已退回中心", "it lies with the centre"
        case E.TAKE_BACK if order.state is not S.ASSIGNED and order.disputed_on is None:
            return "已签收，不能收回", "it is signed for"
        case E.UPHOLD if order.state is not S.RETURNED and order.disputed_on is None:
            return "没有退回或者争议", "it is neither returned nor disputed"
        case E.DISPUTE if order.disputed_on is not None:
            return "争议正在审批", "a dispute waits for a leader already"
        case E.SUSPEND if order.suspension is not None:
            return "计时已中止", "it is suspended already"
        case E.RESUME if order.suspension is None:
            return "计时未中止", "it is not suspended"
        case E.ASK_EXTENSION:
            return _no_extension(order, context)
    return "", ""


def _late_return(order: Order, context: MoveContext) -> Words:
    """After its time, or once the centre has upheld the assignment, the unit is the first-responsible one."""
    if order.state is S.RETURNED and order.returned_to != order.bureau:
        return "工单已退回中心", "it lies with the centre"
    if order.firm:
        return (
            "已维持派单，本单位为首办责任单位；有异议的可提出管辖争议",
            "the assignment was upheld; a dispute may be raised instead",
        )
    if context.today > context.return_until:
        return (
            f"退回期限 {context.return_until} 已过，本单位为首办责任单位；有异议的可提出管辖争议",
            f"it could be returned until {context.return_until}; a dispute may be raised instead",
        )
    return "", ""


def _no_extension(order: Order, context: MoveContext) -> Words:
    times = context.rules.extension_times
    if order.extensions >= times:
        return f"已延期 {times} 次", f"it was extended {times} times"
    if context.today > context.due:
        return f"期限 {context.due} 已过，应在期满前申请", f"its time was over on {context.due}"
    return "", ""


def _refusal(order: Order, event: OrderEvent, why: Words, context: MoveContext) -> str:
    state_zh, state_en = ORDER_STATE_NAMES[order.state]
    event_zh, event_en = ORDER_EVENT_NAMES[event]
    instead = [
        ORDER_EVENT_NAMES[entry] for entry in possible(order, context) if SIDE[entry] is not Side.SYSTEM
    ]
    zh = f"「{state_zh}」状态不能{event_zh}" + (f"：{why[0]}" if why[0] else "")
    en = f"{state_en}: cannot {event_en}" + (f", {why[1]}" if why[1] else "")
    can_zh, can_en = "、".join(names[0] for names in instead), ", ".join(names[1] for names in instead)
    return f"{zh}，可以：{can_zh or '无'} / {en}; possible: {can_en or 'nothing'}"
