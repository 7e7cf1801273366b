"""Where the cards of a flow's picture stand: words on them, layers, order, places.

A card is a step, the chips on its lower edge are its exits, those to one step together. Layers are
longest paths; the order follows the neighbours' middles; places are as near to them as fits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from gateway.core.flow.file import Flow
from gateway.core.flow.step import KEYS, Exit, StepSpec


@dataclass(frozen=True, slots=True)
class Way:
    """The exits of a step that lead to one other step."""

    target: str
    exits: tuple[Exit, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """A chip each: a key with its word, or the exit's word; nothing where there is no choice."""
        return tuple(f"{e.name} {e.zh}".strip() if is_key(e) else e.zh for e in self.exits)


def is_key(exit_: Exit) -> bool:
    return len(exit_.name) == 1


def ways(spec: StepSpec) -> tuple[Way, ...]:
    """The ways out of a step, keys first, one for each step they lead to."""
    targets: dict[str, list[Exit]] = {}
    exits = sorted(spec.step.exits_of(spec.settings), key=lambda e: (not is_key(e), _key_order(e)))
    for exit_ in exits:
        targets.setdefault(spec.next[exit_.name], []).append(exit_)
    return tuple(Way(target, tuple(group)) for target, group in targets.items())


def _key_order(exit_: Exit) -> str:
    """1 to 9, then 0, as on a telephone; other exits stay as they are."""
    return exit_.name.replace("0", "~") if is_key(exit_) else ""


def title(spec: StepSpec, names: Mapping[str, str]) -> str:
    """What stands on a step's card. `names` are the flows' Chinese titles."""
    if spec.jump and not spec.label:
        return f"转：{names.get(spec.jump.flow, spec.jump.flow)}"
    return spec.label or spec.step.zh


def second_line(spec: StepSpec) -> str:
    """The small line of a card."""
    if spec.jump:
        return spec.jump.flow + (f" / {spec.jump.at}" if spec.jump.at else "")
    return f"{spec.step.zh} · {spec.id}"


# ------------------------------------------------------------------ layout


@dataclass(slots=True)
class Card:
    """A step, or a bend of a long way (`spec` None), with its place: middle x, top y."""

    name: str
    spec: StepSpec | None
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Line:
    """A way in the picture: from a chip of a card through bends to a card."""

    begin: str
    way: Way
    through: list[str]
    back: bool
    port: float = 0.0  # x of its chip, from the card's middle


@dataclass(slots=True)
class Chip:
    """Words on a card's lower edge; `closes` is the one from which no line leaves."""

    words: tuple[str, ...]
    width: float
    closes: bool = False


CARD, CHIP, GAP_X, GAP_Y, MARGIN = 58.0, 24.0, 26.0, 58.0, 28.0
_SWEEPS = 24


@dataclass(slots=True)
class Layout:
    """Cards in layers and the lines between them."""

    flow: Flow
    names: Mapping[str, str]
    cards: dict[str, Card] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    layers: list[list[str]] = field(default_factory=list)
    chips: dict[str, list[Chip]] = field(default_factory=dict)

    def make(self) -> None:
        for spec in self.flow.steps.values():
            chips = _chips(spec)
            self.chips[spec.id] = chips
            wide = sum(c.width for c in chips) + 6 * (len(chips) + 1)
            width = max(text_width(title(spec, self.names), 15), text_width(second_line(spec), 11.5))
            width = max(width + 48, wide, 110)
            self.cards[spec.id] = Card(spec.id, spec, width, CARD + (CHIP + 10 if chips else 0))
        self._layer()
        self._bend()
        self._order()
        self._order_chips()
        self._order()
        self._place()

    def _layer(self) -> None:
        """Longest path from the start; ways back to a step on the path are drawn upwards."""
        back = set(_back_ways(self.flow))
        layer = dict.fromkeys(self.flow.steps, 0)
        for _ in layer:
            for spec in self.flow.steps.values():
                for way in ways(spec):
                    if (spec.id, way.target) not in back:
                        layer[way.target] = max(layer[way.target], layer[spec.id] + 1)
        for name, number in layer.items():
            self.cards[name].layer = number
        self.layers = [[] for _ in range(max(layer.values()) + 1)]
        for name, number in layer.items():
            self.layers[number].append(name)
        for spec in self.flow.steps.values():
            for way in ways(spec):
                self.lines.append(Line(spec.id, way, [], (spec.id, way.target) in back))

    def _bend(self) -> None:
        """Give long ways a bend in every layer they cross, and each line its chip."""
        for number, line in enumerate(self.lines):
            first, last = self.cards[line.begin].layer, self.cards[line.way.target].layer
            for layer in range(first + 1, last):
                name = f"~{number}.{layer}"
                self.cards[name] = Card(name, None, 10, 0, layer)
                self.layers[layer].append(name)
                line.through.append(name)
        self._ports()

    def port_x(self, line: Line) -> float:
        """Where on its card's lower edge a line begins."""
        return self.cards[line.begin].x + line.port

    def _ports(self) -> None:
        """The place of each line's chip on the edge of its card."""
        for name, chips in self.chips.items():
            at = -(sum(c.width for c in chips) + 6 * (len(chips) - 1)) / 2
            lines = [line for line in self.lines if line.begin == name]
            for chip in chips:
                if not chip.closes:
                    lines.pop(0).port = at + chip.width / 2
                at += chip.width + 6

    def _pairs(self) -> Iterator[tuple[str, str, float]]:
        """Neighbours in adjacent layers: upper, lower, x of the upper end from its middle."""
        for line in self.lines:
            if not line.back:
                stops = [line.begin, *line.through, line.way.target]
                for n, (upper, lower) in enumerate(pairwise(stops)):
                    yield upper, lower, line.port if n == 0 else 0.0

    def _order(self) -> None:
        """Order each layer by the middle of its neighbours, downwards and upwards; keep the best."""
        pairs = list(self._pairs())
        best, fewest = [list(layer) for layer in self.layers], self._crossings(pairs)
        for sweep in range(_SWEEPS):
            rank = {name: float(n) for layer in self.layers for n, name in enumerate(layer)}
            down = sweep % 2 == 0
            for layer in self.layers if down else reversed(self.layers):
                sums: dict[str, list[float]] = {name: [] for name in layer}
                for upper, lower, port in pairs:
                    here, there = (lower, upper) if down else (upper, lower)
                    if here in sums:
                        sums[here].append(rank[there] + (port / 2000 if down else 0))
                layer.sort(key=lambda n: sum(sums[n]) / len(sums[n]) if sums[n] else rank[n])
                rank.update({name: float(n) for n, name in enumerate(layer)})
            crossings = self._crossings(pairs)
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _order_chips(self) -> None:
        """Chips without keys stand in the order of what they lead to; keys keep theirs."""
        rank = {name: (n, m) for n, layer in enumerate(self.layers) for m, name in enumerate(layer)}
        for name, chips in self.chips.items():
            lines = [line for line in self.lines if line.begin == name]
            pairs = list(zip([chip for chip in chips if not chip.closes], lines, strict=False))
            free = [n for n, (_, line) in enumerate(pairs) if not any(map(is_key, line.way.exits))]
            order = sorted(
                (pairs[n] for n in free), key=lambda p: rank[(*p[1].through, p[1].way.target)[0]][1]
            )
            for n, pair in zip(free, order, strict=True):
                pairs[n] = pair
            if pairs:
                self.chips[name] = [chip for chip in chips if chip.closes] + [chip for chip, _ in pairs]
                self.lines = [line for line in self.lines if line.begin != name] + [line for _, line in pairs]
        self._ports()

    def _crossings(self, pairs: list[tuple[str, str, float]]) -> int:
        rank = {name: n for layer in self.layers for n, name in enumerate(layer)}
        level = {name: n for n, layer in enumerate(self.layers) for name in layer}
        ends = [(level[a], rank[a] + port / 2000, rank[b]) for a, b, port in pairs]
        return sum(
            1
            for n, (la, ua, da) in enumerate(ends)
            for lb, ub, db in ends[:n]
            if la == lb and (ua - ub) * (da - db) < 0
        )

    def _place(self) -> None:
        """x near the middle of the neighbours without overlap, y by layer."""
        pairs = list(self._pairs())
        for layer in self.layers:
            at = 0.0
            for name in layer:
                card = self.cards[name]
                card.x = at + card.width / 2
                at += card.width + GAP_X
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for layer in self.layers if down else reversed(self.layers):
                self._settle(layer, self._wishes(layer, pairs, down))
        y = 0.0
        for layer in self.layers:
            for name in layer:
                self.cards[name].y = y
            y += max(self.cards[name].height for name in layer) + GAP_Y
        left = min(card.x - card.width / 2 for card in self.cards.values())
        for card in self.cards.values():
            card.x += MARGIN - left

    def _wishes(self, layer: list[str], pairs: list[tuple[str, str, float]], down: bool) -> dict[str, float]:
        """Where each card of a layer would like to be."""
        wishes: dict[str, list[float]] = {name: [] for name in layer}
        for upper, lower, port in pairs:
            if down and lower in wishes:
                wishes[lower].append(self.cards[upper].x + port)
            elif not down and upper in wishes:
                wishes[upper].append(self.cards[lower].x - port)
        return {
            name: sum(places) / len(places) if places else self.cards[name].x
            for name, places in wishes.items()
        }

    def _settle(self, layer: list[str], wishes: Mapping[str, float]) -> None:
        """Cards in their order, each as near to its wish as the others let it: joined into blocks."""
        blocks: list[tuple[float, float, list[str]]] = []  # wished left edge, weight, cards
        for name in layer:
            block = (wishes[name] - self.cards[name].width / 2, 1.0, [name])
            while blocks and blocks[-1][0] + self._width(blocks[-1][2]) + GAP_X > block[0]:
                before = blocks.pop()
                shift = self._width(before[2]) + GAP_X
                weight = before[1] + block[1]
                left = (before[0] * before[1] + (block[0] - shift) * block[1]) / weight
                block = (left, weight, before[2] + block[2])
            blocks.append(block)
        for left, _, names in blocks:
            at = left
            for name in names:
                self.cards[name].x = at + self.cards[name].width / 2
                at += self.cards[name].width + GAP_X

    def _width(self, names: list[str]) -> float:
        return sum(self.cards[name].width for name in names) + GAP_X * (len(names) - 1)


def _back_ways(flow: Flow) -> Iterator[tuple[str, str]]:
    """Ways that lead back to a step on the path to them, found by walking the flow in depth."""
    done: set[str] = set()

    def walk(name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for way in ways(flow.steps[name]):
            if way.target in (*above, name):
                yield name, way.target
            elif way.target not in done:
                yield from walk(way.target, (*above, name))
        done.add(name)

    for name in (flow.start, *flow.steps):
        if name not in done:
            yield from walk(name, ())


def _chips(spec: StepSpec) -> list[Chip]:
    """The chips of a step with more than one way out."""
    group = ways(spec)
    end = [Chip((spec.step.closes,), _chip_width((spec.step.closes,)), True)] if spec.step.closes else []
    if len(group) < 2 and not end:
        return []
    return end + [Chip(way.words, _chip_width(way.words)) for way in group]


def _chip_width(words: Iterable[str]) -> float:
    return sum(word_width(word) for word in words) + 4


def word_width(word: str) -> float:
    key, _, rest = word.partition(" ")
    if len(key) == 1 and key in KEYS:
        return 24 + (text_width(rest, 12) + 6 if rest else 0)
    return text_width(word, 12) + 12


def text_width(text: str, size: float) -> float:
    """About how wide a text is: Chinese characters a full size, others a little over half."""
    return sum(size if unicodedata.east_asian_width(c) in "WF" else size * 0.58 for c in text)
