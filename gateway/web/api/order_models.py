"""Work orders as the API takes and gives them, for orders.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from gateway.core.item.contact import Kind
from gateway.core.order.figures import Figure
from gateway.core.order.order import OrderState, Urgency
from gateway.web.api.intake_models import DueDay
from gateway.web.api.queue_models import AttachmentShown, ItemShown
from gateway.web.http.fields import Amount, Choice, Day, Flag, ItemNumberOrEmpty, Listed, Text, Whole, Yuan
from gateway.web.http.models import AnswerModel, RequestModel

LONGEST = 100_000
"""Characters of a report that are read at all; rules/handling.yaml says how long it may be."""
Line = Annotated[str, Text(200)]
Needed = Annotated[str, Text(2000, shortest=1, lines=True)]
Prose = Annotated[str, Text(2000, lines=True)]
Sha256 = Annotated[str, Text(64, pattern=r"[0-9a-f]{64}", words=("应为文件的 SHA-256", "is a SHA-256"))]
UnitId = Annotated[str, Text(16, shortest=1)]
OrderId = Annotated[str, Text(18, pattern=r"[0-9]{1,18}", words=("应为工单编号", "is the id of an order"))]

# ------------------------------------------------------------------ what is asked for


class AssignBody(RequestModel):
    """One handling unit, and what goes with it."""

    unit: UnitId = Field(description="办理单位编号 / id of the unit that handles it")
    note: Prose = Field(default="", description="派单说明 / a note for the unit")
    urgency: Choice[Urgency] = Field(default=Urgency.GENERAL, description="紧急程度 / urgency")
    copies: Annotated[tuple[UnitId, ...], Listed(50)] = Field(
        default=(), description="抄送单位编号 / ids of units that get a copy"
    )


class OrdersAsked(RequestModel):
    """Which orders; without a word all that whoever asks may see, the first to be due first."""

    unit: Annotated[str, Text(16)] = Field(
        default="", description="单位及其下属 / of this unit and those below it"
    )
    state: Choice[OrderState] | None = Field(default=None, description="状态 / state")
    open: Flag = Field(default=False, description="仅未办结 / only those that are not at an end")
    todo: Flag = Field(default=False, description="仅单位待办 / only those that a unit has to act on")
    overdue: Flag = Field(default=False, description="仅已逾期 / only those whose last day is over")
    number: ItemNumberOrEmpty = Field(default="", description="事项编号 / number of the item")
    bureau: Annotated[str, Text(16)] = Field(
        default="", description="主办局负责的 / of which this bureau answers for"
    )
    at: Annotated[str, Text(16)] = Field(default="", description="在该单位手中的 / that this very unit has")
    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind of the item")
    figure: Choice[Figure] | None = Field(
        default=None, description="督办表中某一栏的工单 / those that a column of the supervision counts"
    )
    problem: Flag = Field(default=False, description="仅问题工单 / only problem orders")
    disputed: Flag = Field(default=False, description="仅有管辖争议 / only those with an open dispute")
    copied: Flag = Field(default=False, description="包括抄送 / those with a copy for the unit as well")
    copies_only: Flag = Field(default=False, description="仅抄送件 / only those of which it has but a copy")
    after: OrderId | None = Field(
        default=None, description="上一页最后一件工单的编号 / id of the last order seen"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="件数 / how many")


class TextBody(RequestModel):
    """Words that are needed."""

    text: Needed = Field(description="说明 / what is to be said")


class WordBody(RequestModel):
    """Words that may be left out."""

    text: Prose = Field(default="", description="说明 / what is to be said")


class ReturnBody(RequestModel):
    """Why a unit gives an order back."""

    reason: Annotated[str, Text(40, shortest=1)] = Field(
        description="退回原因代码或名称 / code or name of the reason"
    )
    text: Prose = Field(default="", description="说明 / in words")


class PassDownBody(RequestModel):
    """To which station of the bureau."""

    unit: UnitId = Field(description="本局所属的所 / a station of the same bureau")
    text: Prose = Field(default="", description="说明 / a note")


class ExtensionBody(RequestModel):
    """How many workdays more, and why."""

    days: Annotated[int, Whole(1, 366)] = Field(description="工作日数 / working days")
    reason: Needed = Field(description="原因 / why")


class ExtensionDecided(RequestModel):
    """Granted or not; a refusal says why."""

    granted: Flag = Field(description="同意 / granted")
    text: Prose = Field(default="", description="说明，不同意时必填 / why not")


class SuspensionBody(RequestModel):
    """A test or an appraisal, by a paper; its days are not counted."""

    model_config = ConfigDict(populate_by_name=True)

    reason: Needed = Field(description="检测、鉴定等原因 / why it is suspended")
    paper: Annotated[str, Text(200, shortest=1)] = Field(description="文书名称或文号 / the paper it rests on")
    begins: Day | None = Field(
        default=None, alias="from", description="自哪日起，默认当日 / from which day on, today if not given"
    )


class ResumptionBody(RequestModel):
    """The first day that is counted again."""

    on: Day | None = Field(
        default=None, description="恢复计时之日，默认当日 / day from which it is counted again"
    )
    text: Prose = Field(default="", description="说明 / a note")


class DecisionBody(RequestModel):
    """A decision of the competent unit on the item."""

    event: Line = Field(description="accept、refuse_acceptance 或 end_mediation / which decision")
    ground: Annotated[int, Whole(1, 99)] | None = Field(
        default=None, description="法定情形的序号 / number of the ground"
    )
    text: Prose = Field(default="", description="说明 / in words")


class ReasonBody(RequestModel):
    """Why it is done."""

    reason: Needed = Field(description="原因 / why")


class SupervisionBody(RequestModel):
    """The leader's words, and by when."""

    text: Needed = Field(description="督办意见 / the leader's words")
    due: Day = Field(description="办结日期 / to be done by this day")


class DraftBody(RequestModel):
    """What was typed of a report so far."""

    result: Annotated[str, Text(40)] = Field(default="", description="办理结果 / the result")
    text: Annotated[str, Text(LONGEST, lines=True)] = Field(
        default="", description="办理情况，不对外 / what was done; stays inside"
    )
    answer: Annotated[str, Text(LONGEST, lines=True)] = Field(
        default="", description="对群众的答复 / the answer for the person"
    )
    amount_in_dispute: Amount | None = Field(default=None, description="争议金额（元） / yuan in dispute")
    amount_recovered: Amount | None = Field(
        default=None, description="挽回经济损失（元） / yuan recovered for the person"
    )
    signed_by: Annotated[str, Text(64)] = Field(default="", description="签发人 / who signs it")
    basis: Annotated[str, Text(40)] = Field(
        default="", description="应告知举报人的法律依据 / law by which a reporter is told the result"
    )
    files: Annotated[tuple[Sha256, ...], Listed(50)] = Field(
        default=(),
        description="随报告提交的附件（SHA-256），须已添加到事项 / files that belong to the report, by"
        " SHA-256; put beside the item before",
    )


class ReportBody(DraftBody):
    """The written report (书面上报). Only the approved answer is told."""

    received_on: Day | None = Field(
        default=None,
        description="线下单位的纸质报告由中心代录时，收到之日；期限按此日计 / a report on paper of a unit"
        " that works offline, typed in by the centre: the day on which it came, which counts",
    )


# ------------------------------------------------------------------ what is given


class WarningShown(AnswerModel):
    """What whoever assigns has to know."""

    zh: str
    en: str


class OrderShown(AnswerModel):
    """One order. `due` is the earlier of its own and the legal clock; `late` while its last day is over and
    the unit still has to act, `ever_late` for good. `possible` are the acts that whoever asks may do now."""

    id: str
    number: str
    unit: str
    unit_name: str
    bureau: str = Field(description="对中心负责的单位 / the unit that answers for it to the centre")
    bureau_name: str
    state: OrderState
    urgency: Urgency
    due: date | None
    legal_due: date | None
    late: bool
    late_from_start: bool
    ever_late: bool
    suspended: bool
    copy_only: bool = Field(description="本单位仅收到抄送 / the asker's unit has but a copy of it")
    firm: bool = Field(description="首办责任单位 / the assignment was upheld")
    disputed_on: date | None
    returned_to: str
    passes: int = Field(description="被退回次数 / how often the item came back")
    rounds: int = Field(description="重办次数 / how often it was done again")
    problem: bool = Field(description="问题工单 / a problem order")
    extensions: int
    asked_days: int
    note: str
    assigned_at: datetime
    since: datetime
    signed_at: datetime | None
    reported_at: datetime | None
    closed_at: datetime | None
    told_at: datetime | None
    urged_at: datetime | None
    supervised_at: datetime | None
    supervised_due: date | None
    kind: Kind
    received_at: datetime
    respondent_name: str
    summary: str = Field(description="内容摘要 / how the content begins")
    possible: tuple[str, ...]
    warnings: tuple[WarningShown, ...]


class OrdersPage(AnswerModel):
    """Orders, the first to be due first; `next` is what `after` must be for the page that follows."""

    items: tuple[OrderShown, ...]
    next: str | None


class OrderEventShown(AnswerModel):
    """One line of an order's history."""

    at: datetime
    event: str
    event_zh: str
    event_en: str
    who: str
    unit: str
    text: str
    facts: dict[str, str]


class SuspensionShown(AnswerModel):
    """A time that is not counted; `on` is the first day that is counted again."""

    model_config = ConfigDict(populate_by_name=True)

    begins: date = Field(serialization_alias="from")
    on: date | None
    reason: str
    paper: str


class ReportShown(AnswerModel):
    """A report or the draft of one. `files` were handed in with it; `received_on`: it came on paper that day
    and `who` of the centre typed it in."""

    result: str
    text: str
    answer: str
    amount_in_dispute: Yuan | None
    amount_recovered: Yuan | None
    signed_by: str
    basis: str
    files: tuple[AttachmentShown, ...]
    received_on: date | None
    who: str
    at: datetime


class DraftGiven(AnswerModel):
    """The draft as it is kept."""

    draft: ReportShown


class OrderWholeShown(OrderShown):
    """One order with its history, clocks (its own, then the item's legal ones), papers and item."""

    events: tuple[OrderEventShown, ...]
    clocks: tuple[DueDay, ...]
    suspensions: tuple[SuspensionShown, ...]
    copies: tuple[str, ...]
    reports: tuple[ReportShown, ...]
    draft: ReportShown | None
    item: ItemShown
