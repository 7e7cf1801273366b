"""Shapes become JSON: times in UTC with Z, amounts as numbers, lists for tuples."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel

_NAMES: dict[type[Any], tuple[str, ...]] = {}  # the members of each shape seen so far


def plain(value: Any) -> Any:
    """What json can write of something it does not know; its members may be unknown again.

    Times must be aware.
    """
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, date):
        return moment(value) if isinstance(value, datetime) else value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        names = _NAMES.get(type(value)) or _NAMES.setdefault(
            type(value), tuple(f.name for f in fields(value))
        )
        return {name: getattr(value, name) for name in names}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond, with Z. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain)


def encoded(value: Any) -> bytes:
    """UTF-8 JSON, without escapes for what is no ASCII; half a character becomes a question mark."""
    try:
        return orjson.dumps(value, plain, orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:  # what orjson is stricter about, such as half a character
        return _WRITER.encode(value).encode("utf-8", "replace")
