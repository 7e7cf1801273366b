"""rules/followups.yaml: who is called after a matter is closed, when, and what a reason leads to."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from gateway.core.followup_rules import FollowUpReason, FollowUpRules
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Faults
from gateway.errors import Problem
from gateway.rules.lists import read_list
from gateway.rules.yaml_models import Entries, Flag, Id, Part, Table, Text, Whole, Word, sentence, sound

MOST_REASONS = 8
"""The survey has a key for each, and one for none of them."""
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
DayKey = Annotated[str, Field(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")]
Percent = Annotated[Whole, Field(ge=0, le=100)]


def _hours(data: Any) -> tuple[time, time]:
    text = data if isinstance(data, Word) else ""
    if fit := _HOURS.fullmatch(text):
        begin, end = time(int(fit[1]), int(fit[2])), time(int(fit[3]), int(fit[4]))
        if begin < end:
            return begin, end
    raise sentence(f"the follow-up calls: `{text}` are no hours (09:00-12:00)")


class ReasonEntry(Table):
    WHAT = "the reason `{}`"
    zh: Text
    en: Text
    unit_side: Flag


class Shares(Part):
    complaint: Percent
    report: Percent
    question: Percent
    unsorted: Percent


class FollowUpEntry(Table):
    WHAT = "the follow-up calls of {}"
    shares: Shares
    workdays_after: Annotated[Whole, Field(ge=1, le=20)]
    hours: tuple[Annotated[tuple[time, time], BeforeValidator(_hours)], ...]
    on_restdays: Flag
    rounds: Annotated[Whole, Field(ge=1, le=9)]
    attempts: Annotated[Whole, Field(ge=1, le=9)]
    again_after_minutes: Annotated[Whole, Field(ge=5, le=2880)]
    by_pbx: frozenset[Kind]
    dials: Annotated[Whole, Field(ge=1, le=3)]
    reasons: Entries[Id, ReasonEntry]

    def check(self, faults: Faults) -> None:
        if not self.hours:
            faults.at(self.line_of("hours"), f"{self.what}: `hours` is empty")
        if any(before[1] > after[0] for before, after in pairwise(self.hours)):
            faults.at(self.line_of("hours"), f"{self.what}: `hours` overlap, or are not in order")
        if Kind.REPORT in self.by_pbx:
            text = f"{self.what}: a reporter is called by an agent alone, never by the telephone system"
            faults.at(self.line_of("by_pbx"), text)
        if len(self.reasons) > MOST_REASONS:
            faults.at(self.line_of("reasons"), f"{self.what}: more than {MOST_REASONS} reasons")

    def built(self, day: date) -> FollowUpRules:
        return FollowUpRules(
            in_force_from=day,
            shares={kind: getattr(self.shares, kind.value) for kind in Kind},
            workdays_after=self.workdays_after,
            hours=self.hours,
            on_restdays=self.on_restdays,
            rounds=self.rounds,
            attempts=self.attempts,
            again_after=timedelta(minutes=self.again_after_minutes),
            by_pbx=self.by_pbx,
            dials=self.dials,
            reasons=tuple(FollowUpReason(key, **dict(entry)) for key, entry in self.reasons.items()),
        )


def load_follow_ups(path: Path, problems: list[Problem]) -> tuple[FollowUpRules, ...]:
    """The rules by their days; there need not be such a file, and then nobody is called."""
    if not path.is_file():
        return ()
    before = len(problems)
    entries = sound(read_list(path, DayKey, FollowUpEntry, problems))
    days: dict[str, date] = {}
    for key, entry in entries.items():
        try:
            days[key] = date.fromisoformat(key)
        except ValueError:
            problems.append(Problem(str(path), entry.line_of(), f"`{key}` is no day"))
    if len(problems) > before:
        return ()
    return tuple(entries[key].built(day) for key, day in sorted(days.items()))
