"""Opening hours as an operator writes them: "08:30-12:00, 14:30-18:00", "always", "closed".

Used by the `hours` step and by partners. Holidays and make-up days are not known here: the
Clock event says whether a day is a workday.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.core.flow.commands import Clock
from gateway.core.yaml_tree import Faults, Leaf, Node

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """Open spans of one day, in minutes since midnight, each from (included) to (excluded)."""

    spans: tuple[tuple[int, int], ...]

    @property
    def always(self) -> bool:
        return self.spans == ((0, 1440),)

    def open_at(self, minute: int) -> bool:
        return any(first <= minute < last for first, last in self.spans)

    def __str__(self) -> str:
        if self.always:
            return "always"
        return ", ".join(f"{_clock(a)}-{_clock(b)}" for a, b in self.spans) or "closed"


ALWAYS = Hours(((0, 1440),))
CLOSED = Hours(())


@dataclass(frozen=True, slots=True)
class Week:
    """Hours of workdays (make-up days too), of rest days (holidays too), and of single weekdays.

    A weekday's own hours hold only where the calendar agrees with the week: not on a holiday that
    falls on a Tuesday, not on a Saturday that is worked.
    """

    workdays: Hours = ALWAYS
    restdays: Hours = ALWAYS
    days: Mapping[str, Hours] = field(default_factory=dict)

    @property
    def always(self) -> bool:
        return self.workdays.always and self.restdays.always and all(h.always for h in self.days.values())

    def open_at(self, clock: Clock) -> bool:
        """Is it open at that moment?"""
        weekday = clock.now.weekday()
        hours = self.workdays if clock.workday else self.restdays
        if clock.workday == (weekday < 5):
            hours = self.days.get(DAYS[weekday], hours)
        return hours.open_at(clock.now.hour * 60 + clock.now.minute)


def parse_hours(text: str) -> Hours:
    """Hours from text. Raises ValueError with a sentence for the operator."""
    if text.strip() in ("always", "closed"):
        return ALWAYS if text.strip() == "always" else CLOSED
    spans = sorted(_span(part.strip()) for part in text.split(","))
    for (_, last), (first, _) in pairwise(spans):
        if first < last:
            raise ValueError(f"the spans of `{text}` overlap")
    return Hours(tuple(spans))


def read_hours(node: Node, what: str, faults: Faults) -> Hours | None:
    """Hours from a file's tree; None after a fault."""
    if not isinstance(node, Leaf):
        faults.at(node.line, f"{what} must be hours such as 08:30-18:00")
        return None
    try:
        return parse_hours(node.text)
    except ValueError as error:
        faults.at(node.line, f"{what}: {error}")
        return None


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"`{text}` are no hours: write 08:30-12:00, or always, or closed")
    a, b, c, d = map(int, match.groups())
    first, last = a * 60 + b, c * 60 + d
    if b > 59 or d > 59 or last > 1440:
        raise ValueError(f"`{text}`: there is no such time")
    if first >= last:
        raise ValueError(f"`{text}` ends before it begins; over midnight write 20:00-24:00, 00:00-06:00")
    return first, last


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
