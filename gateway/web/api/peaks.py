"""A recording as a picture: how loud it was, drawn once as SVG and kept. Blocking; call it in a thread."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gateway.web.http.file_response import Opener, plain

BARS = 400
_HIGH = 48


class Peaks:
    """Pictures in one folder, by call; `opened` gives the clear bytes of a recording."""

    def __init__(self, folder: Path, opened: Opener = plain) -> None:
        self._folder = folder
        self._opened = opened

    def picture(self, call: str, sound: Path) -> bytes:
        """The SVG of a WAV file. Raises OSError."""
        with self._opened(sound) as source:
            kept = self._folder / f"{call}-{source.seek(0, os.SEEK_END)}.svg"
            if kept.is_file():
                return kept.read_bytes()
            source.seek(0)
            image = draw(loudness(source))
        self._folder.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(image)
        part.replace(kept)
        return image


def loudness(sound: BinaryIO) -> list[float]:
    """The peak of each of BARS pieces, 0 to 1; empty for a file without sound."""
    try:
        with wave.open(sound, "rb") as source:
            samples = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2")
    except (wave.Error, EOFError, ValueError):
        return []
    if len(samples) < BARS:
        return []
    pieces = np.abs(samples[: len(samples) // BARS * BARS].astype(np.float32)).reshape(BARS, -1)
    return [float(value) for value in np.sqrt(pieces.max(axis=1) / 32768)]


def draw(bars: list[float]) -> bytes:
    """Bars around a middle line, in the colour of the text around them."""
    middle = _HIGH / 2
    lines = "".join(
        f"M{n + 0.5} {middle - bar * middle:.1f}V{middle + max(bar * middle, 0.5):.1f}"
        for n, bar in enumerate(bars)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BARS} {_HIGH}" preserveAspectRatio="none">'
        f'<path d="{lines}" stroke="#6b7a90" stroke-width="1" fill="none"/></svg>'
    ).encode()
