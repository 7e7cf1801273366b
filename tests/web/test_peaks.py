"""A recording as a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from gateway.sip_phone.sound import write_wav
from gateway.web.api.peaks import BARS, Peaks, loudness


def test_loud_and_quiet_are_told_apart(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    write_wav(sound, np.concatenate([np.zeros(8000), np.full(8000, 20000)]).astype(np.int16))
    with sound.open("rb") as source:
        bars = loudness(source)
    assert len(bars) == BARS
    assert max(bars[: BARS // 2 - 1]) == 0 and min(bars[BARS // 2 + 1 :]) > 0.7


def test_a_picture_is_drawn_once_and_is_svg(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    write_wav(sound, np.full(8000, 9000).astype(np.int16))
    peaks = Peaks(tmp_path / "peaks")
    first = peaks.picture("1.1", sound)
    assert ElementTree.fromstring(first).tag.endswith("svg")
    (kept,) = (tmp_path / "peaks").iterdir()
    kept.write_bytes(b"<svg/>")
    assert peaks.picture("1.1", sound) == b"<svg/>"


def test_what_is_no_sound_is_an_empty_picture(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"RIFF")
    with sound.open("rb") as source:
        assert loudness(source) == []
    ElementTree.fromstring(Peaks(tmp_path / "peaks").picture("1.1", sound))
