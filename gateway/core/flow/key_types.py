"""Types of settings that are about keys: several keys in one text, and what keys stand for."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.flow.step import KEYS, Type
from gateway.core.yaml_tree import Branch, Faults, Leaf, Node


def _answers(node: Node, what: str, faults: Faults) -> Mapping[str, str] | None:
    answers = {}
    for key, value in faults.branch(node, what).items():
        if len(key) != 1 or key not in KEYS:
            faults.at(value.line, f"{what}: `{key}` is no key of a telephone")
        elif isinstance(value, Leaf) and value.text:
            answers[key] = value.text
        else:
            faults.at(value.line, f"{what}.{key} must be a word")
    if isinstance(node, Branch) and not node.pairs:
        faults.at(node.line, f"{what}: a question needs at least one key")
    return answers


def _keys(node: Node, what: str, faults: Faults) -> str | None:
    if isinstance(node, Leaf) and all(key in KEYS for key in node.text):
        return node.text
    faults.at(node.line, f'{what} must be keys in one text, such as "45"')
    return None


SOME_KEYS = Type("keys", _keys, {"type": "string", "pattern": "^[0-9*#]*$"})
ANSWERS = Type(
    "key: answer",
    _answers,
    {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[0-9*#]$"},
        "additionalProperties": {"type": ["string", "integer"]},
    },
)
