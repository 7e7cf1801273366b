"""G.711, the two codings of the telephone network: 16-bit samples at 8 kHz to bytes and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]

RATE = 8000
PAYLOAD_TYPES = {"ulaw": 0, "alaw": 8}
SILENCE = {"ulaw": b"\xff", "alaw": b"\xd5"}


def _ulaw_levels() -> Pcm:
    code = ~np.arange(256) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw_levels() -> Pcm:
    code = np.arange(256) ^ 0x55
    step, part = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(step == 0, part + 8, part + 0x108 << np.maximum(step - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _codes(levels: Pcm) -> npt.NDArray[np.uint8]:
    """For each of the 65,536 samples (0 first, -1 last) the code whose level is nearest."""
    order = np.argsort(levels, kind="stable")
    ranked = levels[order].astype(np.int32)
    borders = (ranked[1:] + ranked[:-1]) / 2
    samples = np.arange(65536).astype(np.uint16).view(np.int16)
    return order[np.searchsorted(borders, samples, side="right")].astype(np.uint8)


_LEVELS = {"ulaw": _ulaw_levels(), "alaw": _alaw_levels()}
_CODES = {name: _codes(levels) for name, levels in _LEVELS.items()}


def encode(samples: Pcm, codec: str) -> bytes:
    """One byte a sample; `codec` is "ulaw" or "alaw"."""
    return _CODES[codec][samples.view(np.uint16)].tobytes()


def decode(data: bytes, codec: str) -> Pcm:
    """The samples that the bytes stand for."""
    return _LEVELS[codec][np.frombuffer(data, dtype=np.uint8)]
