"""Figures and the wallboard as the API shows them; core/statistics.py defines each figure.

Rates are from 0 to 1, seconds are seconds, `null` stands where nobody called. Callers' numbers are masked.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gateway.calls.views import AgentView, LineState, LineView
from gateway.core import statistics as core
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Channel
from gateway.web.http.fields import ChannelId, Choice, Day, Text
from gateway.web.http.masks import masked
from gateway.web.http.models import AnswerModel, RequestModel
from gateway.web.ports import Board


class FiguresAsked(RequestModel):
    """One day, or the days `from` to `to`, both included; without a word today."""

    day: Day | None = Field(default=None, description="日期 / the day")
    from_: Day | None = Field(default=None, description="起始日期 / the first day", alias="from")
    to: Day | None = Field(default=None, description="截止日期（含） / the last day, included")


class ChannelCount(AnswerModel):
    """How many items of one channel."""

    channel: ChannelId
    count: int


class AgentFiguresShown(AnswerModel):
    """One agent: callers answered, seconds on a talk and in wrap-up."""

    agent: str
    answered: int
    talk_seconds: float
    wrap_up_seconds: float


class ShareShown(AnswerModel):
    """The connect rate over 24 hours."""

    offered: int
    connected: int
    rate: float | None


class FiguresShown(AnswerModel):
    """The figures of one day, or of several as one."""

    offered: int
    asked: int
    answered: int
    in_time: int
    in_time_rate: float | None
    connected: int
    connect_rate: float | None
    turned_away: int
    refused: int
    gave_up: int
    cut_off: int
    messages: int
    call_backs: int
    partner: int
    served: int
    average_wait: float | None
    longest_wait: float
    booked: int
    called_back: int
    not_reached: int
    outgoing: int
    rated: int
    rated_well: int
    written: tuple[ChannelCount, ...]
    agents: tuple[AgentFiguresShown, ...]
    half_hours: tuple[float, ...]
    last_24h: ShareShown
    lowest_24h: ShareShown | None


class StandingShown(AnswerModel):
    """What stands open now: calls owed, items overdue, due soon, with a provisional clock, waiting; and of
    those that wait how many nobody holds."""

    owed: int
    overdue: int
    due_soon: int
    provisional: int
    waiting: tuple[ChannelCount, ...]
    to_take: int


class DayShown(AnswerModel):
    """One day's figures."""

    day: date
    figures: FiguresShown


class FiguresPage(AnswerModel):
    """Each day, all of them as one period, and what stands open now."""

    days: tuple[DayShown, ...]
    total: FiguresShown
    standing: StandingShown


# ------------------------------------------------------------------ the wallboard


class Only(StrEnum):
    """Of the events these alone."""

    BOARD = "board"


class EventsAsked(RequestModel):
    """Which events; without a word all but the board's."""

    only: Choice[Only] | None = Field(default=None, description="仅大屏事件 / the wallboard's events alone")
    page: Annotated[str, Text(64)] = Field(default="", description="页面标识 / which desk page listens")


class LineOnBoard(AnswerModel):
    """One line; of a caller the last four digits."""

    line: int
    state: LineState
    caller: str
    since: datetime | None


class SeatOnBoard(AnswerModel):
    """One seat and how long it has been so; `reachable` tells whether its telephone is there."""

    name: str
    seat: str
    state: SeatState
    reason: str
    since: datetime | None
    reachable: bool


class WaitingOnBoard(AnswerModel):
    """One caller who waits; of his number the last four digits."""

    place: int
    caller: str
    since: datetime


class BoardNow(AnswerModel):
    """What goes on at this moment; without `pbx` it is what was seen last."""

    at: datetime
    pbx: bool
    lines: tuple[LineOnBoard, ...]
    seats: tuple[SeatOnBoard, ...]
    waiting: tuple[WaitingOnBoard, ...]


class BoardFigures(AnswerModel):
    """Today's figures; `null` while storage is away."""

    at: datetime
    day: date
    figures: FiguresShown | None
    standing: StandingShown | None


class BoardShown(AnswerModel):
    """All that the wallboard shows."""

    now: BoardNow
    today: BoardFigures


# ------------------------------------------------------------------ from our words


def figures(f: core.Figures) -> FiguresShown:
    """Figures, with what follows from them."""
    return FiguresShown(
        **{name: getattr(f, name) for name in core.SUMS},
        in_time_rate=_rate(f.in_time_rate),
        connect_rate=_rate(f.connect_rate),
        average_wait=None if f.average_wait is None else round(f.average_wait, 1),
        longest_wait=round(f.longest_wait, 1),
        written=_counts(f.written),
        agents=tuple(
            AgentFiguresShown(
                agent=a.agent,
                answered=a.answered,
                talk_seconds=round(a.talk_seconds, 1),
                wrap_up_seconds=round(a.wrap_up_seconds, 1),
            )
            for a in f.agents
        ),
        half_hours=tuple(round(wait, 1) for wait in f.half_hours),
        last_24h=_share(f.last_24h),
        lowest_24h=None if f.lowest_24h is None else _share(f.lowest_24h),
    )


def standing(s: core.Standing) -> StandingShown:
    return StandingShown(
        owed=s.owed,
        overdue=s.overdue,
        due_soon=s.due_soon,
        provisional=s.provisional,
        waiting=_counts(s.waiting),
        to_take=s.to_take,
    )


def _share(share: core.Share) -> ShareShown:
    return ShareShown(offered=share.offered, connected=share.connected, rate=_rate(share.rate))


def _rate(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)


def _counts(counts: tuple[tuple[Channel, int], ...]) -> tuple[ChannelCount, ...]:
    return tuple(ChannelCount(channel=channel, count=count) for channel, count in counts)


def board_now(board: Board, at: datetime) -> BoardNow:
    """The live board, with masked numbers."""
    return BoardNow(
        at=at,
        pbx=all(part.ok for part in board.health().values()),
        lines=tuple(_line(view) for view in board.lines()),
        seats=tuple(_seat(view) for view in board.agents()),
        waiting=tuple(
            WaitingOnBoard(place=place, caller=masked(view.caller), since=view.since)
            for place, view in enumerate(board.waiting(), 1)
        ),
    )


def _line(view: LineView) -> LineOnBoard:
    caller = "" if view.state is LineState.FREE else masked(view.caller)
    return LineOnBoard(line=view.line, state=view.state, caller=caller, since=view.since)


def _seat(view: AgentView) -> SeatOnBoard:
    return SeatOnBoard(
        name=view.name,
        seat=view.seat,
        state=view.state,
        reason=view.reason,
        since=view.since,
        reachable=view.reachable,
    )
