"""The fax channel: a fax that came in becomes a contact, or a follow-up on the item that it repeats.

Only translates. An agent decides what a fax is about: every new one is unsorted. A fax that came broken, or
not at all, leads to a call-back.
"""

from __future__ import annotations

from datetime import tzinfo

from gateway.core.fax.record import Fax, FaxStatus
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Task

CHANNEL = Channel.FAX

_HOW = {
    FaxStatus.WHOLE: "完整",
    FaxStatus.PARTIAL: "不完整：传送中断，请回电请对方重发",
    FaxStatus.NONE: "未收到任何一页，请回电",
}


def owed(fax: Fax) -> bool:
    """Does it need an item? Without a page, only when its sender can be reached."""
    return fax.status is not FaxStatus.NONE or bool(fax.caller or fax.station)


def contact(
    fax: Fax, evidence: tuple[Evidence, ...], zone: tzinfo, *, readable: bool = True, agent: str = ""
) -> Contact:
    """A new item's contact. The key is the call's id: a fax taken over twice is one item. `agent` was on
    the line when the machine began."""
    return Contact(
        key=key(fax),
        channel=CHANNEL,
        kind=Kind.UNSORTED,
        received_at=fax.started_at,
        person=Person(phone=fax.caller),
        content=summary(fax, zone, readable=readable, agent=agent),
        task=_task(fax, readable),
        call_id=fax.id,
        evidence=evidence,
    )


def key(fax: Fax) -> str:
    return f"fax:{fax.id}"


def summary(fax: Fax, zone: tzinfo, *, readable: bool = True, agent: str = "") -> str:
    """The fax in a line for whoever takes the item up."""
    at = fax.started_at.astimezone(zone)
    parts = [f"{at:%Y-%m-%d %H:%M:%S} 传真", f"{fax.received}页", _HOW[fax.status]]
    if not readable:
        parts.append("有页面无法正常显示，见原件")
    parts.append(f"来电号码{fax.caller}" if fax.caller else "未显示号码")
    if fax.station:
        parts.append(f"对方标识“{fax.station}”")
    if agent:
        parts.append(f"坐席{agent}通话中转为传真，通话内容请一并登记")
    return "，".join(parts) + "。"


def repeated(fax: Fax, before: Fax, zone: tzinfo) -> str:
    """What the item is told when its fax came once more, with the same pages or with those it lacked."""
    more = fax.received > before.received
    what = "补齐了上次未收到的页面" if more else "内容与此前相同"
    return f"同一传真再次发来，{what}：{summary(fax, zone)}"


def _task(fax: Fax, readable: bool) -> Task:
    if fax.status is not FaxStatus.WHOLE:
        return Task.CALL_BACK
    return Task.NONE if readable else Task.UNREADABLE
