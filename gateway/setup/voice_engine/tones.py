"""Sounds made by arithmetic: the beep before a message, and the music a waiting caller hears.

No voice and nobody's recording: free of anybody's rights. `gateway prompts build` writes them.
"""

from __future__ import annotations

import numpy as np

from gateway.setup.voice_engine.shape import LEVEL, Samples, to_level

MUSIC_LEVEL = -30.0  # dBov, 8 dB under the voice: announcements stand out from it
_BAR = 5.0  # seconds
_STEP = _BAR / 8
_BARS = (  # bass and chord, then eight notes of a slow melody; MIDI numbers, 0 is a rest
    ((50, 62, 66, 69), (78, 0, 76, 74, 0, 69, 0, 0)),
    ((47, 59, 62, 66), (74, 0, 71, 69, 0, 71, 0, 0)),
    ((55, 59, 62, 67), (76, 0, 74, 71, 0, 74, 0, 0)),
    ((57, 61, 64, 69), (76, 0, 78, 76, 0, 73, 0, 0)),
    ((50, 62, 66, 69), (81, 0, 78, 76, 0, 74, 0, 0)),
    ((47, 59, 62, 66), (78, 0, 76, 74, 0, 71, 0, 0)),
    ((52, 59, 64, 67), (76, 0, 74, 71, 0, 69, 0, 0)),
    ((57, 61, 64, 69), (71, 0, 73, 0, 74, 0, 0, 0)),
)


def beep(rate: int) -> Samples:
    """A 1 kHz tone of 0.35 s, 10 ms soft at both ends; no DTMF key, no tone of a Chinese exchange."""
    time = np.arange(round(0.35 * rate)) / rate
    edge = np.clip(np.minimum(time, time[-1] - time) / 0.010, 0, 1)
    tone = np.sin(2 * np.pi * 1000 * time) * np.sin(np.pi / 2 * edge) ** 2
    return np.pad(to_level(tone, rate, LEVEL), (round(0.02 * rate), round(0.1 * rate)))


def music(rate: int) -> Samples:
    """Forty seconds of soft chords and single notes. Tails wrap round to the start: no seam."""
    loop = np.zeros(round(len(_BARS) * _BAR * rate))
    for bar, (chord, melody) in enumerate(_BARS):
        for note in chord:
            _add(loop, rate, bar * _BAR, _pad(note, rate), 0.5)
        for step, note in enumerate(melody):
            if note:
                _add(loop, rate, bar * _BAR + step * _STEP, _pluck(note, rate), 0.8)
    gain = 10 ** (MUSIC_LEVEL / 20) / np.sqrt(np.mean(loop**2))
    return np.asarray(loop * gain)


def _add(loop: Samples, rate: int, at: float, sound: Samples, gain: float) -> None:
    places = (round(at * rate) + np.arange(len(sound))) % len(loop)
    np.add.at(loop, places, sound * gain)


def _hertz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _pad(note: int, rate: int) -> Samples:
    """A held note that swells and fades over a bar and a half, two voices slightly apart."""
    time = np.arange(round(1.5 * _BAR * rate)) / rate
    swell = np.sin(np.pi * time / time[-1]) ** 2
    parts = [np.sin(2 * np.pi * _hertz(note) * f * time) for f in (0.9985, 1.0015)]
    octave = 0.3 * np.sin(2 * np.pi * _hertz(note) * 2 * time)
    return np.asarray(swell * (parts[0] + parts[1] + octave) / 3)


def _pluck(note: int, rate: int) -> Samples:
    """A bell-like note: quick, soft start, three seconds of decay."""
    time = np.arange(3 * rate) / rate
    start = np.clip(time / 0.03, 0, 1)
    body = np.sin(2 * np.pi * _hertz(note) * time) * np.exp(-1.6 * time)
    shine = 0.2 * np.sin(2 * np.pi * 2 * _hertz(note) * time) * np.exp(-3.5 * time)
    return np.asarray(start * (body + shine) * np.clip((time[-1] - time) / 0.2, 0, 1))
