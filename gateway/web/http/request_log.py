"""One line per request, without personal data: no query string, no values in the path, no address.

Gives every request its id, which stands in the answer and in the log, and the headers that keep
browsers from guessing types and from keeping copies.
"""

from __future__ import annotations

import logging
import re
import secrets
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.core.audit import ASKER

log = logging.getLogger("gateway.web.access")

REQUEST_ID = web.RequestKey("request_id", str)
WHO = web.RequestKey("who", str)
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware."""
    ASKER.set(None)  # one connection's requests may share a task
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
    began, status = time.perf_counter(), 499
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        _write(request, status, time.perf_counter() - began)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal on_response_prepare: what every answer has, unless its handler said otherwise."""
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    headers = response.headers
    headers["Server"] = "hotline-gateway"
    for name, value in _HEADERS.items():
        if name not in headers:
            headers[name] = value


def request_id(request: web.Request) -> str:
    return str(request.get(REQUEST_ID, ""))


def _write(request: web.Request, status: int, seconds: float) -> None:
    resource = request.match_info.route.resource
    path = resource.canonical if resource else "-"
    who = request.get(WHO, "-")
    log.info("%s %s %d %.1f ms %s %s", request.method, path, status, seconds * 1000, who, request_id(request))
