"""rules/calendars/: one file a year after the State Council's notice, and how other years are guessed."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from gateway.core.item.calendar import Calendar, Holiday, Year
from gateway.core.yaml_tree import Faults
from gateway.errors import Problem
from gateway.rules.yaml_models import (
    Day,
    Names,
    Table,
    Tables,
    Text,
    Whole,
    Word,
    read_file,
    sentence,
)

STATUTORY = "statutory.yaml"
_YEAR_FILE = re.compile(r"20\d\d")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)


class HolidayEntry(Table):
    WHAT = "the holiday"
    name: Names
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    def check(self, faults: Faults) -> None:
        if self.last < self.first:
            faults.at(self.line_of("to"), f"the holiday ends on {self.last}, before it begins")


class YearFile(Table):
    WHAT = "the year"
    year: Annotated[Whole, Field(ge=2000, le=2099)]
    notice: Text
    holidays: Tables[HolidayEntry]
    makeup_workdays: tuple[Day, ...]

    def check(self, faults: Faults) -> None:
        """Faults of days that this file cannot set."""
        year = Path(faults.file).stem
        if str(self.year) != year:
            faults.at(self.line_of("year"), f"the file is named {year}.yaml, so `year` must be {year}")
        for holiday in self.holidays:
            for key, day in (("from", holiday.first), ("to", holiday.last)):
                _check_year(day, year, holiday.line_of(key), faults)
        for before, after in pairwise(self.holidays):
            if after.first <= before.last:
                faults.at(after.line_of(), f"{after.first} is not after the holiday before ({before.last})")
        for place, day in enumerate(self.makeup_workdays):
            line = self.line_of("makeup_workdays", place)
            _check_year(day, year, line, faults)
            if day.weekday() < 5:
                faults.at(line, f"{day} is no weekend: only a Saturday or Sunday is made up")
            if any(holiday.first <= day <= holiday.last for holiday in self.holidays):
                faults.at(line, f"{day} stands among the holidays as well")
            if day in self.makeup_workdays[:place]:
                faults.at(line, f"{day} stands here twice")

    def built(self) -> Year:
        holidays = tuple(Holiday(h.name.zh, h.name.en, h.first, h.last) for h in self.holidays)
        return Year(holidays, self.makeup_workdays, self.notice)


def _month_day(data: Any) -> tuple[int, int]:
    text = data if isinstance(data, Word) else ""
    if fit := _MONTH_DAY.fullmatch(text):
        month, day = int(fit[1]), int(fit[2])
        try:
            return date(2024, month, day).month, day
        except ValueError:
            pass
    raise sentence(f"the guess: `{text}` is no month and day (05-01)")


def _row(data: Any) -> Any:
    """A single day may stand without a list around it."""
    return [data] if isinstance(data, Word) else data


class GuessFile(Table):
    WHAT = "the guess"
    every_year: tuple[Annotated[tuple[int, int], BeforeValidator(_month_day)], ...]
    lunar: tuple[Annotated[tuple[Day, ...], BeforeValidator(_row)], ...]


def load_calendar(folder: Path, problems: list[Problem]) -> Calendar:
    """The calendar of a folder; faults are added to `problems`."""
    years: dict[int, Year] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == STATUTORY:
            continue
        if not _YEAR_FILE.fullmatch(path.stem):
            problems.append(
                Problem(str(path), 0, "a calendar's file is named by its year, such as 2027.yaml")
            )
        elif year := read_file(YearFile, path, problems):
            years[year.year] = year.built()
    guess = read_file(GuessFile, folder / STATUTORY, problems)
    if guess is None:
        return Calendar(years)
    return Calendar(years, frozenset(guess.every_year), frozenset(day for row in guess.lunar for day in row))


def _check_year(day: date, year: str, line: int, faults: Faults) -> None:
    if str(day.year) != year:
        faults.at(line, f"{day} is a day of another year; this file is for {year}")
