"""openapi.json (3.1), made from the routes and their models; nothing in it is written by hand twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from gateway.errors import GatewayError, Refused
from gateway.web.http.auth import COOKIE, CSRF_HEADER
from gateway.web.http.fields import NUMBER
from gateway.web.http.models import members
from gateway.web.http.problem import CONTENT_TYPE, ProblemShown
from gateway.web.http.route import Route
from gateway.web.http.schema import parameters, reference, schemas
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
    entry: dict[str, Any] = {
        "operationId": route.name,
        "summary": f"{route.zh} / {route.en}",
        "tags": [tag(route)],
        "security": [] if route.allowed is None else [{"token": []}, {"session": []}],
        "responses": _responses(route),
    }
    if route.allowed is not None:
        entry["x-roles"] = list(route.allowed)
    if route.right:
        entry["x-right"] = route.right.value
    parameters = [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]
    if parameters:
        entry["parameters"] = parameters
    if route.body is not None:
        required = any(m.required for m in members(route.body).values())
        content = {"application/json": {"schema": reference(route.body)}}
        if route.files:
            content[MULTIPART] = {"schema": _form(route.body)}
        entry["requestBody"] = {"required": required, "content": content}
    return entry


def _form(model: type[BaseModel]) -> dict[str, Any]:
    """The members of a model as fields of a form, and files beside them."""
    schema = schemas([model], request=True)[model.__name__]
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    return {**schema, "properties": {**schema["properties"], EVIDENCE: files}}


def tag(route: Route) -> str:
    """What an end point belongs to: the part of the path after the version, or service."""
    return route.path.split("/")[3] if route.path.startswith("/api/") else "service"


def _schemas(routes: Sequence[Route]) -> dict[str, Any]:
    answers = {model for route in routes for model in route.gives.values() if model}
    bodies = {route.body for route in routes if route.body}
    both = schemas(answers | {ProblemShown}, request=False) | schemas(bodies, request=True)
    return dict(sorted(both.items()))


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": f"^{NUMBER}$"} if route.number else {"type": "string"}
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return parameters(route.query) if route.query else []


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in route.headers
    ]


def _responses(route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, model in route.gives.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if model is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": reference(model)}}
        elif route.media:
            responses[str(status)]["content"] = {route.media: {}}
    if route.body is not None:
        responses["408"] = _refusal([Refused])
    for status, errors in _by_status(route).items():
        if str(status) not in responses:
            responses[str(status)] = _refusal(errors)
    return dict(sorted(responses.items()))


def _by_status(route: Route) -> dict[int, list[type[GatewayError]]]:
    by_status: dict[int, list[type[GatewayError]]] = defaultdict(list)
    errors: tuple[type[GatewayError], ...] = (*route.errors, GatewayError)
    for error in errors:
        by_status[error.status].append(error)
    return by_status


def _refusal(errors: Sequence[type[GatewayError]]) -> dict[str, Any]:
    text = "; ".join(f"{error.code}: {error.zh} / {error.en}" for error in errors)
    return {
        "description": text,
        "content": {CONTENT_TYPE: {"schema": reference(ProblemShown)}},
    }
