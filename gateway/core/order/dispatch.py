"""The list of what is to be assigned to a unit: its rows and what of it is asked for. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.core.item.contact import Kind
from gateway.core.item.lists import ListRow


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """An item as a row of the desk's lists, with what tells its unit."""

    row: ListRow
    respondent_address: str
    county: str
    problem: str
    subject: str


@dataclass(frozen=True, slots=True)
class DispatchQuery:
    """Which rows. `after` is the place of the last row seen. What somebody other than `who` holds at `now` is
    left out. `county` "" are those without one, None any."""

    who: str
    now: datetime
    kind: Kind | None = None
    county: str | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class DispatchPage:
    """Rows, what `after` must be for those that follow ("" at the end), and on the first page how many there
    are in all, unless a kind or county is asked for."""

    rows: tuple[DispatchRow, ...]
    next: str
    total: int | None
