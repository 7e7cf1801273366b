"""What is offered from the words of a fax: the right things, with their place, and never too much."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.fax.reading import MOST, Found, Line, hints
from gateway.core.item import number as numbers

BOX = (100, 200, 800, 50)
OURS = numbers.make(date(2026, 11, 24), 7)


def found(*lines: str) -> list[tuple[str, str]]:
    return [(one.field.value, one.value) for one in hints([Line(line, BOX, 0.9) for line in lines])]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("投诉人：王小明 电话：138 3571 2345", [("phone", "13835712345"), ("name", "王小明")]),
        ("联系电话0357-2025100，姓 名：欧阳", [("phone", "03572025100")]),
        ("本人李静在尧都区购买", [("name", "李静")]),
        ("本人在尧都区某商场购买手机", []),
        ("被投诉人：临汾市某某商贸有限公司，地址", [("respondent", "临汾市某某商贸有限公司")]),
        ("被举报单位名称 红星超市", [("respondent", "红星超市")]),
        ("价款2,999.50元，赔偿１万元", [("amount", "2999.50"), ("amount", "10000")]),
        ("￥398 元", [("amount", "398")]),
        ("2026年3月1日购买，2026-02-30 退货", [("date", "2026-03-01")]),
        (f"原编号 {OURS[:6]} {OURS[6:11]} {OURS[11]}", [("number", OURS)]),
        (f"编号{int(OURS) + 1}", []),
        ("座机 2025100 身份证 142601199001011234", [("phone", "2025100")]),
        ("0元", []),
    ],
)
def test_what_is_offered(line: str, what: list[tuple[str, str]]) -> None:
    assert found(line) == what


def test_each_is_offered_once_where_it_stands_first() -> None:
    line = "电话13835712345"
    first, *more = hints([Line(line, BOX, 0.9), Line(line, (0, 900, 10, 10), 0.9)])
    assert more == []
    x, y, width, height = first.box
    assert (y, height) == (200, 50)
    assert x > 100 + 800 // 5, "behind the words"
    assert x + width <= 900


@given(st.lists(st.text(max_size=60), max_size=5), st.tuples(*[st.integers(0, 20_000)] * 4))
def test_no_text_breaks_it(lines: list[str], box: tuple[int, int, int, int]) -> None:
    for one in hints([Line(line, box, 0.5) for line in lines]):
        assert one.field in Found
        assert one.value


def test_a_page_of_numbers_is_cut() -> None:
    assert len(hints([Line(f"电话1383571{n:04}", BOX, 0.9) for n in range(500)])) == MOST
