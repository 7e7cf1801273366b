"""Figures of days, and what the wallboard shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta

from gateway.calls.statistics import FIRST_DAY, Statistics
from gateway.core.rights import Right
from gateway.core.statistics import together
from gateway.errors import BadContact, FieldFault, StorageDown
from gateway.web.api import figure_models as models
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.ports import Board

MOST_DAYS = 366
LATELY = 10.0  # seconds


class FiguresApi:
    """The figures of days, from the statistics."""

    def __init__(self, book: Statistics, board: Board, now: Callable[[], datetime]) -> None:
        self._book = book
        self._board = board
        self._now = now
        self._looks = asyncio.Lock()  # many who ask at once cause one look at the database
        self._seen: tuple[float, models.BoardFigures] | None = None

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/api/v1/figures",
                "figures",
                "一天或数天的统计",
                "Figures of a day or of several",
                self.figures,
                {200: models.FiguresPage},
                right=Right.READ_FIGURES,
                query=models.FiguresAsked,
                refuses=(StorageDown,),
            ),
            Route(
                "GET",
                "/api/v1/board",
                "board",
                "大屏内容（号码已脱敏）",
                "All that the wallboard shows, numbers masked",
                self.board,
                {200: models.BoardShown},
                right=Right.WATCH_BOARD,
            ),
        )

    async def figures(self, request: ApiRequest) -> Answer:
        first, last = _days(request.query_as(models.FiguresAsked), self._book.today())
        days = [entry async for entry in self._book.days(first, last)]
        return Answer(
            models.FiguresPage(
                days=tuple(
                    models.DayShown(day=day, figures=models.figures(figures)) for day, figures in days
                ),
                total=models.figures(together([figures for _, figures in days])),
                standing=models.standing(await self._book.standing()),
            )
        )

    async def board(self, request: ApiRequest) -> Answer:
        return Answer(models.BoardShown(now=self.right_now(), today=await self.today()))

    def right_now(self) -> models.BoardNow:
        """Lines, seats and queue."""
        return models.board_now(self._board, self._now())

    async def today(self) -> models.BoardFigures:
        """Today's figures, without them while storage is away."""
        at, day = self._now(), self._book.today()
        try:
            figures, open_now = await self._book.day(day), await self._book.standing()
        except StorageDown:
            return models.BoardFigures(at=at, day=day, figures=None, standing=None)
        return models.BoardFigures(
            at=at, day=day, figures=models.figures(figures), standing=models.standing(open_now)
        )

    async def lately(self) -> models.BoardFigures:
        """The same, up to ten seconds old: for whoever may ask without limit."""
        async with self._looks:
            now = asyncio.get_running_loop().time()
            if self._seen is None or now - self._seen[0] >= LATELY:
                self._seen = now, await self.today()
            return self._seen[1]


def _days(q: models.FiguresAsked, today: date) -> tuple[date, date]:
    """The first and the last day that are asked for. Raises BadContact."""
    if q.day is not None and (q.from_ or q.to):
        raise BadContact(FieldFault("day", "不能与 from、to 同时使用", "stands alone, without from and to"))
    first = q.day or q.from_ or q.to or today
    last = q.day or q.to or (today if q.from_ else first)
    if first < FIRST_DAY:
        raise BadContact(FieldFault("day" if q.day else "from", "太早", "lies too far back"))
    if last > today:
        raise BadContact(FieldFault("day" if q.day else "to", "还没有到", "has not come yet"))
    if last < first:
        raise BadContact(FieldFault("to", "早于 from", "lies before from"))
    if last - first >= timedelta(days=MOST_DAYS):
        raise BadContact(FieldFault("to", f"最多 {MOST_DAYS} 天", f"at most {MOST_DAYS} days at once"))
    return first, last
