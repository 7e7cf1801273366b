"""What we write to people: the acknowledgement of an item, and notices of what became of it.

Composes texts and heads, sends nothing. Neither content nor anybody's identity is ever quoted: number,
code and days only, so that a mail that goes astray tells nothing of the matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from gateway.core.item import written
from gateway.core.item.contact import Channel, Kind
from gateway.core.item.delivery import MAIL, About, Draft, Occasion, Plan
from gateway.core.item.number import spaced
from gateway.core.item.states import KIND_NAMES, STATE_NAMES, Event
from gateway.mail.automatic import OWN_LOOP, why_no_answer
from gateway.mail.header import message_ids, split_head
from gateway.mail.thread import Marks

KINDS: Mapping[Kind, tuple[str, str]] = {**KIND_NAMES, Kind.UNSORTED: ("来件", "message")}
REFERENCES = 100
"""Message-IDs of a conversation that an answer names at most."""
TOLD = (
    Event.ACCEPT,
    Event.REFUSE_ACCEPTANCE,
    Event.HAND_OVER,
    Event.WAIT_FOR_PAPERS,
    Event.ANSWER,
    Event.WITHDRAW,
    Event.COMPLETE,
)
"""What the person is told of; everything else is ours alone."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes. `inbox` is our address that mail in watches, "" when answers cannot be taken in;
    `clocks` names each legal clock in Chinese and English; `own` are addresses that are ours."""

    centre: str
    hotline: str
    sender: str
    zone: tzinfo
    marks: Marks
    inbox: str = ""
    track_url: str = ""
    clocks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    per_person: int = 10
    per_item: int = 6


class Letters:
    """Plans mails. `plan` is given every occasion, and the item it is about."""

    def __init__(self, head: Letterhead) -> None:
        self._head = head

    def plan(self, occasion: Occasion, about: About) -> Plan:
        item = about.item
        if not item.person.email or not self._tells(occasion):
            return Plan()
        why = self._why_not(about)
        if why:
            return Plan(notes=(f"未发邮件：{why}",)) if occasion.topic == "item.new" else Plan()
        return Plan((self._letter(occasion, about),))

    def _tells(self, occasion: Occasion) -> bool:
        return occasion.topic == "item.new" or (
            occasion.topic == "item.changed" and occasion.what in tuple(TOLD)
        )

    def _why_not(self, about: About) -> str:
        """RFC 3834 first, then the limits that end a loop of two who both do not declare themselves."""
        own = {*self._head.own, self._head.sender.lower(), self._head.inbox.lower()} - {""}
        if about.item.channel == Channel.EMAIL and (why := why_no_answer(about.raw, own)):
            return f"自动邮件或非个人来信（{why}）"
        if about.item.person.email.lower() in own:
            return "收件人是本中心的地址"
        try:
            written.mailable(about.item.person.email)
        except ValueError as error:
            return str(error)
        if about.sent_today >= self._head.per_person:
            return "已达该邮箱每日上限"
        if about.sent_here >= self._head.per_item:
            return "已达该事项每日上限"
        return ""

    def _letter(self, occasion: Occasion, about: About) -> Draft:
        number = about.item.number
        new = occasion.topic == "item.new"
        chance = f"o{occasion.stamp}"
        message_id = self._head.marks.message_id(number, chance, self._head.sender.rpartition("@")[2])
        content = {
            "subject": self._subject(about, new),
            "text": self.acknowledgement(about) if new else self._notice(occasion, about),
            "message_id": message_id,
            "auto_submitted": "auto-replied" if new else "auto-generated",
            OWN_LOOP: "1",
        }
        if self._head.inbox:
            content["reply_to"] = self._head.marks.answer_address(number, self._head.inbox)
        if thread := _thread(about.raw):
            content["in_reply_to"], content["references"] = thread[-1], " ".join(thread)
        key = f"{MAIL}:{occasion.topic}:{number}:{occasion.stamp}"
        return Draft(key, MAIL, about.item.person.email, content, message_id.strip("<>"))

    def _subject(self, about: About, new: bool) -> str:
        zh, _ = _kind(about)
        number = about.item.number
        if new:
            return f"【{self._head.hotline}】已收到您的{zh}，登记编号 {number}"
        state = STATE_NAMES[about.item.state][0]
        return f"【{self._head.hotline}】登记编号 {number}：{state}"

    def acknowledgement(self, about: About) -> str:
        """Number, code and dates, Chinese first."""
        zh, en = _kind(about)
        spoken = spaced(about.item.number)
        received = about.item.received_at.astimezone(self._head.zone)
        return "\n".join(
            [
                f"您好，{self._head.centre}已收到您的{zh}。",
                "",
                f"登记编号：{spoken}",
                f"查询码：{about.query_code}",
                f"收到时间：{_minute(received)}",
                *(f"{self._clock(about, due.clock)[0]}：{_day(due.on)}" for due in about.item.due),
                *self._how(True),
                "",
                "— — —",
                f"{self._head.centre} has received your {en}.",
                "",
                f"Number: {spoken}",
                f"Query code: {about.query_code}",
                f"Received: {received:%Y-%m-%d %H:%M}",
                *(f"{self._clock(about, due.clock)[1]}: {due.on.isoformat()}" for due in about.item.due),
                *self._how(False),
                "",
            ]
        )

    def _notice(self, occasion: Occasion, about: About) -> str:
        ground, basis = occasion.facts.get("ground", ""), occasion.facts.get("basis", "")
        zh, en = STATE_NAMES[about.item.state]
        spoken = spaced(about.item.number)
        return "\n".join(
            [
                "您好，您的事项有新的进展。",
                "",
                f"登记编号：{spoken}",
                f"当前状态：{zh}",
                *([f"依据：{basis}第（{ground}）项"] if ground else []),
                *(f"{self._clock(about, due.clock)[0]}：{_day(due.on)}" for due in about.item.due),
                *self._how(True),
                "",
                "— — —",
                "There is news of your matter.",
                "",
                f"Number: {spoken}",
                f"State: {en}",
                *([f"Ground: item {ground} of {basis}"] if ground else []),
                *(f"{self._clock(about, due.clock)[1]}: {due.on.isoformat()}" for due in about.item.due),
                *self._how(False),
                "",
            ]
        )

    def _how(self, zh: bool) -> list[str]:
        """Where to look, and how to add to it."""
        h = self._head
        lines = [""]
        if h.track_url:
            lines.append(f"查询进度：{h.track_url}" if zh else f"Progress: {h.track_url}")
        lines.append(
            f"也可拨打 {h.hotline}，按 4 凭编号和查询码查询。"
            if zh
            else f"Or call {h.hotline} and press 4, with number and query code."
        )
        if h.inbox:
            lines.append(
                "如需补充材料，请直接回复本邮件。本邮件由系统自动发出。"
                if zh
                else "To add to it, answer this mail. It was sent by a machine."
            )
        return lines

    def _clock(self, about: About, clock: str) -> tuple[str, str]:
        if _secret(about):
            return ("期限", "Time limit")
        return self._head.clocks.get(clock, (clock, clock))


def _secret(about: About) -> bool:
    return about.item.anonymous or about.item.withheld


def _kind(about: About) -> tuple[str, str]:
    """What it is called; whoever wants secrecy is not told by his mail what he sent."""
    return KINDS[Kind.UNSORTED if _secret(about) else about.item.kind]


def _thread(raw: bytes) -> list[str]:
    """The Message-IDs of the conversation that the mail an item came as stands in, with their brackets: those
    before it, then its own; [] when it has none (RFC 5322 3.6.4)."""
    if not raw:
        return []
    headers, _ = split_head(raw, 0, len(raw))
    own = next(message_ids(headers.raw("message-id")), "")
    before = list(message_ids(headers.raw("references")))
    if not before:
        answered = list(message_ids(headers.raw("in-reply-to")))
        before = answered if len(answered) == 1 else []
    ids = [one for one in dict.fromkeys(before) if one.isascii() and one != own]
    if len(ids) > REFERENCES:
        ids = [*ids[:1], *ids[1 - REFERENCES :]]  # the first tells the conversation, the last are nearest
    return [f"<{one}>" for one in (*ids, own)] if own.isascii() and own else []


def _minute(at: datetime) -> str:
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
