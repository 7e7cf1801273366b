"""What the API gives about supervision, for supervision.py."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from gateway.core.item.contact import Kind
from gateway.core.order.figures import Figure
from gateway.core.order.ladder import Rung
from gateway.core.order.order import OrderState, Urgency
from gateway.web.http.fields import Choice
from gateway.web.http.models import AnswerModel, RequestModel


class SupervisionAsked(RequestModel):
    """Of which kind; without a word all."""

    kind: Choice[Kind] | None = Field(default=None, description="类别 / kind of the item")


class ColumnShown(AnswerModel):
    """A column of the matrix."""

    figure: Figure
    zh: str
    en: str


class RowShown(AnswerModel):
    """A unit with all below it; `parts` are those below it. A figure is the number of orders that
    `GET /api/v1/orders?figure=…&bureau=…` lists; of a part, with `at=…` beside `bureau`."""

    unit: str
    name: str
    figures: dict[Figure, int]
    parts: tuple[RowShown, ...] = ()


class WaitingShown(AnswerModel):
    """What a leader decides: an extension, a dispute, or how to go on with a pressing order."""

    what: str
    order: str
    number: str
    unit: str
    unit_name: str
    state: OrderState
    urgency: Urgency
    said: str
    days: int
    nth: int
    due: date | None
    until: date | None


class RungShown(AnswerModel):
    """A line of the ledger."""

    id: str
    rung: Rung
    rung_zh: str
    rung_en: str
    at: datetime
    who: str
    text: str
    due: date | None
    sheet: str
    passed_over: bool
    told: tuple[str, ...]
    acknowledged_at: datetime | None
    acknowledged_by: str


class RedShown(AnswerModel):
    """A red order with which the unit still has something to do."""

    order: str
    number: str
    unit: str
    unit_name: str
    due: date | None
    days_late: int
    rung: RungShown


class ProblemsShown(AnswerModel):
    """Open problem orders: no unit was found for them, or they were done again in vain."""

    passes: int
    rounds: int


class SupervisionGiven(AnswerModel):
    """Units against columns at one instant (`cut_off`), and what waits for a leader."""

    cut_off: datetime
    today: date
    columns: tuple[ColumnShown, ...]
    rows: tuple[RowShown, ...]
    total: dict[Figure, int]
    waiting: tuple[WaitingShown, ...]
    red: tuple[RedShown, ...]
    problems: ProblemsShown


class RungsGiven(AnswerModel):
    """What was told of an order and passed over, the first one first."""

    items: tuple[RungShown, ...]
