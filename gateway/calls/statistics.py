"""Statistics: figures of days, counted from the ledgers by core/statistics.py and in no other way.

The wallboard, the API, /metrics and `gateway report` all ask here, so they cannot disagree.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gateway.core.ledgers import FigureLog
from gateway.core.statistics import Figures, Period, Standing, day_of, figures
from gateway.errors import StorageDown

ONE_DAY = timedelta(days=1)
AT_ONCE = 31
"""Days that are read together."""
FIRST_AFTER, EVERY = 20.0, 300.0
"""Seconds to the first count ahead, and between two."""
AHEAD = 92
"""Days that `keep_ahead` counts before anybody asks."""
BIT = 4
"""Days that it reads at a time: few, so that nobody waits for it."""
FIRST_DAY = date(2000, 1, 1)
"""Nobody asks for figures of days before it, but by mistake."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """`zone` is the centre's: a day ends at its midnight. Every method raises StorageDown."""

    log: FigureLog
    zone: tzinfo
    now: Callable[[], datetime]

    def today(self) -> date:
        """The day it is at the centre."""
        return self.now().astimezone(self.zone).date()

    async def day(self, day: date) -> Figures:
        """One day's figures; of today as far as it has gone."""
        (figures,) = await self._counted([day])
        return figures

    async def days(self, first: date, last: date) -> AsyncIterator[tuple[date, Figures]]:
        """Each day from the first to the last, both included; read by the month, since days share rows."""
        while first <= last:
            some = [first + n * ONE_DAY for n in range(min(AT_ONCE, (last - first).days + 1))]
            for day, day_figures in zip(some, await self._counted(some), strict=True):
                yield day, day_figures
            first = some[-1] + ONE_DAY

    async def _counted(self, days: Sequence[date]) -> list[Figures]:
        """Of days that are over what was counted before, unless something has changed since."""
        now = self.now()
        periods = [day_of(day, self.zone) for day in days]
        counted = await self.log.kept([period for period in periods if period.until <= now])
        for run in _runs([period for period in periods if period not in counted], now):
            counted |= await self._count(run, now)
        return [counted[period] for period in periods]

    async def _count(self, run: Sequence[Period], now: datetime) -> dict[Period, Figures]:
        over = run[-1].until <= now
        ticket, rows = await self.log.rows_to_keep(run) if over else ("", await self.log.rows(run))
        counted = await asyncio.to_thread(
            lambda: {period: figures(period, row, now) for period, row in zip(run, rows, strict=True)}
        )
        if ticket:
            await self.log.keep(ticket, counted)
        return counted

    async def keep_ahead(self) -> None:
        """Count those of the last days that are over and not kept, so that nobody waits for it later."""
        today = self.today()
        for back in range(1, AHEAD + 1, BIT):
            await self._counted(
                [today - n * ONE_DAY for n in range(min(back + BIT - 1, AHEAD), back - 1, -1)]
            )

    async def keep_on(self) -> None:
        """`keep_ahead` a moment after the start and then every few minutes, so soon after a day's end too."""
        await asyncio.sleep(FIRST_AFTER)
        while True:
            with suppress(StorageDown):  # the next round counts it
                await self.keep_ahead()
            await asyncio.sleep(EVERY)

    async def standing(self) -> Standing:
        """What stands open now."""
        return await self.log.standing(self.today(), self.now())


def _runs(periods: Sequence[Period], now: datetime) -> list[list[Period]]:
    """Days that follow each other, those that are over apart from those that are not."""
    runs: list[list[Period]] = []
    for period in periods:
        if runs and runs[-1][-1].until == period.since and (period.until <= now or runs[-1][-1].until > now):
            runs[-1].append(period)
        else:
            runs.append([period])
    return runs
