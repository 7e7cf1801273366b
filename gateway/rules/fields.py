"""The fields of one table in a rule file, read one by one; every fault is written down with its line.

A wrong field gives an empty stand-in, so that reading goes on and the operator sees all faults at
once. What was read is used only when no fault was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from gateway.core.yaml_tree import Branch, Faults, Leaf, Node, Row, nearest
from gateway.rules.yaml_with_lines import read_file

NO_DAY = date.min
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_Word = TypeVar("_Word", bound=StrEnum)


class Fields:
    """One table. `what` names it in faults; keys outside `known` are faults, each with the nearest."""

    def __init__(self, node: Node | None, what: str, known: Iterable[str], faults: Faults) -> None:
        self.what = what
        self.faults = faults
        self.line = node.line if node else 1
        self._is_table = isinstance(node, Branch)
        self._pairs = faults.branch(node, what, known)

    def has(self, key: str) -> bool:
        return key in self._pairs

    def node(self, key: str) -> Node | None:
        """What stands under a key; a fault when it is missing."""
        if key not in self._pairs and self._is_table:
            self.faults.at(self.line, f"{self.what}: `{key}` is missing")
        return self._pairs.get(key)

    def line_of(self, key: str) -> int:
        return self._pairs[key].line if key in self._pairs else self.line

    def text(self, key: str) -> str:
        node = self.node(key)
        if isinstance(node, Leaf) and node.value is not None and node.text.strip():
            return node.text.strip()
        self._wrong(node, key, "must be text")
        return ""

    def day(self, key: str) -> date:
        node = self.node(key)
        return read_day(node, f"{self.what}: `{key}`", self.faults) if node else NO_DAY

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number between two bounds, both included."""
        node = self.node(key)
        value = node.value if isinstance(node, Leaf) else None
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(node, key, f"must be a whole number from {low} to {high}")
        return low

    def flag(self, key: str) -> bool:
        node = self.node(key)
        if isinstance(node, Leaf) and isinstance(node.value, bool):
            return node.value
        self._wrong(node, key, "must be true or false")
        return False

    def names(self, key: str = "name") -> tuple[str, str]:
        """`{zh: …, en: …}` as (zh, en)."""
        node = self.node(key)
        if node is None:
            return "", ""
        both = Fields(node, f"{self.what}: `{key}`", ("zh", "en"), self.faults)
        return both.text("zh"), both.text("en")

    def rows(self, key: str) -> tuple[Node, ...]:
        node = self.node(key)
        if isinstance(node, Row):
            return node.items
        self._wrong(node, key, "must be a list")
        return ()

    def days(self, key: str) -> tuple[tuple[int, date], ...]:
        """A list of days, each with its line; those that are none are left out."""
        found = ((n.line, read_day(n, f"{self.what}: `{key}`", self.faults)) for n in self.rows(key))
        return tuple((line, day) for line, day in found if day != NO_DAY)

    def word(self, key: str, words: type[_Word]) -> _Word:
        node = self.node(key)
        found = self._word(node, key, words) if node else None
        return found or next(iter(words))

    def words(self, key: str, words: type[_Word]) -> frozenset[_Word]:
        found = (self._word(node, key, words) for node in self.rows(key))
        return frozenset(word for word in found if word is not None)

    def tables(self, key: str, id_form: re.Pattern[str] = _ID) -> Iterator[tuple[str, Node]]:
        """The tables under a key by their ids."""
        node = self.node(key)
        return tables(node, f"{self.what}: `{key}`", self.faults, id_form) if node else iter(())

    def _word(self, node: Node, key: str, words: type[_Word]) -> _Word | None:
        text = node.text if isinstance(node, Leaf) else ""
        known: Mapping[str, _Word] = {word.value: word for word in words}
        if text not in known:
            self.faults.at(node.line, f"{self.what}: `{key}` cannot be `{text}`{nearest(text, known)}")
        return known.get(text)

    def _wrong(self, node: Node | None, key: str, text: str) -> None:
        if node is not None:
            self.faults.at(node.line, f"{self.what}: `{key}` {text}")


def tables(
    node: Node | None, what: str, faults: Faults, id_form: re.Pattern[str] = _ID
) -> Iterator[tuple[str, Node]]:
    """`id: table` pairs; a fault for an id of another form and when there are none."""
    pairs = faults.branch(node, what)
    if not isinstance(node, Branch):
        return
    if not pairs:
        faults.at(node.line, f"{what} is empty")
    for key, value in pairs.items():
        if id_form.fullmatch(key):
            yield key, value
        else:
            faults.at(node.key_lines[key], f"{what}: `{key}` is no id ({_FORMS.get(id_form, 'a number')})")


def read_day(node: Node, what: str, faults: Faults) -> date:
    """A day such as 2026-04-15; NO_DAY after a fault."""
    text = node.text if isinstance(node, Leaf) else ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    faults.at(node.line, f"{what}: `{text}` is no day (2026-04-15)" if text else f"{what} must be a day")
    return NO_DAY


def read_root(path: Path) -> tuple[Node | None, Faults]:
    """The tree of a rule file, or None, and where its faults go."""
    faults = Faults(str(path))
    if path.is_file():
        return read_file(path, faults), faults
    faults.at(0, "is missing")
    return None, faults


_FORMS = {_ID: "small letters, digits and _"}
