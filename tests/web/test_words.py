"""One word per thing: what pages, mails and rules do not write any more, by docs/reference/glossary.md."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAID_BY = (
    "gateway/**/*.py",
    "gateway/**/*.html",
    "gateway/**/*.js",
    "rules/**/*.yaml",
    "ivr_flows/**/*.yaml",
    "docs/**/*.md",
    "README*.md",
)
LISTS_THEM = "gateway/web/pages/style.py"
NOT_WRITTEN = {
    "受理编号": "登记编号",
    "一处受理": "一站登记办理",
    "放回队列": "退回待办",
    "稍后再写": "暂存，稍后填写",
    "来信": "来函",
    "网上登记": "网络登记",
    "协作热线": "协作单位",
    "互通台账": "互通互报台账",
    "话机失联": "话机离线",
    "未签入": "签出",
    "已超期": "已逾期",
    "被反映": "被投诉人、被举报人",
    "旁听": "监听",
    "耳语": "密语",
    "分出举报": "拆分举报或投诉",
    "既往": "历史记录",
    "座席": "坐席",
    "网上填写": "在线填写",
    "中途挂机": "中途放弃",
    "线路占满": "遇忙未接入",
}


@pytest.mark.parametrize(("word", "better"), NOT_WRITTEN.items())
def test_a_word_that_another_took_the_place_of_is_not_written(word: str, better: str) -> None:
    files = (path for pattern in SAID_BY for path in ROOT.glob(pattern) if path != ROOT / LISTS_THEM)
    places = [
        f"{path.relative_to(ROOT)}:{place}: {line.strip()}"
        for path in files
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if word in line
    ]
    assert not places, f"write {better}"
