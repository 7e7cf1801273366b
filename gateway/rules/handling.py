"""rules/handling.yaml: days, limits, reasons and results of work orders, by the day from which they count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from gateway.core.item.catalogue import Claim
from gateway.core.item.contact import Kind
from gateway.core.order.handling import Handling
from gateway.core.order.order import Urgency
from gateway.core.yaml_tree import Faults
from gateway.errors import Problem
from gateway.rules.lists import ClaimEntry
from gateway.rules.yaml_models import Entries, Id, Part, Table, Whole, read_entries, read_root, sound

Days = Annotated[Whole, Field(ge=1, le=366)]
Count = Annotated[Whole, Field(ge=1, le=99)]
DayKey = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class ReasonEntry(ClaimEntry):
    WHAT = "the reason `{}`"


class ResultEntry(ClaimEntry):
    WHAT = "the result `{}`"


class Budgets(Part):
    question: Days
    complaint: Days
    report: Days
    unsorted: Days


class Urgent(Part):
    pressing: Days
    major: Days


class Extension(Part):
    times: Annotated[Whole, Field(ge=0, le=99)]
    days: Days


class ProblemLimits(Part):
    passes: Count
    rounds: Count


class Results(Table):
    WHAT = "the results"
    complaint: Entries[Id, ResultEntry]
    report: Entries[Id, ResultEntry]
    question: Entries[Id, ResultEntry]
    unsorted: Entries[Id, ResultEntry]


class HandlingEntry(Table):
    WHAT = "the handling rules from {}"
    sign_within: Days
    return_within: Days
    budgets: Budgets
    urgent: Urgent
    extension: Extension
    dispute_within: Days
    problem: ProblemLimits
    longest_report: Annotated[Whole, Field(ge=100, le=100_000)]
    return_reasons: Entries[Id, ReasonEntry]
    results: Results

    def built(self, begins: date) -> Handling:
        results = self.results
        return Handling(
            in_force_from=begins,
            sign_within=self.sign_within,
            return_within=self.return_within,
            budgets={kind: getattr(self.budgets, kind.value) for kind in Kind},
            urgent={Urgency.PRESSING: self.urgent.pressing, Urgency.MAJOR: self.urgent.major},
            extension_times=self.extension.times,
            extension_days=self.extension.days,
            dispute_within=self.dispute_within,
            problem_passes=self.problem.passes,
            problem_rounds=self.problem.rounds,
            longest_report=self.longest_report,
            return_reasons=_named(self.return_reasons),
            results={kind: _named(getattr(results, kind.value)) for kind in Kind},
        )


def load_handling(path: Path, problems: list[Problem]) -> tuple[Handling, ...]:
    """The rules by their days."""
    node, faults = read_root(path)
    entries = read_entries(Entries[DayKey, HandlingEntry], node, "the handling rules", faults) if node else {}
    rules = tuple(_built(sound(entries), faults))
    problems.extend(faults.found)
    return rules


def _built(entries: Mapping[str, Any], faults: Faults) -> list[Handling]:
    built = []
    for key, entry in sorted(entries.items()):
        if entry.results is None:  # a table with a fault of its own, which is reported
            continue
        try:
            built.append(entry.built(date.fromisoformat(key)))
        except ValueError:
            faults.at(entry.line_of(), f"{entry.what}: `{key}` is no day (2026-04-15)")
    return built


def _named(entries: Mapping[str, ClaimEntry]) -> tuple[Claim, ...]:
    return tuple(Claim(key, entry.zh, entry.en) for key, entry in sound(entries).items())
