"""clamd asked over its own protocol (INSTREAM): is something known to be bad in a file?

A clamd that is away or gives no verdict is a third answer, not an error: the file is kept, marked unchecked.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

log = logging.getLogger(__name__)

PIECE = 1 << 16
LIMIT = 60.0  # seconds for one file


class Verdict(StrEnum):
    """What clamd said."""

    CLEAN = "clean"
    FOUND = "found"
    UNKNOWN = "unknown"  # it is away, too slow, or refuses files of that size


ROLES = {Verdict.CLEAN: "evidence", Verdict.FOUND: "quarantined", Verdict.UNKNOWN: "unchecked"}
"""The role of an attachment by what clamd said of it."""


@dataclass(frozen=True, slots=True)
class Clamd:
    """One clamd: `address` is host:port, or the path of its socket."""

    address: str

    async def scan(self, path: Path) -> Verdict:
        """Ask about one file. Raises OSError only when the file itself cannot be read."""
        try:
            async with asyncio.timeout(LIMIT):
                answer = await self._ask(path)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            if not await asyncio.to_thread(path.is_file):
                raise
            log.warning("clamd at %s does not answer: %s", self.address, error or type(error).__name__)
            return Verdict.UNKNOWN
        if answer.endswith(" FOUND"):
            log.warning("clamd: %s", answer)
            return Verdict.FOUND
        if answer.endswith(": OK"):
            return Verdict.CLEAN
        log.warning("clamd at %s gives no verdict: %s", self.address, answer)
        return Verdict.UNKNOWN

    async def _ask(self, path: Path) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for piece in await asyncio.to_thread(_opened, path):
                writer.write(struct.pack("!I", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            answer = await reader.readuntil(b"\0")
        finally:
            writer.close()
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.address.startswith("/"):
            return await asyncio.open_unix_connection(self.address)
        host, _, port = self.address.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))


def _opened(path: Path) -> Iterator[bytes]:
    """The pieces of a file; it is opened at once, so that a missing one is noticed here."""
    file = path.open("rb")

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    return pieces()
