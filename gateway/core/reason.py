"""What speaks for a guess that a person checks: a duplicate, a unit. Pure data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign with its points, which are negative where it speaks against. `what` names the kind of sign."""

    what: str
    points: int
    zh: str
    en: str
