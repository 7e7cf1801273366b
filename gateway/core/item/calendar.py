"""The State Council's calendars: holidays, make-up workdays, and how a year without a notice is guessed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday with all days off around it, both ends included."""

    zh: str
    en: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Year:
    """One year as the State Council's notice sets it. `makeup` are weekend days that are worked."""

    holidays: tuple[Holiday, ...]
    makeup: tuple[date, ...]
    notice: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Workdays. Years that no notice covers are guessed: weekends and statutory days are off.

    `statutory` are (month, day) pairs that are off in every year, `lunar` days off by the lunar
    calendar in years to come. What a notice adds to them, and which weekends are worked, is unknown.
    """

    years: Mapping[int, Year]
    statutory: frozenset[tuple[int, int]] = frozenset()
    lunar: frozenset[date] = frozenset()
    _workdays: dict[int, tuple[date, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_workday(self, day: date) -> tuple[bool, bool]:
        """Is it a workday, and is that known from a notice (else guessed)?"""
        days = self._workdays_of(day.year)
        place = bisect_right(days, day)
        return place > 0 and days[place - 1] == day, day.year in self.years

    def workday_after(self, day: date, count: int) -> date:
        """The `count`-th workday (from 1) after a day."""
        year, days = day.year, self._workdays_of(day.year)
        place = bisect_right(days, day) + count - 1
        while place >= len(days):
            place -= len(days)
            year += 1
            days = self._workdays_of(year)
        return days[place]

    def workdays(self, first: date, end: date) -> int:
        """How many workdays from `first` (counted) to `end` (not)."""
        count, day = 0, first - timedelta(days=1)
        while (day := self.workday_after(day, 1)) < end:
            count += 1
        return count

    def guessed(self, first: date, last: date) -> tuple[int, ...]:
        """The years between two days (both included) that no notice covers."""
        return tuple(year for year in range(first.year, last.year + 1) if year not in self.years)

    def changes(self, first: date, last: date) -> Iterator[str]:
        """What differs from a plain week between two days (both included), a line for each."""
        for year in range(first.year, last.year + 1):
            if year_days := self.years.get(year):
                for holiday in year_days.holidays:
                    if holiday.first <= last and first <= holiday.last:
                        yield (
                            f"{holiday.first} 至 {holiday.last} {holiday.zh}放假，不计"
                            f" / {holiday.en}, not counted"
                        )
                for day in year_days.makeup:
                    if first <= day <= last:
                        yield f"{day} 调休上班，计入 / make-up workday, counted"

    def is_holiday(self, day: date) -> bool:
        """Is it a day off of a holiday, and not only a weekend? In a guessed year: a statutory day."""
        if year := self.years.get(day.year):
            return any(holiday.first <= day <= holiday.last for holiday in year.holidays)
        return (day.month, day.day) in self.statutory or day in self.lunar

    def _workdays_of(self, year: int) -> tuple[date, ...]:
        """All workdays of a year in order; made once a year and kept."""
        workdays = self._workdays.get(year)
        if workdays is None:
            days = (date(year, 1, 1) + _DAY * i for i in range(366))
            workdays = tuple(day for day in days if day.year == year and self._is_work(day))
            self._workdays[year] = workdays
        return workdays

    def _is_work(self, day: date) -> bool:
        year = self.years.get(day.year)
        if year is None:
            return day.weekday() < 5 and not self.is_holiday(day)
        if day in year.makeup:
            return True
        return day.weekday() < 5 and not self.is_holiday(day)
