"""Segments of short messages, and texts that are cut to fit."""

from __future__ import annotations

import pytest

from gateway.core.item.sms import segments, shortened


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("好" * 70, 1),
        ("好" * 71, 2),
        ("好" * 134, 2),
        ("好" * 135, 3),
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
    ],
)
def test_a_text_takes_so_many_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_what_is_too_long_is_cut_and_the_end_stays() -> None:
    assert shortened("好" * 60, 1, "，详见") == "好" * 60 + "，详见"
    cut = shortened("好" * 200, 2, " 详情：https://12315.example/track")
    assert segments(cut) == 2 and cut.endswith("… 详情：https://12315.example/track")
    assert shortened("好" * 200, 1) == "好" * 69 + "…"
