"""Calls, lines and seats as the API takes and gives them, for phone.py."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.calls.views import LineState
from gateway.core.call.record import CallOutcome, RecordingState
from gateway.core.call.seat import SeatState
from gateway.web.http.fields import (
    Choice,
    Moment,
    Text,
    Whole,
)
from gateway.web.http.models import AnswerModel, RequestModel


class CallsAsked(RequestModel):
    """Which calls; the newest first."""

    since: Moment | None = Field(
        default=None,
        description="自何时起（无时区按中心时区） / started at or after; without a zone: the centre's",
    )
    until: Moment | None = Field(
        default=None,
        description="至何时止，不含（无时区按中心时区） / started before; without a zone: the centre's",
    )
    agent: Annotated[str, Text(64)] = Field(default="", description="坐席账号 / the agent's account")
    outcome: Choice[CallOutcome] | None = Field(default=None, description="通话结果 / how the call ended")
    limit: Annotated[int, Whole(1, 200)] = Field(default=50, description="条数 / how many")
    before: Annotated[str, Text(80)] = Field(
        default="", description="上一页最后一通的 id / id of the last call seen"
    )
    caller: Annotated[str, Text(40)] = Field(
        default="", description="来电号码，任何写法 / caller's number, however it is written"
    )


class StepShown(AnswerModel):
    """One step of the way through the menus."""

    at: datetime
    step: str
    keys: str


class CallShown(AnswerModel):
    """One call. `recording` is where its sound is to be had, `number` the item that came of it.

    `rating` is what the caller thought of the call itself, 1 (very satisfied) to 5; null for none.
    """

    id: str
    direction: str
    caller: str
    dialled: str
    line: int
    started_at: datetime
    answered_at: datetime | None
    queued_at: datetime | None
    talked_at: datetime | None
    ended_at: datetime | None
    path: tuple[StepShown, ...]
    wait_seconds: float
    agent: str | None
    outcome: CallOutcome
    flow: str
    recording: str | None
    recording_state: RecordingState
    number: str | None
    back_of: str | None
    rating: int | None


class CallsPage(AnswerModel):
    """Calls, the newest first; `next` is what `before` must be for the page that follows."""

    items: tuple[CallShown, ...]
    next: str | None


class LineShown(AnswerModel):
    """One line of the trunk."""

    line: int
    state: LineState
    call_id: str | None
    caller: str | None
    since: datetime | None


class WaitingShown(AnswerModel):
    """One caller who waits for an agent; `place` from 1."""

    place: int
    call_id: str
    caller: str
    since: datetime


class LinesNow(AnswerModel):
    """All lines, and who waits."""

    items: tuple[LineShown, ...]
    waiting: tuple[WaitingShown, ...]


class SeatPhone(StrEnum):
    """Which of a seat's two phones rings."""

    SIP = "sip"  # a SIP telephone
    BROWSER = "browser"  # the page /desk


class AgentShown(AnswerModel):
    """One agent's seat; `reachable` tells whether its phone is there while it is signed in."""

    id: str
    name: str
    seat: str
    state: SeatState
    reason: str
    since: datetime | None
    call_id: str | None
    phone: SeatPhone
    reachable: bool


class AgentsNow(AnswerModel):
    """All seats."""

    items: tuple[AgentShown, ...]


class SeatBody(StrEnum):
    """What a seat can be told; the other states come from the telephone."""

    READY = "ready"
    PAUSED = "paused"
    OFFLINE = "offline"


class AgentBody(RequestModel):
    """What a seat is to do; a reason may stand with a pause."""

    state: Choice[SeatBody] = Field(
        description="就绪、小休或签出 / ready, paused or offline", examples=["ready"]
    )
    reason: Annotated[str, Text(40)] = Field(default="", description="原因 / why")
    phone: Choice[SeatPhone] | None = Field(
        default=None, description="由哪部电话振铃 / which phone is to ring, from now on"
    )
