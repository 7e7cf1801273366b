"""What people hand in, and what they are told: bodies and answers of intake.py.

Amounts are in yuan as JSON numbers with at most two decimals; times are ISO 8601 in UTC with Z;
days are those of the centre's time zone. Empty texts mean "not given".
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.core.item import written
from gateway.core.item.contact import DECLINABLE, Kind
from gateway.core.item.item import ItemState
from gateway.web.api.told_models import StepTold
from gateway.web.http.fields import (
    Amount,
    Choice,
    Email,
    Flag,
    Listed,
    Phone,
    SpelledDay,
    Text,
)
from gateway.web.http.models import AnswerModel, RequestModel


class WrittenKind(StrEnum):
    """What somebody can ask for in writing; sorting is ours."""

    COMPLAINT = "complaint"
    REPORT = "report"
    QUESTION = "question"


class NewContact(RequestModel):
    """One complaint, report or question, as somebody fills it in."""

    kind: Choice[WrittenKind] = Field(description="投诉、举报或咨询 / what is wanted", examples=["complaint"])
    content: Annotated[str, Text(20000, shortest=1, lines=True, spelling=written.text)] = Field(
        description="事实经过 / what happened", examples=["商家拒绝退款"]
    )
    name: Annotated[str, Text(100, spelling=written.line)] = Field(default="", description="姓名 / name")
    phone: Phone = Field(default="", description="联系电话 / telephone")
    email: Email = Field(default="", description="电子邮箱 / mail address")
    address: Annotated[str, Text(300, spelling=written.line)] = Field(
        default="", description="联系地址 / address"
    )
    id_type: Annotated[str, Text(40, spelling=written.line)] = Field(
        default="", description="证件类型 / kind of identity document"
    )
    id_number: Annotated[str, Text(60, spelling=written.paper_number)] = Field(
        default="", description="证件号码 / its number"
    )
    respondent_name: Annotated[str, Text(200, spelling=written.line)] = Field(
        default="", description="被投诉（举报）人名称 / whom it is about"
    )
    respondent_address: Annotated[str, Text(300, spelling=written.line)] = Field(
        default="", description="被投诉（举报）人地址 / their address"
    )
    respondent_phone: Phone = Field(default="", description="被投诉（举报）人电话 / their telephone")
    claims: Annotated[tuple[Annotated[str, Text(200, spelling=written.line)], ...], Listed(20)] = Field(
        default=(), description="投诉请求 / what is asked for"
    )
    amount: Amount | None = Field(
        default=None, description="涉及金额（元） / amount at stake in yuan", examples=[199.9]
    )
    occurred_on: SpelledDay | None = Field(default=None, description="发生日期 / day on which it happened")
    county: Annotated[str, Text(40, spelling=written.line)] = Field(
        default="", description="区县代码或名称 / county, code or name"
    )
    problem: Annotated[str, Text(40)] = Field(
        default="", description="问题类别（categories.yaml 的编号） / what is wrong, an id of categories.yaml"
    )
    subject: Annotated[str, Text(40)] = Field(
        default="", description="商品或服务类别（同上） / goods or service, an id of categories.yaml"
    )
    publish_consent: Flag | None = Field(
        default=None, description="是否同意公示投诉信息 / consent to publication"
    )
    mediation_consent: Flag | None = Field(
        default=None, description="是否同意委托调解 / consent to mediation by others"
    )
    anonymous: Flag = Field(default=False, description="是否匿名 / identity is not to be used")


_DECLINABLE = Text(
    pattern="|".join(DECLINABLE),
    words=(f"应为以下之一：{'、'.join(DECLINABLE)}", f"is one of: {', '.join(DECLINABLE)}"),
)
Declined = Annotated[tuple[Annotated[str, _DECLINABLE], ...], Listed(len(DECLINABLE))]
DECLINED = "来电人不愿提供的字段名 / names of members that the person did not want to tell"


class DueDay(AnswerModel):
    """One legal clock: the last day, whether its calendar is still a guess, and how it was counted."""

    clock: str
    on: date
    provisional: bool
    basis: str
    trace: tuple[str, ...]


class ReceiptGiven(AnswerModel):
    """What the person gets: number and code tell the state later on."""

    number: str
    query_code: str
    received_at: datetime
    status: str
    due: tuple[DueDay, ...]


class CodeAsked(RequestModel):
    """The query code of a number; with a four-digit code, for more than the state, the telephone."""

    code: Annotated[
        str,
        Text(
            longest=6,
            shortest=1,
            pattern="[0-9]{4,6}",
            words=("6 位数字（早前登记的为 4 位）", "has six digits (four for older items)"),
        ),
    ] = Field(description="查询码 / query code")
    phone: Annotated[
        str,
        Text(
            longest=24,
            pattern="[0-9 +()-]{4,24}",
            words=("电话的后 4 位数字", "the last four digits of the telephone number"),
        ),
    ] = Field(
        default="", description="登记电话的后四位 / last four digits of the telephone number that was left"
    )


class StateTold(AnswerModel):
    """What anybody with number and code may know: no personal data.

    `needs` is `phone` when a four-digit code was given without the telephone's last four digits, or with
    wrong ones: then kind and received_at are null and the rest is empty. `papers` are those that are wanted
    now, `answer` is the answer in full.
    """

    number: str
    status: ItemState
    status_zh: str
    status_en: str
    kind: Kind | None
    received_at: datetime | None
    due: tuple[DueDay, ...]
    needs: str = ""
    timeline: tuple[StepTold, ...] = ()
    papers: str = ""
    answer: str = ""
    may_withdraw: bool = False
