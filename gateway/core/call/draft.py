"""What an agent writes during a call, before it is an item. Pure data, kept by storage, shown by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LONGEST = 60_000  # characters


@dataclass(frozen=True, slots=True)
class Draft:
    """One call's draft. `text` is the page's own JSON, as it came; `version` grows by one at each save."""

    call_id: str
    agent: str
    version: int
    text: str
    at: datetime
