"""Telephone numbers: every way to write one number is the same number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import telephone

MOBILE, LANDLINE = "13800138000", "03572025100"


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+8613800138000",
        "8613800138000",
        "008613800138000",
        "013800138000",
        "+86 138-0013-8000",
        "+86 (0)138 0013 8000",
        "０１３８００１３８０００",
        "1３800138000",
        "\u202d13800138000\u202c",
        "138\u00a00013\u200b8000",
        "tel:+8613800138000",
        "tel:13800138000;phone-context=+86",
        "+8613800138000;npdi;rn=+8613010000",
    ],
)
def test_a_mobile_number(text: str) -> None:
    assert telephone.plain(text) == MOBILE
    assert str(telephone.read(text)) == MOBILE


@pytest.mark.parametrize(
    "text",
    [
        "03572025100",
        "0357-2025100",
        "（0357）2025100",
        "(0357) 2025100",
        "+863572025100",
        "863572025100",
        "00863572025100",
        "3572025100",
        "8603572025100",
        "+86 0357 2025100",
        "＋８６－３５７－２０２５１００",
    ],
)
def test_a_landline(text: str) -> None:
    assert telephone.plain(text) == LANDLINE
    assert str(telephone.read(text)) == "0357-2025100"


@pytest.mark.parametrize(
    "text",
    [
        "0357-2025100转801",
        "（0357）2025100转分机801",
        "03572025100 分机 801",
        "0357-2025100 ext. 801",
        "0357-2025100-801",
        "03572025100#801",
        "+86 357 2025100 x801",
        "0357—2025100 转 ８０１",
    ],
)
def test_an_extension(text: str) -> None:
    assert str(telephone.read(text)) == "0357-2025100转801"
    assert telephone.plain(text) == LANDLINE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12315", "12315"),
        ("+8612315", "12315"),
        ("035712315", "035712315"),
        ("+8635712315", "035712315"),
        ("008635712315", "035712315"),
        ("110", "110"),
        ("95588", "95588"),
        ("8612315", "8612315"),  # seven digits: a local number, not the country's code
        ("2025100", "2025100"),
        ("400-800-1234", "4008001234"),
        ("+864008001234", "4008001234"),
        ("010-62012345", "01062012345"),
        ("+85221234567", "+85221234567"),
        ("0085221234567", "+85221234567"),
        ("0086138001380001", "0086138001380001"),  # a digit too many: left as it is, never cut
        ("8001", "8001"),
        ("anonymous", ""),
        ("13800138000/13900139000", ""),
        ("13800138000 13900139000", "1380013800013900139000"),
        ("", ""),
        ("+", ""),
        ("1;DROP", "1"),
        ("1" * 500, ""),
        ("\udcff138", ""),
    ],
)
def test_other_numbers(text: str, number: str) -> None:
    assert telephone.plain(text) == number


def test_a_foreign_number_is_dialled_with_00() -> None:
    assert telephone.to_dial("+85221234567") == "0085221234567"
    assert telephone.to_dial(MOBILE) == MOBILE


@pytest.mark.parametrize("text", [MOBILE, LANDLINE, "4008001234", "01062012345", "+85221234567"])
def test_spellings_are_the_same_number(text: str) -> None:
    spellings = telephone.spellings(text)
    assert text in spellings
    for spelled in spellings:
        plain = telephone.plain(spelled)
        assert telephone.same(telephone.plain(text), plain) or f"+{plain}" == text, spelled


def test_spellings_of_a_local_number_with_the_centres_area_code() -> None:
    assert "+863572025100" in telephone.spellings("2025100", "0357")
    assert "03572025100" not in telephone.spellings("2025100")
    assert telephone.spellings("匿名") == telephone.spellings("110") == ()


def test_numbers_too_short_are_not_compared() -> None:
    assert telephone.comparable("+86 138-3570-0000") == "13835700000"
    assert telephone.comparable("110") == ""


def test_same() -> None:
    assert telephone.same("03572012315", "2012315")
    assert not telephone.same("13832012315", "2012315")  # the end of a mobile number is nobody's landline
    assert not telephone.same("", "")


@given(st.text(max_size=60))
def test_any_text_gives_digits_or_nothing(text: str) -> None:
    number = telephone.plain(text)
    assert number == "" or set(number.removeprefix("+")) <= set("0123456789")
    assert telephone.plain(number) == number


@given(st.from_regex(r"1[3-9][0-9]{9}|0(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True))
def test_a_country_code_changes_nothing(number: str) -> None:
    national = number.removeprefix("0")
    one_form = telephone.plain(number)
    for prefix in ("+86", "0086"):
        assert telephone.plain(prefix + national) == one_form


def test_a_number_of_ours_as_carriers_write_it() -> None:
    ours = telephone.called_as("12315", "0357")
    assert {ours[x] for x in ("12315", "+8612315")} == {"12315"}
    whole = ("035712315", "35712315", "+8635712315", "8635712315", "008635712315", "+86035712315")
    assert {ours[x] for x in whole} == {"035712315"}
    assert "8612315" not in ours, "that is a local number"
    assert set(telephone.called_as("4008001234", "0357").values()) == {"4008001234"}
    assert set(telephone.called_as("03572025100", "0357").values()) == {"03572025100"}
    assert telephone.called_as("03572025100", "0357")["+863572025100"] == "03572025100"
    assert telephone.called_as("2025100", "0357")["863572025100"] == "03572025100"
