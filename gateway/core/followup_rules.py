"""What a centre sets for its follow-up calls: rules/followups.yaml, read by gateway/rules/. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from gateway.core.item.contact import Kind


@dataclass(frozen=True, slots=True)
class FollowUpReason:
    """Why somebody is dissatisfied. `unit_side`: the unit can mend it by doing the matter again; what is
    said against the law's result never counts against the unit."""

    id: str
    zh: str
    en: str
    unit_side: bool


@dataclass(frozen=True, slots=True)
class FollowUpRules:
    """How people are asked, for what is closed from a day on. Shares are percents of each kind.

    Nobody is called outside `hours`, nor on days of rest unless `on_restdays`. `by_pbx` are kinds that the
    survey of the PBX asks first; `dials` is how often it rings somebody, `attempts` how often an agent tries.
    After `rounds` nothing is opened again.
    """

    in_force_from: date
    shares: Mapping[Kind, int]
    workdays_after: int
    hours: tuple[tuple[time, time], ...]
    on_restdays: bool
    rounds: int
    attempts: int
    again_after: timedelta
    by_pbx: frozenset[Kind]
    dials: int
    reasons: tuple[FollowUpReason, ...]

    def reason(self, word: str) -> FollowUpReason | None:
        """The reason of this id or Chinese name."""
        return next((reason for reason in self.reasons if word in (reason.id, reason.zh)), None)


def rules_on(sets: tuple[FollowUpRules, ...], day: date) -> FollowUpRules:
    """The rules for what is closed on a day; before the first set, that one."""
    in_force = (rules for rules in sets if rules.in_force_from <= day)
    return max(in_force, key=lambda rules: rules.in_force_from, default=sets[0])
