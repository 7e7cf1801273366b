"""/upload: files of a form in pieces, for the page's script; a form without script sends them with itself."""

from __future__ import annotations

from urllib.parse import unquote

from aiohttp import web

from gateway.core.item import written
from gateway.errors import Conflict, NotAllowed, Refused, TooLarge, TooMany, Unavailable, WrongType
from gateway.web.http.resumed_uploads import ResumedUploads, Stood
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages


class UploadPage:
    """Bound to a form by its pass, in the header Upload-Pass."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._files = ResumedUploads(pages.uploads)

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/upload/{id}", self.stood)
        self._pages.add(app, "PATCH", "/upload/{id}", self.take)

    async def stood(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Where to go on."""
        return _shown(await self._files.stood(self._key(request), request.match_info["id"]))

    async def take(self, request: web.Request, look: Look) -> web.StreamResponse:
        """One piece; 409 tells where to go on, 413 and 415 what is wrong with the file."""
        key, id_ = self._key(request), request.match_info["id"]
        name = written.line(unquote(request.headers.get("Upload-Name", "")))[:200]
        offset, size = _number(request, "Upload-Offset"), _number(request, "Upload-Length")
        try:
            return _shown(await self._files.take(request, key, id_, name, offset, size))
        except Conflict:
            return _shown(await self._files.stood(key, id_), 409)
        except (TooLarge, WrongType, TooMany, Unavailable) as error:
            return web.json_response({"fault": look.half(error.detail)}, status=error.status)

    def _key(self, request: web.Request) -> str:
        """Raises NotAllowed for what is no form of ours."""
        given = self._pages.seals.read(request.headers.get("Upload-Pass", ""))
        if given is None or given.is_old(self._pages.now()):
            raise NotAllowed("页面停留过久，请重新载入 / this page was open too long: load it again")
        return given.key


def _shown(stood: Stood, status: int = 200) -> web.Response:
    return web.json_response({"offset": stood.offset, "place": stood.place}, status=status)


def _number(request: web.Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 13):
        raise Refused(f"{name} 应为数字 / must be a number")
    return int(text)
