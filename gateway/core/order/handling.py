"""How orders are handled: days, limits, reasons and results, as data of rules/handling.yaml. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from gateway.core.item.catalogue import Claim
from gateway.core.item.contact import Kind
from gateway.core.order.order import Urgency


class Named(Protocol):
    """An entry of a list of the rules."""

    @property
    def id(self) -> str: ...

    @property
    def zh(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Handling:
    """The rules for orders that are assigned from a day on. All days are workdays.

    `budgets` are the days by kind, `urgent` those of a pressing or major order, whatever its kind.
    """

    in_force_from: date
    sign_within: int
    return_within: int
    budgets: Mapping[Kind, int]
    urgent: Mapping[Urgency, int]
    extension_times: int
    extension_days: int
    dispute_within: int
    problem_passes: int
    problem_rounds: int
    longest_report: int
    return_reasons: tuple[Claim, ...] = ()
    results: Mapping[Kind, tuple[Claim, ...]] = field(default_factory=dict)

    def budget(self, kind: Kind, urgency: Urgency) -> int:
        """How many workdays an order has."""
        return self.urgent.get(urgency, self.budgets[kind])


def named(entries: Iterable[T], word: str) -> T | None:
    """The entry with this id or Chinese name."""
    return next((entry for entry in entries if word in (entry.id, entry.zh)), None)


def in_force(rules: tuple[Handling, ...], day: date) -> Handling:
    """Those for what is assigned on a day; before the first, that one."""
    return max((h for h in rules if h.in_force_from <= day), key=lambda h: h.in_force_from, default=rules[0])
