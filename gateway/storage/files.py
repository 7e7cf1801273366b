"""Attachments on the disk, by SHA-256: written and safe before the commit that names them.

A crash leaves at most a file that no row names, whole or half-written; `sweep` finds both.
"""

from __future__ import annotations

import hashlib
import math
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.disk import sync_folder
from gateway.errors import StorageDown

PIECE = 1 << 20
YOUNG = 86400.0  # seconds: a file younger than this may belong to a commit to come


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safe: its SHA-256 (hex) and its size in bytes."""

    sha256: str
    size: int


class Files:
    """The files of one installation, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where a file lies (or would lie)."""
        return self.folder / sha256[:2] / sha256[2:]

    def put(self, source: Path) -> Stored:
        """Copy a file in; the same bytes are kept once. Raises StorageDown. Blocking."""
        try:
            return self._put(source)
        except OSError as error:
            raise StorageDown(f"the file {source.name} cannot be kept: {error.strerror}") from error

    def _put(self, source: Path) -> Stored:
        waiting = self.folder / "incoming"
        if not waiting.exists():
            waiting.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
        part = waiting / secrets.token_hex(8)
        digest, size = hashlib.sha256(), 0
        try:
            with source.open("rb") as read, part.open("xb") as write:
                while piece := read.read(PIECE):
                    digest.update(piece)
                    size += len(piece)
                    write.write(piece)
                write.flush()
                os.fsync(write.fileno())
            self._settle(part, self.path(digest.hexdigest()))
        finally:
            part.unlink(missing_ok=True)
        return Stored(digest.hexdigest(), size)

    def _settle(self, part: Path, home: Path) -> None:
        """The file under its name for good. One that is there is young again: no sweep takes it now."""
        try:
            os.utime(home)
        except FileNotFoundError:
            home.parent.mkdir(exist_ok=True)
            part.replace(home)
        sync_folder(home.parent)  # also when another one put it there a moment ago
        sync_folder(self.folder)

    def sweep(self, known: frozenset[str], now: float | None = None) -> Iterator[Path]:
        """Files older than a day that no row names, and what a crash left half-written."""
        limit = (now if now is not None else time.time()) - YOUNG
        for path in self.folder.glob("*/*"):
            if path.parent.name + path.name not in known and _changed(path) < limit:
                yield path


def _changed(path: Path) -> float:
    """When it was last written; what has just been put away counts as fresh."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
