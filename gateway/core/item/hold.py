"""A legal hold: an item that stays whatever the term of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Which item, who said so, when, and why."""

    number: str
    at: datetime
    who: str
    reason: str
