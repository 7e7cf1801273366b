"""What was measured, as rows of a table; a row may have a target and then says whether it is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `target` is "" where nothing was promised; `met` is None then."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None
    samples: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one part of the bench under a heading, and what a reader must know of them."""

    name: str
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> tuple[Row, ...]:
        """Rows whose target was not met."""
        return tuple(row for row in self.rows if row.met is False)


HEADINGS = ("what", "measured", "target", "met", "samples")


def markdown(part: Part) -> str:
    """The part as a heading, a table with aligned columns, and its notes."""
    lines = [HEADINGS, *(_cells(row) for row in part.rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEADINGS))]
    head, *body = (_line(line, widths) for line in lines)
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    notes = "".join(f"\n{note}\n" for note in part.notes)
    return f"### {part.title}\n\n" + "\n".join([head, rule, *body]) + f"\n{notes}"


def _cells(row: Row) -> tuple[str, ...]:
    met = "" if row.met is None else "yes" if row.met else "**no**"
    return row.what, row.value, row.target, met, row.samples


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def at_most(what: str, value: float, limit: float, form: str, samples: str = "") -> Row:
    """A row that is met when `value` is not above `limit`; `form` shows both, e.g. "{:.2f} ms"."""
    return Row(what, form.format(value), f"≤ {form.format(limit)}", value <= limit, samples)


def at_least(what: str, value: float, limit: float, form: str, samples: str = "") -> Row:
    """A row that is met when `value` is not below `limit`."""
    return Row(what, form.format(value), f"≥ {form.format(limit)}", value >= limit, samples)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` (0..1) of all lie, by nearest rank. Raises ValueError for no values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("nothing was measured")
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
