"""Taking back what was done to an item: for some seconds by whoever did it, later by a reason; and what has
to be done before an item may be closed without one.

Pure. Intake keeps a DoneAct for each event that moves an item and asks here whether it may be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.core.item.contact import Kind
from gateway.core.item.item import DoneAct, Item, ItemState
from gateway.core.item.states import EVENT_NAMES, STATE_NAMES, Event
from gateway.errors import BadContact, Conflict, FieldFault

UNDO = timedelta(seconds=10)
"""How long whoever did it may undo it without a word."""
HELD = timedelta(seconds=12)
"""How long nobody outside is told of it: longer than UNDO, for the way of the request."""

S, E = ItemState, Event

RETRACTED: Mapping[ItemState, frozenset[Event]] = MappingProxyType(
    {
        S.WAITING: frozenset({E.WAIT_FOR_PAPERS}),
        S.ACCEPTED: frozenset({E.ACCEPT}),
        S.NOT_ACCEPTED: frozenset({E.REFUSE_ACCEPTANCE}),
        S.HANDED_OVER: frozenset({E.HAND_OVER}),
        S.ANSWERED: frozenset({E.ANSWER, E.END_MEDIATION}),
        S.WITHDRAWN: frozenset({E.WITHDRAW}),
        S.CLOSED: frozenset({E.COMPLETE}),
    }
)
"""What may be retracted with a reason, by the state that it led to. The item is then what it was before."""

CLOSED_AFTER: Mapping[Kind, frozenset[ItemState]] = MappingProxyType(
    {
        Kind.COMPLAINT: frozenset({S.ACCEPTED, S.NOT_ACCEPTED, S.ANSWERED}),
        Kind.REPORT: frozenset({S.HANDED_OVER, S.ANSWERED}),
        Kind.QUESTION: frozenset(S),
        Kind.UNSORTED: frozenset(S),
    }
)
"""From which states an item of a kind is closed without a word: a complaint is decided or answered, a report
with the bureau that checks it or answered. From others it takes a reason."""


def check_undo(item: Item, act: DoneAct | None, who: str, now: datetime) -> DoneAct:
    """The act that is undone. Raises Conflict when it is another's, too old, or not the last."""
    if act is None or act.after is not item.state:
        raise Conflict("没有可撤销的操作 / there is nothing to undo")
    if act.who != who:
        raise Conflict("只能撤销本人的操作 / this was done by somebody else")
    if now - act.at > HELD:
        raise Conflict("已超过撤销时间，请写明原因后撤回 / too late to undo; retract it with a reason")
    return act


def check_retraction(item: Item, act: DoneAct | None) -> DoneAct:
    """The act that is retracted. Raises Conflict when the item's state does not come of one."""
    if act is None or not may_retract(item.state, act):
        zh, en = STATE_NAMES[item.state]
        raise Conflict(f"「{zh}」没有可撤回的决定或办结 / {en}: nothing to retract")
    return act


def may_retract(state: ItemState, act: DoneAct) -> bool:
    return act.after is state and act.event in RETRACTED.get(state, ())


def taken_back_text(act: DoneAct, reason: str = "") -> str:
    """What the timeline says of it."""
    return "：".join(filter(None, (EVENT_NAMES[Event(act.event)][0], reason)))


def closing_needs_reason(item: Item) -> bool:
    """Is the law's step still to be done?"""
    return item.state not in CLOSED_AFTER[item.kind]


def check_closing(item: Item, text: str) -> None:
    """Raises BadContact when the item is not decided or answered yet and no reason is given."""
    if closing_needs_reason(item) and not text.strip():
        zh = "尚未作出决定或答复，办结须写明原因"
        raise BadContact(FieldFault("text", zh, "is not decided or answered yet: closing it takes a reason"))
