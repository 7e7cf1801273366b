"""A flow as a picture: SVG for pages, lines for a terminal. Pure text out; files are the caller's.

Used by `gateway flow draw` and, for its words, by the command that simulates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from gateway.core.flow.file import Flow
from gateway.core.flow.step import KEYS
from gateway.flows.layout import (
    CARD,
    CHIP,
    MARGIN,
    Card,
    Chip,
    Layout,
    Line,
    Way,
    second_line,
    title,
    ways,
    word_width,
)

# ------------------------------------------------------------------ terminal

_NO_NAMES: Mapping[str, str] = {}


def draw_text(flow: Flow, names: Mapping[str, str] = _NO_NAMES) -> str:
    """The flow as lines: each step once, its exits below it, "↑" where a step stands already."""
    lines = [f"{flow.name}  {flow.zh}  ({flow.en})", ""]
    outline = _Outline(flow, names, lines)
    outline.step(flow.start, "", "")
    for name in flow.steps:
        if name not in outline.seen:  # entered from another flow
            lines.append("")
            outline.step(name, "", "")
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class _Outline:
    """The lines of one flow, and the steps that stand in them already."""

    flow: Flow
    names: Mapping[str, str]
    lines: list[str]
    seen: set[str] = field(default_factory=set)

    def step(self, name: str, lead: str, below: str) -> None:
        spec = self.flow.steps[name]
        self.seen.add(name)
        self.lines.append(f"{lead}{title(spec, self.names)}  [{spec.step.name} {name}]")
        group = ways(spec)
        if spec.step.closes:
            self.lines.append(f"{below}{'├' if group else '└'}─ {spec.step.closes} ✓")
        for n, way in enumerate(group):
            last = n == len(group) - 1
            branch = f"{below}{'└' if last else '├'}─ {_said(way, len(group))}→ "
            if way.target in self.seen:
                self.lines.append(
                    f"{branch}↑ {title(self.flow.steps[way.target], self.names)}  [{way.target}]"
                )
            else:
                self.step(way.target, branch, below + ("   " if last else "│  "))


def _said(way: Way, ways_out: int) -> str:
    """The exits' words before an arrow; none where there is only one way."""
    words = " · ".join(filter(None, way.words))
    return f"{words} " if words and (ways_out > 1 or len(way.words) > 1) else ""


# ------------------------------------------------------------------ SVG

_STYLE = """
.bg{fill:#fbfcfe;stroke:#d9e0ea}.card{fill:#fff;stroke:#c5cfdc}.t{fill:#1c2733;font-weight:600}
.s{fill:#64748b}.way{fill:none;stroke:#7b8ba1;stroke-width:1.6}.tip{fill:#7b8ba1}
.chip{fill:#eef2f7;stroke:#d3dce8}.end{fill:#d9f2e6;stroke:#9fd6bd}.w{fill:#334155}.key{fill:#1f4e8c}.k{fill:#fff;font-weight:700}
@media (prefers-color-scheme:dark){.bg{fill:#10161f;stroke:#2b3645}.card{fill:#1a2330;stroke:#3a495d}
.t{fill:#e8eef6}.s{fill:#93a4ba}.way{stroke:#7488a3}.tip{fill:#7488a3}.chip{fill:#243142;stroke:#3a495d}
.end{fill:#173d30;stroke:#2c6a54}.w{fill:#cfdae8}.key{fill:#5b93dd}.k{fill:#0d131b}}
"""
_FONT = "'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif"


def draw_svg(flow: Flow, names: Mapping[str, str] = _NO_NAMES) -> str:
    """The flow as an SVG picture that reads on light and dark pages. `names` as in `title`."""
    layout = Layout(flow, names)
    layout.make()
    width = max(card.x + card.width / 2 for card in layout.cards.values()) + MARGIN
    height = max(card.y + card.height for card in layout.cards.values()) + MARGIN + 64
    body = "\n".join(
        [
            *(_svg_line(layout, line) for line in layout.lines),
            *(_svg_card(layout, card) for card in layout.cards.values() if card.spec),
        ]
    )
    head = f"{escape(flow.zh)} · {escape(flow.en)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" font-family="{_FONT}">\n'
        f"<title>{head}</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="bg" x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="14"/>\n'
        f'<text class="t" x="{MARGIN}" y="38" font-size="18">{escape(flow.zh)}'
        f'<tspan class="s" font-size="13" font-weight="400" dx="10">{escape(flow.name)} · {escape(flow.en)}'
        f'</tspan></text>\n<g transform="translate(0 64)">\n{body}\n</g>\n</svg>\n'
    )


def _svg_card(layout: Layout, card: Card) -> str:
    spec = card.spec
    assert spec is not None
    x, y = card.x - card.width / 2, card.y
    mark = "▶ " if spec.id == layout.flow.start else ""
    chips = layout.chips[spec.id]
    parts = [
        _box("card", x, y, card.width, card.height, 9),
        _box("", x + 10, y + 14, 5, 32, 2.5, spec.step.colour),
        _words("t", x + 26, y + 28, 15, mark + title(spec, layout.names)),
        _words("s", x + 26, y + 46, 11.5, second_line(spec)),
    ]
    at = card.x - (sum(chip.width for chip in chips) + 6 * (len(chips) - 1)) / 2
    for chip in chips:
        parts.append(_svg_chip(at, y + CARD, chip))
        at += chip.width + 6
    return "\n".join(parts)


def _svg_chip(x: float, y: float, chip: Chip) -> str:
    parts = [_box("end" if chip.closes else "chip", x, y, chip.width, CHIP, 6)]
    at = x + 2
    for word in chip.words:
        key, _, rest = word.partition(" ")
        if len(key) == 1 and key in KEYS:
            parts.append(_box("key", at + 2, y + 4, 17, 16, 4))
            parts.append(_words("k", at + 10.5, y + 16.4, 12, key, ' text-anchor="middle"'))
            parts.append(_words("w", at + 24, y + 16.4, 12, rest))
        else:
            parts.append(_words("w", at + 6, y + 16.4, 12, word))
        at += word_width(word)
    return "".join(parts)


def _box(look: str, x: float, y: float, width: float, height: float, radius: float, fill: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"'
    return f'<rect fill="{fill}" {place}/>' if fill else f'<rect class="{look}" {place}/>'


def _words(look: str, x: float, y: float, size: float, text: str, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{more}'
    return f'<text class="{look}" {place}>{escape(text)}</text>'


def _svg_line(layout: Layout, line: Line) -> str:
    begin, end = layout.cards[line.begin], layout.cards[line.way.target]
    x, y = layout.port_x(line), begin.y + begin.height
    if layout.chips[line.begin]:
        y -= 10
    if line.back:
        return _svg_back(layout, begin, end, x, y)
    path = f"M{x:.1f} {y:.1f}"
    bottom = _layer_bottom(layout, begin.layer)
    if bottom > y:
        path += f"V{bottom:.1f}"
        y = bottom
    for name in line.through:
        bend = layout.cards[name]
        middle = (y + bend.y) / 2
        path += f"C{x:.1f} {middle:.1f} {bend.x:.1f} {middle:.1f} {bend.x:.1f} {bend.y:.1f}"
        x, y = bend.x, _layer_bottom(layout, bend.layer)
        path += f"V{y:.1f}"
    tip_x, tip = _landing(layout, line, end), end.y - 7
    middle = (y + tip) / 2
    path += f"C{x:.1f} {middle:.1f} {tip_x:.1f} {middle:.1f} {tip_x:.1f} {tip:.1f}"
    return f'<path class="way" d="{path}"/>{_svg_tip(tip_x, end.y)}'


def _landing(layout: Layout, line: Line, end: Card) -> float:
    """Where on a card's upper edge a line ends: the lines from left to right, a little apart."""
    coming = [other for other in layout.lines if other.way.target == end.name and not other.back]
    coming.sort(
        key=lambda o: layout.cards[o.through[-1]].x if o.through else layout.cards[o.begin].x + o.port
    )
    apart = min(22.0, (end.width - 40) / max(1, len(coming)))
    return end.x + (coming.index(line) - (len(coming) - 1) / 2) * apart


def _svg_back(layout: Layout, begin: Card, end: Card, x: float, y: float) -> str:
    """A way upwards: out below, around the right side, in from the right."""
    side = max(begin.x + begin.width / 2, end.x + end.width / 2) + 16
    at = end.y + CARD / 2
    path = f"M{x:.1f} {y:.1f}v14q0 8 8 8H{side - 8:.1f}q8 0 8 -8V{at + 8:.1f}q0 -8 -8 -8"
    edge = end.x + end.width / 2 + 7
    tip = f'<path class="tip" d="M{edge - 7:.1f} {at:.1f}l9 -4.5v9z"/>'
    return f'<path class="way" stroke-dasharray="5 4" d="{path}H{edge:.1f}"/>{tip}'


def _layer_bottom(layout: Layout, number: int) -> float:
    names = layout.layers[number]
    return max(layout.cards[name].y + layout.cards[name].height for name in names)


def _svg_tip(x: float, y: float) -> str:
    return f'<path class="tip" d="M{x:.1f} {y:.1f}l-4.5 -9h9z"/>'
