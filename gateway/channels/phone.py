"""The phone channel: a finished call becomes a contact where somebody still has to act, else nothing.

The call record itself is stored by calls/after_call.py; here is only what the queue needs to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.channel import Arrival, ChannelEntry
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Task

CHANNEL = Channel.PHONE
CHANNELS = (ChannelEntry(CHANNEL, "电话", "phone", "电话", Arrival.MACHINE, order=1, live=True),)

TASKS: Mapping[CallOutcome, Task] = {
    CallOutcome.TALKED: Task.TALK,
    CallOutcome.MESSAGE: Task.LISTEN,
    CallOutcome.CALL_BACK: Task.CALL_BACK,
    CallOutcome.GAVE_UP: Task.GAVE_UP,
    CallOutcome.CUT_OFF: Task.GAVE_UP,
}
"""The task that a call leaves. Served, put through, turned away or a fax: none by this channel."""

_SAID: Mapping[CallOutcome, str] = {
    CallOutcome.TALKED: "已由坐席接听，待补录内容",
    CallOutcome.MESSAGE: "来电人留言，待听取",
    CallOutcome.CALL_BACK: "来电人要求回电",
    CallOutcome.GAVE_UP: "来电人中途放弃，待回电",
    CallOutcome.CUT_OFF: "通话因故障中断，待回电",
}
_MESSAGE_AND_CALL = "来电人留言并要求回电，请听取留言后回电"


def contact(
    record: CallRecord,
    kind: Kind,
    evidence: tuple[Evidence, ...],
    zone: tzinfo,
    phone: str = "",
    *,
    booked: bool = False,
) -> Contact | None:
    """What a finished call leaves in the queue; None when nothing is left to do.

    `phone` is the number the caller wants to be called at, if not the one he called from. `booked`: he was
    promised a call, which is the task then, also where he left a message before. The key
    is the call's id: a call taken over twice, live and from the journal, is one item.
    """
    task = TASKS.get(record.outcome)
    if task is None or record.direction != "in":
        return None
    promised = booked and task is Task.LISTEN
    if promised:
        task = Task.CALL_BACK
    return Contact(
        key=f"call:{record.id}",
        channel=CHANNEL,
        kind=kind,
        received_at=record.started_at,
        person=Person(phone=phone or record.caller),
        content=summary(record, zone, phone, _MESSAGE_AND_CALL if promised else ""),
        task=task,
        call_id=record.id,
        evidence=evidence,
    )


def added_key(call: str) -> str:
    """The key of what was added in a call to an item that was there before."""
    return f"added:{call}"


def summary(record: CallRecord, zone: tzinfo, phone: str = "", spoken: str = "") -> str:
    """The call in a line for whoever takes the item up; `spoken` in place of what its outcome says."""
    at = record.started_at.astimezone(zone)
    parts = [f"{at:%Y-%m-%d %H:%M:%S} 来电", spoken or _SAID.get(record.outcome, "")]
    if record.wait_seconds >= 1:
        parts.append(f"等候{record.wait_seconds:.0f}秒")
    if record.agent:
        parts.append(f"坐席{record.agent}")
    if phone and phone != record.caller:
        parts.append(f"回电号码{phone}")
    if not record.caller:
        parts.append("未显示号码")
    return "，".join(part for part in parts if part) + "。"
