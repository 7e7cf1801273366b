"""Numbers and dates as they are said in Mandarin."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.core.flow import speech
from gateway.flows.prompts import load_prompts

PROMPTS = load_prompts(Path(__file__).parents[3] / "ivr_flows" / "prompts.yaml")


def said(clips: tuple[str, ...]) -> str:
    return "".join(PROMPTS[clip].zh for clip in clips)


@pytest.mark.parametrize(
    ("clips", "words"),
    [
        (speech.digits("12315"), "幺二三幺五"),
        (speech.digits("0357-12315"), "零三五七幺二三幺五"),
        (speech.ordinal(1), "一"),
        (speech.ordinal(2), "二"),
        (speech.ordinal(10), "十"),
        (speech.ordinal(12), "十二"),
        (speech.ordinal(20), "二十"),
        (speech.ordinal(99), "九十九"),
        (speech.ordinal(305), "三零五"),
        (speech.quantity(2), "两"),
        (speech.quantity(12), "十二"),
        (speech.quantity(22), "二十二"),
        (speech.date(date(2026, 12, 2)), "二零二六年十二月二日。"),
        (speech.date(date(2031, 1, 31), year=False), "一月三十一日。"),
        (speech.place_in_line(2), "您目前排在第二位。"),
        (speech.expected_wait(120), "预计还需等候两分钟。"),
        (speech.expected_wait(61), "预计还需等候两分钟。"),
        (speech.expected_wait(720), "预计还需等候十二分钟。"),
        (speech.expected_wait(20), "预计等候时间不到一分钟。"),
        (speech.expected_wait(7200), "现在等候的人比较多。"),
    ],
)
def test_said_in_mandarin(clips: tuple[str, ...], words: str) -> None:
    assert said(clips) == words


def test_every_clip_is_declared() -> None:
    spoken = {clip for n in range(100) for clip in (*speech.ordinal(n), *speech.quantity(n))}
    assert spoken <= set(speech.NUMBER_CLIPS)
    assert set(speech.CLIPS) <= set(PROMPTS.by_id)
