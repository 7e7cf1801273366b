"""What people type and devices add, in one spelling: digits, numbers, amounts, days, mail addresses.

Phones and office programs put in what nobody sees or means: full-width digits, marks of writing direction,
spaces that are none, control characters. Used by forms, API, write-ups and mail alike; telephone numbers
are read by telephone.py. What is not understood comes back as None or "", for the caller to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

import idna

from gateway.core import telephone

LONGEST = 200
"""Characters of a number, an amount or a day that are looked at."""

# Line ends of other programs (Word's is \v), and controls that stand for something one can see.
_MEANT = {0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n", 0x1E: "-", 0xA0: " ", 0x202F: " "}
_JOINERS = {0x200C, 0x200D}  # within emoji, and letters of some scripts
_FULL_WIDTH = {
    code: code - 0xFEE0
    for a, b in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for code in range(a, b + 1)
}
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?:\.\d{1,6})?"
_AMOUNT = re.compile(
    rf"(?:人民币|rmb|cny|[¥￥])*({_NUMBER})(万|千|百|亿)?(?:元|圆|块钱|块|人民币|rmb|cny|yuan)*整?",
    re.A | re.I,
)
_UNITS = {"百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DAY = (
    re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.A),
    re.compile(r"(\d{4})(年)(\d{1,2})月(\d{1,2})[日号]?", re.A),
)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]{1,128}@[^\s<>@,;:\"()\[\]]{1,253}")
_ADDRESS_IN = 1000  # characters of a text in which an address is looked for
_AROUND = " \t\n<>\"'`,;:.。、，；：“”‘’《》()（）[]【】"


def text(given: str) -> str:
    """A text without what nobody sees: controls, marks of direction. Lines are ended by \\n."""
    plain = given.replace("\r\n", "\n").replace("\r", "\n").translate(_MEANT)
    if plain.replace("\n", "").isprintable():  # most texts: nothing unseen in them
        return plain
    return "".join(character for character in plain if _is_seen(character))


def line(given: str) -> str:
    """The same in one line, with letters and digits of one width: names, addresses, numbers of papers."""
    plain = text(given).translate(_FULL_WIDTH)
    return " ".join("".join(character for character in plain if ord(character) not in _JOINERS).split())


def telephone_number(given: str) -> str:
    """A telephone number as it is shown (0357-2025100转801); what is none comes back as it stands."""
    plain = line(given)
    number = telephone.read(plain)
    return str(number) if number else plain


def paper_number(given: str) -> str:
    """The number of an identity card or another paper."""
    plain = _narrow(given)
    bare = re.sub(r"[\s-]", "", plain)
    return bare.upper() if re.fullmatch(r"\d{14,17}[\dxX]", bare) else plain


def amount(given: str) -> Decimal | None:
    """Yuan: 1299, 1,299.00, ￥1299, 1299元, 1.2万. None for what is no amount, or may be two."""
    match = _AMOUNT.fullmatch(re.sub(r"\s", "", _narrow(given)))
    if match is None:
        return None
    value = Decimal(match[1].replace(",", "")) * _UNITS.get(match[2], 1)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() and match[2] else value


def day(given: str) -> date | None:
    """A day: 2026-11-24, 2026/11/24, 2026.11.24, 2026年11月24日. None for what is none."""
    plain = re.sub(r"\s", "", _narrow(given))
    match = next((form_match for form in _DAY if (form_match := form.fullmatch(plain))), None)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        return None


def mail_address(given: str) -> str:
    """The one mail address in a text, its domain in lower case; "" when there is none.

    What stands around it by mistake goes: `qq.com，`, mailto:, full-width signs, invisible marks.
    """
    plain = re.sub(r"\s*@\s*", "@", _narrow(given, _ADDRESS_IN)).replace("。", ".")
    match = _ADDRESS.search(re.sub(r"(?i)\bmailto:", "", plain))
    if match is None:
        return ""
    local, _, domain = match[0].strip(_AROUND).rpartition("@")
    address = f"{local}@{domain.strip(_AROUND).lower()}"
    return address if local and domain.strip(_AROUND) and len(address) <= 254 else ""


def one_mail_address(given: str) -> str:
    """The mail address that a field holds and nothing else; what is none, or several, comes back as it is."""
    plain = _narrow(given, _ADDRESS_IN)
    return (mail_address(given) or plain) if plain.count("@") == 1 else plain


def mailable(address: str) -> str:
    """The address as mail servers take it, names like 例子.中国 in their ASCII form. Raises ValueError
    with a reason in Chinese when no mail can go there."""
    local, at, domain = address.rpartition("@")
    if not at or not local or "." not in domain:
        raise ValueError("邮箱地址不完整")
    try:
        plain = idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError("邮箱域名无效") from error
    if not local.isascii():
        raise ValueError("邮箱用户名含非英文字符，无法发送")
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", local) or len(plain) > 253:
        raise ValueError("邮箱地址无效")
    if ".." in local or local[0] == "." or local[-1] == ".":
        raise ValueError("邮箱地址无效")
    return f"{local}@{plain}"


def _is_seen(character: str) -> bool:
    if character in "\n\t\0" or ord(character) in _JOINERS:  # NUL is for the caller to refuse
        return True
    return unicodedata.category(character) not in ("Cc", "Cf")


def _narrow(given: str, most: int = LONGEST) -> str:
    """One line in one width (NFKC), for what is a number or an address."""
    return line(unicodedata.normalize("NFKC", given[:most]))
