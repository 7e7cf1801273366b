"""Item numbers: the check digit's promise measured, the forms people type, the refused codes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item import number

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
NUMBERS = st.builds(number.make, DAYS, st.integers(1, number.LAST_SERIAL))


def test_a_number_as_it_is_read_aloud() -> None:
    assert number.make(date(2026, 4, 15), 12) == "260415000125"


@pytest.mark.parametrize(
    ("body", "digit"),
    [("0794", "5"), ("13669597", "6"), ("8609574271", "9"), ("3339200596", "1"), ("6943515153", "0")],
)
def test_check_digit_agrees_with_other_mod_11_10_numbers(body: str, digit: str) -> None:
    """The common textbook example, then published examples of German and Croatian tax numbers."""
    assert number.check_digit(body) == digit


@given(DAYS, st.integers(1, number.LAST_SERIAL))
def test_made_numbers_are_valid_and_tell_their_day(day: date, serial: int) -> None:
    made = number.make(day, serial)
    assert len(made) == 12
    assert number.valid(made)
    assert number.day_of(made) == day
    assert int(made[6:11]) == serial


@pytest.mark.parametrize("serial", [-1, 0, 100_000])
def test_a_serial_that_does_not_fit_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="serial"):
        number.make(date(2026, 4, 15), serial)


@pytest.mark.parametrize("year", [1999, 2100])
def test_a_year_that_two_digits_cannot_tell_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="year"):
        number.make(date(year, 1, 1), 1)


@given(NUMBERS, st.integers(0, 11), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(made: str, place: int, off: int) -> None:
    wrong = str((int(made[place]) + off) % 10)
    assert not number.valid(made[:place] + wrong + made[place + 1 :])


def swapped(text: str, place: int) -> str:
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


@given(NUMBERS, st.integers(0, 10))
def test_a_swap_that_is_missed_is_one_of_neighbouring_digits(made: str, place: int) -> None:
    """Only pairs one apart (3 and 4, or 9 and 0) can be missed."""
    other = swapped(made, place)
    if other != made and number.valid(other):
        assert abs(int(made[place]) - int(made[place + 1])) in (1, 9)


def test_ten_of_450_swaps_are_missed() -> None:
    """For every state that a beginning can leave the check in, exactly one pair of digits escapes."""
    beginnings = {number.check_digit(f"{i:03}"): f"{i:03}" for i in range(1000)}
    assert len(beginnings) == 10
    missed = Counter(
        start
        for start in beginnings.values()
        for a, b in combinations("0123456789", 2)
        if number.check_digit(start + a + b) == number.check_digit(start + b + a)
    )
    assert set(missed.values()) == {1}
    assert missed.total() == 10


def test_few_swaps_of_a_days_numbers_are_missed() -> None:
    """A day's real numbers: 3 % at most of the swaps pass, a day that is none helps as well."""
    tried = missed = 0
    for serial in range(1, 3001):
        made = number.make(date(2026, 4, 15), serial)
        others = {swapped(made, place) for place in range(11)} - {made}
        tried += len(others)
        missed += sum(map(number.valid, others))
    assert missed / tried < 0.03


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26041500012",
        "2604150001251",
        "26041500012x",
        "２６０４１５０００１２５",
        "260415 00012 5",
        "٢٦٠٤١٥٠٠٠١٢٥",
    ],
)
def test_other_forms_are_not_valid_as_they_stand(text: str) -> None:
    assert not number.valid(text)


@pytest.mark.parametrize("body", ["26043100012", "26130100012", "26000000012", "26041500000"])
def test_no_such_day_and_no_serial_are_not_valid(body: str) -> None:
    assert not number.valid(body + number.check_digit(body))


@pytest.mark.parametrize(
    "text",
    [
        "260415000125",
        " 260415 00012 5\n",
        "260415-00012-5",
        "２６０４１５０００１２５",
        "260415－00012—5",
        "260415\u300000012\u00a05",
    ],
)
def test_normal_takes_what_people_type(text: str) -> None:
    assert number.normal(text) == "260415000125"


@pytest.mark.parametrize("text", ["", "12315", "26041500012a", "2604150001251", "①60415000121", " " * 1000])
def test_normal_gives_nothing_for_anything_else(text: str) -> None:
    assert number.normal(text) == ""


@given(st.text(max_size=30))
def test_normal_gives_twelve_digits_or_nothing(text: str) -> None:
    plain = number.normal(text)
    assert plain == "" or (len(plain) == 12 and plain.isascii() and plain.isdecimal())
    assert number.normal(plain) == plain


@given(st.integers(0, 2**64))
def test_query_codes_are_six_digits_that_nobody_tries_first(chance: int) -> None:
    code = number.query_code(chance)
    assert len(code) == 6
    assert code.isascii()
    assert code.isdecimal()
    assert not number.is_short(code)
    assert code not in ("000000", "123456", "654321", "567890", "098765", "121212", "123123", "999999")


def test_query_codes_are_evenly_spread() -> None:
    counts = Counter(map(number.query_code, range(1_000_000)))
    assert len(counts) == 1_000_000 - 1_102
    assert max(counts.values()) <= 3


@pytest.mark.parametrize(
    ("phone", "digits"),
    [("138 3570-1234", "1234"), ("１２３４", "1234"), ("0357-2025100转801", "0801"), ("123", ""), ("", "")],
)
def test_last_digits_of_a_phone(phone: str, digits: str) -> None:
    assert number.last_digits(phone) == digits


def test_a_negative_random_number_is_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        number.query_code(-1)
