"""What a person is told, as the API shows it: the steps of his matter, and the notices that the desk sees."""

from __future__ import annotations

from datetime import datetime

from gateway.web.http.models import AnswerModel


class StepTold(AnswerModel):
    """One step in plain words, with which papers, the answer, or the reason of a refusal as its `text`."""

    at: datetime
    what: str
    what_zh: str
    what_en: str
    text: str
    text_en: str
    basis: str


class WayShown(AnswerModel):
    """A way that leads to the person; `to` is masked. `by_hand`: somebody has to call, or print and post."""

    id: str
    zh: str
    en: str
    to: str
    by_hand: bool


class WaysGiven(AnswerModel):
    """Every way to the person, in the order in which one is taken."""

    items: tuple[WayShown, ...]


class NoticeComposed(AnswerModel):
    """What would be sent by one way; a short message is sent and paid in `segments`."""

    way: str
    way_zh: str
    to: str
    subject: str
    text: str
    segments: int | None


class PreviewGiven(AnswerModel):
    """A reply as it would go out, one for each way."""

    items: tuple[NoticeComposed, ...]


class NoticeShown(AnswerModel):
    """What the person was or is to be told; `proof` shows that he was, or why not. A query code is masked."""

    id: int
    kind: str
    kind_zh: str
    way: str
    way_zh: str
    to: str
    subject: str
    text: str
    state: str
    state_zh: str
    made_at: datetime
    sent_at: datetime | None
    proof: str
