"""Reads waiting fax pages by machine, one after another, at low priority in the background.

A reader process is started when a page waits and ended when none did for a while. A page on which it dies,
hangs or fails twice is given up and says so; what waits when the gateway ends is read after the next start.
Called by wiring.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from gateway.core.fax.reading import Line, hints
from gateway.core.fax.record import FiledPage, Reading
from gateway.errors import StorageDown

log = logging.getLogger(__name__)

LIMIT = 60.0  # seconds for one page, the start of the reader among them
GATHER = 1.0  # seconds before it looks what has come: one look for many items
IDLE = 60.0  # seconds after which a reader that has nothing to do is ended
TRIES = 2
LONGEST = 1 << 22  # bytes of one answer


def installed() -> bool:
    """Is the extra `ocr` there?"""
    return all(find_spec(name) for name in ("rapidocr", "onnxruntime"))


class Unread(Exception):
    """The reader died, hung, or could make nothing of a page."""


class PageReader:
    """The reader process, started when it is needed. One page at a time."""

    def __init__(self, argv: Sequence[str] = (sys.executable, "-m", "gateway.channels.fax.reader")) -> None:
        self._argv = argv
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None

    @property
    def peak(self) -> int:
        """The most memory that the process had so far, in kB; 0 without one."""
        if self._process is None:
            return 0
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    async def read(self, picture: Path) -> tuple[Line, ...]:
        """The lines of a page. Raises Unread; then the process is gone."""
        try:
            async with asyncio.timeout(LIMIT):
                reply = await self._asked(picture)
        except (TimeoutError, OSError, ValueError) as error:
            await self.stop()
            raise Unread(type(error).__name__) from error
        except asyncio.CancelledError:
            await self.stop()
            raise
        if "lines" not in reply:
            raise Unread(str(reply.get("error")))
        return tuple(
            Line(line["text"], tuple(line["box"]), line["sure"], tuple(line["unsure"]))
            for line in reply["lines"]
        )

    async def _asked(self, picture: Path) -> dict[str, Any]:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST,
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"file": str(picture)}).encode() + b"\n")
        await self._process.stdin.drain()
        reply = json.loads(await self._process.stdout.readline())  # nothing when it died: ValueError
        assert isinstance(reply, dict)
        return reply

    async def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


ClearPath = Callable[[str], AbstractAsyncContextManager[Path]]
"""A path at which another process reads the bytes of a stored file by its hash. Raises OSError."""


class Ledger(Protocol):
    """Of storage.faxes, what is needed here."""

    async def waiting(self, limit: int) -> Sequence[FiledPage]: ...

    async def keep_reading(
        self, page: FiledPage, reading: Reading, text: str, words: str, found: str
    ) -> None: ...


class FaxReading:
    """Reads what waits. `clear_path` gives the page with a hash, `on_read` is called with the item."""

    def __init__(
        self,
        ledger: Ledger,
        clear_path: ClearPath,
        on_read: Callable[[str], None] = lambda number: None,
        reader: PageReader | None = None,
    ) -> None:
        self._ledger = ledger
        self._clear_path = clear_path
        self._on_read = on_read
        self._reader = reader or PageReader()
        self._tries: Counter[tuple[str, int]] = Counter()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A fax has come."""
        self._woken.set()

    async def keep_on(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    busy = await self.round()
                except StorageDown as error:
                    log.warning("fax pages wait to be read: %s", error)
                    busy = False
                if not busy:
                    await self._rest()
        finally:
            await self._reader.stop()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE):
                await self._woken.wait()
        except TimeoutError:
            await self._reader.stop()
        else:
            await asyncio.sleep(GATHER)

    async def round(self) -> bool:
        """Read the page that waits longest; False when none does. Raises StorageDown."""
        waiting = await self._ledger.waiting(1)
        if not waiting:
            return False
        page = waiting[0]
        try:
            lines = await self._lines(page.page.sha256)
        except Unread as error:
            self._tries[page.key] += 1
            if self._tries[page.key] < TRIES:
                return True
            log.warning("page %d of fax %s cannot be read: %s", page.page.page, page.fax, error)
            await self._ledger.keep_reading(page, Reading.FAILED, "", "[]", "[]")
        else:
            text = "\n".join(line.text for line in lines)
            await self._ledger.keep_reading(page, Reading.READ, text, _json(lines), _json(hints(lines)))
        self._tries.pop(page.key, None)
        self._on_read(page.page.number)
        return True

    async def _lines(self, sha256: str) -> tuple[Line, ...]:
        try:
            async with self._clear_path(sha256) as picture:
                return await self._reader.read(picture)
        except OSError as error:
            raise Unread(str(error.strerror)) from error


def _json(rows: Sequence[Any]) -> str:
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False)
