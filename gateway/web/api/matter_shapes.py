"""What the API takes and gives about matters and at the counter, as shapes.py does for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import ItemState
from gateway.core.item.matter import PLATFORM, LinkKind
from gateway.web.api.shapes import NUMBER, Declined, NewContact, ReceiptGiven
from gateway.web.http.shape import Rule

_NUMBER_WORDS = ("12 位数字", "has twelve digits")
_REASON = Rule("原因", "why", shortest=1, longest=2000, lines=True)
_OTHER = Rule("另一件的编号", "number of the other item", pattern=NUMBER, words=_NUMBER_WORDS)
_TEXT = Rule("说明", "a word", longest=2000, lines=True)

# ------------------------------------------------------------------ likely twins


@dataclass(frozen=True, slots=True)
class ReasonShown:
    """One thing that two items share, or that speaks against them, with its points."""

    what: str
    points: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class LikelyShown:
    """An item that may be the same matter: enough to judge, without the person's data."""

    number: str
    score: int
    reasons: tuple[ReasonShown, ...]
    kind: Kind
    channel: Channel
    state: ItemState
    received_at: datetime
    respondent_name: str
    content: str


@dataclass(frozen=True, slots=True)
class LikelyGiven:
    """Suggestions, the likeliest first. Nothing is linked or merged by itself."""

    items: tuple[LikelyShown, ...]


# ------------------------------------------------------------------ links and numbers


@dataclass(frozen=True, slots=True)
class LinkShown:
    """The other end of a link as it stands now."""

    number: str
    link: LinkKind
    kind: Kind
    state: ItemState
    at: datetime
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionShown:
    """One decision; `ground` is a number of the order in force on the day of receipt."""

    at: datetime
    event: str
    who: str
    ground: int | None
    basis: str
    county: str
    text: str


@dataclass(frozen=True, slots=True)
class ExternalShown:
    """The number that an item has in another system."""

    source: str
    external_no: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class MilestoneShown:
    """A day on which clocks began or ended."""

    name: str
    on: date


@dataclass(frozen=True, slots=True)
class IdentityAsked:
    """Why somebody has to know who a reporter is; it stands in the audit log."""

    reason: Annotated[str, Rule("查看理由", "why it has to be known", shortest=4, longest=200)]


@dataclass(frozen=True, slots=True)
class MatterShown:
    """What an item is tied to, what was decided on it, and its numbers elsewhere."""

    number: str
    links: tuple[LinkShown, ...]
    decisions: tuple[DecisionShown, ...]
    externals: tuple[ExternalShown, ...]
    milestones: tuple[MilestoneShown, ...]


@dataclass(frozen=True, slots=True)
class LinkWish:
    """The item to tie this one to, or to untie it from, and why."""

    other: Annotated[str, _OTHER]
    reason: Annotated[str, _REASON]


@dataclass(frozen=True, slots=True)
class Why:
    """Why it is done."""

    reason: Annotated[str, _REASON]


class SplitKind(StrEnum):
    """What a contact holds besides what it was taken for."""

    COMPLAINT = "complaint"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class SplitWish:
    """The second item; without a content of its own it has that of the first."""

    kind: Annotated[SplitKind, Rule("另一类别", "the other kind", example="report")]
    content: Annotated[str, Rule("该部分内容", "what belongs to it", longest=20000, lines=True)] = ""
    anonymous: Annotated[
        bool, Rule("不带身份信息和附件", "nothing of the person and no files go into it")
    ] = False


@dataclass(frozen=True, slots=True)
class ExternalWish:
    """A number that another system gave; a later one of the same source takes its place."""

    external_no: Annotated[
        str, Rule("编号", "number", shortest=1, longest=64, pattern=r"[^\s].*", words=("必填", "is required"))
    ]
    source: Annotated[
        str,
        Rule(
            "系统", "which system", longest=40, pattern=r"[\w.@-]+", words=("字母、数字", "letters, digits")
        ),
    ] = PLATFORM


# ------------------------------------------------------------------ decisions


@dataclass(frozen=True, slots=True)
class RefusalWish:
    """Not accepted: the ground by its number in the order in force on the day of receipt."""

    ground: Annotated[int, Rule("不予受理情形的序号", "number of the ground", least=1, most=99, example=3)]
    text: Annotated[str, _TEXT] = ""


@dataclass(frozen=True, slots=True)
class HandOverWish:
    """To which county's bureau, by the code of its division."""

    to: Annotated[
        str,
        Rule(
            "区县代码",
            "code of the division",
            pattern=r"\d{6}",
            words=("6 位数字", "has six digits"),
            example="141002",
        ),
    ]
    text: Annotated[str, _TEXT] = ""


@dataclass(frozen=True, slots=True)
class PapersWish:
    """What is missing, e.g. proof of identity."""

    papers: Annotated[str, Rule("需补充的材料", "which papers", shortest=1, longest=2000, lines=True)]
    text: Annotated[str, _TEXT] = ""


@dataclass(frozen=True, slots=True)
class AnswerWish:
    """What the person is told."""

    text: Annotated[str, Rule("答复内容", "the answer", shortest=1, longest=20000, lines=True)]


# ------------------------------------------------------------------ counter


class CounterKind(StrEnum):
    """What came; unsorted for a letter that does not say, or whose writer is not to be made out."""

    COMPLAINT = "complaint"
    REPORT = "report"
    QUESTION = "question"
    UNSORTED = "unsorted"


class CounterChannel(StrEnum):
    """By which of the two ways."""

    COUNTER = "counter"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class NewAtCounter(NewContact):
    """What a clerk writes down of a visit or a letter: the official form's fields and how it came."""

    kind: Annotated[CounterKind, Rule("类别", "what it is", example="complaint")]  # type: ignore[assignment]
    channel: Annotated[CounterChannel, Rule("来人来访或来函", "visit or letter", example="letter")] = (
        CounterChannel.COUNTER
    )
    received_at: Annotated[
        datetime | None,
        Rule("收到时间，期限由此起算（无时区按中心时区）", "when it was received: clocks run from that day"),
    ] = None
    letter_date: Annotated[date | None, Rule("来函落款日期", "date on the letter")] = None
    postmark_date: Annotated[date | None, Rule("邮戳日期", "date of the postmark")] = None
    came_by: Annotated[str, Rule("来件方式，如挂号信", "how it came, e.g. registered mail", longest=60)] = ""
    also: Annotated[
        SplitKind | None, Rule("同时还是投诉或举报，另立一件", "it is also this: a second item is made")
    ] = None
    declined: Declined = ()


@dataclass(frozen=True, slots=True)
class CounterReceipt(ReceiptGiven):
    """The receipt, and that of the second item when the contact was both complaint and report."""

    also: ReceiptGiven | None
