"""The matrix of supervision: how many orders of each unit stand in each column. Pure.

A figure and the list behind it have one definition: the conditions in gateway/storage/order_figures.py, by
these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SOON = 3
"""Days within which an order is due soon, today counted as the first."""


class Figure(StrEnum):
    """A column of the matrix. Values are words of the API."""

    NOT_SIGNED = "not_signed"
    IN_HANDLING = "in_handling"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REPORTED = "reported"
    RETURNED = "returned"
    SENT_BACK = "sent_back"
    DONE_AGAIN = "done_again"


FIGURE_NAMES: Mapping[Figure, tuple[str, str]] = {
    Figure.NOT_SIGNED: ("未签收", "not signed for"),
    Figure.IN_HANDLING: ("办理中", "in handling"),
    Figure.DUE_SOON: (f"{SOON}日内到期", f"due within {SOON} days"),
    Figure.OVERDUE: ("已逾期", "overdue"),
    Figure.REPORTED: ("待审核", "to be approved"),
    Figure.RETURNED: ("退回", "returned"),
    Figure.SENT_BACK: ("退回补正", "sent back"),
    Figure.DONE_AGAIN: ("重办", "done again"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a unit with all below it; `parts` are those below it that have any."""

    unit: str
    figures: Mapping[Figure, int]
    parts: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many orders of a unit, for which a bureau answers, stand in a column."""

    bureau: str
    unit: str
    figure: Figure
    count: int


@dataclass(slots=True)
class _Sums:
    total: dict[Figure, int] = field(default_factory=dict)
    units: dict[str, dict[Figure, int]] = field(default_factory=dict)


def matrix(counts: Iterable[Count], bureaus: Iterable[str] = ()) -> tuple[Row, ...]:
    """A row for each bureau, in this order, those not named behind; with those of its units below it."""
    sums: dict[str, _Sums] = {bureau: _Sums() for bureau in bureaus}
    for count in counts:
        row = sums.setdefault(count.bureau, _Sums())
        for figures in (row.total, row.units.setdefault(count.unit, {})):
            figures[count.figure] = figures.get(count.figure, 0) + count.count
    return tuple(_row(bureau, row) for bureau, row in sums.items())


def _row(bureau: str, row: _Sums) -> Row:
    parts = tuple(Row(unit, _whole(row.units[unit])) for unit in sorted(row.units))
    return Row(bureau, _whole(row.total), parts if any(part.unit != bureau for part in parts) else ())


def _whole(figures: Mapping[Figure, int]) -> dict[Figure, int]:
    return {figure: figures.get(figure, 0) for figure in Figure}
