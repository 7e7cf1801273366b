"""The slip as a PDF: it brings its font along, or names one that readers have."""

from __future__ import annotations

import re

from gateway.settings.cache import cache_home
from gateway.setup import fonts
from gateway.web.pages.slip import Slip, pdf

SLIP = Slip(
    "受理回执",
    "临汾市12315热线",
    (("编号 Number", "261124 00001 0"), ("查询码 Code", "4821"), ("收到时间", "2026年11月24日")),
    ("请妥善保存。", "Keep this slip."),
    "http://127.0.0.1:8315/track",
)


def test_the_font_is_in_the_pdf() -> None:
    raw = pdf(SLIP)
    named = re.findall(rb"/BaseFont /(\S+)", raw)
    assert named
    if fonts.find(cache_home()):
        assert all(re.fullmatch(rb"[A-Z]{6}\+.+", name) for name in named), named
        assert raw.count(b"/FontFile2") >= 1
    assert len(raw) < 200_000
