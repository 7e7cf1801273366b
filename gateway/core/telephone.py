"""Telephone numbers: one form for every way to write the same number, and its usual spellings.

The one form is what is dialled within China: 13800138000, 03572025100, 4008001234, 12315; a foreign
number begins with + and its country code. Country code 86 (+86, 86, 0086), the 0 that some carriers put
before a mobile number or leave off an area code, spaces, dashes, brackets, full-width digits, invisible
marks, `tel:` and the parameters of a SIP user part are all taken. The numbering plans are those of
libphonenumber. A local number without its area code stays as it is: which area is meant is not in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
)

LONGEST = 40
"""Characters of a text that is looked at: a number with its extension is never longer."""

COMPARED = 7
"""Digits from which on two equal numbers mean the same telephone: 110 is nobody's own."""

_CHINA = 86
_FIXED = (PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_BETWEEN = dict.fromkeys(map(ord, " \t-.()[]·\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u3010\u3011"))
# Looked at before libphonenumber's plan, in which prefixes that were given out lately may be missing.
_MOBILE = re.compile(r"(?:\+?86|0086)?0?(1[3-9][0-9]{9})", re.ASCII)
_DIGITS = re.compile(r"\+?[0-9]{1,31}", re.ASCII)
_EXTENSION = re.compile(
    r"(.*[0-9) ])(?:转接?|分机号?|ext\.?|x|#)+[:. -]*([0-9]{1,8})", re.ASCII | re.IGNORECASE
)
_DASHED_EXTENSION = re.compile(r"(0[0-9]{2,3}-?[1-9][0-9]{6,7})-([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Telephone:
    """A number in its one form. `area` is how many of its digits are the area code, 0 without one."""

    number: str
    area: int = 0
    extension: str = ""

    def __str__(self) -> str:
        """As it is written: 13800138000, 0357-2025100, 0357-2025100转801."""
        body = f"{self.number[: self.area]}-{self.number[self.area :]}" if self.area else self.number
        return f"{body}转{self.extension}" if self.extension else body


@lru_cache(maxsize=4096)
def read(text: str) -> Telephone | None:
    """The number in what a person wrote or a carrier sent; None when there is none, or more than one."""
    body, extension = _without_extension(_plain_text(text))
    digits = body.translate(_BETWEEN)
    if not _DIGITS.fullmatch(digits):
        return None
    number, area = _in_one_form(digits)
    return Telephone(number, area, extension)


@lru_cache(maxsize=4096)  # asked several times for each call
def plain(text: str) -> str:
    """The number in its one form, without its extension; "" of what is no telephone number."""
    telephone = read(text)
    return telephone.number if telephone else ""


def comparable(text: str) -> str:
    """The number as it is compared with others; "" of one so short that many share it."""
    number = plain(text)
    return number if len(number) >= COMPARED else ""


def same(first: str, other: str) -> bool:
    """Are two comparable numbers the same? A landline may stand with or without its area code."""
    short, long = sorted((first, other), key=len)
    return bool(short) and (short == long or (len(short) <= 8 and long[0] == "0" and long.endswith(short)))


def to_dial(number: str) -> str:
    """The digits that are dialled for a number in its one form: 00 stands for the + of a foreign one."""
    return f"00{number[1:]}" if number.startswith("+") else number


def spellings(text: str, area_code: str = "") -> tuple[str, ...]:
    """How the same number is usually written: what to look for among numbers kept as they were given.

    With the centre's `area_code` (0357) a local number is looked for with it too. () of a short number.
    """
    telephone = read(text)
    if telephone is None or len(telephone.number) < COMPARED:
        return ()
    numbers = [telephone.number]
    if area_code and re.fullmatch(r"[2-8][0-9]{6,7}", telephone.number):
        numbers.append(area_code + telephone.number)
    every = [text.strip()]
    for number in numbers:
        every += _spelled(number)
    return tuple(dict.fromkeys(every))


def called_as(number: str, area_code: str) -> dict[str, str]:
    """How carriers may write a number of ours that is called, as digits after a + if need be; behind each
    the number with its area code or without, as it was written (12315, 035712315).
    """
    area = "" if number[0] == "0" or len(number) > 8 else area_code
    local = {number: number, f"+86{number}": number} if area or number[0] != "0" else {}
    whole = f"{area}{number}"
    stems = dict.fromkeys((whole, whole.removeprefix("0")))
    from_abroad = {f"{code}{stem}": whole for stem in stems for code in ("+86", "0086", "86")}
    return from_abroad | dict.fromkeys(stems, whole) | local


# ---------------------------------------------------------------- what a text holds


def _plain_text(text: str) -> str:
    """One width, no invisible marks, no `tel:`, nothing behind the first semicolon."""
    if len(text) > 2 * LONGEST:
        return ""
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return visible.strip().removeprefix("tel:").partition(";")[0].strip()


def _without_extension(text: str) -> tuple[str, str]:
    match = _EXTENSION.fullmatch(text) or _DASHED_EXTENSION.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


# ---------------------------------------------------------------- its one form


def _in_one_form(digits: str) -> tuple[str, int]:
    """The one form of a number and the length of its area code."""
    if mobile := _MOBILE.fullmatch(digits):
        return mobile[1], 0
    number = _parsed(digits)
    if number is None:
        return digits, 0
    if number.country_code != _CHINA:
        is_valid = phonenumbers.is_valid_number(number)
        return phonenumbers.format_number(number, PhoneNumberFormat.E164) if is_valid else digits, 0
    return _chinese(digits, number)


def _parsed(digits: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, "CN", keep_raw_input=True)
    except NumberParseException:
        return None


def _chinese(digits: str, number: PhoneNumber) -> tuple[str, int]:
    national = str(number.national_number)
    if phonenumbers.is_valid_number(number):
        if phonenumbers.number_type(number) not in _FIXED:
            return national, 0
        return f"0{national}", 1 + phonenumbers.length_of_geographical_area_code(number)
    from_abroad = number.country_code_source in (
        CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
        CountryCodeSource.FROM_NUMBER_WITH_IDD,
    )
    if not from_abroad or len(national) > 11:
        return digits, 0
    # 12315 or 95588 with a country code is a short number; behind an area code it gets its 0 again.
    return (f"0{national}" if len(national) >= 8 else national), 0


def _spelled(number: str) -> Iterator[str]:
    yield number
    if number.startswith("+"):
        yield from (number[1:], f"00{number[1:]}")
        return
    national = number.removeprefix("0")
    for stem in dict.fromkeys((number, national)):
        yield from (f"{prefix}{stem}" for prefix in ("+86", "86", "0086"))
    if len(number) == 11 and number[0] == "1":
        yield f"0{number}"
        parts = (number[:3], number[3:7], number[7:])
        yield from (mark.join(parts) for mark in (" ", "-"))
        yield from (f"+86 {number}", f"+86-{number}")
    elif number[0] == "0" and len(number) >= 10:
        yield national
        area = _in_one_form(number)[1] or 4
        yield from (f"{number[:area]}{mark}{number[area:]}" for mark in ("-", " "))
        yield number[area:]
