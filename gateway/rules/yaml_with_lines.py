"""YAML text to a tree that keeps the line of every part; faults instead of exceptions.

Stricter than YAML: a key twice in one table is a fault (in a menu it is a key clash), and
anchors are refused, so that a small file cannot grow into a large one. Read by flows and partners.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row

LONGEST = 1_000_000  # characters; a flow has a few thousand
DEEPEST = 32  # tables within tables; the C composer does not survive thousands
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is there


def read_file(path: Path, faults: Faults) -> Node | None:
    """The tree of one file, or None after a fault."""
    try:
        return parse(path.read_text("utf-8-sig"), faults)
    except OSError as error:
        faults.at(0, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        faults.at(0, f"not UTF-8 at byte {error.start}")
    return None


def parse(text: str, faults: Faults) -> Node | None:
    """The tree of one document, or None after a fault (an empty file is one)."""
    if len(text) > LONGEST:
        faults.at(0, f"longer than {LONGEST} characters")
        return None
    try:
        root = compose(text, faults)
        if root is not None:
            return _node(root, faults)
        if not faults.found:
            faults.at(1, "the file is empty")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        faults.at(mark.line + 1 if mark else 0, f"not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        faults.at(_line_of(text, error), f"not YAML: {str(error).splitlines()[0]}")
    return None


def compose(text: str, faults: Faults) -> yaml.Node | None:
    """The root node, after one look at the events for what a composer should not be given."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            faults.at(line, "anchors and aliases (& and *) are not taken; a key such as * must be quoted")
            return None
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            faults.at(line, "nested too deeply")
            return None
    return yaml.compose(text, Loader=_Loader)


def _line_of(text: str, error: yaml.YAMLError) -> int:
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 0


def _node(node: yaml.Node, faults: Faults) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _branch(node, line, faults)
    if isinstance(node, yaml.SequenceNode):
        return Row(line, tuple(_node(item, faults) for item in node.value))
    return Leaf(line, str(node.value), _value(node))


def _branch(node: yaml.MappingNode, line: int, faults: Faults) -> Branch:
    pairs: dict[str, Node] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        here = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            faults.at(here, "a key must be a plain word")
        elif key.value in lines:
            faults.at(here, f"`{key.value}` stands here a second time (first in line {lines[key.value]})")
        else:
            lines[key.value] = here
            pairs[key.value] = _node(value, faults)
    return Branch(line, pairs, lines)


def _value(node: yaml.Node) -> str | int | float | bool | None:
    """The meaning of a scalar; dates and other rare kinds stay text."""
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() in ("true", "yes", "on")
        case "int":
            return _number(text)
        case "float":
            try:
                return float(text)
            except ValueError:
                return text
    return text


def _number(text: str) -> int | str:
    """A plain decimal number; octal, sexagesimal and the like stay text."""
    bare = text.removeprefix("-")
    return int(text) if bare.isdecimal() and len(bare) < 16 and (bare == "0" or bare[0] != "0") else text
