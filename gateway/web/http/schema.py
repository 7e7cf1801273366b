"""JSON Schema (OpenAPI 3.1) of models: what pydantic says of them, without titles, enumerations in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.web.http.models import members

_SAID = ("description", "default", "examples")  # of a member, not of its type
_PREFIX = "#/components/schemas/"


def reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": f"{_PREFIX}{model.__name__}"}


def schemas(models: Iterable[type[BaseModel]], *, request: bool) -> dict[str, dict[str, Any]]:
    """The schemas of these models and of those in them, by name. In a request null counts as not given."""
    mode: Any = "validation" if request else "serialization"
    pairs = [(model, mode) for model in sorted(models, key=lambda model: model.__name__)]
    _, document = models_json_schema(pairs, ref_template=_PREFIX + "{model}")
    parts: dict[str, dict[str, Any]] = document.get("$defs", {})
    enums = {f"{_PREFIX}{name}": part for name, part in parts.items() if "enum" in part or "const" in part}
    return {
        name: _object(part, enums, request) for name, part in parts.items() if f"{_PREFIX}{name}" not in enums
    }


def parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The members of a model as query parameters. An empty one counts as not given."""
    properties = schemas([model], request=True)[model.__name__]["properties"]
    return [_parameter(m.name, m.required, properties[m.name]) for m in members(model).values()]


def _parameter(name: str, required: bool, schema: dict[str, Any]) -> dict[str, Any]:
    text = schema.pop("description", "")
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    parameter = {"name": name, "in": "query", "required": required, "description": text, "schema": schema}
    return parameter if required else {**parameter, "allowEmptyValue": True}


def _object(part: dict[str, Any], enums: dict[str, Any], request: bool) -> dict[str, Any]:
    required = part.get("required", [])
    schema = {key: value for key, value in part.items() if key != "title"}
    schema["properties"] = {
        name: _property(value, enums, request and name not in required)
        for name, value in part.get("properties", {}).items()
    }
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    return schema


def _property(part: dict[str, Any], enums: dict[str, Any], or_null: bool) -> dict[str, Any]:
    """A member: type first, then what is said of it."""
    schema: dict[str, Any] = {key: value for key, value in part.items() if key not in ("title", "anyOf")}
    if schema.get("default", 0) in (None, "", []):
        del schema["default"]
    kinds = [kind for kind in part.get("anyOf", [{}]) if kind.get("type") != "null"]
    outer: dict[str, Any] = {key: schema.pop(key) for key in _SAID if key in schema}
    schema = _kind({**kinds[0], **schema}, enums)
    return {**(_or_null(schema) if or_null or len(part.get("anyOf", ())) > len(kinds) else schema), **outer}


def _kind(part: dict[str, Any], enums: dict[str, Any]) -> dict[str, Any]:
    if part.get("$ref") in enums:
        part = enums[part["$ref"]]
        return {"type": part["type"], "enum": part["enum"] if "enum" in part else [part["const"]]}
    if "items" in part:
        return {**part, "items": _property(part["items"], enums, or_null=False)}
    return part


def _or_null(part: dict[str, Any]) -> dict[str, Any]:
    if "type" not in part:
        return {"anyOf": [part, {"type": "null"}]}
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    schema = {**part, "type": [*kinds, "null"]}
    if "enum" in part:
        schema["enum"] = [*part["enum"], None]
    return schema
