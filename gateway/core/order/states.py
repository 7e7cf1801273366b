"""Where an order may go: one table of (state, event) -> state, and who may do what.

The drawing in docs/using/cases.md is made from the table. What the table knows and a condition forbids, such
as a return that comes too late, stands in moves.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway.core.order.ladder import RUNG_NAMES
from gateway.core.order.order import OrderState


class OrderEvent(StrEnum):
    """What happens to an order. Values are words of the API (there with `-`) and of the timeline."""

    SIGN = "sign"
    RETURN = "return"
    PASS_DOWN = "pass_down"
    ASK_EXTENSION = "ask_extension"
    DECIDE_EXTENSION = "decide_extension"
    SUSPEND = "suspend"
    RESUME = "resume"
    DECIDE = "decide"
    DISPUTE = "dispute"
    UPHOLD = "uphold"
    CANCEL = "cancel"
    REPORT = "report"
    APPROVE = "approve"
    CLOSE = "close"
    SEND_BACK = "send_back"
    TAKE_BACK = "take_back"
    URGE = "urge"
    SUPERVISE = "supervise"
    DO_AGAIN = "do_again"


class Side(StrEnum):
    """Who does it: the unit or its bureau, people of the centre, those of them who lead, or the system."""

    UNIT = "unit"
    CENTRE = "centre"
    LEADERS = "leaders"
    SYSTEM = "system"


S, E = OrderState, OrderEvent
_Row = Mapping[OrderEvent, OrderState]

_SIDES: Mapping[Side, tuple[OrderEvent, ...]] = {
    Side.UNIT: (
        *(E.SIGN, E.RETURN, E.PASS_DOWN, E.ASK_EXTENSION, E.SUSPEND, E.RESUME, E.DECIDE),
        *(E.DISPUTE, E.REPORT),
    ),
    Side.CENTRE: (
        *(E.DECIDE_EXTENSION, E.UPHOLD, E.CANCEL, E.APPROVE, E.SEND_BACK, E.TAKE_BACK, E.URGE),
        E.DO_AGAIN,
    ),
    Side.LEADERS: (E.SUPERVISE,),
    Side.SYSTEM: (E.CLOSE,),
}
SIDE: Mapping[OrderEvent, Side] = MappingProxyType(
    {event: side for side, events in _SIDES.items() for event in events}
)
"""Who does each event. A dispute is decided (`uphold`, `take_back`) by those who lead: moves.side_of."""


def _stays(state: OrderState, *events: OrderEvent) -> _Row:
    return dict.fromkeys(events, state)


def _at_work(state: OrderState) -> _Row:
    """What a unit that has signed may do, and the centre meanwhile; `state` is where it stands then."""
    return {
        E.PASS_DOWN: S.ASSIGNED,
        E.ASK_EXTENSION: S.EXTENSION_ASKED,
        **_stays(state, E.SUSPEND, E.RESUME, E.DECIDE, E.UPHOLD),
        E.REPORT: S.REPORTED,
        E.TAKE_BACK: S.CANCELLED,
        E.CANCEL: S.CANCELLED,
    }


TABLE: Mapping[OrderState, _Row] = MappingProxyType(
    {
        # At a unit that has not signed for it.
        S.ASSIGNED: {
            E.SIGN: S.SIGNED,
            E.RETURN: S.RETURNED,
            E.PASS_DOWN: S.ASSIGNED,
            E.TAKE_BACK: S.CANCELLED,
            E.CANCEL: S.CANCELLED,
            **_stays(S.ASSIGNED, E.DISPUTE, E.UPHOLD, E.URGE, E.SUPERVISE),
        },
        S.SIGNED: {
            E.RETURN: S.RETURNED,
            **_at_work(S.HANDLING),
            **_stays(S.SIGNED, E.DISPUTE, E.URGE, E.SUPERVISE),
        },
        # Upward: a station's with its bureau, a bureau's with the centre. It is not open: the item may be
        # assigned anew.
        S.RETURNED: {
            E.SIGN: S.SIGNED,
            E.RETURN: S.RETURNED,
            E.PASS_DOWN: S.ASSIGNED,
            E.UPHOLD: S.HANDLING,
            E.CANCEL: S.CANCELLED,
        },
        S.HANDLING: {
            **_at_work(S.HANDLING),
            **_stays(S.HANDLING, E.DISPUTE, E.URGE, E.SUPERVISE),
        },
        S.EXTENSION_ASKED: {
            E.DECIDE_EXTENSION: S.HANDLING,
            E.REPORT: S.REPORTED,
            E.TAKE_BACK: S.CANCELLED,
            E.CANCEL: S.CANCELLED,
            **_stays(S.EXTENSION_ASKED, E.SUSPEND, E.RESUME, E.DECIDE, E.DISPUTE, E.UPHOLD),
            **_stays(S.EXTENSION_ASKED, E.URGE, E.SUPERVISE),
        },
        S.REPORTED: {
            E.APPROVE: S.APPROVED,
            E.SEND_BACK: S.SENT_BACK,
            E.CANCEL: S.CANCELLED,
        },
        # The report lacks something; what was asked for stands in the event.
        S.SENT_BACK: {
            **_at_work(S.SENT_BACK),
            **_stays(S.SENT_BACK, E.DISPUTE, E.URGE, E.SUPERVISE),
        },
        S.APPROVED: {E.CLOSE: S.CLOSED},
        S.CLOSED: {E.DO_AGAIN: S.DONE_AGAIN},
        # Closed before, and the person was right to be dissatisfied: the same unit does it again.
        S.DONE_AGAIN: {
            E.SIGN: S.SIGNED,
            **_at_work(S.HANDLING),
            **_stays(S.DONE_AGAIN, E.DISPUTE, E.URGE, E.SUPERVISE),
        },
        S.CANCELLED: {},
    }
)

OPEN = frozenset({S.ASSIGNED, S.SIGNED, S.HANDLING, S.EXTENSION_ASKED, S.REPORTED, S.SENT_BACK, S.DONE_AGAIN})
"""Somebody has to do something, and its clock runs. An item has at most one order in these."""
WITH_UNIT = OPEN - {S.REPORTED}
"""What a unit has to do; a reported order waits for the centre."""

ORDER_STATE_NAMES: Mapping[OrderState, tuple[str, str]] = MappingProxyType(
    {
        S.ASSIGNED: ("待签收", "assigned"),
        S.SIGNED: ("已签收", "signed for"),
        S.RETURNED: ("已退回", "returned"),
        S.HANDLING: ("办理中", "in handling"),
        S.EXTENSION_ASKED: ("申请延期", "extension asked"),
        S.REPORTED: ("已上报待审核", "report given"),
        S.SENT_BACK: ("退回补正", "sent back"),
        S.APPROVED: ("审核通过", "approved"),
        S.CLOSED: ("已办结", "closed"),
        S.DONE_AGAIN: ("重新办理", "done again"),
        S.CANCELLED: ("已作废", "cancelled"),
    }
)
"""Chinese and English name of each state, for pages and messages."""

ORDER_EVENT_NAMES: Mapping[OrderEvent, tuple[str, str]] = MappingProxyType(
    {
        E.SIGN: ("签收", "sign for"),
        E.RETURN: ("退回", "return"),
        E.PASS_DOWN: ("下派", "pass down"),
        E.ASK_EXTENSION: ("申请延期", "ask for an extension"),
        E.DECIDE_EXTENSION: ("审批延期", "decide on the extension"),
        E.SUSPEND: ("中止计时", "suspend"),
        E.RESUME: ("恢复计时", "resume"),
        E.DECIDE: ("作出决定", "decide"),
        E.DISPUTE: ("管辖争议", "dispute the competence"),
        E.UPHOLD: ("维持派单", "uphold the assignment"),
        E.CANCEL: ("作废", "cancel"),
        E.REPORT: ("书面上报", "report"),
        E.APPROVE: ("审核通过", "approve"),
        E.CLOSE: ("办结", "close"),
        E.SEND_BACK: ("退回补正", "send back"),
        E.TAKE_BACK: ("收回派单", "take back"),
        E.URGE: ("催办", "urge"),
        E.SUPERVISE: ("督办", "supervise"),
        E.DO_AGAIN: ("重新办理", "do again"),
    }
)
URGENCY_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"general": ("一般", "general"), "pressing": ("紧急", "pressing"), "major": ("重大", "major")}
)
ORDER_PAST_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{rung.value: names for rung, names in RUNG_NAMES.items()},
        "duty_taken": ("值班电话已确认", "the duty telephone took note"),
        "duty_failed": ("值班电话未确认", "the duty telephone did not take note"),
        **{event.value: names for event, names in ORDER_EVENT_NAMES.items()},
        "assign": ("派单", "assigned"),
        "late": ("已逾期", "overdue"),
        "recounted": ("重新计算期限", "clocks counted anew"),
        "told": ("已告知答复", "the person was told"),
    }
)
"""What the lines of an order's history are called."""
