"""What was filled in on a form that could not be taken, so that it can be shown at an address of its own.

A page that answers a POST is gone when its reader leaves it and comes back: browsers do not keep what a form
was sent with. So such a form is shown by a GET, and stays until it is taken, another form is begun at that
browser, or its time is over. In memory alone: names and identity numbers never reach a disk here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIFE = timedelta(minutes=30)
MOST_BYTES = 16 << 20
"""Of all that is held; the oldest go first."""


@dataclass(frozen=True, slots=True)
class HeldForm:
    """`shown` is what the page is made of; `size` its characters, at four bytes each at the most."""

    shown: Any
    size: int
    since: datetime


class HeldForms:
    """Forms by the mark in their address."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._forms: dict[str, HeldForm] = {}

    def put(self, shown: Any, size: int, now: datetime) -> str:
        """Hold a form; its mark."""
        mark = secrets.token_urlsafe(16)
        self._forms[mark] = HeldForm(shown, 4 * size, now)
        held = sum(form.size for form in self._forms.values())
        for old, form in list(self._forms.items()):
            if held > self._most_bytes or now - form.since > LIFE:
                held -= self._forms.pop(old).size
        return mark

    def get(self, mark: str, now: datetime) -> Any:
        """What was held under this mark; None when it is not there any more."""
        form = self._forms.get(mark)
        return form.shown if form and now - form.since <= LIFE else None

    def drop(self, mark: str) -> None:
        self._forms.pop(mark, None)
