"""What people type and devices add, in one spelling."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.core.item import written


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        *(
            (text, "1299")
            for text in ("1299", "１２９９", "￥1299", "¥ 1299", "1299元", "1,299", "人民币1299元整")
        ),
        *((text, "1299.00") for text in ("1,299.00", "\u202d1,299.00\u202c", "1299.00元", "RMB 1,299.00")),
        *((text, "12000") for text in ("1.2万", "1.2万元", "１．２万", "12千")),
        ("0.5", "0.5"),
        ("1\u00a0299", "1299"),
    ],
)
def test_amounts(given: str, wanted: str) -> None:
    assert written.amount(given) == Decimal(wanted)


@pytest.mark.parametrize(
    "given", ["", "abc", "12,99", "1,2999", "1e5", "-5", "1299-1399", "1.299,00", "$5", "1万2"]
)
def test_no_amounts(given: str) -> None:
    assert written.amount(given) is None


@pytest.mark.parametrize(
    "given",
    [
        *("2026-11-04", "2026/11/4", "2026.11.04", "2026年11月4日", "２０２６年１１月０４日"),
        *("2026年11月4号", "2026 年 11 月 4 日", "\u200e2026/11/04\u200e", "2026－11－04"),
    ],
)
def test_days(given: str) -> None:
    assert written.day(given) == date(2026, 11, 4)


@pytest.mark.parametrize(
    "given", ["", "2026-13-01", "2026-02-30", "11月4日", "26/11/4", "20261104", "2026-11/04", "4.11.2026"]
)
def test_no_days(given: str) -> None:
    assert written.day(given) is None


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("（0357）2025100", "0357-2025100"),
        ("0357-2025100转801", "0357-2025100转801"),
        ("１３８　００１３　８０００", "13800138000"),
        ("\u202d13800138000\u202c", "13800138000"),
        ("138\u00a00013\u00a08000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("四零零", "四零零"),
    ],
)
def test_telephone_numbers(given: str, wanted: str) -> None:
    assert written.telephone_number(given) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("１４１００２１９９００１０１００１ｘ", "14100219900101001X"),
        ("141002 19900101 001x", "14100219900101001X"),
        ("Ｅ１２３４５６７８", "E12345678"),
    ],
)
def test_numbers_of_papers(given: str, wanted: str) -> None:
    assert written.paper_number(given) == wanted


def test_texts_of_word_and_phones() -> None:
    assert written.text("一\x0b二\r\n三\x07\u202d四\u00a0五\ufeff") == "一\n二\n三四 五"
    assert written.text("👨\u200d👩\u200d👧") == "👨\u200d👩\u200d👧"
    assert written.line("张\u200b三\x0b（集团）ＡＢＣ１２３") == "张三 （集团）ABC123"
