"""What lies in the repository: every shipped prompt has an up-to-date sound that a telephone can play."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.flows.prompts import Prompts, load_prompts, stale, wav_fault
from gateway.setup.voice_engine import shape
from gateway.setup.voice_engine.studio import BEGIN, END, MUSIC, trials

ROOT = Path(__file__).parents[3]
FLOWS = ROOT / "ivr_flows"


@pytest.fixture(scope="module")
def shipped() -> Prompts:
    return load_prompts(FLOWS / "prompts.yaml")


def test_every_sound_is_up_to_date(shipped: Prompts) -> None:
    assert [str(problem) for problem in stale(shipped)] == []


def test_every_sound_is_loud_enough_and_starts_at_once(shipped: Prompts) -> None:
    odd = []
    for prompt in shipped:
        if prompt.id in shipped.recorded:
            continue
        samples, rate = shape.read_wav(shipped.made_file(prompt.id))
        lead, trail = shape.silences(samples, rate)
        level = shape.active_level(samples, rate)
        longest = 0.36 if prompt.manner.slot else 0.3
        if not (
            abs(level - shape.LEVEL) < 1 and np.abs(samples).max() < 0.75 and lead < 0.05 and trail <= longest
        ):
            odd.append((prompt.id, round(level, 1), lead, trail))
    assert odd == []


def test_lengths_fit_the_texts(shipped: Prompts) -> None:
    odd = []
    for prompt in shipped:
        with wave.open(str(shipped.sound_file(prompt.id))) as sound:
            seconds = sound.getnframes() / sound.getframerate()
        if not 0.1 * len(prompt.spoken) < seconds < 0.7 + 0.45 * len(prompt.spoken):
            odd.append((prompt.id, seconds))
    assert odd == []


def test_the_greeting_with_the_notice_takes_eight_seconds_at_most(shipped: Prompts) -> None:
    frames = 0
    for prompt_id in ("welcome", "notice_recording"):
        with wave.open(str(shipped.sound_file(prompt_id))) as sound:
            frames += sound.getnframes()
    assert frames <= 8 * 8000


def test_the_notice_tells_of_recording_and_what_personal_data_is_for(shipped: Prompts) -> None:
    """And every line says it first: the notice follows the welcome wherever that is said."""
    assert all(word in shipped["notice_recording"].zh for word in ("录音", "个人信息", "办理"))
    for flow in (ROOT / "ivr_flows").glob("*.yaml"):
        text = flow.read_text("utf-8")
        assert text.count("[welcome") == text.count("[welcome, notice_recording"), flow.name


def test_the_digits_are_there_and_keep_one_beat(shipped: Prompts) -> None:
    lengths = set()
    for digit in range(10):
        with wave.open(str(shipped.made_file(f"digit_{digit}"))) as sound:
            lengths.add(sound.getnframes())
    assert len(lengths) == 1
    assert shipped["digit_1"].spoken == "幺"


def test_every_clip_is_heard_in_some_trial(shipped: Prompts) -> None:
    heard = {part for trial in trials(shipped) for part in trial.parts}
    assert {prompt.id for prompt in shipped} - heard - {"beep", "num_0"} == set()


RARE_NAMES = {"duty_unit_141021", "duty_unit_141031"}
"""The counties 曲沃 and 隰: the recogniser has no word for their names, and makes out the rest."""


def test_the_recogniser_made_out_every_prompt_as_it_is_now(shipped: Prompts) -> None:
    page = (ROOT / "docs" / "reference" / "prompts.md").read_text("utf-8")
    table = page.split(BEGIN)[1].split(END)[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert [(row[0], row[1]) for row in rows] == [(trial.name, trial.text) for trial in trials(shipped)]
    assert {row[0] for row in rows if "not made out" in row[3]} <= RARE_NAMES


def test_the_music_is_there_and_small() -> None:
    file = FLOWS / "sounds" / MUSIC
    assert wav_fault(file) == ""
    assert file.stat().st_size < 1_000_000
