"""From a voice's raw samples to a telephone clip: trimmed, of one loudness, band-limited, resampled.

Samples are float arrays in -1..1. Levels are dBov (0 dBov = the RMS of a full-scale square).
Every clip gets the same *active* speech level: pauses do not count, as in ITU-T P.56.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]

LEVEL = -22.0  # active speech level of every clip, dBov; about -16 dBm0 on the line
PEAK = -3.0  # no sample is above this, dBov of its absolute value
SILENCE = -56.0  # a 5 ms frame below this is silence, dBov
LEAD = 0.030  # seconds of silence kept before the first sound
TRAIL = 0.150  # seconds of silence kept after the last
_ACTIVE_MARGIN = 15.9  # dB below the active level that still count as speech (P.56)
_HIGH_PASS = (90.0, 160.0)  # Hz: nothing below, everything above; keeps hum and thumps off the line


def frames_db(samples: Samples, rate: int, length: float) -> Samples:
    """RMS of each whole frame of `length` seconds, in dBov."""
    size = int(rate * length)
    count = len(samples) // size
    power = np.mean(samples[: count * size].reshape(count, size) ** 2, axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def active_level(samples: Samples, rate: int) -> float:
    """Mean level of the frames that hold speech, in dBov; -120 for silence."""
    levels = frames_db(samples, rate, 0.02)
    if not len(levels):
        return -120.0
    power = 10 ** (levels / 10)
    level = float(levels.max())
    for _ in range(20):
        heard = power[levels > level - _ACTIVE_MARGIN]
        new = float(10 * np.log10(heard.mean() + 1e-12))
        if abs(new - level) < 0.01:
            break
        level = new
    return level


def to_level(samples: Samples, rate: int, level: float = LEVEL) -> Samples:
    """The same clip at `level`; lower when its peaks would go over PEAK."""
    gain = 10 ** ((level - active_level(samples, rate)) / 20)
    top = float(np.abs(samples).max(initial=0.0)) * gain
    return samples * gain * min(1.0, 10 ** (PEAK / 20) / max(top, 1e-9))


def silences(samples: Samples, rate: int) -> tuple[float, float]:
    """Seconds of silence at the start and at the end."""
    loud = np.flatnonzero(frames_db(samples, rate, 0.005) > SILENCE)
    if not len(loud):
        return len(samples) / rate, len(samples) / rate
    size = int(rate * 0.005)
    return int(loud[0]) * size / rate, (len(samples) - (int(loud[-1]) + 1) * size) / rate


def trimmed(samples: Samples, rate: int, lead: float = LEAD, trail: float = TRAIL) -> Samples:
    """The clip with exactly `lead` and `trail` seconds around its sound, faded at both ends."""
    before, after = silences(samples, rate)
    start, end = round(before * rate), len(samples) - round(after * rate)
    room_before, room_after = min(start, round(lead * rate)), min(len(samples) - end, round(trail * rate))
    kept = samples[start - room_before : end + room_after]
    kept = faded(kept, room_before, room_after)
    return np.pad(kept, (round(lead * rate) - room_before, round(trail * rate) - room_after))


def faded(samples: Samples, rising: int, falling: int) -> Samples:
    """The clip with its first `rising` and last `falling` samples ramped from and to nothing."""
    gain = np.ones(len(samples))
    gain[:rising] = np.linspace(0, 1, rising)
    gain[len(samples) - falling :] *= np.linspace(1, 0, falling)
    return samples * gain


def resampled(samples: Samples, rate: int, to: int) -> Samples:
    """The clip at another rate, without what a telephone cannot carry (high-pass; no aliases).

    Done on the whole clip's spectrum: linear phase, the stop band is empty. The upper edge falls
    from 0.86 to 0.98 of half the new rate (3.4 to 3.9 kHz at 8 kHz).
    """
    margin = rate // 10
    padded = np.pad(samples, (margin, margin + -(len(samples) + 2 * margin) % rate))  # whole seconds
    spectrum = np.fft.rfft(padded)
    hertz = np.asarray(np.fft.rfftfreq(len(padded), 1 / rate), dtype=np.float64)
    spectrum *= _ramp(hertz, *_HIGH_PASS) * (1 - _ramp(hertz, 0.43 * to, 0.49 * to))
    length = round(len(padded) * to / rate)
    wide = np.zeros(length // 2 + 1, dtype=complex)
    shared = min(len(wide), len(spectrum))
    wide[:shared] = spectrum[:shared]
    out = np.fft.irfft(wide, length) * (length / len(padded))
    return np.asarray(out[to // 10 : to // 10 + round(len(samples) * to / rate)])


def _ramp(hertz: Samples, low: float, high: float) -> Samples:
    """0 below `low`, 1 above `high`, a raised cosine between."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip((hertz - low) / (high - low), 0, 1)))


def in_slot(samples: Samples, rate: int, slot: float) -> Samples:
    """The clip padded to `slot` seconds, so that clips played one after another keep one beat.

    A clip that is longer loses its end to a 30 ms fade.
    """
    size = round(slot * rate)
    if len(samples) > size:
        samples = faded(samples[:size], 0, round(0.03 * rate))
    return np.pad(samples, (0, size - len(samples)))


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Write 16-bit mono; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = np.clip(np.round(samples * 32767), -32768, 32767).astype("<i2")
    part = path.with_name(f".{path.name}.part")
    with wave.open(str(part), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm.tobytes())
    part.replace(path)


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples and rate of a 16-bit mono file."""
    with wave.open(str(path), "rb") as source:
        rate = source.getframerate()
        pcm = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2")
    return pcm.astype(np.float64) / 32767, rate
