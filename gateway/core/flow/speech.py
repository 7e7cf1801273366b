"""Numbers and dates to prompt ids, as they are said in Mandarin.

`digits` reads a number out one by one (1 is 幺), `quantity` says how many (二十三, 两), `date`
a day. All clips are in CLIPS, which the check of prompts asks for.
"""

from __future__ import annotations

from datetime import date as Date

_DIGIT = {str(n): f"digit_{n}" for n in range(10)}


def _say(n: int) -> tuple[str, ...]:
    tens, ones = divmod(n, 10)
    if not tens:
        return (f"num_{ones}",)
    ten = "num_10" if tens == 1 else f"num_{tens}0"
    return (ten, f"num_{ones}") if ones else (ten,)


_NUMBERS = tuple(_say(n) for n in range(100))

DIGIT_CLIPS = tuple(_DIGIT.values())
NUMBER_CLIPS = (*(f"num_{n}" for n in range(11)), *(f"num_{n}0" for n in range(2, 10)), "num_2_of")
DATE_CLIPS = ("word_year", "word_month", "word_day")
CLIPS = (*DIGIT_CLIPS, *NUMBER_CLIPS, *DATE_CLIPS)


def digits(text: str) -> tuple[str, ...]:
    """One clip for each digit; everything else is passed over."""
    return tuple(_DIGIT[c] for c in text if c in _DIGIT)


def ordinal(n: int) -> tuple[str, ...]:
    """第 n: 1..99; beyond, the digits as a number is written."""
    return _NUMBERS[n] if 0 <= n < 100 else tuple(f"num_{c}" for c in str(abs(n)))


def quantity(n: int) -> tuple[str, ...]:
    """n of something: 2 alone is 两 (两分钟), 12 stays 十二."""
    return ("num_2_of",) if n == 2 else ordinal(n)


def date(day: Date, year: bool = True) -> tuple[str, ...]:
    """二零二六年十二月一日; without the year where it is clear."""
    year_clips = (*(f"num_{c}" for c in str(day.year)), "word_year") if year else ()
    return (*year_clips, *ordinal(day.month), "word_month", *ordinal(day.day), "word_day")


def place_in_line(n: int) -> tuple[str, ...]:
    """您目前排在第 n 位。"""
    return ("queue_place_before", *ordinal(n), "queue_place_after")


def expected_wait(seconds: float) -> tuple[str, ...]:
    """The expected wait in whole minutes, rounded up; over an hour it is only called long."""
    minutes = -int(-seconds // 60)
    if seconds < 60:
        return ("queue_wait_short",)
    if minutes > 60:
        return ("queue_wait_long",)
    return ("queue_wait_before", *quantity(minutes), "queue_wait_after")
