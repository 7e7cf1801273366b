"""How long a WAV is that Asterisk wrote, by its size alone: its header is written last, or never.

Used while a message is taken and when a call is closed.
"""

from __future__ import annotations

from pathlib import Path

RATE = 8000  # samples a second, two bytes each
HEADER = 44  # bytes before the samples
SHORTEST = 1.0  # seconds under which nothing was said


def sound_seconds(file: Path) -> float:
    """Seconds of sound in a file; 0 when it is not there."""
    try:
        return max(0, file.stat().st_size - HEADER) / (2 * RATE)
    except OSError:
        return 0.0
