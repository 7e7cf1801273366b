"""Errors as RFC 9457 problem+json, Chinese first; nothing of the inside ever gets out.

`problems` is the middleware around every handler. What no error of ours describes is a fault of
ours: 500, with the request's id and a line in the log that has the details.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ConfigDict, Field

from gateway.errors import (
    BadContact,
    GatewayError,
    NotFound,
    NoToken,
    NotPossible,
    Refused,
    StorageBusy,
    TooLarge,
    TooMany,
    Unavailable,
    WrongType,
)
from gateway.web.http.models import AnswerModel
from gateway.web.http.rates import Flooded
from gateway.web.http.request_log import request_id
from gateway.web.http.writing import encoded

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = {TooMany: "60", Unavailable: "5", StorageBusy: "2"}  # seconds
ProblemPage = Callable[[web.Request, GatewayError, int], web.StreamResponse]
SHOWN = web.AppKey("shown", ProblemPage)  # type: ignore[arg-type,var-annotated]
"""How a browser is told of an error outside the API; an application without pages has none."""
_PROGRAMS = ("/api/", "/healthz", "/metrics", "/openapi.json", "/static/")
_OF_STATUS: dict[int, type[GatewayError]] = {404: NotFound, 413: TooLarge, 415: WrongType}


class FaultShown(AnswerModel):
    """One member of a request that is wrong."""

    field: str
    zh: str
    en: str


class ProblemShown(AnswerModel):
    """An error as RFC 9457 has it. `code` is stable; `faults` stand with code bad_contact."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str
    title: str
    status: int
    code: str
    zh: str
    en: str
    request_id: str
    detail: str = Field(default="", description="具体说明 / what exactly")
    faults: tuple[FaultShown, ...] = Field(default=(), description="逐项问题 / each wrong member")
    possible: tuple[str, ...] = Field(default=(), description="可行的操作 / what may be done instead")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of a handler as a problem."""
    try:
        return await handler(request)
    except GatewayError as error:
        if error.status >= 500:
            log.error("request %s: %s: %s", request_id(request), type(error).__name__, error)
        return _told(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _of_aiohttp(request, error)
    except ConnectionError:
        raise
    except Exception:
        log.exception("request %s failed", request_id(request))
        return _told(request, GatewayError())


def _told(request: web.Request, error: GatewayError, status: int = 0) -> web.StreamResponse:
    """As a page to a browser, as a problem to a program."""
    shown = request.app.get(SHOWN)
    wants_page = "text/html" in request.headers.get("Accept", "") and not request.path.startswith(_PROGRAMS)
    return shown(request, error, status) if shown and wants_page else answer(request, error, status)


def answer(request: web.Request, error: GatewayError, status: int = 0) -> web.Response:
    """The response for an error; `status` where HTTP knows a closer one than the error's own."""
    response = web.Response(
        status=status or error.status,
        body=encoded(body(request, error, status or error.status)),
        headers={"Content-Type": CONTENT_TYPE, "Content-Language": language(request)},
    )
    if isinstance(error, NoToken):
        response.headers["WWW-Authenticate"] = 'Bearer realm="12315"'
    for kind, seconds in RETRY_AFTER.items():
        if isinstance(error, kind):
            response.headers["Retry-After"] = str(error.wait) if isinstance(error, Flooded) else seconds
    return response


def body(request: web.Request, error: GatewayError, status: int) -> dict[str, Any]:
    """The members of a problem. What went wrong inside stays in the log."""
    members: dict[str, Any] = {
        "type": f"/docs#{error.code}",
        "title": error.zh if language(request) == "zh" else error.en,
        "status": status,
        "code": error.code,
        "zh": error.zh,
        "en": error.en,
        "request_id": request_id(request),
    }
    if error.detail and status < 500:
        members["detail"] = error.detail
    if isinstance(error, BadContact):
        members["faults"] = [{"field": f.field, "zh": f.zh, "en": f.en} for f in error.faults]
    if isinstance(error, NotPossible):
        members["possible"] = [word.replace("_", "-") for word in error.possible]
    return members


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """What aiohttp itself refuses: no such path, a wrong method, a body that is too large."""
    kind = _OF_STATUS.get(error.status, Refused if error.status < 500 else GatewayError)
    detail = ""
    if isinstance(error, web.HTTPMethodNotAllowed):
        detail = f"不支持的方法 / this method is not taken here: {', '.join(sorted(error.allowed_methods))}"
    response = _told(request, kind(detail), error.status)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def language(request: web.Request) -> str:
    """zh, unless the client likes English better."""
    wishes = request.headers.get("Accept-Language", "")
    return max(("zh", "en"), key=lambda name: _weight(wishes, name))


def _weight(wishes: str, language: str) -> float:
    """The highest weight of a language in Accept-Language, 0 when it is not named."""
    weight = 0.0
    for wish in wishes.split(","):
        name, _, quality = wish.strip().lower().partition(";")
        if name.split("-")[0].strip() == language:
            weight = max(weight, _quality(quality))
    return weight


def _quality(text: str) -> float:
    name, _, value = text.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
