"""A referral: a matter that passes between us and a partner hotline, and what becomes of it on both sides.

Pure, one table for both directions. `out` is ours given to a partner, `in` a partner's given to us. The
rule behind it (国办发〔2022〕12号): what is clearly the other's is handed over, what both doubt stays with
whoever was asked first, and each side tells the other what it did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from gateway.core.item.contact import Channel, Contact
from gateway.core.item.item import Item
from gateway.errors import Conflict


class Direction(StrEnum):
    OUT = "out"  # 转出
    IN = "in"  # 转入


class ReferralState(StrEnum):
    """Where a referral stands. The last three end it; so does an answer, once it is closed."""

    SENT = "sent"  # told to the receiver, nothing heard yet
    ACCEPTED = "accepted"  # the receiver deals with it
    ANSWERED = "answered"  # the receiver has told what it did
    CLOSED = "closed"  # the giver has taken note
    REFUSED = "refused"  # not the receiver's matter: back with the giver
    RETURNED = "returned"  # accepted, then given back with a reason
    KEPT = "kept"  # unclear whose it is: whoever was asked first keeps it


class ReferralEvent(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"
    RETURN = "return"
    KEEP = "keep"
    ANSWER = "answer"
    CLOSE = "close"


class Side(StrEnum):
    GIVER = "giver"
    RECEIVER = "receiver"


S, E = ReferralState, ReferralEvent
TABLE: Mapping[ReferralState, Mapping[ReferralEvent, ReferralState]] = MappingProxyType(
    {
        S.SENT: {E.ACCEPT: S.ACCEPTED, E.REFUSE: S.REFUSED, E.KEEP: S.KEPT, E.ANSWER: S.ANSWERED},
        S.ACCEPTED: {E.RETURN: S.RETURNED, E.ANSWER: S.ANSWERED},
        S.ANSWERED: {E.ANSWER: S.ANSWERED, E.CLOSE: S.CLOSED},
        S.REFUSED: {},
        S.RETURNED: {},
        S.KEPT: {},
        S.CLOSED: {},
    }
)
WHO: Mapping[ReferralEvent, Side] = MappingProxyType(
    {event: Side.GIVER if event in (E.KEEP, E.CLOSE) else Side.RECEIVER for event in ReferralEvent}
)
"""Which side says it: the receiver what it does with it, the giver that it keeps it or has the answer."""
NEEDS_REASON = frozenset({E.REFUSE, E.RETURN, E.ANSWER})
RUNNING = frozenset({S.SENT, S.ACCEPTED})
"""A reply is still owed."""

STATE_NAMES: Mapping[ReferralState, tuple[str, str]] = MappingProxyType(
    {
        S.SENT: ("已转出，待对方确认", "sent, not confirmed yet"),
        S.ACCEPTED: ("对方已受理", "accepted"),
        S.ANSWERED: ("对方已反馈", "answered"),
        S.CLOSED: ("已办结", "closed"),
        S.REFUSED: ("对方不予接收", "refused"),
        S.RETURNED: ("对方已退回", "returned"),
        S.KEPT: ("由首接方受理", "kept by who was asked first"),
    }
)


OUR_STATE_NAMES: Mapping[ReferralState, tuple[str, str]] = MappingProxyType(
    {
        **STATE_NAMES,
        S.SENT: ("已转入，待我方确认", "received, not confirmed by us yet"),
        S.ACCEPTED: ("我方已受理", "accepted by us"),
        S.ANSWERED: ("我方已反馈", "answered by us"),
        S.REFUSED: ("我方不予接收", "refused by us"),
        S.RETURNED: ("我方已退回", "returned by us"),
    }
)
"""The same of what a partner gave to us: there we are the receiver."""


def state_name(state: ReferralState, direction: Direction) -> tuple[str, str]:
    """A state as our side says it, Chinese and English."""
    return (OUR_STATE_NAMES if direction is Direction.IN else STATE_NAMES)[state]


def state_name_told(state: ReferralState, direction: Direction) -> tuple[str, str]:
    """The same in what the partner reads: whom we call the other side is the partner."""
    zh, en = state_name(state, direction)
    return zh.replace("对方", "贵方"), en


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral. `id` is our number of it: the item's, a dash, the count of its referrals.

    `key` is unique per cause (a transfer, a partner's own number), so that what is told twice is one.
    `their_number` is the partner's. `slip` is what the partner may see, by field. `due` is the day by
    which it has to reply; `satisfied` is what the person said when he was called back.
    """

    id: str
    number: str
    partner: str
    direction: Direction
    key: str
    made_at: datetime
    due: date
    state: ReferralState = ReferralState.SENT
    their_number: str = ""
    call_id: str = ""
    slip: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    satisfied: bool | None = None


def move(state: ReferralState, event: ReferralEvent, direction: Direction = Direction.OUT) -> ReferralState:
    """The next state. Raises Conflict."""
    after = TABLE[state].get(event)
    if after is None:
        name = state_name(state, direction)[0]
        raise Conflict(f"当前状态（{name}）不能这样操作 / not possible while it is {state}")
    return after


def side_of(direction: Direction, ours: bool) -> Side:
    """Which side a party is on: the giver of what goes out is we, of what comes in the partner."""
    return Side.GIVER if (direction is Direction.OUT) == ours else Side.RECEIVER


FIELD_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "kind": ("类别", "Kind"),
        "content": ("事项内容", "Matter"),
        "respondent": ("被投诉人（被举报人）", "Respondent"),
        "county": ("所在区县", "County"),
        "occurred_on": ("发生日期", "Happened on"),
        "name": ("来电人", "Person"),
        "phone": ("联系电话", "Telephone"),
        "address": ("联系地址", "Address"),
    }
)
"""What a slip may have, in this order, and what it is called; a partner's file says which."""
PERSONAL = frozenset({"name", "phone", "address"})


def slip_of(item: Item, sees: Iterable[str]) -> dict[str, str]:
    """What a partner may see of an item: nothing that tells who a reporter is."""
    allowed = [name for name in FIELD_NAMES if name in set(sees)]
    if item.kind.value == "report" or item.anonymous:
        allowed = [name for name in allowed if name not in PERSONAL]
    values = {
        "kind": item.kind.value,
        "content": item.content,
        "respondent": " ".join(v for v in (item.respondent.name, item.respondent.address) if v),
        "county": item.county,
        "occurred_on": item.occurred_on.isoformat() if item.occurred_on else "",
        "name": item.person.name,
        "phone": item.person.phone,
        "address": item.person.address,
    }
    return {name: values[name] for name in allowed if values[name]}


@dataclass(frozen=True, slots=True)
class Account:
    """A span's referrals with one partner in one direction. `in_time` and `late` count replies; `owed`
    those not replied to yet, `overdue` those of them whose day is over."""

    partner: str
    direction: Direction
    made: int = 0
    accepted: int = 0
    refused: int = 0
    returned: int = 0
    kept: int = 0
    answered: int = 0
    in_time: int = 0
    late: int = 0
    owed: int = 0
    overdue: int = 0
    satisfied: int = 0
    dissatisfied: int = 0


def accounts(referrals: Iterable[Referral], today: date, day_of: Mapping[str, date]) -> tuple[Account, ...]:
    """The referrals of a span, by partner and direction. `day_of` is the local day of each first reply,
    by id; what has none has not been replied to."""
    tallies: dict[tuple[str, Direction], Counter[str]] = {}
    for referral in referrals:
        counts = tallies.setdefault((referral.partner, referral.direction), Counter())
        counts.update(_counted(referral, today, day_of.get(referral.id)))
    return tuple(_account(*key, counts) for key, counts in sorted(tallies.items()))


def _account(partner: str, direction: Direction, counts: Counter[str]) -> Account:
    numbers = (counts[f.name] for f in fields(Account)[2:])
    return Account(partner, direction, *numbers)


def _counted(referral: Referral, today: date, replied: date | None) -> Iterable[str]:
    yield "made"
    match referral.state:
        case S.REFUSED | S.RETURNED | S.KEPT | S.ACCEPTED:
            yield referral.state.value
        case S.ANSWERED | S.CLOSED:
            yield "answered"
    if replied is not None:
        yield "in_time" if replied <= referral.due else "late"
    elif referral.state in RUNNING:
        yield "owed"
        if today > referral.due:
            yield "overdue"
    if referral.satisfied is not None:
        yield "satisfied" if referral.satisfied else "dissatisfied"


def pushed_contact(contact: Contact, partner: str, their_number: str) -> Contact:
    """What a partner tells, as a contact of ours."""
    return replace(contact, channel=Channel.PARTNER, key=pushed_key(partner, their_number))


def pushed_key(partner: str, their_number: str) -> str:
    return f"partner:{partner}:{their_number}"
