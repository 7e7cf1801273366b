"""Tones, silences and WAV files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.errors import OperatorError
from gateway.sip_phone import sound
from gateway.sip_phone.g711 import Pcm, decode, encode


def tone(hertz: float, seconds: float, level: float = 3000) -> Pcm:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(8000 * seconds)) / 8000)).astype(np.int16)


def quiet(seconds: float) -> Pcm:
    return np.zeros(round(8000 * seconds), np.int16)


def spans(found: list[sound.Span]) -> list[tuple[float, float]]:
    return [(round(span.start, 2), round(span.end, 2)) for span in found]


def test_who_speaks_when() -> None:
    heard = np.concatenate([quiet(1), tone(600, 1), tone(600, 1) + tone(900, 1), tone(900, 1), quiet(1)])
    found = sound.tones(decode(encode(heard, "alaw"), "alaw"), [500, 600, 700, 900])
    assert {hertz: spans(at) for hertz, at in found.items()} == {
        500: [],
        600: [(1, 3)],
        700: [],
        900: [(2, 4)],
    }


def test_three_at_once_and_one_much_softer() -> None:
    heard = tone(500, 1) + tone(800, 1) + tone(1100, 1, 2000)
    assert all(spans(at) == [(0, 1)] for at in sound.tones(heard, [500, 800, 1100]).values())


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 2000, 16000).astype(np.int16)
    assert sound.tones(noise, [500, 1000]) == {500: [], 1000: []}


def test_silences_are_measured_to_the_millisecond() -> None:
    heard = np.concatenate([tone(600, 1), quiet(0.009), tone(600, 1), quiet(0.5)])
    found = sound.silences(heard, 0.005)
    assert [round(span.length, 3) for span in found] == [pytest.approx(0.009, abs=0.0005), 0.5]
    assert sound.silences(quiet(1), 0.5) == [sound.Span(0, 1)]
    assert sound.silences(quiet(0), 0.5) == []


def test_a_wav_file_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    sound.write_wav(file, tone(600, 0.1))
    assert np.array_equal(sound.read_wav(file), tone(600, 0.1))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 10])
def test_a_bad_wav_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.wav"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match=r"bad\.wav"):
        sound.read_wav(file)
    with pytest.raises(OperatorError, match=r"none\.wav"):
        sound.read_wav(tmp_path / "none.wav")
