"""One file that comes in pieces over a weak line, resumed where the last piece ended.

A piece that breaks off keeps what arrived of it. The whole file is then looked at like any other and held
for the form whose key it came with. Bound to that key, within the limits of forms and of held files.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from gateway.errors import Conflict, Refused, StorageDown, TooLarge, TooMany
from gateway.web.http.addresses import address_of
from gateway.web.http.uploads import MB, SILENCE, Uploads, on_disk

_ID = re.compile(r"[0-9a-f]{32}")
PIECE = 1 << 20  # bytes of one piece
TAKEN = "taken"  # the place of a file that is whole: asked for when the answer to its last piece was lost


@dataclass(frozen=True, slots=True)
class Stood:
    """How far a file has come; `place` is where it is held once it is whole."""

    offset: int
    place: int | None = None


class ResumedUploads:
    """Files in pieces, each under an id that the page made, below the folder of `uploads`."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._writing = threading.Lock()  # two requests for one file must not both write at one place

    async def stood(self, key: str, id_: str) -> Stood:
        """Raises Refused for what is no id, StorageDown."""
        return await on_disk(_stood, self._home(key, id_))

    async def take(
        self, request: web.Request, key: str, id_: str, name: str, offset: int, size: int
    ) -> Stood:
        """One piece from `offset` on; the last one of `size` bytes makes the file whole.

        Raises Conflict when the file stands elsewhere, Refused, TooLarge, TooMany, WrongType, StorageDown."""
        home, limits = self._home(key, id_), self._uploads.limits
        if not 0 < size <= limits.file_mb * MB:
            raise TooLarge(
                f"{name} 过大，单个文件最大 {limits.file_mb} MB / {name} is over {limits.file_mb} MB"
            )
        with self._uploads.place(address_of(request)):
            stands = await on_disk(_stood, home)
            if stands.place is not None:
                return stands
            if stands.offset != offset:
                raise Conflict(f"从 {stands.offset} 继续 / go on at {stands.offset}")
            wanted = size if offset == 0 else min(PIECE, size - offset)
            if not await on_disk(self._uploads.has_room, wanted):
                raise TooMany("暂存空间已满 / no room to hold the files")
            offset += await self._append(request, home, offset, min(PIECE, size - offset))
        return await self._whole(home, key, name, size) if offset == size else Stood(offset)

    async def _append(self, request: web.Request, home: Path, offset: int, most: int) -> int:
        """What arrives of a piece goes to the disk, also when it breaks off; how many bytes it was."""
        body, received = bytearray(), 0
        try:
            async with asyncio.timeout(SILENCE):
                async for piece in request.content.iter_any():
                    body += piece
                    if len(body) > most:
                        raise TooLarge(f"一次最多 {PIECE} 字节 / at most {PIECE} bytes at a time")
        except (TimeoutError, ConnectionError) as error:
            raise web.HTTPRequestTimeout from error
        finally:
            if 0 < len(body) <= most:
                received = await on_disk(self._written, home, offset, bytes(body))
        return received

    def _written(self, home: Path, offset: int, body: bytes) -> int:
        """Bytes at their place; none when another request went on from there. Blocking. Raises OSError."""
        with self._writing:
            if _stood(home) != Stood(offset):
                return 0
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (home / "bytes").open("ab") as out:
                out.write(body)
            os.utime(home.parent)  # its time begins anew with each piece
        return len(body)

    async def _whole(self, home: Path, key: str, name: str, size: int) -> Stood:
        """Look at the file and hold it for its form; what is not taken is gone."""
        try:
            file = await self._uploads.looked_at(home / "bytes", name, size)
        except StorageDown:
            raise
        except Exception:
            await on_disk(_dropped, home)
            raise
        place = await self._uploads.hold_more(file, key)
        if place is None:
            await on_disk(_dropped, home)
            raise TooMany("文件过多 / too many files")
        await on_disk(_taken, home, place)
        return Stood(size, place)

    def _home(self, key: str, id_: str) -> Path:
        if not _ID.fullmatch(id_):
            raise Refused("上传编号不正确 / this is no id of an upload")
        return self._uploads.held_at(key) / f"part-{id_}"


def _stood(home: Path) -> Stood:
    """Blocking. Raises OSError."""
    try:
        place = int((home / TAKEN).read_text("utf-8"))
        return Stood(0, place)
    except FileNotFoundError:
        pass
    try:
        return Stood((home / "bytes").stat().st_size)
    except FileNotFoundError:
        return Stood(0)


def _taken(home: Path, place: int) -> None:
    (home / TAKEN).write_text(str(place), "utf-8")
    (home / "bytes").unlink(missing_ok=True)


def _dropped(home: Path) -> None:
    for left in home.glob("*"):
        left.unlink(missing_ok=True)
    home.rmdir()
