"""rules/calendars/: one file a year after the State Council's notice, and how other years are guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from gateway.core.item.deadlines import Calendar, Holiday, Year
from gateway.core.yaml_tree import Faults, Leaf, Node, Row
from gateway.errors import Problem
from gateway.rules.fields import NO_DAY, Fields, read_day, read_root

STATUTORY = "statutory.yaml"
_YEAR_FILE = re.compile(r"20\d\d")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)


def load_calendar(folder: Path, found: list[Problem]) -> Calendar:
    """The calendar of a folder; faults are added to `found`."""
    years: dict[int, Year] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == STATUTORY:
            continue
        if not _YEAR_FILE.fullmatch(path.stem):
            found.append(Problem(str(path), 0, "a calendar's file is named by its year, such as 2027.yaml"))
            continue
        node, faults = read_root(path)
        if node is not None:
            years[int(path.stem)] = _year(node, int(path.stem), faults)
        found.extend(faults.found)
    node, faults = read_root(folder / STATUTORY)
    statutory, lunar = _guesses(node, faults) if node is not None else (frozenset(), frozenset())
    found.extend(faults.found)
    return Calendar(years, statutory, lunar)


def _year(node: Node, year: int, faults: Faults) -> Year:
    fields = Fields(node, "the year", ("year", "notice", "holidays", "makeup_workdays"), faults)
    if fields.whole("year", 2000, 2099) != year and fields.has("year"):
        faults.at(fields.line_of("year"), f"the file is named {year}.yaml, so `year` must be {year}")
    holidays = tuple(_holidays(fields.rows("holidays"), year, faults))
    makeup = tuple(_makeup(fields, year, holidays))
    return Year(holidays, makeup, fields.text("notice"))


def _holidays(rows: tuple[Node, ...], year: int, faults: Faults) -> Iterator[Holiday]:
    """The holidays in order; each must lie in its year and begin after the one before has ended."""
    before: Holiday | None = None
    for row in rows:
        fields = Fields(row, "the holiday", ("name", "from", "to"), faults)
        holiday = Holiday(*fields.names(), fields.day("from"), fields.day("to"))
        if NO_DAY in (holiday.first, holiday.last):
            continue
        for key, day in (("from", holiday.first), ("to", holiday.last)):
            if day.year != year:
                faults.at(fields.line_of(key), f"{day} is a day of another year; this file is for {year}")
        if holiday.last < holiday.first:
            faults.at(fields.line_of("to"), f"the holiday ends on {holiday.last}, before it begins")
        if before is not None and holiday.first <= before.last:
            faults.at(row.line, f"{holiday.first} is not after the holiday before ({before.last})")
        yield holiday
        before = holiday


def _makeup(fields: Fields, year: int, holidays: tuple[Holiday, ...]) -> Iterator[date]:
    seen: set[date] = set()
    for line, day in fields.days("makeup_workdays"):
        if day.year != year:
            fields.faults.at(line, f"{day} is a day of another year; this file is for {year}")
        if day.weekday() < 5:
            fields.faults.at(line, f"{day} is no weekend: only a Saturday or Sunday is made up")
        if any(h.first <= day <= h.last for h in holidays):
            fields.faults.at(line, f"{day} stands among the holidays as well")
        if day in seen:
            fields.faults.at(line, f"{day} stands here twice")
        seen.add(day)
        yield day


def _guesses(node: Node, faults: Faults) -> tuple[frozenset[tuple[int, int]], frozenset[date]]:
    fields = Fields(node, "the guess", ("every_year", "lunar"), faults)
    every = frozenset(pair for row in fields.rows("every_year") for pair in _month_day(row, faults))
    lunar: set[date] = set()
    for row in fields.rows("lunar"):
        for item in row.items if isinstance(row, Row) else (row,):
            lunar.add(read_day(item, "the guess: `lunar`", faults))
    return every, frozenset(lunar - {NO_DAY})


def _month_day(node: Node, faults: Faults) -> Iterator[tuple[int, int]]:
    text = node.text if isinstance(node, Leaf) else ""
    if fit := _MONTH_DAY.fullmatch(text):
        month, day = int(fit[1]), int(fit[2])
        try:
            yield date(2024, month, day).month, day
            return
        except ValueError:
            pass
    faults.at(node.line, f"the guess: `{text}` is no month and day (05-01)")
