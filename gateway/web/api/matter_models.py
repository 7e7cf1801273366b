"""What the API takes and gives about matters and at the counter, for matters.py and counter.py."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.core.item.contact import Channel, Kind
from gateway.core.item.deadlines import Milestone
from gateway.core.item.item import ItemState
from gateway.core.item.matter import PLATFORM, LinkKind
from gateway.web.api.intake_models import DECLINED, Declined, NewContact, ReceiptGiven
from gateway.web.http.fields import (
    ChannelId,
    Choice,
    ClerkChannelId,
    Day,
    Flag,
    ItemNumber,
    Moment,
    Text,
    Whole,
)
from gateway.web.http.models import AnswerModel, RequestModel

# ------------------------------------------------------------------ likely twins


class ReasonShown(AnswerModel):
    """One thing that two items share, or that speaks against them, with its points."""

    what: str
    points: int
    zh: str
    en: str


class LikelyShown(AnswerModel):
    """An item that may be the same matter: enough to judge, without the person's data."""

    number: str
    score: int
    reasons: tuple[ReasonShown, ...]
    kind: Kind
    channel: ChannelId
    state: ItemState
    received_at: datetime
    respondent_name: str
    content: str


class LikelyGiven(AnswerModel):
    """Suggestions, the likeliest first. Nothing is linked or merged by itself."""

    items: tuple[LikelyShown, ...]


class EarlierShown(AnswerModel):
    """Another item, without the person's data."""

    number: str
    kind: Kind
    channel: ChannelId
    state: ItemState
    received_at: datetime
    respondent_name: str
    content: str


class HistoryGiven(AnswerModel):
    """Other items of the same person and about the same firm, the newest first. No report is named as a
    person's."""

    person: tuple[EarlierShown, ...]
    respondent: tuple[EarlierShown, ...]


# ------------------------------------------------------------------ links and numbers


class LinkShown(AnswerModel):
    """The other end of a link as it stands now."""

    number: str
    link: LinkKind
    kind: Kind
    state: ItemState
    at: datetime
    who: str
    reason: str


class DecisionShown(AnswerModel):
    """One decision; `ground` is a number of the order in force on the day of receipt."""

    at: datetime
    event: str
    who: str
    ground: int | None
    basis: str
    county: str
    text: str


class ExternalShown(AnswerModel):
    """The number that an item has in another system."""

    source: str
    external_no: str
    at: datetime
    who: str


class MilestoneShown(AnswerModel):
    """A day on which clocks began or ended."""

    name: str
    on: date


class IdentityAsked(RequestModel):
    """Why somebody has to know who a reporter is; it stands in the audit log."""

    reason: Annotated[str, Text(200, shortest=4)] = Field(description="查看理由 / why it has to be known")


class MatterShown(AnswerModel):
    """What an item is tied to, what was decided on it, and its numbers elsewhere."""

    number: str
    links: tuple[LinkShown, ...]
    decisions: tuple[DecisionShown, ...]
    externals: tuple[ExternalShown, ...]
    milestones: tuple[MilestoneShown, ...]


class LinkBody(RequestModel):
    """The item to tie this one to, or to untie it from, and why."""

    other: ItemNumber = Field(description="另一件的编号 / number of the other item")
    reason: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(description="原因 / why")


class Why(RequestModel):
    """Why it is done."""

    reason: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(description="原因 / why")


class SplitKind(StrEnum):
    """What a contact holds besides what it was taken for."""

    COMPLAINT = "complaint"
    REPORT = "report"


class SplitBody(RequestModel):
    """The second item; without a content of its own it has that of the first."""

    kind: Choice[SplitKind] = Field(description="另一类别 / the other kind", examples=["report"])
    content: Annotated[str, Text(20000, lines=True)] = Field(
        default="", description="该部分内容 / what belongs to it"
    )
    anonymous: Flag = Field(
        default=False, description="不带身份信息和附件 / nothing of the person and no files go into it"
    )


class ExternalBody(RequestModel):
    """A number that another system gave; a later one of the same source takes its place."""

    external_no: Annotated[str, Text(64, shortest=1, pattern=r"[^\s].*", words=("必填", "is required"))] = (
        Field(description="编号 / number")
    )
    source: Annotated[str, Text(40, pattern=r"[\w.@-]+", words=("字母、数字", "letters, digits"))] = Field(
        default=PLATFORM, description="系统 / which system"
    )


# ------------------------------------------------------------------ decisions


class RefusalBody(RequestModel):
    """Not accepted: the ground by its number in the order in force on the day of receipt."""

    ground: Annotated[int, Whole(1, 99)] = Field(
        description="不予受理情形的序号 / number of the ground", examples=[3]
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


class EndBody(RequestModel):
    """The mediation has ended: the ground by its number in the order in force on the day of receipt."""

    ground: Annotated[int, Whole(1, 99)] = Field(
        description="终止调解情形的序号 / number of the ground", examples=[3]
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


class HandOverBody(RequestModel):
    """To which county's bureau, by the code of its division."""

    to: Annotated[str, Text(shortest=1, pattern=r"\d{6}", words=("6 位数字", "has six digits"))] = Field(
        description="区县代码 / code of the division", examples=["141002"]
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


class PapersBody(RequestModel):
    """What is missing, e.g. proof of identity."""

    papers: Annotated[str, Text(2000, shortest=1, lines=True)] = Field(
        description="需补充的材料 / which papers"
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


class AnswerBody(RequestModel):
    """What the person is told; of a report he is told it where a law says so, which `basis` names."""

    text: Annotated[str, Text(20000, shortest=1, lines=True)] = Field(description="答复内容 / the answer")
    basis: Annotated[str, Text(40)] = Field(
        default="", description="告知举报人的依据 / id of the law in rules/report_results.yaml"
    )


class StepBody(RequestModel):
    """A step of the law that starts or ends a clock, with its day."""

    step: Choice[Milestone] = Field(description="办理节点 / which step", examples=["filing_decided"])
    on: Day = Field(description="日期 / on which day")
    approved_by: Annotated[str, Text(60)] = Field(
        default="", description="批准人，延长期限时必填 / the head who approved an extension"
    )
    text: Annotated[str, Text(2000, lines=True)] = Field(default="", description="说明 / a word")


# ------------------------------------------------------------------ counter


class CounterKind(StrEnum):
    """What came; unsorted for a letter that does not say, or whose writer is not to be made out."""

    COMPLAINT = "complaint"
    REPORT = "report"
    QUESTION = "question"
    UNSORTED = "unsorted"


class NewAtCounter(NewContact):
    """What a clerk writes down of a visit or a letter: the official form's fields and how it came."""

    kind: Choice[CounterKind] = Field(  # type: ignore[assignment]
        description="类别 / what it is", examples=["complaint"]
    )
    channel: ClerkChannelId = Field(
        default=Channel.COUNTER.value,
        validate_default=True,
        description="来人来访或来函 / visit or letter",
        examples=["letter"],
    )
    received_at: Moment | None = Field(
        default=None,
        description="收到时间，期限由此起算（无时区按中心时区） / "
        "when it was received: clocks run from that day",
    )
    letter_date: Day | None = Field(default=None, description="来函落款日期 / date on the letter")
    postmark_date: Day | None = Field(default=None, description="邮戳日期 / date of the postmark")
    came_by: Annotated[str, Text(60)] = Field(
        default="", description="来件方式，如挂号信 / how it came, e.g. registered mail"
    )
    also: Choice[SplitKind] | None = Field(
        default=None, description="同时还是投诉或举报，另立一件 / it is also this: a second item is made"
    )
    declined: Declined = Field(default=(), description=DECLINED)


class CounterReceipt(ReceiptGiven):
    """The receipt, and that of the second item when the contact was both complaint and report."""

    also: ReceiptGiven | None
