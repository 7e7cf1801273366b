"""What arrives and what is answered: Contact, Evidence, Receipt and their words.

A contact is one arrival on one channel, already in our terms but not yet numbered.
Channels make it, `intake.submit` takes it. Who said what is kept as it was said:
empty strings mean "not given", never "unknown but guessed".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What the person wants. UNSORTED is for an agent to sort (a voicemail nobody has heard)."""

    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    QUESTION = "question"  # 咨询
    UNSORTED = "unsorted"  # 待分类


class Channel(str):
    """The id of the channel by which something reached us. Any id may be: a channel is added by its entry
    in gateway/channels/ (core/item/channel.py). Named here are the ids that other code refers to.
    """

    __slots__ = ()

    PHONE: ClassVar[Channel]
    WEB: ClassVar[Channel]
    EMAIL: ClassVar[Channel]
    FAX: ClassVar[Channel]
    LETTER: ClassVar[Channel]
    COUNTER: ClassVar[Channel]
    PARTNER: ClassVar[Channel]

    @property
    def value(self) -> str:
        """The id as plain text, as the enumerations of an item give theirs."""
        return str(self)


Channel.PHONE = Channel("phone")
Channel.WEB = Channel("web")
Channel.EMAIL = Channel("email")
Channel.FAX = Channel("fax")
Channel.LETTER = Channel("letter")
Channel.COUNTER = Channel("counter")
Channel.PARTNER = Channel("partner")


class Task(StrEnum):
    """What has to be done for a caller beyond the matter itself; NONE for everything written."""

    NONE = "none"
    TALK = "talk"  # an agent spoke with the caller: write it up
    LISTEN = "listen"  # a message to be heard
    CALL_BACK = "call_back"  # the caller asked to be called back
    GAVE_UP = "gave_up"  # the caller gave up or was cut off: call back
    UNREADABLE = "unreadable"  # what came could not be read: look at its original


@dataclass(frozen=True, slots=True)
class Person:
    """Who turned to us. Everything may be empty: a report may be anonymous."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    id_type: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class Respondent:
    """Whom it is about (被投诉人 / 被举报人)."""

    name: str = ""
    address: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file that came along. `path` is where its bytes lie until intake stores them by hash.

    `role` says what it is: evidence, recording, message, raw (the contact as it arrived).
    """

    path: str
    name: str
    media_type: str
    role: str = "evidence"


DECLINABLE = ("name", "phone", "respondent_name")
"""What a form asks for and an agent may note as not told (不愿提供)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One arrival. `key` is unique per arrival and channel: the same key gives the same receipt.

    `received_at` is aware (UTC); clocks run from its day in the centre's time zone.
    `amount` is in fen (0.01 yuan). `problem` and `subject` are ids of rules/categories.yaml: what is
    wrong, and with which goods or service. `declined` names fields that a form asks for and the
    person did not want to tell (DECLINABLE). `raw` is the arrival as it came, kept with the item.
    """

    key: str
    channel: Channel
    kind: Kind
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
    task: Task = Task.NONE
    call_id: str = ""
    declined: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Due:
    """One legal clock of an item. `trace` tells, step by step, why it ends on that day."""

    clock: str
    on: date
    provisional: bool
    basis: str
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the person gets. `repeated` is True when the key was known: nothing new was made."""

    number: str
    query_code: str
    received_at: datetime
    status: str
    due: tuple[Due, ...]
    repeated: bool = False
