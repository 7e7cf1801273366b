"""What people are told: which notice an event calls for, its text from a template, and by which way it goes.

Templates are data (rules/notices.yaml). A notice is kept as a delivery with a kind: ways such as mail are
handed over by the outbox, ways by hand (a call, a letter) wait until somebody writes down that it is done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.core import telephone
from gateway.core.item.contact import Channel, Kind, Person
from gateway.core.item.delivery import shown_address
from gateway.core.item.item import Item
from gateway.core.item.sms import MOBILE
from gateway.core.item.states import Event


class NoticeKind(StrEnum):
    """What a notice tells of; also the ids of the templates."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    HANDED_OVER = "handed_over"
    PAPERS_WANTED = "papers_wanted"
    MEDIATION_ENDED = "mediation_ended"
    OTHER_SIDE_TOLD = "mediation_ended_other"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    REPLY = "reply"
    RETRACTED = "retracted"


N = NoticeKind
NOTICE_NAMES: Mapping[NoticeKind, tuple[str, str]] = MappingProxyType(
    {
        N.ACKNOWLEDGEMENT: ("登记回执", "acknowledgement"),
        N.ACCEPTED: ("受理告知", "accepted"),
        N.NOT_ACCEPTED: ("不予受理告知", "not accepted"),
        N.HANDED_OVER: ("转交告知", "handed over"),
        N.PAPERS_WANTED: ("补充材料通知", "papers wanted"),
        N.MEDIATION_ENDED: ("终止调解告知", "end of the mediation"),
        N.OTHER_SIDE_TOLD: ("终止调解告知（被投诉人）", "end of the mediation, to the business"),
        N.ANSWERED: ("答复", "answer"),
        N.WITHDRAWN: ("撤回告知", "withdrawn"),
        N.CLOSED: ("办结告知", "closed"),
        N.REPLY: ("回复", "reply"),
        N.RETRACTED: ("更正告知", "taken back"),
    }
)
REPLIED = "reply"
"""The word of an item.changed that a written reply makes."""
TOLD: Mapping[str, NoticeKind] = MappingProxyType(
    {
        Event.ACCEPT.value: N.ACCEPTED,
        Event.REFUSE_ACCEPTANCE.value: N.NOT_ACCEPTED,
        Event.HAND_OVER.value: N.HANDED_OVER,
        Event.WAIT_FOR_PAPERS.value: N.PAPERS_WANTED,
        Event.END_MEDIATION.value: N.MEDIATION_ENDED,
        Event.ANSWER.value: N.ANSWERED,
        Event.WITHDRAW.value: N.WITHDRAWN,
        Event.COMPLETE.value: N.CLOSED,
        REPLIED: N.REPLY,
        N.RETRACTED.value: N.RETRACTED,
        N.ACKNOWLEDGEMENT.value: N.ACKNOWLEDGEMENT,
    }
)
"""Which notice the word of an item.changed calls for; of all else the person is told nothing."""


def notice_of(topic: str, what: str) -> NoticeKind | None:
    """The notice that an occasion calls for."""
    if topic == "item.new":
        return N.ACKNOWLEDGEMENT
    return TOLD.get(what) if topic == "item.changed" else None


# ------------------------------------------------------------------ ways


@dataclass(frozen=True, slots=True)
class NoticeWay:
    """One way to a person. `by_hand`: nothing sends it, somebody does it and writes so down. `paid`: each
    costs, so that by itself it is taken for official notices alone."""

    id: str
    zh: str
    en: str
    by_hand: bool = False
    paid: bool = False


WAYS: Mapping[str, NoticeWay] = MappingProxyType(
    {
        way.id: way
        for way in (
            NoticeWay("mail", "邮件", "mail"),
            NoticeWay("fax", "传真", "fax"),
            NoticeWay("sms", "短信", "SMS", paid=True),
            NoticeWay("phone", "电话告知", "by telephone", by_hand=True),
            NoticeWay("letter", "书面寄送", "letter", by_hand=True),
        )
    }
)
"""Every way, in the order in which one is chosen. A new one is a line here and, unless it is by hand, what
sends it (gateway/notify/service.py)."""
BY_HAND = tuple(way.id for way in WAYS.values() if way.by_hand)


@dataclass(frozen=True, slots=True)
class Sending:
    """Which ways are set up besides those by hand; `faxable` is the expression of numbers to be dialled,
    `sms_segments` the longest text of a short message."""

    ways: frozenset[str] = frozenset()
    faxable: str = r"(?!)"
    sms_segments: int = 5


def reach(channel: Channel, person: Person, sending: Sending) -> dict[str, str]:
    """The address of each way that is set up and leads to the person. A fax goes to who sent one."""
    faxes = channel == Channel.FAX and re.fullmatch(sending.faxable, person.phone)
    phone = telephone.plain(person.phone)
    mobile = phone if MOBILE.fullmatch(phone) else ""
    addresses = {"mail": person.email, "fax": person.phone if faxes else "", "sms": mobile}
    addresses = {way: address for way, address in addresses.items() if way in sending.ways}
    addresses |= {"phone": person.phone, "letter": person.address}
    return {way: address for way, address in addresses.items() if address}


def first_way(reach: Mapping[str, str], *, official: bool) -> str:
    """The way a notice takes by itself; "" for none. Calls, letters and SMS are for what the law wants told.

    `reach` has the address of each way that leads to the person.
    """
    for way in WAYS.values():
        if reach.get(way.id) and (official or not (way.by_hand or way.paid)):
            return way.id
    return ""


# ------------------------------------------------------------------ templates


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """The text of one kind of notice. `official`: the law wants the person told, by whatever way there is.

    `sms` is its text as a short message; "" for the subject, with where to read more.
    """

    kind: NoticeKind
    official: bool
    subject: str
    zh: str
    en: str
    sms: str = ""


PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "centre": "the centre's name",
        "hotline": "its number",
        "kind": "投诉, 举报 …; of whoever wants secrecy 来件",
        "number": "the item's number, in groups",
        "plain_number": "the item's number without spaces",
        "code": "the query code",
        "received": "when it was received",
        "state": "the item's state",
        "clocks": "the legal dates, one a line",
        "until": "the day by which the mediation has to end",
        "bureau": "the bureau that deals with it",
        "ground": "number of the ground of a refusal, or of the end of a mediation",
        "ground_text": "what that ground says",
        "basis": "the article that lists the grounds",
        "decision": "what was taken back: 受理, 答复 …; empty where the matter is secret",
        "papers": "which papers are wanted",
        "text": "the answer or the reply in full",
        "ways_left": "the ways that are left (rules/ways_left.yaml), one a line",
        "read_at": "where to read what is held back from this way; empty when nothing is",
        "track": "address of the page to follow the item on",
        "inbox": "address for answers by mail",
    }
)
"""What may stand in braces in a template. A line with a placeholder that has no value is left out."""
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


def placeholders(text: str) -> Iterator[str]:
    """The names in braces, in their order."""
    return (match[1] for match in _PLACEHOLDER.finditer(text))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text of a template. Lines of which a placeholder is empty are left out, and so are empty lines
    that follow another."""
    lines: list[str] = []
    for line in template.splitlines():
        if all(values.get(name) for name in placeholders(line)):
            text = _PLACEHOLDER.sub(lambda match: values[match[1]], line)
            if text or (lines and lines[-1]):
                lines.append(text)
    return "\n".join(lines).strip("\n")


# ------------------------------------------------------------------ what was told


class NoticeState(StrEnum):
    """TO_DO: somebody has to call, or print and post. FAILED and BOUNCED want another try or way."""

    WAITING = "waiting"
    TO_DO = "to_do"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    BOUNCED = "bounced"
    DROPPED = "dropped"


NOTICE_STATES: Mapping[NoticeState, tuple[str, str]] = MappingProxyType(
    {
        NoticeState.WAITING: ("待发送", "to be sent"),
        NoticeState.TO_DO: ("待办理", "to be done"),
        NoticeState.SENT: ("已发送", "sent"),
        NoticeState.DONE: ("已告知", "done"),
        NoticeState.FAILED: ("发送失败", "failed"),
        NoticeState.BOUNCED: ("被退回", "came back"),
        NoticeState.DROPPED: ("已改用其他方式", "another way was taken"),
    }
)
OPEN = frozenset({NoticeState.TO_DO, NoticeState.FAILED, NoticeState.BOUNCED})
"""A notice in one of these wants somebody."""


def texts_may_go(item: Item, kinds: Collection[str]) -> bool:
    """May words of ours go by mail or fax, where they may go astray? Never to a reporter, nor to whoever
    wants to stay unnamed (Art. 37); else by the setting. `kinds` are those whose texts are sent."""
    return not is_secret(item) and item.kind.value in kinds


def is_secret(item: Item) -> bool:
    """Is nothing to be told of the matter where others may read it?"""
    return item.anonymous or item.withheld or item.kind is Kind.REPORT


LETTER_SHOWN = 6
"""Characters of a postal address that are shown where a way is chosen."""


def masked_to(way: str, address: str, secret: bool) -> str:
    """Whom a way leads to, as far as whoever chooses it has to see; of a reporter nothing."""
    if secret:
        return shown_to(way, address, secret)
    if way == "letter":
        return address if len(address) <= LETTER_SHOWN else f"{address[:LETTER_SHOWN]}…"
    return shown_address(address if way == "mail" else telephone.plain(address) or address)


def shown_to(way: str, address: str, secret: bool) -> str:
    """Whom a notice went to, as the desk may see it: of a reporter nothing."""
    if secret:
        return "（保密）"
    return address if way != "letter" else address[:60]
