"""Telling prompts apart: each shipped prompt is found where it was played, and nothing that was not."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gateway.sip_phone.g711 import Pcm, decode, encode
from gateway.sip_phone.hear import Heard, Library, Listener
from gateway.sip_phone.sound import read_wav
from tests.sip_phone.conftest import SOUNDS

Prompts = dict[str, Pcm]


def quiet(seconds: float) -> Pcm:
    return np.zeros(round(8000 * seconds), np.int16)


def on_the_line(codec: str, *parts: Pcm) -> Pcm:
    return decode(encode(np.concatenate(parts), codec), codec)


def told(found: list[Heard]) -> list[tuple[str, float, float]]:
    return [(one.prompt, round(one.start, 1), round(one.end, 1)) for one in found]


@pytest.mark.parametrize("codec", ["ulaw", "alaw"])
def test_every_prompt_is_found_and_no_other(library: Library, prompts: Prompts, codec: str) -> None:
    dice = random.Random(codec)
    order = dice.sample(sorted(prompts), len(prompts))
    parts, played, at = [], [], 0.0
    for prompt in order:
        pause = quiet(dice.choice([0, dice.random()]))
        start, end = at + len(pause) / 8000, at + (len(pause) + len(prompts[prompt])) / 8000
        played.append((library.name(prompt), start, end))
        parts += [pause, prompts[prompt]]
        at = end
    found = Listener(library).heard(on_the_line(codec, *parts, quiet(1)))
    assert [one[0] for one in told(found)] == [one[0] for one in played]
    for heard, (prompt, start, end) in zip(found, played, strict=True):
        assert heard.start == pytest.approx(start, abs=0.03), prompt
        silence = 0.4 if end - start < 1 else 0.0  # twins differ in the silence behind them
        assert heard.end == pytest.approx(end, abs=0.06 + silence), prompt
        assert heard.whole, prompt


def test_a_word_at_the_very_beginning_is_heard(library: Library, prompts: Prompts) -> None:
    """Also where its twin, under whose sound it is looked for, has more silence before it."""
    for word in ("digit_7", "num_7", "digit_2"):
        found = Listener(library).heard(on_the_line("ulaw", prompts[word], quiet(1)))
        assert [one.prompt for one in found] == [library.name(word)]


def test_words_that_are_in_no_file_are_not_taken_for_a_prompt(library: Library, prompts: Prompts) -> None:
    """The same voice says something else: each sixth of the longer prompts against all the others."""
    long = [name for name in sorted(prompts) if len(prompts[name]) > 8000 and library.name(name) == name]
    for sixth in range(6):
        unknown = long[sixth::6]
        others = Library(
            (name, sound) for name, sound in prompts.items() if library.name(name) not in unknown
        )
        said = on_the_line("alaw", *(np.concatenate([prompts[name], quiet(0.2)]) for name in unknown))
        assert told(Listener(others).heard(said)) == []


def test_digits_in_a_row(library: Library, prompts: Prompts) -> None:
    number = "260731000128"
    said = on_the_line("ulaw", quiet(0.3), *(prompts[f"digit_{digit}"] for digit in number))
    heard = [one.prompt for one in Listener(library).heard(said)]
    assert heard == [library.name(f"digit_{digit}") for digit in number]


def test_a_prompt_that_a_key_cuts_short(library: Library, prompts: Prompts) -> None:
    cut = prompts["menu_main"][: round(8000 * 3.3)]
    first, second = Listener(library).heard(
        on_the_line("alaw", quiet(1), cut, prompts["to_person"], quiet(1))
    )
    assert (first.prompt, first.whole, first.playing) == ("menu_main", False, False)
    assert first.end == pytest.approx(4.3, abs=0.2)
    assert (second.prompt, second.whole) == ("to_person", True)
    assert second.start == pytest.approx(4.3, abs=0.01)


def test_a_prompt_that_goes_on_playing(library: Library, prompts: Prompts) -> None:
    (found,) = Listener(library).heard(on_the_line("ulaw", prompts["welcome"][:8000]))
    assert (found.prompt, found.whole, found.playing) == ("welcome", False, True)


def test_lost_packets_do_not_hide_a_prompt(library: Library, prompts: Prompts) -> None:
    said = on_the_line("ulaw", prompts["notice_recording"], quiet(0.5))
    for at in (6000, 12000, 18000):
        said[at : at + 160] = 0
    (found,) = Listener(library).heard(said)
    assert (found.prompt, found.whole) == ("notice_recording", True)


@pytest.mark.parametrize("gain", [0.3, 1.9])
def test_loudness_does_not_matter(library: Library, prompts: Prompts, gain: float) -> None:
    louder = np.clip(prompts["goodbye"] * gain, -32768, 32767).astype(np.int16)
    assert told(Listener(library).heard(on_the_line("alaw", louder, quiet(0.5))))[0][0] == "goodbye"


def test_music_is_known_wherever_it_begins(library: Library, prompts: Prompts) -> None:
    music = read_wav(SOUNDS / "moh" / "calm.wav")
    said = on_the_line(
        "alaw", prompts["queue_intro"], music[13337:60000], prompts["queue_still"], music[60000:90000]
    )
    heard = [one.prompt for one in Listener(library).heard(said)]
    assert heard == ["queue_intro", "music_calm", "queue_still", "music_calm"]


@pytest.mark.parametrize("hertz", [400, 450, 1000, 1400])
def test_a_tone_is_no_beep(library: Library, hertz: int) -> None:
    said = (4000 * np.sin(2 * np.pi * hertz * np.arange(24000) / 8000)).astype(np.int16)
    assert told(Listener(library).heard(on_the_line("ulaw", quiet(0.5), said, quiet(0.5)))) == []


def test_noise_is_nothing(library: Library) -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 40000).astype(np.int16)
    assert told(Listener(library).heard(on_the_line("ulaw", noise))) == []


def test_hearing_piece_by_piece_is_hearing_at_once(library: Library, prompts: Prompts) -> None:
    said = on_the_line("ulaw", prompts["welcome"], prompts["digit_4"], prompts["menu_nothing"], quiet(0.4))
    growing = Listener(library)
    for end in range(400, len(said), 1600):
        growing.heard(said[:end], ended=False)
    assert growing.heard(said) == Listener(library).heard(said)


def test_one_prompt_may_be_looked_for_alone(library: Library, prompts: Prompts) -> None:
    said = on_the_line("ulaw", prompts["welcome"], prompts["menu_nothing"], prompts["welcome"], quiet(0.4))
    again = len(prompts["welcome"]) + len(prompts["menu_nothing"])
    assert len(Listener(library, ["welcome"]).heard(said)) == 2
    (found,) = Listener(library, ["welcome"], since=2400).heard(said)
    assert round(found.start * 8000) == pytest.approx(again, abs=8)


def test_files_with_the_same_sound_share_a_name(prompts: Prompts) -> None:
    library = Library([("a", prompts["welcome"]), ("b", prompts["welcome"]), ("c", prompts["goodbye"])])
    assert [library.name(prompt) for prompt in "abc"] == ["a", "a", "c"]
    assert (
        told(Listener(library, ["b"]).heard(on_the_line("ulaw", prompts["welcome"], quiet(0.5))))[0][0] == "a"
    )


def test_takes_of_one_word_cut_differently_share_a_name(prompts: Prompts) -> None:
    word = prompts["digit_3"]
    library = Library([("one", word), ("two", np.concatenate([quiet(0.006), word // 2, quiet(0.1)]))])
    assert library.name("two") == "one"
