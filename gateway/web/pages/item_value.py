"""A field of an item as a person outside the centre reads it."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.item.catalogue import Division
from gateway.core.item.contact import Kind
from gateway.core.item.states import KIND_NAMES
from gateway.web.pages.look import Look


def item_value(look: Look, divisions: Iterable[Division], name: str, value: str) -> str:
    """The kind and the county by name; anything else as it is."""
    if name == "county":
        division = next((entry for entry in divisions if entry.code == value), None)
        return look.of(division) if division else value
    return look.t(*KIND_NAMES[Kind(value)]) if name == "kind" else value
