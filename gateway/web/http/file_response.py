"""One stored file as an answer, whole or a part of it, whether it lies encrypted or not.

As aiohttp's FileResponse, which takes nothing but a path of clear bytes: one range a request (RFC 9110), so
that players seek and broken downloads go on. Reading and decrypting is done in a thread, piece by piece.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from gateway.errors import NotFound, StorageDown

log = logging.getLogger(__name__)

PIECE = 1 << 18
UNSATISFIABLE = 416

Opener = Callable[[Path], BinaryIO]
"""Opens a stored file for its clear bytes. Raises OSError."""


def plain(path: Path) -> BinaryIO:
    return path.open("rb")


@dataclass(frozen=True, slots=True)
class _Part:
    """The bytes that are sent, of `whole`."""

    start: int
    length: int
    whole: int


async def stored_file(path: Path, opened: Opener, headers: Mapping[str, str]) -> web.StreamResponse:
    """The answer with a file. Raises NotFound, StorageDown for one that cannot be read."""
    try:
        source = await asyncio.to_thread(opened, path)
    except FileNotFoundError:
        raise NotFound from None
    except OSError as error:
        log.error("%s cannot be read: %s", path.name, error.strerror)
        raise StorageDown(f"{path.name} cannot be read: {error.strerror}") from error
    return FileResponse(source, path.stat(), headers)


class FileResponse(web.StreamResponse):
    """Sends an open file when it is prepared, and closes it."""

    def __init__(self, source: BinaryIO, status: os.stat_result, headers: Mapping[str, str]) -> None:
        super().__init__(headers=headers)
        self._source = source
        self._changed = int(status.st_mtime)
        self.headers[hdrs.ETAG] = f'"{status.st_mtime_ns:x}"'
        self.headers[hdrs.LAST_MODIFIED] = formatdate(self._changed, usegmt=True)
        self.headers[hdrs.ACCEPT_RANGES] = "bytes"

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        try:
            part = self._asked(request, self._source.seek(0, os.SEEK_END))
            self.content_length = part.length
            writer = await super().prepare(request)
            if request.method != hdrs.METH_HEAD:
                await self._send(part)
            await self.write_eof()
            return writer
        finally:
            self._source.close()

    def _asked(self, request: BaseRequest, whole: int) -> _Part:
        if hdrs.RANGE not in request.headers or not self._unchanged(request):
            return _Part(0, whole, whole)
        try:
            start, stop, _ = request.http_range.indices(whole)
        except ValueError:
            start = stop = whole
        if start >= stop:
            self.set_status(UNSATISFIABLE)
            self.headers[hdrs.CONTENT_RANGE] = f"bytes */{whole}"
            return _Part(0, 0, whole)
        self.set_status(206)
        self.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{whole}"
        return _Part(start, stop - start, whole)

    def _unchanged(self, request: BaseRequest) -> bool:
        """Does If-Range, when it is there, name this very file?"""
        condition = request.headers.get(hdrs.IF_RANGE, "")
        return condition in ("", self.headers[hdrs.ETAG], self.headers[hdrs.LAST_MODIFIED])

    async def _send(self, part: _Part) -> None:
        self._source.seek(part.start)
        left = part.length
        while left:
            piece = await asyncio.to_thread(self._source.read, min(PIECE, left))
            if not piece:
                raise ConnectionResetError("the file became shorter")
            await self.write(piece)
            left -= len(piece)
