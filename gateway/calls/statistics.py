"""The day book: figures of days, counted from the ledgers by core/statistics.py and in no other way.

The wallboard, the API, /metrics and `gateway report` all ask here, so they cannot disagree.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gateway.core.ledgers import FigureLog
from gateway.core.statistics import Figures, Period, Standing, day_of, figures

ONE_DAY = timedelta(days=1)
AT_ONCE = 31
"""Days that are read together."""
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
        (found,) = await self._counted([day])
        return found

    async def days(self, first: date, last: date) -> AsyncIterator[tuple[date, Figures]]:
        """Each day from the first to the last, both included; read by the month, since days share rows."""
        while first <= last:
            some = [first + n * ONE_DAY for n in range(min(AT_ONCE, (last - first).days + 1))]
            for day, found in zip(some, await self._counted(some), strict=True):
                yield day, found
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
