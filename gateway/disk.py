"""What must be true of a file before anybody relies on it: on the disk, whole, and its owner's alone."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make a folder's entries safe on the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_private(file: Path, text: str, *, safe: bool = True) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises OSError.

    `safe`: it is on the disk when this returns; what is made anew at every start need not be.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(f".{file.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        if safe:
            out.flush()
            os.fsync(out.fileno())
    part.replace(file)
