"""Attachments on the disk, by SHA-256: written and safe before the commit that names them.

A crash leaves at most a file that no row names, whole or half-written; `sweep` finds both. Nothing is deleted
at once: what is swept lies in a waste folder for WASTE_DAYS and goes back when a row names it.
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

from gateway.errors import StorageDown
from gateway.settings.durable_files import sync_folder

PIECE = 1 << 20
INCOMING = "incoming"  # files that are being written
HASHED = "[0-9a-f][0-9a-f]/*"  # where attachments lie, by the first two digits of their SHA-256
YOUNG = 86400.0  # seconds: a file younger than this may belong to a commit to come
WASTE_DAYS = 30  # how long a swept file can still be brought back
PER_CENT = 1  # of all attachments: when more than that is without a name, something else is wrong


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safe: its SHA-256 (hex) and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, in files. `held_back`: nameless ones left in place, being more than 1 % of all."""

    moved: int = 0
    held_back: int = 0
    restored: int = 0
    deleted: int = 0


class Files:
    """The files of one installation, below `folder`; what is swept goes to `waste` beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waste = folder.parent / "waste"

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
        waiting = self.folder / INCOMING
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

    def sweep(self, named: frozenset[str], now: float | None = None) -> Iterator[Path]:
        """Files older than a day that no row names, and what a crash left half-written."""
        limit = (now if now is not None else time.time()) - YOUNG
        for path in self.folder.glob("*/*"):
            if path.parent.name + path.name not in named and _changed(path) < limit:
                yield path

    def clean(self, named: frozenset[str], *, all_of_them: bool = False, now: float | None = None) -> Swept:
        """Move files that no row names to the waste folder, and delete what lay there for WASTE_DAYS.

        `named` are the SHA-256 that rows name. More than PER_CENT of all attachments is moved only with
        `all_of_them`. Half-written files count apart: nobody was told that they are kept. Raises OSError.
        """
        moment = now if now is not None else time.time()
        restored = self._restore(named)
        nameless: list[Path] = []
        halves: list[Path] = []
        for path in self.sweep(named, moment):
            (halves if path.parent.name == INCOMING else nameless).append(path)
        most = sum(1 for _ in self.folder.glob(HASHED)) * PER_CENT // 100
        held_back = 0 if all_of_them or len(nameless) <= most else len(nameless)
        moved = halves if held_back else [*halves, *nameless]
        for path in moved:
            self._discard(path, moment)
        return Swept(len(moved), held_back, restored, self._empty_waste(moment))

    def _discard(self, path: Path, now: float) -> None:
        """The time of the move is the file's own time: the 30 days run from it."""
        self.put_away(path, self.waste / path.parent.name / path.name, now)

    def put_away(self, path: Path, home: Path, now: float) -> None:
        """Move a file to a place in the waste folder, where it stays WASTE_DAYS. Raises OSError."""
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(home)
        os.utime(home, (now, now))

    def _restore(self, named: frozenset[str]) -> int:
        """Bring back what a row names after all."""
        count = 0
        for path in self.waste.glob(HASHED):
            home = self.folder / path.parent.name / path.name
            if path.parent.name + path.name in named and not home.exists():
                home.parent.mkdir(parents=True, exist_ok=True)
                path.replace(home)
                count += 1
        return count

    def _empty_waste(self, now: float) -> int:
        old = [path for path in self.waste.glob("*/*") if _changed(path) < now - WASTE_DAYS * 86400]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _changed(path: Path) -> float:
    """When it was last written; what has just been put away counts as fresh."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
