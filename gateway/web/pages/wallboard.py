"""/wallboard: the page for the screen on the wall.

The page itself holds nothing worth hiding: what it shows comes over the API and its events, to whoever
is signed in or has a display's token. It stands whether or not there are pages for citizens.
"""

from __future__ import annotations

import json
from enum import StrEnum

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.core.item.channel import ChannelRegistry
from gateway.core.statistics import IN_TIME, WANTED_RATE
from gateway.errors import NotFound
from gateway.web.http.fields import Choice
from gateway.web.http.models import RequestModel
from gateway.web.http.reading import page_query
from gateway.web.http.static_files import OURS, static_files

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_PARTS = ("tokens.css", "wallboard.css", "wallboard.js", "mark.svg")


class Theme(StrEnum):
    """The colours of the screen, where its own theme is not to decide."""

    DARK = "dark"
    LIGHT = "light"


class BoardAsked(RequestModel):
    """What the address of the board says."""

    theme: Choice[Theme] | None = None


class Wallboard:
    """The page and its parts. `zone` is the name of the centre's time zone, for the clock on the page."""

    def __init__(self, title: str, zone: str, channels: ChannelRegistry) -> None:
        self._parts = static_files((OURS / name for name in _PARTS), "/wallboard")
        pages = Environment(loader=PackageLoader("gateway.web"), autoescape=True, undefined=StrictUndefined)
        self._page = pages.get_template("wallboard.html")
        self._held = {
            "title": title,
            "zone": zone,
            "channels": json.dumps({entry.channel: entry.zh for entry in channels}, ensure_ascii=False),
            "static": {name: part.address for name, part in self._parts.items()},
            "in_time": round(IN_TIME),
            "wanted_rate": WANTED_RATE,
        }

    def add(self, app: web.Application) -> None:
        app.router.add_get("/wallboard", self.page)
        app.router.add_get("/wallboard/{name}", self.part)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The empty board; `?theme=` fixes its colours, else the screen's own theme decides."""
        theme = page_query(BoardAsked, request.query.items()).theme
        text = self._page.render(theme=theme.value if theme else "auto", **self._held)
        headers = {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
            "Cache-Control": "no-cache",
        }
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)

    async def part(self, request: web.Request) -> web.StreamResponse:
        part = self._parts.get(request.match_info["name"])
        if part is None:
            raise NotFound
        headers = {"Cache-Control": "public, max-age=86400", "ETag": f'"{part.mark}"'}
        return web.Response(body=part.body, content_type=part.media, charset="utf-8", headers=headers)
