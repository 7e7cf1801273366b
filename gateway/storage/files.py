"""Attachments on the disk, by SHA-256: written and safe before the commit that names them.

A crash leaves at most a file that no row names, whole or half-written; `sweep` finds both. Nothing is deleted
at once: what is swept lies in a waste folder for WASTE_DAYS and goes back when a row names it. Where the
installation encrypts its files, the name is still that of the clear bytes (encrypted_files.py).
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import math
import os
import secrets
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import StorageDown
from gateway.settings.durable_files import sync_folder
from gateway.storage.encrypted_files import FileCipher, begins_encrypted, is_encrypted

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
    """The files of one installation, below `folder`; what is swept goes to `waste` beside it.

    Without a `cipher` the bytes are kept and read as they come: the pool of backups.
    """

    def __init__(self, folder: Path, cipher: FileCipher | None = None) -> None:
        self.folder = folder
        self.waste = folder.parent / "waste"
        self.cipher = cipher

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
        try:
            with self._opened(source) as read, part.open("xb") as write:
                stored = self._copied(read, write)
                write.flush()
                os.fsync(write.fileno())
            self._settle(part, self.path(stored.sha256))
        finally:
            part.unlink(missing_ok=True)
        return stored

    def _opened(self, source: Path) -> BinaryIO:
        """Only what lies here already may be encrypted by us: what a stranger sends is never decrypted."""
        if self.cipher and source.is_relative_to(self.folder):
            return self.cipher.open(source)
        return source.open("rb")

    def _copied(self, read: BinaryIO, write: BinaryIO) -> Stored:
        """What looks as if it were encrypted is encrypted in any case: one look tells which is which."""
        digest = _Digest(read)
        if self.cipher and (self.cipher.encrypts or begins_encrypted(read)):
            self.cipher.copy(digest, write, encrypt=True)
        else:
            while piece := digest.read(PIECE):
                write.write(piece)
        return Stored(digest.sha256.hexdigest(), digest.size)

    def open(self, path: Path) -> BinaryIO:
        """The clear bytes of a file of this installation. Raises OSError."""
        return self.cipher.open(path) if self.cipher else path.open("rb")

    def size(self, path: Path) -> int:
        """How many clear bytes a file of this installation has. Raises OSError."""
        return self.cipher.size(path) if self.cipher else path.stat().st_size

    @asynccontextmanager
    async def clear_path(self, sha256: str) -> AsyncIterator[Path]:
        """A path at which another process of ours reads the clear bytes of an attachment. Raises OSError."""
        path = self.path(sha256)
        with ExitStack() as stack:
            if self.cipher:
                path = await asyncio.to_thread(stack.enter_context, self.cipher.clear_path(path))
            yield path

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
        with self.moving():
            path.replace(home)
            os.utime(home, (now, now))

    def bring_back(self, waste: Path, home: Path) -> bool:
        """Move a file out of the waste folder again; False when it is not there, or home already."""
        with self.moving():
            if not waste.exists() or home.exists():
                return False
            home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            waste.replace(home)
        return True

    def _restore(self, named: frozenset[str]) -> int:
        """Bring back what a row names after all."""
        nameless = (path for path in self.waste.glob(HASHED) if path.parent.name + path.name in named)
        return sum(self.bring_back(path, self.folder / path.parent.name / path.name) for path in nameless)

    def _empty_waste(self, now: float) -> int:
        old = [path for path in self.waste.glob("*/*") if _changed(path) < now - WASTE_DAYS * 86400]
        with self.moving():
            for path in old:
                path.unlink(missing_ok=True)
        return len(old)

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Nobody else moves, deletes or converts a file meanwhile: none comes back from where it was."""
        descriptor = os.open(self.folder.parent / "files.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def convert(self, path: Path, *, encrypt: bool) -> bool:
        """Encrypt one file below var/ where it lies, or decrypt it; False when there was nothing to do.

        Its bytes lie there all the time, the one way or the other. A file that was changed, moved or deleted
        meanwhile is left alone. Blocking. Raises OSError.
        """
        assert self.cipher
        if is_encrypted(path) == encrypt:
            return False
        work = path.parent.parent / INCOMING
        work.mkdir(mode=0o700, exist_ok=True)
        part = work / secrets.token_hex(8)
        before = path.stat()
        try:
            with self.open(path) as source, part.open("xb") as target:
                if not encrypt and begins_encrypted(source):
                    return False  # these bytes came from outside: see _copied
                self.cipher.copy(source, target, encrypt=encrypt)
                target.flush()
                os.fsync(target.fileno())
            os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
            part.chmod(stat.S_IMODE(before.st_mode))
            with self.moving():
                if unchanged := _same(before, path):
                    part.replace(path)
            sync_folder(path.parent)
        finally:
            part.unlink(missing_ok=True)
        return unchanged


class _Digest:
    """Reads on, and knows the SHA-256 and the size of what it read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(size)
        self.sha256.update(piece)
        self.size += len(piece)
        return piece


def _same(before: os.stat_result, path: Path) -> bool:
    """Is it still that file, unchanged?"""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return (now.st_ino, now.st_mtime_ns, now.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


def _changed(path: Path) -> float:
    """When it was last written; what has just been put away counts as fresh."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
