"""What the API takes and gives about follow-up calls."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.cases.follow_ups import Try
from gateway.core.followup import FollowUpState, Verdict
from gateway.core.item.contact import Kind
from gateway.web.http.fields import Choice, Flag, ItemNumberOrEmpty, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel

MOST = 2**53
_DUE = Text(
    10,
    pattern=r"today|[0-9]{4}-[0-9]{2}-[0-9]{2}",
    words=("日期格式如 2026-10-01，或 today", "is a day such as 2026-10-01, or today"),
)


class FollowUpsAsked(RequestModel):
    """Which follow-up calls. Without a state those that are open, of items that are closed still."""

    due: Annotated[str, _DUE] = Field(
        default="", description="此日（today 为今天）及以前到期 / due by this day, or by today"
    )
    state: Choice[FollowUpState] | None = Field(default=None, description="状态 / state")
    number: ItemNumberOrEmpty = Field(default="", description="事项编号 / the item's number")
    by_pbx: Flag | None = Field(default=None, description="由自动回访拨打 / by the survey, or by an agent")
    after: Annotated[int, Whole(0, MOST)] = Field(
        default=0, description="上一页的 next / `next` of the page before"
    )
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="件数 / how many")


class ResultBody(RequestModel):
    """What the person answered. Grades: 1 very satisfied, 2 satisfied, 3 fairly, 4 dissatisfied, 5 very
    dissatisfied; from 4 on a reason is needed."""

    contacted: Flag = Field(description="办理单位是否联系过 / was he contacted")
    solved: Flag = Field(description="问题是否解决 / is it solved")
    handler: Annotated[int, Whole(1, 5)] = Field(description="对办理人员的评价 / content with the handler")
    outcome: Annotated[int, Whole(1, 5)] = Field(description="对办理结果的评价 / content with the result")
    reason: Annotated[str, Text(40)] = Field(default="", description="不满意原因 / why he is dissatisfied")
    text: Annotated[str, Text(1000, lines=True)] = Field(default="", description="备注 / what else he said")
    call_id: Annotated[str, Text(64)] = Field(default="", description="通话 id / id of the call")


class AttemptBody(RequestModel):
    """A call that brought no answers."""

    outcome: Choice[Try] = Field(description="结果 / how it ended")
    text: Annotated[str, Text(500)] = Field(default="", description="备注 / note")


class RingBody(RequestModel):
    """Why a person whose identity is kept secret has to be called; it stands in the audit log."""

    reason: Annotated[str, Text(200)] = Field(
        default="", description="呼叫举报人的理由 / why a reporter is called"
    )


class ReasonOffered(AnswerModel):
    """A reason that may be given, and whether the unit can mend it."""

    id: str
    zh: str
    en: str
    unit_side: bool


class FollowUpShown(AnswerModel):
    """One follow-up call. `secret`: the person is called by the identity right alone, and nothing of him
    stands here. `again`: the matter was opened again for the answers; `verdict` is how they count."""

    id: str
    number: str
    round: int
    kind: Kind
    state: FollowUpState
    state_zh: str
    closed_at: datetime
    due_at: datetime
    by_pbx: bool
    unit: str
    order: str | None
    attempts: int
    dials: int
    tried_at: datetime | None
    secret: bool
    name: str
    phone: str
    respondent_name: str
    content: str
    contacted: bool | None
    solved: bool | None
    handler: int | None
    outcome: int | None
    reason: str
    text: str
    answered_at: datetime | None
    who: str
    call_id: str
    verdict: Verdict | None
    again: bool


class FollowUpsPage(AnswerModel):
    """A page of follow-up calls; `count` is how many there are in all, `reasons` those of today's rules."""

    items: tuple[FollowUpShown, ...]
    next: str | None
    count: int
    reasons: tuple[ReasonOffered, ...]


class PersonRung(AnswerModel):
    """Whom the seat is about to dial. Of a person whose identity is secret the name, to know him by."""

    name: str


def day_asked(asked: str, today: date) -> date | None:
    """The day up to which; None for every day. Raises ValueError for a day that is none."""
    if not asked:
        return None
    return today if asked == "today" else date.fromisoformat(asked)
