"""Reading prompts.yaml: every fault is named with its file and line, recordings win, numbers are spelt."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from gateway.errors import PromptError
from gateway.flows.prompts import Prompt, load_prompts


def written(folder: Path, text: str) -> Path:
    path = folder / "prompts.yaml"
    path.write_text(text, "utf-8")
    return path


def recording(folder: Path, name: str, rate: int = 8000, channels: int = 1, frames: int = 4000) -> Path:
    file = folder / "sounds" / "recorded" / f"{name}.wav"
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"\x10\x00" * frames * channels)
    return file


def faults(path: Path) -> list[str]:
    with pytest.raises(PromptError) as caught:
        load_prompts(path)
    return [str(problem).removeprefix(f"{path.parent}/") for problem in caught.value.problems]


def test_a_good_file(tmp_path: Path) -> None:
    prompts = load_prompts(
        written(tmp_path, "prompts:\n  welcome: {zh: 您好。, en: Hello.}\n  bye:\n    zh: 再见。\n")
    )
    assert prompts["welcome"] == Prompt("welcome", "您好。", "Hello.", "", 2)
    assert [p.id for p in prompts] == ["welcome", "bye", "beep"]
    assert prompts.sound_file("bye") == tmp_path / "sounds" / "made" / "bye.wav"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("prompts:\n  a: {en: x}\n", "prompts.yaml:2: a: zh is missing: the text that is spoken"),
        ("prompts:\n  a: {zh: }\n", "prompts.yaml:2: a: zh is missing: the text that is spoken"),
        ("prompts:\n  a: {zh: 好, eng: x}\n", "prompts.yaml:2: a: unknown key `eng`; did you mean en?"),
        (
            "prompts:\n\n  Wel-come: {zh: 好}\n",
            "prompts.yaml:3: `Wel-come` is no prompt id: use a-z, 0-9 and _",
        ),
        (
            "prompts:\n  a: {zh: 好}\n  a: {zh: 你}\n",
            "prompts.yaml:3: prompts: `a` stands here a second time",
        ),
        ("prompts:\n  a: {zh: 好, zh: 你}\n", "prompts.yaml:2: a: `zh` stands here a second time"),
        ("prompts:\n  a: 好\n", "prompts.yaml:2: a must be a table of `key: value`"),
        ("prompts:\n  a: {zh: [好]}\n", "prompts.yaml:2: a: zh must be a text"),
        ("prompts:\n  a: {zh: hello}\n", "prompts.yaml:2: a: zh holds no Chinese character to speak"),
        ("promts: {}\n", "prompts.yaml:1: the file: unknown key `promts`; did you mean prompts?"),
        ("", "prompts.yaml: the file must be a table of `key: value`"),
        ("prompts:\n  a: {zh: 好\n", "prompts.yaml:3: not YAML: "),
        ("prompts: " + "[" * 60 + "]" * 60, "prompts.yaml:1: nested too deeply"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(written(tmp_path, text))[0].startswith(fault)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    assert len(faults(written(tmp_path, "prompts:\n  A: {zh: 好}\n  b: {}\n  c: {zh: 好, x: 1}\n"))) == 3


def test_a_missing_file_and_wrong_bytes(tmp_path: Path) -> None:
    assert faults(tmp_path / "prompts.yaml") == ["prompts.yaml: no such file"]
    (tmp_path / "prompts.yaml").write_bytes("prompts: {a: {zh: 好}}".encode("gbk"))
    assert faults(tmp_path / "prompts.yaml")[0].startswith("prompts.yaml: not UTF-8")


def test_an_unknown_prompt_names_the_nearest(tmp_path: Path) -> None:
    prompts = load_prompts(written(tmp_path, "prompts:\n  welcome: {zh: 您好。}\n"))
    with pytest.raises(PromptError, match="no prompt welcom; did you mean welcome"):
        prompts.sound_file("welcom")


def test_a_recording_wins(tmp_path: Path) -> None:
    path = written(tmp_path, "prompts:\n  welcome: {zh: 您好。}\n")
    file = recording(tmp_path, "welcome")
    assert load_prompts(path).sound_file("welcome") == file
    beep = recording(tmp_path, "beep")
    assert load_prompts(path).sound_file("beep") == beep


def test_wrong_recordings_are_named(tmp_path: Path) -> None:
    path = written(
        tmp_path, "prompts:\n  welcome: {zh: 您好。}\n  b: {zh: 好。}\n  c: {zh: 好。}\n  d: {zh: 好。}\n"
    )
    recording(tmp_path, "welcome", rate=44100, channels=2)
    recording(tmp_path, "b").write_bytes(b"ID3 not a WAV at all")
    whole = recording(tmp_path, "c")
    whole.write_bytes(whole.read_bytes()[:-1000])
    recording(tmp_path, "d", frames=10)
    recording(tmp_path, "welcom")
    told = "\n".join(faults(path))
    assert "welcome.wav: 44100 Hz, 2 channel(s), 16 bit; wanted 8000 Hz, 1 channel, 16 bit" in told
    assert "b.wav: not a WAV of 16-bit samples" in told
    assert "c.wav: cut off: 3500 of 4000 samples" in told
    assert "d.wav: shorter than 0.05 s" in told
    assert "welcom.wav: no prompt is called welcom; did you mean welcome?" in told


def test_numbers_are_read_digit_by_digit() -> None:
    assert Prompt("a", "请拨12315或110，60日内。").spoken == "请拨幺二三幺五或幺幺零，60日内。"
    assert Prompt("a", "重庆", say="虫庆").spoken == "虫庆"
