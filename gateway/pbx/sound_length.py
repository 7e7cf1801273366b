"""How long a WAV is that Asterisk wrote, by its size alone: its header is written last, or never.

Used while a message is taken, when a call is closed, and before its recording is encrypted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

CLOSED = 600.0  # seconds unchanged after which nobody writes a file any more, header or not
RATE = 8000  # samples a second, two bytes each
HEADER = 44  # bytes before the samples
SHORTEST = 1.0  # seconds under which nothing was said


def size_of(file: Path) -> int:
    return file.stat().st_size


def sound_seconds(file: Path, size: Callable[[Path], int] = size_of) -> float:
    """Seconds of sound in a file; 0 when it is not there. `size` tells its bytes before it was encrypted."""
    try:
        return max(0, size(file) - HEADER) / (2 * RATE)
    except OSError:
        return 0.0


def is_closed(file: Path, now: float) -> bool:
    """Has Asterisk ended a file: its header tells its size, or it is old? Raises OSError."""
    with file.open("rb") as sound:
        head = sound.read(HEADER)
        status = os.fstat(sound.fileno())
    sizes = (int.from_bytes(head[4:8], "little") + 8, int.from_bytes(head[40:44], "little") + HEADER)
    return sizes == (status.st_size, status.st_size) or now - status.st_mtime > CLOSED
