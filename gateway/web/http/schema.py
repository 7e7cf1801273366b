"""JSON Schema (OpenAPI 3.1) of shapes, from the same members that requests are read by."""

from __future__ import annotations

from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gateway.channels.registry import REGISTRY
from gateway.core.item.contact import Channel
from gateway.web.http.shape import Member, members


def schema(shape: type[Any], *, request: bool) -> dict[str, Any]:
    """The schema of one shape. A request refuses what it does not know; an answer has every member."""
    properties = {m.name: _member(m, m.optional or (request and not m.required)) for m in members(shape)}
    required = [m.name for m in members(shape) if m.required or not request]
    made: dict[str, Any] = {"type": "object", "properties": properties}
    if shape.__doc__:
        made["description"] = " ".join(shape.__doc__.split())
    if required:
        made["required"] = required
    if request:
        made["additionalProperties"] = False
    return made


def parameter(m: Member) -> dict[str, Any]:
    """A member as a query parameter."""
    found = _member(m, or_null=False)
    text = found.pop("description", "")
    made = {"name": m.name, "in": "query", "required": m.required, "description": text, "schema": found}
    return made if m.required else {**made, "allowEmptyValue": True}


def name_of(shape: type[Any]) -> str:
    return shape.__name__


def nested(shape: type[Any]) -> set[type[Any]]:
    """The shape and all shapes in it."""
    found = {shape}
    for m in members(shape):
        if _is_shape(m.kind):
            found |= nested(m.kind)
    return found


def reference(shape: type[Any]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name_of(shape)}"}


def _member(m: Member, or_null: bool) -> dict[str, Any]:
    made = _kind(m)
    if m.listed:
        made = {"type": "array", "items": made}
        if m.rule.entries is not None:
            made["maxItems"] = m.rule.entries
    if or_null:
        made = _or_null(made)
    if m.rule.en:
        made["description"] = f"{m.rule.zh} / {m.rule.en}"
    if m.default not in (None, "", ()):
        made["default"] = m.default.value if isinstance(m.default, StrEnum) else m.default
    if m.rule.example is not None:
        made["examples"] = [m.rule.example]
    return made


def _or_null(made: dict[str, Any]) -> dict[str, Any]:
    if "type" in made:
        types = made["type"] if isinstance(made["type"], list) else [made["type"]]
        kinds = {**made, "type": [*types, "null"]}
        if "enum" in made:
            kinds["enum"] = [*made["enum"], None]
        return kinds
    return {"anyOf": [made, {"type": "null"}]}


def _kind(m: Member) -> dict[str, Any]:
    if _is_shape(m.kind):
        return reference(m.kind)
    if m.kind is bool:
        return {"type": "boolean"}
    if m.kind in (int, float, Decimal):
        return _number(m)
    if m.kind is datetime:
        return {"type": "string", "format": "date-time"}
    if m.kind is date:  # other usual spellings are taken where the rule has one
        return {"type": "string"} if m.rule.spelling else {"type": "string", "format": "date"}
    if m.kind in (dict, object) or m.kind is Any:
        return {}
    if m.kind is Channel:
        return {"type": "string", "enum": list(REGISTRY.ids)}
    if isinstance(m.kind, type) and issubclass(m.kind, StrEnum):
        return {"type": "string", "enum": [one.value for one in m.kind]}
    return _text(m)


def _number(m: Member) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "integer" if m.kind is int else "number"}
    if m.kind is Decimal:
        made = {"type": ["number", "string"]}
    if m.rule.least is not None:
        made["minimum"] = m.rule.least
    if m.rule.most is not None:
        made["maximum"] = m.rule.most
    if m.rule.places and m.kind is Decimal:
        if not m.rule.spelling:
            made["pattern"] = rf"^[0-9]{{1,12}}(\.[0-9]{{1,{m.rule.places}}})?$"
        made["multipleOf"] = float(Decimal(1).scaleb(-m.rule.places))
    return made


def _text(m: Member) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    if m.rule.longest is not None:
        made["maxLength"] = m.rule.longest
    if m.rule.shortest:
        made["minLength"] = m.rule.shortest
    if m.rule.spelling:
        return made  # what it is brought into has a pattern, what is taken has none
    if m.rule.pattern:
        made["pattern"] = f"^ *(?:{m.rule.pattern}{'' if m.required else '|'}) *$"
    elif m.rule.longest is not None:
        seen = rf"[^{m.rule.forbidden}]*"
        made["pattern"] = rf"^{seen}[^{m.rule.forbidden}\s]{seen}$" if m.rule.shortest else f"^{seen}$"
    return made


def _is_shape(kind: Any) -> bool:
    return isinstance(kind, type) and is_dataclass(kind)
