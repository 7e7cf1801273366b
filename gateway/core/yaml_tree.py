"""A file's content with the line of every part: leaves, rows and branches.

Flow and partner files are parsed from this, so that each fault can name its line. It knows
nothing of YAML; `gateway.rules.yaml_with_lines` makes it. Lines count from 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.errors import Problem


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. `text` is how it was written, `value` what that means (a number, true, nothing)."""

    line: int
    text: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`key: value` pairs in their order; `key_lines` has the line of each key."""

    line: int
    pairs: Mapping[str, Node]
    key_lines: Mapping[str, int]


Node = Leaf | Row | Branch


@dataclass(slots=True)
class Faults:
    """Collects every problem of one file instead of stopping at the first."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def at(self, line: int, text: str) -> None:
        self.found.append(Problem(self.file, line, text))

    def branch(self, node: Node | None, what: str, allowed: Iterable[str] = ()) -> Mapping[str, Node]:
        """The pairs of a branch; a fault for anything else and for a key that is not in `allowed`."""
        if not isinstance(node, Branch):
            self.at(node.line if node else 1, f"{what} must be a table of `key: value`")
            return {}
        names = tuple(allowed)
        for key in node.pairs:
            if names and key not in names:
                self.at(node.key_lines[key], f"{what}: unknown key `{key}`{nearest(key, names)}")
        return {key: value for key, value in node.pairs.items() if not names or key in names}


def nearest(name: str, candidates: Iterable[str]) -> str:
    """A hint at the nearest known name, or the list of them when it is short, or nothing."""
    names = tuple(candidates)
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 12 else ""
