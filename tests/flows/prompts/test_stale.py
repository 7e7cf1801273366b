"""A sound that does not belong to its text any more is found, without a voice engine."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pytest

from gateway.cli import prompts as prompts_command
from gateway.errors import PromptError
from gateway.flows import prompts as prompts_module
from gateway.flows.prompts import load_prompts, stale
from gateway.setup.voice_engine import studio

from .test_load import recording, written


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A prompts file whose only prompt is the beep, made; nothing of it needs a voice."""
    path = written(tmp_path, "prompts:\n  beep: {zh: 滴, en: a tone}\n")
    made = load_prompts(path)
    assert studio.build(made, list(made), tmp_path / "wide") == ["beep"]
    return path


def told(path: Path) -> str:
    return "\n".join(str(problem) for problem in stale(load_prompts(path)))


def test_up_to_date_and_made_once(house: Path, tmp_path: Path) -> None:
    assert told(house) == ""
    prompts = load_prompts(house)
    assert studio.build(prompts, list(prompts), tmp_path / "wide") == []
    assert (tmp_path / "wide" / "beep.wav").exists()


def test_a_changed_text_is_caught(house: Path) -> None:
    written(house.parent, "prompts:\n\n  beep: {zh: 嘟, en: a tone}\n")
    assert "prompts.yaml:3: beep: its text has changed and its sound has not" in told(house)


def test_the_english_text_is_not_spoken(house: Path) -> None:
    written(house.parent, "prompts:\n  beep: {zh: 滴, en: another word}\n")
    assert told(house) == ""


def test_a_changed_recipe_is_caught(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts_module, "RECIPE", -1)
    assert "its text has changed" in told(house)


def test_a_new_prompt_has_no_sound(house: Path) -> None:
    written(house.parent, "prompts:\n  beep: {zh: 滴}\n  bye: {zh: 再见。}\n")
    assert "prompts.yaml:3: bye: has no sound yet; run `gateway prompts build`" in told(house)
    recording(house.parent, "bye")
    assert told(house) == ""


def test_foreign_and_broken_sounds(house: Path) -> None:
    made = house.parent / "sounds" / "made"
    shutil.copy(made / "beep.wav", made / "gone.wav")
    assert "gone.wav: no prompt of this name any more" in told(house)
    (made / "gone.wav").unlink()
    (made / "beep.wav").write_bytes((made / "beep.wav").read_bytes()[:-2000])
    assert "beep: beep.wav: cut off" in told(house)
    shutil.move(recording(house.parent, "beep", frames=5000), made / "beep.wav")
    assert "is not the file that was made; own recordings belong into sounds/recorded" in told(house)
    shutil.move(recording(house.parent, "beep", rate=16000), made / "beep.wav")
    assert "16000 Hz" in told(house)


def test_sounds_of_removed_prompts_are_removed(house: Path, tmp_path: Path) -> None:
    made = house.parent / "sounds" / "made"
    rows = json.loads((made / "manifest.json").read_text("utf-8"))
    shutil.copy(made / "beep.wav", made / "old.wav")
    (made / "manifest.json").write_text(json.dumps({**rows, "old": rows["beep"]}), "utf-8")
    prompts = load_prompts(house)
    studio.build(prompts, list(prompts), tmp_path / "wide")
    assert not (made / "old.wav").exists()
    assert told(house) == ""


def test_a_damaged_manifest(house: Path) -> None:
    (house.parent / "sounds" / "made" / "manifest.json").write_text('{"beep": 3}')
    with pytest.raises(PromptError, match="damaged"):
        told(house)


def run(house: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    config = house.parent / "gateway.toml"
    config.write_text('[flows]\nfolder = "."\n')
    monkeypatch.setenv("GATEWAY_CONFIG", str(config))
    parser = argparse.ArgumentParser()
    prompts_command.add_arguments(parser)
    return prompts_command.run(parser.parse_args(words))


def test_the_commands(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(house, monkeypatch, "check") == 0
    assert run(house, monkeypatch, "build", "--force", "beep") == 0
    assert run(house, monkeypatch, "list") == 0
    assert "beep" in capsys.readouterr().out
    (house.parent / "sounds" / "made" / "beep.wav").unlink()
    assert run(house, monkeypatch, "check") == 1
    assert "beep: has no sound yet" in capsys.readouterr().out
