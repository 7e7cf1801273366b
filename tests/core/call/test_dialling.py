"""Which numbers may be called; Asterisk's own answer is held against it in tests/live/test_attacks.py."""

from __future__ import annotations

import pytest

from gateway.core.call.dialling import CHINA, allowed, is_pattern

YES = (
    "13800138000", "013800138000", "03572025100", "01065123456", "02165123456", "057188123456",
    "2025100", "88123456", "4008001234", "8008101234", "95588", "95113188", "10086", "12345", "110", "122",
)  # fmt: skip
NO = (
    "", "12590123", "16812345", "0357168123456", "96812", "0085212345678", "008613800138000",
    "+8613800138000", "12315&Local", "1,1", "138001380001", "99999999999",
    "１３８００１３８０００", "1380013800", "900123",
)  # fmt: skip


@pytest.mark.parametrize("number", YES)
def test_national_numbers_may_be_called(number: str) -> None:
    assert allowed(number, CHINA)


@pytest.mark.parametrize("number", NO)
def test_premium_foreign_and_malformed_numbers_may_not(number: str) -> None:
    assert not allowed(number, CHINA)


@pytest.mark.parametrize("pattern", ["00852XXXXXXXX", "0X.", "[135]XX", "[2-46]NZ"])
def test_patterns(pattern: str) -> None:
    assert is_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["", "X!", "X.X", "[", "[]X", "_X", "1,1,Goto(a)", "1 ", "1\nexten => s,1,x", "x"]
)
def test_what_is_no_pattern(pattern: str) -> None:
    assert not is_pattern(pattern)
