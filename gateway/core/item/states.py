"""Where an item may go: one table of (state, event) -> state, and who may hold an item.

A state tells where the matter stands, a lease who works on it; they are separate, so that a lease may run out
without a change of the matter's state. Storage asks here before it writes, pages and the
API ask what is allowed. Reasons, grounds and notices belong to the event's text, not to the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState, Lease
from gateway.core.order.states import ORDER_PAST_NAMES
from gateway.errors import Conflict


class Event(StrEnum):
    """What happens to an item. Values are API and timeline words."""

    CLAIM = "claim"
    RELEASE = "release"
    ACCEPT = "accept"
    REFUSE_ACCEPTANCE = "refuse_acceptance"
    HAND_OVER = "hand_over"
    HAND_BACK = "hand_back"
    WAIT_FOR_PAPERS = "wait_for_papers"
    PAPERS_CAME = "papers_came"
    ANSWER = "answer"
    END_MEDIATION = "end_mediation"
    WITHDRAW = "withdraw"
    COMPLETE = "complete"
    REOPEN = "reopen"
    MERGE = "merge"
    UNMERGE = "unmerge"


S, E = ItemState, Event
_Row = Mapping[Event, ItemState]

TABLE: Mapping[ItemState, _Row] = MappingProxyType(
    {
        # In the queue; nobody works on it.
        S.RECEIVED: {
            E.CLAIM: S.IN_WORK,
            E.WITHDRAW: S.WITHDRAWN,
            E.MERGE: S.MERGED,
        },
        # Begun. Without a lease it lies in the queue again, and the next claim goes on with it.
        S.IN_WORK: {
            E.CLAIM: S.IN_WORK,
            E.RELEASE: S.RECEIVED,
            E.ACCEPT: S.ACCEPTED,
            E.REFUSE_ACCEPTANCE: S.NOT_ACCEPTED,
            E.HAND_OVER: S.HANDED_OVER,
            E.WAIT_FOR_PAPERS: S.WAITING,
            E.ANSWER: S.ANSWERED,
            E.WITHDRAW: S.WITHDRAWN,
            E.COMPLETE: S.CLOSED,
            E.MERGE: S.MERGED,
        },
        # Papers or proof of identity are missing; when they never come, it is refused or closed.
        S.WAITING: {
            E.CLAIM: S.WAITING,
            E.RELEASE: S.WAITING,
            E.REFUSE_ACCEPTANCE: S.NOT_ACCEPTED,
            E.PAPERS_CAME: S.IN_WORK,
            E.WITHDRAW: S.WITHDRAWN,
            E.COMPLETE: S.CLOSED,
            E.MERGE: S.MERGED,
        },
        # A fault found after acceptance ends the mediation; it is no refusal any more.
        S.ACCEPTED: {
            E.CLAIM: S.ACCEPTED,
            E.RELEASE: S.ACCEPTED,
            E.HAND_OVER: S.HANDED_OVER,
            E.ANSWER: S.ANSWERED,
            E.END_MEDIATION: S.ANSWERED,
            E.WITHDRAW: S.WITHDRAWN,
            E.COMPLETE: S.CLOSED,
            E.MERGE: S.MERGED,
        },
        # Decided, but the person has still to be told.
        S.NOT_ACCEPTED: {
            E.CLAIM: S.NOT_ACCEPTED,
            E.RELEASE: S.NOT_ACCEPTED,
            E.COMPLETE: S.CLOSED,
            E.REOPEN: S.IN_WORK,
        },
        # With a bureau, which decides, or sends it back; it never passes it on itself.
        S.HANDED_OVER: {
            E.CLAIM: S.HANDED_OVER,
            E.RELEASE: S.HANDED_OVER,
            E.ACCEPT: S.ACCEPTED,
            E.REFUSE_ACCEPTANCE: S.NOT_ACCEPTED,
            E.HAND_BACK: S.IN_WORK,
            E.ANSWER: S.ANSWERED,
            E.WITHDRAW: S.WITHDRAWN,
            E.COMPLETE: S.CLOSED,
            E.MERGE: S.MERGED,
        },
        # The person has the answer; the call-back may bring it up again.
        S.ANSWERED: {
            E.CLAIM: S.ANSWERED,
            E.RELEASE: S.ANSWERED,
            E.COMPLETE: S.CLOSED,
            E.REOPEN: S.IN_WORK,
        },
        S.MERGED: {E.UNMERGE: S.RECEIVED},
        S.WITHDRAWN: {E.REOPEN: S.IN_WORK},
        S.CLOSED: {E.REOPEN: S.IN_WORK},
    }
)

TERMINAL = frozenset({S.MERGED, S.WITHDRAWN, S.CLOSED})
"""Nobody works on these and no clock runs; only `reopen` and `unmerge` lead out."""

QUEUED = frozenset({S.RECEIVED, S.IN_WORK})
"""What "the next item" may be taken from, when no lease is alive. Others are claimed by number."""

NEEDS: Mapping[Event, str] = MappingProxyType(
    {
        E.REFUSE_ACCEPTANCE: "ground",
        E.HAND_OVER: "to",
        E.HAND_BACK: "reason",
        E.WAIT_FOR_PAPERS: "papers",
        E.ANSWER: "text",
        E.END_MEDIATION: "ground",
        E.REOPEN: "reason",
        E.MERGE: "into",
        E.UNMERGE: "reason",
    }
)
"""What must be said with an event; every other event may come without a word."""

STATE_NAMES: Mapping[ItemState, tuple[str, str]] = MappingProxyType(
    {
        S.RECEIVED: ("已登记", "received"),
        S.IN_WORK: ("办理中", "in work"),
        S.WAITING: ("等待补充材料", "waiting for papers"),
        S.ACCEPTED: ("已受理", "accepted"),
        S.NOT_ACCEPTED: ("不予受理", "not accepted"),
        S.HANDED_OVER: ("已转交", "handed over"),
        S.ANSWERED: ("已答复", "answered"),
        S.MERGED: ("已合并", "merged"),
        S.WITHDRAWN: ("已撤回", "withdrawn"),
        S.CLOSED: ("已办结", "closed"),
    }
)
"""Chinese and English name of each state, for pages and messages."""

KIND_NAMES: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.COMPLAINT: ("投诉", "complaint"),
        Kind.REPORT: ("举报", "report"),
        Kind.QUESTION: ("咨询", "question"),
        Kind.UNSORTED: ("待分类", "unsorted"),
    }
)
"""The same for each kind."""

RESPONDENT_NAMES: Mapping[Kind, str] = MappingProxyType(
    dict.fromkeys(Kind, "被投诉人") | {Kind.REPORT: "被举报人"}
)
"""What the one is called whom an item of each kind is about."""

EVENT_NAMES: Mapping[Event, tuple[str, str]] = MappingProxyType(
    {
        E.CLAIM: ("领取", "claim"),
        E.RELEASE: ("退回待办", "release"),
        E.ACCEPT: ("受理", "accept"),
        E.REFUSE_ACCEPTANCE: ("不予受理", "refuse acceptance"),
        E.HAND_OVER: ("转交", "hand over"),
        E.HAND_BACK: ("退回", "hand back"),
        E.WAIT_FOR_PAPERS: ("要求补充材料", "wait for papers"),
        E.PAPERS_CAME: ("材料已补", "papers came"),
        E.ANSWER: ("答复", "answer"),
        E.END_MEDIATION: ("终止调解", "end the mediation"),
        E.WITHDRAW: ("撤回", "withdraw"),
        E.COMPLETE: ("办结", "complete"),
        E.REOPEN: ("重新办理", "reopen"),
        E.MERGE: ("合并", "merge"),
        E.UNMERGE: ("取消合并", "undo the merge"),
    }
)


PAST_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{event.value: names for event, names in EVENT_NAMES.items()},
        "received": ("收到", "received"),
        "note": ("备注", "note"),
        "file_added": ("添加文件", "file added"),
        "undone": ("撤销操作", "undone"),
        "retracted": ("撤回", "retracted"),
        "sent": ("已发出", "sent"),
        "not_sent": ("未发出", "not sent"),
        "reply": ("回复", "reply"),
        "receipt_sent": ("发送登记回执", "receipt sent"),
        "told": ("已告知", "told"),
        "told_again": ("重新告知", "told again"),
        "follow_up": ("补充", "follow-up"),
        "addition_read": ("已阅补充", "addition read"),
        "written_up": ("登记内容", "written up"),
        "sorted": ("归类", "sorted"),
        "link": ("关联", "linked"),
        "unlink": ("取消关联", "link undone"),
        "same_matter": ("关联", "linked"),
        "split": ("拆分", "split"),
        "step": ("办理节点", "step of the law"),
        "reported_again": ("补充新事实再次举报，期限重新计算", "reported again with new facts, counted anew"),
        "not_handled_again": ("重复举报，不再另行处理", "reported again without news, not handled again"),
        "merged_here": ("并入本件", "merged here"),
        "unmerged_here": ("移出本件", "merge undone here"),
        "external": ("外部编号", "number elsewhere"),
        "recounted": ("重新计算期限", "clocks counted anew"),
        "called_back": ("回电接通", "called back"),
        "not_reached": ("回电未接通", "not reached"),
        "not_dialled": ("未呼出", "not dialled"),
        "reassign": ("改派", "given to somebody else"),
        "asked": ("回访", "follow-up call"),
        "call_back_again": ("重新安排回电", "the call-back is tried again"),
        "call_back_failed": ("回电多次未接通，请人工联系", "not reached several times: an agent calls"),
        "referred": ("移送协作单位", "referred"),
        "referred_here": ("协作单位移来", "referred to us"),
        "referral_accept": ("移送被接收", "referral accepted"),
        "referral_refuse": ("移送被拒收", "referral refused"),
        "referral_return": ("移送被退回", "referral returned"),
        "referral_keep": ("由首接单位办理", "kept by the first receiver"),
        "referral_answer": ("移送有答复", "referral answered"),
        "referral_close": ("移送办结", "referral closed"),
        **{
            f"order_{word}": (f"工单{zh.removeprefix('工单')}", f"order: {en}")
            for word, (zh, en) in ORDER_PAST_NAMES.items()
        },
    }
)
"""What a timeline's entries are called, Chinese and English; bounces and the like may be without a name."""


def move(state: ItemState, event: Event) -> ItemState:
    """The state after an event. Raises Conflict, with what is possible instead in its detail."""
    after = TABLE[state].get(event)
    if after is None:
        raise Conflict(_refusal(state, event))
    return after


def allowed(state: ItemState) -> tuple[Event, ...]:
    """The events that a state knows, in the table's order."""
    return tuple(TABLE[state])


def may_claim(lease: Lease | None, who: str, now: datetime) -> bool:
    """Is the item free, or his already? A lease is over at `until` itself. Times are aware."""
    return lease is None or lease.holder == who or lease.until <= now


def claimed(lease: Lease | None, who: str, now: datetime, seconds: float) -> Lease:
    """The lease that a claim gives. Raises Conflict while it is somebody else's."""
    if lease is not None and not may_claim(lease, who, now):
        raise Conflict(_held_by(lease))
    return _lease(lease, who, now, seconds)


def renewed(lease: Lease | None, who: str, now: datetime, seconds: float) -> Lease:
    """A holder's lease, longer. One that has run out is renewed as long as nobody has taken it.

    Raises Conflict when the item was given back or is somebody else's now.
    """
    return _lease(held(lease, who), who, now, seconds)


def held(lease: Lease | None, who: str) -> Lease:
    """The lease, when it is his: asked before a holder writes. Raises Conflict as `renewed` does."""
    if lease is None:
        raise Conflict("您未领取该件，请先领取 / you do not hold this item, claim it first")
    if lease.holder != who:
        raise Conflict(_held_by(lease))
    return lease


def refuse_if_held_by_other(lease: Lease | None, who: str, now: datetime) -> None:
    """Nobody else is at the item now. Raises Conflict as `renewed` does; asked where no lease is needed."""
    if not may_claim(lease, who, now):
        held(lease, who)


def _lease(before: Lease | None, who: str, now: datetime, seconds: float) -> Lease:
    """A new end, never an earlier one than the holder already has."""
    if not who or seconds <= 0:
        raise ValueError("a lease needs a holder and a length above 0 seconds")
    until = now + timedelta(seconds=seconds)
    if before is not None and before.holder == who:
        until = max(until, before.until)
    return Lease(who, until)


def _held_by(lease: Lease) -> str:
    return f"该件已由 {lease.holder} 领取 / this item is held by {lease.holder}"


def _refusal(state: ItemState, event: Event) -> str:
    state_zh, state_en = STATE_NAMES[state]
    event_zh, event_en = EVENT_NAMES[event]
    zh = "、".join(EVENT_NAMES[e][0] for e in TABLE[state])
    en = ", ".join(EVENT_NAMES[e][1] for e in TABLE[state])
    return f"「{state_zh}」状态不能{event_zh}，可以：{zh} / {state_en}: cannot {event_en}; possible: {en}"
