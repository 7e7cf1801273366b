"""Writing files durably: synced to the disk, whole or not at all, readable by their owner alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter, or close an existing one to others. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mode = folder.stat().st_mode
    if mode & 0o077:
        folder.chmod(stat.S_IMODE(mode) & 0o700)


def try_write(folder: Path, size: int) -> None:
    """Write and sync `size` bytes in a folder. Raises OSError when its disk is full, over quota or read-only.

    The file has no name, so a process that is killed here leaves nothing behind: the folder may be one
    that others list, like the one of messages."""
    with tempfile.TemporaryFile(dir=folder) as out:
        out.write(bytes(size))
        out.flush()
        os.fsync(out.fileno())


def takes_writes(folder: Path) -> bool:
    """Does the disk of this folder take 64 kB more? False when it is full, over its quota or read-only."""
    try:
        try_write(folder, _PROBE_BYTES)
    except OSError:
        return False
    return True


_PROBE_BYTES = 65_536  # four seconds of a recording


def write_private(file: Path, text: str, *, safe: bool = True, once: bool = False) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OSError.

    `safe`: it is on the disk when this returns; what is made anew at every start need not be.
    `once`: what is there already stays, also when others write at the same moment: the first wins.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as out:
            out.write(text)
            if safe:
                out.flush()
                os.fsync(out.fileno())
        if once:
            with contextlib.suppress(FileExistsError):
                os.link(part, file)
        else:
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)
