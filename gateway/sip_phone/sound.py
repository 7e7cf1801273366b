"""Sound as samples: WAV files in and out, tones and silences in what was heard. Pure but for files."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway.errors import OperatorError
from gateway.sip_phone.g711 import RATE, Pcm

_FRAME = RATE // 50  # 20 ms: tones 100 Hz apart are told from each other
_PURE = 0.15  # of a frame's power must be in a tone for it to count; several may sound at once
_QUIET = 100  # no sample of silence is larger
_FAINT = 60.0  # RMS below which a frame is silence (-55 dBov)


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of time, in seconds on the call's time line."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


def read_wav(path: Path) -> Pcm:
    """The samples of an 8 kHz, mono, 16-bit file. Raises OperatorError for anything else."""
    try:
        with wave.open(str(path), "rb") as source:
            form = (source.getframerate(), source.getnchannels(), source.getsampwidth())
            data = source.readframes(source.getnframes())
    except (OSError, EOFError, wave.Error) as fault:
        raise OperatorError.at(path, 0, f"cannot be read as WAV: {fault}") from fault
    if form != (RATE, 1, 2):
        wanted = f"{RATE} Hz, mono, 16 bit"
        raise OperatorError.at(
            path, 0, f"{form[0]} Hz, {form[1]} channels, {8 * form[2]} bit; wanted: {wanted}"
        )
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16)


def write_wav(path: Path, samples: Pcm) -> None:
    """Write 8 kHz, mono, 16 bit."""
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(samples.astype("<i2").tobytes())


def tones(samples: Pcm, frequencies: Sequence[float]) -> dict[float, list[Span]]:
    """When each of these tones (Hz) sounded, alone or with others; breaks under 60 ms are closed."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    window = np.hanning(_FRAME)
    turns = np.outer(np.arange(_FRAME), np.asarray(frequencies, dtype=np.float64)) * (2j * np.pi / RATE)
    amplitude = np.abs((frames * window) @ np.exp(-turns)) * 2 / window.sum()
    power = np.mean(frames**2, axis=1)
    present = (amplitude**2 / 2 > _PURE * power[:, None]) & (power[:, None] > _FAINT**2)
    return {frequency: _runs(present[:, i]) for i, frequency in enumerate(frequencies)}


def _runs(present: npt.NDArray[np.bool_], widest_break: int = 3) -> list[Span]:
    """Spans of True frames; shorter than two frames is chance."""
    at = np.flatnonzero(present)
    if not len(at):
        return []
    groups = np.split(at, np.flatnonzero(np.diff(at) > widest_break) + 1)
    step = _FRAME / RATE
    return [Span(float(g[0]) * step, float(g[-1] + 1) * step) for g in groups if len(g) >= 2]


def silences(samples: Pcm, shortest: float) -> list[Span]:
    """Every stretch of at least `shortest` seconds in which nothing sounds.

    Exact to a sample, so that breaks of a few milliseconds can be measured.
    """
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _QUIET)
    edges = np.concatenate([[-1], loud, [len(samples)]])
    gaps = np.diff(edges) - 1
    wide = np.flatnonzero(gaps >= max(1, shortest * RATE))
    return [Span(float(edges[i] + 1) / RATE, float(edges[i + 1]) / RATE) for i in wide]
