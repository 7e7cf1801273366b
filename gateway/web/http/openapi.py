"""openapi.json (3.1), made from the routes; nothing in it is written by hand twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from gateway.errors import GatewayError, Refused
from gateway.web.api import shapes
from gateway.web.api.shapes import NUMBER
from gateway.web.http import model_schema
from gateway.web.http.auth import COOKIE, CSRF_HEADER
from gateway.web.http.models import members
from gateway.web.http.problem import CONTENT_TYPE
from gateway.web.http.route import Route
from gateway.web.http.schema import name_of, nested, parameter, reference, schema
from gateway.web.http.shape import members as shape_members
from gateway.web.http.uploads import EVIDENCE, MULTIPART

VERSION = "1"
SESSION = f"of a person who logged in at /desk; changes need {CSRF_HEADER} as well"


def document(routes: Sequence[Route], title: str) -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION},
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": SESSION},
            },
            "schemas": _schemas(routes),
        },
    }


def operation(route: Route) -> dict[str, Any]:
    """One end point."""
    made: dict[str, Any] = {
        "operationId": route.name,
        "summary": f"{route.zh} / {route.en}",
        "tags": [tag(route)],
        "security": [] if route.roles is None else [{"token": []}, {"session": []}],
        "responses": _responses(route),
    }
    if route.roles is not None:
        made["x-roles"] = list(route.roles)
    parameters = [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]
    if parameters:
        made["parameters"] = parameters
    if route.body is not None:
        required = any(m.required for m in _members(route.body))
        content = {"application/json": {"schema": reference(route.body)}}
        if route.files:
            content[MULTIPART] = {"schema": _form(route.body)}
        made["requestBody"] = {"required": required, "content": content}
    return made


def _form(shape: type[Any]) -> dict[str, Any]:
    """The members of a shape as fields of a form, and files beside them."""
    model = issubclass(shape, BaseModel)
    made = (
        model_schema.schemas([shape], request=True)[shape.__name__] if model else schema(shape, request=True)
    )
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    return {**made, "properties": {**made["properties"], EVIDENCE: files}}


def tag(route: Route) -> str:
    """What an end point belongs to: the part of the path after the version, or service."""
    return route.path.split("/")[3] if route.path.startswith("/api/") else "service"


def _schemas(routes: Iterable[Route]) -> dict[str, Any]:
    asked: set[type[Any]] = set()
    given: set[type[Any]] = nested(shapes.ProblemShown)
    for route in routes:
        if route.body is not None:
            asked |= _nested(route.body)
        for shape in route.gives.values():
            given |= _nested(shape) if shape else set()
    made = {name_of(shape): schema(shape, request=False) for shape in given if not _is_model(shape)}
    made |= model_schema.schemas(filter(_is_model, given), request=False)
    made |= {name_of(shape): schema(shape, request=True) for shape in asked if not _is_model(shape)}
    made |= model_schema.schemas(filter(_is_model, asked), request=True)
    made[name_of(shapes.ProblemShown)]["required"] = [
        m.name for m in shape_members(shapes.ProblemShown) if m.required
    ]
    return dict(sorted(made.items()))


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": f"^{NUMBER}$"} if route.number else {"type": "string"}
    found = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in found]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    if _is_model(route.query):
        return model_schema.parameters(route.query)
    return [parameter(m) for m in shape_members(route.query)]


def _is_model(shape: type[Any]) -> bool:
    return issubclass(shape, BaseModel)


def _nested(shape: type[Any]) -> set[type[Any]]:
    return {shape} if _is_model(shape) else nested(shape)


def _members(shape: type[Any]) -> Iterable[Any]:
    return members(shape).values() if issubclass(shape, BaseModel) else shape_members(shape)


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in route.headers
    ]


def _responses(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for status, shape in route.gives.items():
        made[str(status)] = {"description": HTTPStatus(status).phrase}
        if shape is not None:
            made[str(status)]["content"] = {"application/json": {"schema": reference(shape)}}
        elif route.media:
            made[str(status)]["content"] = {route.media: {}}
    if route.body is not None:
        made["408"] = _refusal([Refused])
    for status, errors in _by_status(route).items():
        if str(status) not in made:
            made[str(status)] = _refusal(errors)
    return dict(sorted(made.items()))


def _by_status(route: Route) -> dict[int, list[type[GatewayError]]]:
    found: dict[int, list[type[GatewayError]]] = defaultdict(list)
    errors: tuple[type[GatewayError], ...] = (*route.errors, GatewayError)
    for error in errors:
        found[error.status].append(error)
    return found


def _refusal(errors: Sequence[type[GatewayError]]) -> dict[str, Any]:
    text = "; ".join(f"{error.code}: {error.zh} / {error.en}" for error in errors)
    return {
        "description": text,
        "content": {CONTENT_TYPE: {"schema": reference(shapes.ProblemShown)}},
    }
