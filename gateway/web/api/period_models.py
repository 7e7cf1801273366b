"""What the API takes and gives about figures of a period, for period_figures.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from gateway.core.item.contact import Kind
from gateway.core.order.period import Measure, Step
from gateway.web.http.fields import Choice, Day, Text, Yuan
from gateway.web.http.models import AnswerModel, RequestModel


class PeriodAsked(RequestModel):
    """From which day to which, both included; without a word the current month to today."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Day | None = Field(default=None, alias="from", description="起始日 / first day")
    to: Day | None = Field(default=None, description="截止日 / last day")
    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind of the item")


class UnitAsked(PeriodAsked):
    """Of which unit."""

    bureau: Annotated[str, Text(16)] = Field(
        default="", description="主办局 / of which this bureau answers for"
    )
    at: Annotated[str, Text(16)] = Field(default="", description="办理单位 / of this very unit")


class SeriesAsked(UnitAsked):
    """Piece by piece; without days the last twelve months to today."""

    step: Choice[Step] = Field(default=Step.MONTH, description="按月或按周 / by month or week")


class BehindAsked(UnitAsked):
    """Which figure."""

    measure: Choice[Measure] = Field(description="指标 / which figure")


class FiguresShown(AnswerModel):
    """Counts, shares from 0 to 1 (null: nothing to divide by), and money in yuan."""

    counts: dict[Measure, int]
    rates: dict[str, float | None]
    recovered: Yuan


class PeriodRowShown(AnswerModel):
    """A unit with all below it; `parts` are those below it."""

    unit: str
    name: str
    figures: FiguresShown
    parts: tuple[PeriodRowShown, ...] = ()


class MeasureShown(AnswerModel):
    """What a count is called."""

    measure: Measure
    zh: str
    en: str


class PeriodGiven(AnswerModel):
    """Figures of a period, as they stand at `cut_off`."""

    cut_off: datetime
    first: date
    last: date
    kind: Kind | None
    measures: tuple[MeasureShown, ...]
    rows: tuple[PeriodRowShown, ...]
    total: FiguresShown


class PieceShown(AnswerModel):
    """The figures of one piece of a period, from its first to its last day."""

    first: date
    last: date
    figures: FiguresShown


class SeriesGiven(AnswerModel):
    """Figures piece by piece, as they stand at `cut_off`; their counts add up to those of the whole."""

    cut_off: datetime
    step: Step
    pieces: tuple[PieceShown, ...]
    total: FiguresShown


class BehindShown(AnswerModel):
    """One order, or one follow-up call, that a figure counts."""

    id: str
    number: str
    bureau: str
    unit: str
    unit_name: str
    kind: Kind


class BehindGiven(AnswerModel):
    """What a figure counts: `count` in all, at most 1,000 of them."""

    count: int
    items: tuple[BehindShown, ...]


class PublishedShown(AnswerModel):
    """Figures as they were published; `cut_off` is the instant from which they are."""

    id: str
    cut_off: datetime
    who: str
    first: date
    last: date
    kind: str
    total: FiguresShown


class PublishedGiven(AnswerModel):
    """What was published, the last one first."""

    items: tuple[PublishedShown, ...]
