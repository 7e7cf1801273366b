"""What the lines of a fax page may say: names, telephones, amounts, dates, whom it is about, our numbers.

Pure and modest: each find is offered to a person with its place on the page, and none is ever written into
a record by itself. Called by gateway/channels/fax/reading.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gateway.core.item import number as numbers

MOST = 40
"""Suggestions of one page."""


class Found(StrEnum):
    """What a suggestion is."""

    NAME = "name"
    PHONE = "phone"
    AMOUNT = "amount"
    DATE = "date"
    RESPONDENT = "respondent"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read: `box` is x, y, width, height in pixels of the page, `sure` 0 to 1, `unsure`
    the places of the characters of which the reader was not sure."""

    text: str
    box: tuple[int, int, int, int]
    sure: float
    unsure: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """A suggestion with its place. An amount is in yuan, a date as YYYY-MM-DD, a number plain digits."""

    field: Found
    value: str
    box: tuple[int, int, int, int]
    sure: float


# The usual family names; a name that begins otherwise is not offered (rather none than 本人在尧都区).
_FAMILY = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤常温康施文"
    "牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲"
    "翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫"
    "米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_CJK = "\u4e00-\u9fff"
_NAME = re.compile(
    rf"(?<!被)(?:投诉人|举报人|联系人|申请人|消费者|姓\s*名|本人)(?:姓名)?\s*[:：]?\s*([{_CJK}]{{2,4}}?)"
    rf"(?=$|[^{_CJK}]|电话|手机|住|男|女|身份证|系|于|在)"
)
_RESPONDENT = re.compile(
    r"(?:被投诉人|被投诉单位|被投诉方|被举报人|被举报单位|商家|经营者|店名|商户)(?:名称)?"
    r"\s*(?:[:：]|为|是|\s)\s*([^\s,，。；;：:]{2,40})"
)
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[ -]?[2-8]\d{6,7}(?!\d)")
_LOCAL = re.compile(r"(?:电话|固话|座机|传真)\s*[:：]?\s*([2-8]\d{6,7})(?!\d)")
_AMOUNT = re.compile(r"(\d[\d,，]*(?:\.\d{1,2})?)\s*(万)?\s*元")
_MARKED = re.compile(r"[¥￥]\s*(\d[\d,，]*(?:\.\d{1,2})?)")
_DATE = re.compile(r"(?<!\d)(20\d{2}|19\d{2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})(?!\d)")
_NUMBER = re.compile(r"(?<!\d)\d{6}[ -]?\d{5}[ -]?\d(?!\d)")
_FULL_WIDTH = {ord("０") + i: ord("0") + i for i in range(10)}


def hints(lines: Sequence[Line]) -> tuple[Hint, ...]:
    """What may be taken from these lines, in the order in which it stands there; each only once."""
    by_place: dict[tuple[Found, str], Hint] = {}
    for line in lines:
        for field, value, start, end in _finds(line.text.translate(_FULL_WIDTH)):
            by_place.setdefault((field, value), Hint(field, value, _part(line, start, end), line.sure))
    return tuple(by_place.values())[:MOST]


def _finds(text: str) -> Iterator[tuple[Found, str, int, int]]:
    used: list[tuple[int, int]] = []  # digits that are something already
    for match in _NUMBER.finditer(text):
        value = _digits(match[0])
        if numbers.valid(value):
            used.append(match.span())
            yield Found.NUMBER, value, *match.span()
    for pattern in (_MOBILE, _LANDLINE):
        for match in pattern.finditer(text):
            if _free(match.span(), used):
                yield Found.PHONE, _digits(match[0]), *match.span()
    for match in _LOCAL.finditer(text):
        yield Found.PHONE, match[1], *match.span(1)
    for pattern in (_AMOUNT, _MARKED):
        for match in pattern.finditer(text):
            value = _yuan(match[1], bool(match.re is _AMOUNT and match[2]))
            if value:
                yield Found.AMOUNT, value, *match.span()
    for match in _DATE.finditer(text):
        if day := _day(*map(int, match.groups())):
            yield Found.DATE, day, *match.span()
    for match in _NAME.finditer(text):
        if match[1][0] in _FAMILY:
            yield Found.NAME, match[1], *match.span(1)
    for match in _RESPONDENT.finditer(text):
        yield Found.RESPONDENT, match[1], *match.span(1)


def _free(span: tuple[int, int], used: Iterable[tuple[int, int]]) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in used)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _yuan(text: str, ten_thousands: bool) -> str:
    amount = Decimal(text.replace(",", "").replace("，", "")) * (10_000 if ten_thousands else 1)
    return f"{amount:f}" if 0 < amount <= 10**10 else ""


def _day(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _part(line: Line, start: int, end: int) -> tuple[int, int, int, int]:
    """Where these characters stand: digits and Latin letters are half as wide as Chinese characters."""
    widths = [1 if character.isascii() else 2 for character in line.text]
    whole = sum(widths) or 1
    x, y, width, height = line.box
    left = x + width * sum(widths[:start]) // whole
    return left, y, max(1, width * sum(widths[start:end]) // whole), height
