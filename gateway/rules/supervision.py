"""rules/supervision.yaml: the ladder of supervision, by the day from which it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from gateway.core.flow.hours import ALWAYS, Hours, parse_hours
from gateway.core.order.ladder import Ladder, Rung, RungRule, RungWay, Whom
from gateway.core.yaml_tree import Branch, Faults, nearest
from gateway.errors import Problem
from gateway.rules.yaml_models import (
    Entries,
    Id,
    Table,
    Text,
    Whole,
    Word,
    read_entries,
    read_root,
    sentence,
    sound,
)

DayKey = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
LATE = (Rung.ORANGE.value, Rung.RED.value, Rung.RAISED.value)
Days = Annotated[Whole, Field(ge=1, le=60)]


def _hours(data: Any) -> Hours:
    if isinstance(data, Hours):
        return data
    try:
        return parse_hours(data if isinstance(data, Word) else "")
    except ValueError as error:
        raise sentence(f"the hours: {error}") from None


Opening = Annotated[Hours, BeforeValidator(_hours)]


class RungEntry(Table):
    WHAT = "the rung `{}`"
    days: Days
    to: tuple[Whom, ...]
    ways: tuple[RungWay, ...]
    urgent_ways: tuple[RungWay, ...]
    words: Text

    def built(self, rung: Rung) -> RungRule:
        return RungRule(rung, self.days, self.to, self.ways, self.urgent_ways, self.words)


class LadderEntry(Table):
    WHAT = "the supervision rules from {}"
    hours: Opening
    urgent: frozenset[Id] = frozenset()
    urgent_hours: Opening = ALWAYS
    sheet: Text
    answer_within: Days
    rungs: Entries[Id, RungEntry]

    def check(self, faults: Faults) -> None:
        rung_names, lines = [rung.value for rung in Rung if rung is not Rung.URGE], self.key_lines("rungs")
        for key in self.rungs:
            if key not in rung_names:
                faults.at(lines[key], f"{self.what}: there is no rung `{key}`{nearest(key, rung_names)}")
        for key in rung_names:
            if key not in self.rungs:
                faults.at(self.line_of("rungs"), f"{self.what}: the rung `{key}` is missing")
        late = [(key, entry) for key, entry in sound(self.rungs).items() if key in LATE]
        for (before, first), (key, second) in pairwise(late):
            if second.days <= first.days:
                faults.at(second.line_of("days"), f"{self.what}: `{key}` comes after `{before}`")
        if "{serial}" not in self.sheet or "{year}" not in self.sheet:
            faults.at(self.line_of("sheet"), f"{self.what}: `sheet` needs {{year}} and {{serial}}")

    def built(self, begins: date) -> Ladder:
        rules = tuple(self.rungs[rung.value].built(rung) for rung in Rung if rung.value in self.rungs)
        return Ladder(
            begins, rules, self.hours, self.urgent_hours, self.urgent, self.sheet, self.answer_within
        )


def load_supervision(path: Path, problems: list[Problem]) -> tuple[Ladder, ...]:
    """The ladders by their days."""
    node, faults = read_root(path)
    what = "the supervision rules"
    entries = read_entries(Entries[DayKey, LadderEntry], node, what, faults) if node else {}
    ladders: tuple[Ladder, ...] = ()
    if isinstance(node, Branch) and not faults.found:
        ladders = tuple(_built(sound(entries), node.key_lines, faults))
    problems.extend(faults.found)
    return ladders


def _built(entries: Mapping[str, LadderEntry], lines: Mapping[str, int], faults: Faults) -> list[Ladder]:
    built = []
    for key, entry in sorted(entries.items()):
        try:
            built.append(entry.built(date.fromisoformat(key)))
        except ValueError:
            faults.at(lines[key], f"{entry.what}: `{key}` is no day (2026-04-15)")
    if not built and not faults.found:
        faults.at(0, "the supervision rules: no entry is here")
    return built
