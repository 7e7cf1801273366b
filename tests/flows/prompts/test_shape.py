"""Trimming, loudness, resampling and scoring, on sounds whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.setup.voice_engine import hear, shape, tones
from gateway.setup.voice_engine.shape import Samples


def tone(hertz: float, rate: int, seconds: float = 1.0, peak: float = 0.1) -> Samples:
    return np.asarray(peak * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate))


def rms_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-20))


def test_pauses_do_not_count_for_the_level() -> None:
    sound = tone(500, 8000)
    spread = np.concatenate([sound[:4000], np.zeros(8000), sound[4000:]])
    assert shape.active_level(spread, 8000) == pytest.approx(rms_db(sound), abs=0.2)
    assert shape.active_level(shape.to_level(spread, 8000), 8000) == pytest.approx(shape.LEVEL, abs=0.2)


def test_peaks_stay_below_the_limit() -> None:
    clicks = np.zeros(8000)
    clicks[::400] = 1.0
    assert np.abs(shape.to_level(clicks, 8000)).max() <= 10 ** (shape.PEAK / 20) + 1e-9


def test_trimming_sets_both_silences() -> None:
    sound = np.pad(tone(500, 24000), (24000, 12000))
    lead, trail = shape.silences(shape.trimmed(sound, 24000, 0.03, 0.15), 24000)
    assert lead == pytest.approx(0.03, abs=0.006)
    assert trail == pytest.approx(0.15, abs=0.006)
    lead, trail = shape.silences(shape.trimmed(tone(500, 24000), 24000, 0.03, 0.15), 24000)
    assert (lead, trail) == (pytest.approx(0.03, abs=0.006), pytest.approx(0.15, abs=0.006))


@pytest.mark.parametrize("length", [24000, 24001, 7777])
def test_resampling_keeps_the_voice_and_leaves_no_alias(length: int) -> None:
    kept = shape.resampled(tone(1000, 24000)[:length], 24000, 8000)
    assert len(kept) == round(length / 3)
    middle = slice(len(kept) // 4, -len(kept) // 4)
    assert rms_db(kept[middle]) == pytest.approx(rms_db(tone(1000, 24000)), abs=0.1)
    for gone in (40, 4500, 7000):
        assert rms_db(shape.resampled(tone(gone, 24000), 24000, 8000)[2000:-2000]) < -75


def test_a_slot_is_exact() -> None:
    assert len(shape.in_slot(tone(500, 8000, 0.3), 8000, 0.45)) == 3600
    assert len(shape.in_slot(tone(500, 8000, 0.8), 8000, 0.45)) == 3600


def test_wav_round_trip(tmp_path: Path) -> None:
    shape.write_wav(tmp_path / "a.wav", tone(500, 8000), 8000)
    samples, rate = shape.read_wav(tmp_path / "a.wav")
    assert rate == 8000
    assert np.abs(samples - tone(500, 8000)).max() < 1 / 32000


def test_music_is_quiet_and_has_no_seam() -> None:
    loop = tones.music(8000)
    assert 30 <= len(loop) / 8000 <= 60
    assert rms_db(loop) == pytest.approx(tones.MUSIC_LEVEL, abs=0.1)
    assert np.abs(loop).max() < 0.25
    steps = np.abs(np.diff(loop))
    assert abs(loop[0] - loop[-1]) < np.percentile(steps, 99)


def test_numbers_heard_as_digits_are_read_kindly() -> None:
    assert "幺二三幺五" in set(hear.readings("12315"))
    assert "十八分" in set(hear.readings("18分"))
    assert "九十分" in set(hear.readings("90分"))
    assert hear.distance(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
