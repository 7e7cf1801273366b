"""What the list of items to be assigned takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.cases.dispatch import Suggested
from gateway.cases.orders import OrderView
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemState
from gateway.core.order.order import Urgency
from gateway.core.order.suggestion import Candidate, Suggestion
from gateway.core.unit import Tree
from gateway.web.api import list_models
from gateway.web.api.order_models import WarningShown
from gateway.web.http.fields import ChannelId, Choice, Text, Whole
from gateway.web.http.models import AnswerModel, RequestModel

_AFTER = r"[0-9]{4}-[0-9]{2}-[0-9]{2},[0-9]{1,15},[0-9]{12}"
_AFTER_WORDS = ("上一页给出的 next", "is the `next` of the page before")
NO_COUNTY = "none"


class DispatchAsked(RequestModel):
    """Which items that are to be assigned."""

    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind")
    county: Annotated[str, Text(40)] | None = Field(
        default=None, description="区县，none 为未登记区县 / county; none: those without one"
    )
    after: Annotated[str, Text(50, pattern=_AFTER, words=_AFTER_WORDS)] = Field(
        default="", description="上一页的 next / `next` of the page before"
    )
    limit: Annotated[int, Whole(1, 100)] = Field(default=20, description="件数 / how many")


class PlanAsked(RequestModel):
    """For which unit and urgency the order is looked at before it is made; without a unit none is."""

    unit: Annotated[str, Text(16)] = Field(default="", description="承办单位编号 / id of the unit")
    urgency: Choice[Urgency] = Field(default=Urgency.GENERAL, description="紧急程度 / urgency")


class ReasonShown(AnswerModel):
    """One sign that speaks for a unit: county, address, station, name, earlier or category."""

    what: str
    zh: str
    en: str


class CandidateShown(AnswerModel):
    """A unit that an item may belong to, with what speaks for it."""

    unit: str
    zh: str
    en: str
    points: int
    reasons: tuple[ReasonShown, ...]


class SuggestionShown(AnswerModel):
    """Candidates, the likeliest first. `clear`: the first may be taken after a look; else `doubt` says why it
    cannot be told."""

    clear: bool
    doubt: str
    doubt_en: str
    candidates: tuple[CandidateShown, ...]


class ItemToAssign(AnswerModel):
    """One item that is to be assigned. `due` is null where no legal clock runs."""

    number: str
    kind: Kind
    channel: ChannelId
    state: ItemState
    respondent_name: str
    respondent_address: str
    county: str
    problem: str
    subject: str
    summary: str
    received_at: datetime
    due: list_models.RowClock | None
    suggestion: SuggestionShown


class DispatchPageShown(AnswerModel):
    """Items, the first to end first; `next` is what `after` must be for those that follow. `total` stands on
    the first page."""

    items: tuple[ItemToAssign, ...]
    next: str | None
    total: int | None


class PlanShown(AnswerModel):
    """The order that an assignment would make now. `late`: one of its clocks is over already, so that it is
    due today and marked late; `trace` tells how its day is counted."""

    unit: str
    due: date
    legal_due: date | None
    late: bool
    provisional: bool
    trace: tuple[str, ...]
    warnings: tuple[WarningShown, ...]


class DispatchOne(AnswerModel):
    """One item, whether it may be assigned or not, with what it is suggested for."""

    item: ItemToAssign
    plan: PlanShown | None


def plan(shown: OrderView) -> PlanShown:
    clock = shown.clock
    return PlanShown(
        unit=shown.order.unit,
        due=clock.due,
        legal_due=clock.legal,
        late=clock.late_from_start,
        provisional=clock.provisional,
        trace=clock.trace,
        warnings=tuple(WarningShown(zh=zh, en=en) for zh, en in shown.warnings),
    )


def item(suggested: Suggested, tree: Tree, today: date) -> ItemToAssign:
    """An item as the API shows it."""
    row = list_models.row(suggested.item.row, today)
    return ItemToAssign(
        number=row.number,
        kind=row.kind,
        channel=row.channel,
        state=row.state,
        respondent_name=row.respondent_name,
        respondent_address=suggested.item.respondent_address,
        county=suggested.item.county,
        problem=suggested.item.problem,
        subject=suggested.item.subject,
        summary=row.summary,
        received_at=row.received_at,
        due=row.due,
        suggestion=suggestion(suggested.suggestion, tree),
    )


def suggestion(suggested: Suggestion, tree: Tree) -> SuggestionShown:
    candidates = tuple(_candidate(candidate, tree) for candidate in suggested.candidates)
    return SuggestionShown(
        clear=suggested.clear, doubt=suggested.doubt_zh, doubt_en=suggested.doubt_en, candidates=candidates
    )


def _candidate(candidate: Candidate, tree: Tree) -> CandidateShown:
    unit = tree.get(candidate.unit)
    zh = unit.zh if unit else candidate.unit
    return CandidateShown(
        unit=candidate.unit,
        zh=zh,
        en=(unit.en if unit else "") or zh,
        points=candidate.points,
        reasons=tuple(ReasonShown(what=r.what, zh=r.zh, en=r.en) for r in candidate.reasons),
    )
