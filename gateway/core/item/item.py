"""An item as others see it: the numbered, queued shape of a contact, with its clocks and its past.

Pure data, made by storage, shown by the API and the pages. States and their moves: `states.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.core.item.contact import Channel, Due, Kind, Person, Respondent, Task


class ItemState(StrEnum):
    """Where an item stands; each has a spoken clip (state_<value>) and a public text."""

    RECEIVED = "received"  # 已登记
    IN_WORK = "in_work"  # 办理中
    WAITING = "waiting"  # 等待补充材料
    ACCEPTED = "accepted"  # 已受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    HANDED_OVER = "handed_over"  # 已转交
    ANSWERED = "answered"  # 已答复
    MERGED = "merged"  # 已合并
    WITHDRAWN = "withdrawn"  # 已撤回
    CLOSED = "closed"  # 已办结


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on an item and until when nobody else may take it."""

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the queue. `amount` in fen; `merged_into` is another item's number or "".

    `withheld`: who reported it is known and kept elsewhere; `person` is empty then. `added_at`: the person,
    or a partner, has added something since, in whatever state it is, and nobody has read it yet.
    `declined` as in Contact.
    """

    number: str
    channel: Channel
    kind: Kind
    task: Task
    state: ItemState
    received_at: datetime
    person: Person = field(default_factory=Person)
    respondent: Respondent = field(default_factory=Respondent)
    content: str = ""
    claims: tuple[str, ...] = ()
    amount: int | None = None
    occurred_on: date | None = None
    county: str = ""
    problem: str = ""
    subject: str = ""
    anonymous: bool = False
    publish_consent: bool | None = None
    mediation_consent: bool | None = None
    call_id: str = ""
    due: tuple[Due, ...] = ()
    lease: Lease | None = None
    merged_into: str = ""
    attachments: int = 0
    withheld: bool = False
    added_at: datetime | None = None
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of an item's timeline. `who` is an account, a channel or "system"."""

    at: datetime
    what: str
    who: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One stored file: its SHA-256 (hex), its name as given, its size in bytes."""

    sha256: str
    name: str
    media_type: str
    role: str
    size: int


@dataclass(frozen=True, slots=True)
class DoneAct:
    """One event that moved an item, and what the item was before it: core/item/taking_back.py."""

    at: datetime
    who: str
    event: str
    before: ItemState
    after: ItemState
    lease: Lease | None
    county: str
    milestones: Mapping[str, date]
    id: int = 0


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """One notice to a person as it stands: words of core/item/notice.py.

    `text` is what was or is to be sent, `proof` what shows that it was, or why it was not: the server's
    answer and the Message-ID, the pages of a fax, who called. `occasion` is what it told of.
    """

    id: int
    kind: str
    way: str
    to: str
    subject: str
    text: str
    state: str
    made_at: datetime
    sent_at: datetime | None = None
    proof: str = ""
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """An item with all that belongs to it. `last_act` led to the state it is in, and may be taken back;
    `notices` are not read for lists."""

    item: Item
    timeline: tuple[Happened, ...]
    attachments: tuple[Attachment, ...]
    last_act: DoneAct | None = None
    notices: tuple[NoticeRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """What of the queue is wanted. None = any. `after` is the number of the last item seen.

    `due_before` wants items of which a clock that still runs ends before that day, `provisional` those
    of which one rests on a calendar that is still a guess, `has_addition` those to which something was added.
    """

    state: ItemState | None = None
    channel: Channel | None = None
    kind: Kind | None = None
    task: Task | None = None
    county: str | None = None
    after: str = ""
    limit: int = 50
    received_before: datetime | None = None
    due_before: date | None = None
    provisional: bool = False
    has_addition: bool = False


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One step of a matter as its person is told: a sentence in both languages, and the words that go with
    it: which papers, the answer, the reason of a refusal, whose article is `basis`."""

    at: datetime
    what: str
    zh: str
    en: str
    text: str = ""
    text_en: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class PublicState:
    """What anybody with number and query code may know: no personal data. `steps` begin with the first;
    `papers` are those that are wanted now, `answer` is the answer in full.

    `state_only`: the code is a short one and the telephone's last digits were not given or do not fit;
    then nothing but the state is told, and nothing can be added.
    """

    number: str
    state: ItemState
    kind: Kind | None = None
    received_at: datetime | None = None
    due: tuple[Due, ...] = ()
    steps: tuple[PublicStep, ...] = ()
    papers: str = ""
    answer: str = ""
    respondent: str = ""
    may_withdraw: bool = False

    @property
    def state_only(self) -> bool:
        return self.received_at is None
