"""Answers and events become JSON: times in UTC with Z, amounts as numbers.

orjson writes them: it is faster here than pydantic, which would call Python for each time and amount.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """What json can write of something it does not know; its members may be unknown again. Times must have a
    zone."""
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, date):
        return moment(value) if isinstance(value, datetime) else value.isoformat()
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
