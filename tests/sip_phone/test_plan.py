"""The plan of `--keys`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import OperatorError
from gateway.sip_phone import plan
from gateway.sip_phone.plan import HangUp, HearOut, HearPrompt, Pause, Press, Say

PROMPTS = ("welcome", "menu_main")


def test_every_item(tmp_path: Path) -> None:
    file = tmp_path / "me.wav"
    file.touch()
    items = plan.parse(f"1, 2#*,wait,wait:1.5,prompt:menu_main,say:{file},hangup", PROMPTS)
    assert items == (
        Press("1"),
        Press("2#*"),
        HearOut(),
        Pause(1.5),
        HearPrompt("menu_main"),
        Say(file),
        HangUp(),
    )
    assert plan.parse("", PROMPTS) == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("12x", "neither keys"),
        ("wait:", "could not convert"),
        ("wait:nan", "more than 0"),
        ("wait:-1", "more than 0"),
        ("wait:601", "at most 600"),
        ("prompt:menu_mian", "did you mean menu_main"),
        ("prompt:", "no sound is called"),
        ("say:nowhere.wav", "no such file"),
        ("hangup:1", "neither keys"),
    ],
)
def test_what_cannot_be_meant(text: str, fault: str) -> None:
    with pytest.raises(OperatorError, match=fault):
        plan.parse(f"1,{text}", PROMPTS)


def test_every_fault_is_told() -> None:
    with pytest.raises(OperatorError) as raised:
        plan.parse("x,wait:0,1", PROMPTS)
    assert len(raised.value.problems) == 2
