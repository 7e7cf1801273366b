"""Types of fields of API models; limits stand on the field.

A text goes through `Text`: its greatest length is looked at first, then it is brought into one spelling
(core/item/written.py), then the other limits are. What is no text but is written as one, such as a day, goes
through `Written`. Queries and forms have texts alone: what stands there for a number or yes and no is in
`Texts`, the context of a reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, Strict, ValidationInfo, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway.channels.registry import REGISTRY
from gateway.core.item import written
from gateway.core.item.channel import ChannelEntry
from gateway.core.item.contact import Channel

T = TypeVar("T")
PHONE = r"\+?[0-9][0-9 -]{2,23}(?:转[0-9]{1,8})?"
EMAIL = r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+"
NUMBER = r"[0-9]{12}"
_BLANKS = " \u3000"
_LINE_END = re.compile(r"[\r\n]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNSEEN_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE_FOR_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_DIGITS = re.compile(r"-?[0-9]{1,18}")
Words = tuple[str, str]  # Chinese, English


def fault(zh: str, en: str) -> PydanticCustomError:
    """The error of a validator, in both languages."""
    return PydanticCustomError("field", "{en}", {"zh": zh, "en": en})


@dataclass(slots=True)
class Texts:
    """Context of one reading: the texts that stand for true and false, whether numbers are texts, how many
    unknown members may still be told."""

    flags: Mapping[str, bool] = field(default_factory=dict)
    numbers: bool = False
    unknown: int = 100


@dataclass(frozen=True)
class Text:
    """A text. `longest` and `shortest` are in characters; `pattern` must match the whole of it, which `words`
    says; `lines` lets it have line breaks; `spelling` brings what people write into one spelling."""

    longest: int | None = None
    shortest: int = 0
    pattern: str = ""
    words: Words = ("", "")
    lines: bool = False
    spelling: Callable[[str], str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        text = core_schema.str_schema(strict=True, max_length=self.longest)
        return core_schema.no_info_after_validator_function(self.checked, text)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema: dict[str, Any] = {**handler(core), **({"minLength": self.shortest} if self.shortest else {})}
        if self.spelling:
            return schema  # what it is brought into has a pattern, what is taken has none
        if self.pattern:
            schema["pattern"] = f"^ *(?:{self.pattern}{'' if self.shortest else '|'}) *$"
        elif self.longest is not None:
            unseen = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f" if self.lines else r"\x00-\x1f\x7f"
            seen = rf"[^{unseen}]*"
            schema["pattern"] = rf"^{seen}[^{unseen}\s]{seen}$" if self.shortest else f"^{seen}$"
        return schema

    @cached_property
    def _form(self) -> re.Pattern[str] | None:
        return re.compile(self.pattern) if self.pattern else None

    def checked(self, value: str) -> str:
        if self.spelling and (self.lines or not _LINE_END.search(value)):
            value = self.spelling(value)
        if (_UNSEEN_IN_LINES if self.lines else _UNSEEN).search(value):
            raise fault(*CONTROLS)
        value = value.replace("\r\n", "\n").replace("\r", "\n") if self.lines else value.strip(_BLANKS)
        if self.shortest and len(bare := value.strip()) < self.shortest:
            raise fault("过短", "is too short") if bare else fault(*REQUIRED)
        if value and self._form and not self._form.fullmatch(value):
            zh, en = self.words
            raise fault(zh or "格式不正确", en or f"must match {self.pattern}")
        return value


@dataclass(frozen=True, slots=True)
class Written:
    """For a value that is written as a text: how it is read (None for what is none), and what is said then.
    `number`: it may come as a number too."""

    read: Callable[[str], Any]
    words: Words
    longest: int | None = None
    number: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.taken, handler(source))

    def taken(self, value: Any) -> Any:
        if self.number and not isinstance(value, str):
            if isinstance(value, bool) or not isinstance(value, int | Decimal):
                raise fault(*self.words)
            return Decimal(value)
        text = plain_text(value)
        if self.longest is not None and len(text) > self.longest:
            raise fault(f"最多 {self.longest} 字", f"has at most {self.longest} characters")
        parsed = self.read(text)
        if parsed is None:
            raise fault(*self.words)
        return parsed


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`. Context: a Texts."""

    least: int | None = None
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        number = core_schema.int_schema(strict=True, ge=self.least, le=self.most)
        return core_schema.with_info_before_validator_function(self.taken, number)

    @staticmethod
    def taken(value: Any, info: ValidationInfo[Texts]) -> Any:
        if isinstance(value, Decimal):
            if value.adjusted() >= 30 or value != value.to_integral_value():
                raise fault("应为整数", "must be a whole number")
            return int(value)
        if isinstance(value, str) and info.context and info.context.numbers and _DIGITS.fullmatch(value):
            return int(value)
        return value


CONTROLS = ("含有控制字符", "has control characters in it")
REQUIRED = ("必填", "is required")
NO_TEXT = ("应为文本", "must be a text")


def plain_text(value: Any) -> str:
    """A text in one line, without blanks around it."""
    if not isinstance(value, str):
        raise fault(*NO_TEXT)
    if _UNSEEN.search(value):
        raise fault(*CONTROLS)
    return value.strip(_BLANKS)


def _flag(value: Any, info: ValidationInfo[Texts]) -> Any:
    if isinstance(value, str) and info.context:
        return info.context.flags.get(value.strip().lower(), value)
    return value


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_SPACE_FOR_PLUS.sub("+", text))
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of at most `most` entries; how many there are is looked at before what they are."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.taken, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "maxItems": self.most}

    def taken(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise fault("应为列表", "must be a list")
        if len(value) > self.most:
            raise fault(f"最多 {self.most} 项", f"has at most {self.most} entries")
        return tuple(value)


class _Channels:
    """Any id may be: the registry of the site says what there is. `known` are those of this program."""

    def __init__(self, known: Iterable[ChannelEntry]) -> None:
        self._ids = [entry.channel.value for entry in known]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.taken)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": self._ids}

    @staticmethod
    def taken(value: Any) -> Channel:
        return value if isinstance(value, Channel) else Channel(plain_text(value))


_PHONE_WORDS = (
    "请填写一个电话号码，如 13800138000、0357-2025100转801",
    "is one number, such as 0357-2025100",
)
_EMAIL_WORDS = ("格式如 name@example.com", "is written like name@example.com")
_AMOUNT_WORDS = ("请填写金额，如 1299、1,299.00、1.2万", "is an amount, such as 1299 or 1,299.00")
_MOMENT_WORDS = ("时间格式如 2026-10-01T01:30:00Z", "is written like 2026-10-01T01:30:00Z")
_DAY_WORDS = ("日期格式如 2026-10-01", "is written like 2026-10-01")
_SPELLED_DAY_WORDS = ("日期格式如 2026-10-01、2026年10月1日", "is written like 2026-10-01")

Flag = Annotated[bool, Strict(), BeforeValidator(_flag)]
Choice = Annotated[T, Strict(False), BeforeValidator(plain_text)]
"""One of an enumeration's values."""
ChannelId = Annotated[Channel, _Channels(REGISTRY)]
ClerkChannelId = Annotated[Channel, _Channels(REGISTRY.by_clerk)]
Moment = Annotated[datetime, Strict(), Written(_moment, _MOMENT_WORDS)]
Day = Annotated[date, Strict(), Written(_day, _DAY_WORDS)]
SpelledDay = Annotated[
    date,
    Strict(),
    Written(written.day, _SPELLED_DAY_WORDS, longest=40),
    WithJsonSchema({"type": "string"}),
]
"""A day as people write it."""
Amount = Annotated[
    Decimal,
    Strict(),
    Field(ge=0, le=10**10, decimal_places=2),
    Written(written.amount, _AMOUNT_WORDS, number=True),
    WithJsonSchema({"type": ["number", "string"], "minimum": 0, "maximum": 10**10, "multipleOf": 0.01}),
]
"""Yuan as people write them."""
Phone = Annotated[str, Text(40, pattern=PHONE, words=_PHONE_WORDS, spelling=written.telephone_number)]
Email = Annotated[str, Text(254, pattern=EMAIL, words=_EMAIL_WORDS, spelling=written.one_mail_address)]
_NUMBER_WORDS = ("12 位数字", "has twelve digits")
ItemNumber = Annotated[str, Text(shortest=1, pattern=NUMBER, words=_NUMBER_WORDS)]
ItemNumberOrEmpty = Annotated[str, Text(pattern=NUMBER, words=_NUMBER_WORDS)]
Yuan = Annotated[Decimal, WithJsonSchema({"type": ["number", "string"]})]
"""An amount in an answer."""
