"""Charts as SVG, drawn on the server: columns for times, bars for names. Pure.

Each point bears its figure in words; what is not over yet is told by a dashed line. Colours come from
style sheets, so that they go with the page's, and whoever cannot see a chart has its title and description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

HIGH, ROOM, FOOT, EDGE = 120, 18, 34, 8
"""Pixels: of the highest column, above it for its figure, below it for its name, and on each side."""
NAME, LONG, FIGURE, LINE = 112, 180, 48, 24
"""Pixels: of a bar's name, of the longest bar, of its figure, and of a line."""
_SVG = Markup(
    '<svg class="plot" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
    'aria-labelledby="{id}-title {id}-desc"><title id="{id}-title">{title}</title>'
    '<desc id="{id}-desc">{desc}</desc>{shapes}</svg>'
)
_RECT = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
_TEXT = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')
_GRID = Markup('<path class="grid" d="{}"/>')


@dataclass(frozen=True, slots=True)
class Point:
    """One column or bar: its name in one or two lines, its value (None: nothing to divide by), the value in
    words. `going`: its time is not over."""

    name: str
    value: float | None
    words: str
    below: str = ""
    going: bool = False

    @property
    def shape(self) -> str:
        return "bar going" if self.going else "bar"


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. `most` is the value of a whole column; `id` is this chart's alone on its page."""

    id: str
    title: str
    desc: str
    points: Sequence[Point]
    most: float

    def part(self, point: Point) -> float:
        return (point.value or 0) / self.most if self.most > 0 else 0.0


def columns(chart: Chart, slot: int) -> Markup:
    """A column for each point, `slot` pixels apart."""
    wide = slot * len(chart.points) + 2 * EDGE
    floor = ROOM + HIGH
    grid = "".join(f"M{EDGE} {floor - HIGH * part:.1f}H{wide - EDGE}" for part in (0, 0.5, 1))

    def shapes(place: int, point: Point) -> Iterator[Markup]:
        left, high = EDGE + slot * place, HIGH * chart.part(point)
        middle = left + slot / 2
        if high > 0:
            yield _RECT.format(point.shape, left + slot * 0.2, floor - high, slot * 0.6, high)
        yield _TEXT.format("figure", middle, floor - high - 4, point.words)
        yield _TEXT.format("name", middle, floor + 14, point.name)
        yield _TEXT.format("name", middle, floor + 28, point.below)

    return _svg(chart, wide, floor + FOOT, _GRID.format(grid), shapes)


def bars(chart: Chart) -> Markup:
    """A bar for each point, one below the other."""
    wide, high = NAME + LONG + FIGURE, LINE * len(chart.points) + 2 * EDGE

    def shapes(place: int, point: Point) -> Iterator[Markup]:
        top, long = EDGE + LINE * place, LONG * chart.part(point)
        if long > 0:
            yield _RECT.format(point.shape, NAME, top + 4, long, LINE - 8)
        yield _TEXT.format("name left", NAME - 6, top + 16, point.name)
        yield _TEXT.format("figure left", NAME + long + 4, top + 16, point.words)

    grid = "".join(f"M{NAME + LONG * part:.1f} {EDGE}V{high - EDGE}" for part in (0, 0.5, 1))
    return _svg(chart, wide, high, _GRID.format(grid), shapes)


def _svg(
    chart: Chart, wide: int, high: int, grid: Markup, shapes: Callable[[int, Point], Iterable[Markup]]
) -> Markup:
    drawn = [grid, *(shape for place, point in enumerate(chart.points) for shape in shapes(place, point))]
    return _SVG.format(
        w=wide, h=high, id=chart.id, title=chart.title, desc=chart.desc, shapes=Markup("").join(drawn)
    )
