"""A small judge of JSON against the schemas of openapi.json: only the keywords that stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

KEYWORDS = {
    *("$ref", "anyOf", "type", "enum", "properties", "required", "additionalProperties", "items", "maxItems"),
    *("minLength", "maxLength", "pattern", "minimum", "maximum", "multipleOf", "format"),
    *("description", "default", "examples"),
}
_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: dict[str, Any], components: dict[str, Any], at: str = "") -> Iterator[str]:
    """What in a value does not fit."""
    assert set(schema) <= KEYWORDS, f"the judge does not know {set(schema) - KEYWORDS}"
    if "$ref" in schema:
        yield from faults(value, components[schema["$ref"].rpartition("/")[2]], components, at)
    elif "anyOf" in schema:
        if not any(not list(faults(value, one, components, at)) for one in schema["anyOf"]):
            yield f"{at}: fits none"
    elif not is_a(value, schema.get("type", [])):
        yield f"{at}: {value!r} is no {schema['type']}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not in {schema['enum']}"
    elif isinstance(value, dict):
        yield from of_object(value, schema, components, at)
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from faults(one, schema["items"], components, f"{at}[{n}]")
    elif isinstance(value, str):
        yield from of_text(value, schema, at)


def is_a(value: Any, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    if isinstance(value, bool):
        return "boolean" in names or not names
    return not names or any(isinstance(value, _TYPES[name]) for name in names)


def of_object(
    value: dict[str, Any], schema: dict[str, Any], components: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value)
    yield from (f"{at}.{name} is not described" for name in value if name not in known)
    for name in value.keys() & known.keys():
        yield from faults(value[name], known[name], components, f"{at}.{name}")


def of_text(value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match"
    try:
        if schema.get("format") == "date-time":
            assert value.endswith("Z")
            datetime.fromisoformat(value)
        elif schema.get("format") == "date":
            date.fromisoformat(value)
    except (AssertionError, ValueError):
        yield f"{at}: {value!r} is no {schema['format']}"
