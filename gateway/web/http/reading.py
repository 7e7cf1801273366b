"""JSON bodies and query strings become shapes; every fault is found and named, none is guessed away.

A body that is no JSON object at all is Refused; of any other all wrong members are told.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from gateway.errors import BadContact, FieldFault, Refused
from gateway.web.http.fields import Texts
from gateway.web.http.model_reading import validate
from gateway.web.http.models import members as model_members
from gateway.web.http.shape import Member, by_name, members

T = TypeVar("T")
_BAD = object()
_DEEPEST = 8
MOST_COMMAS = 50_000
"""In a JSON body; each may separate two members, and what comes of them takes time."""
MOST_FAULTS = 100
"""Of one body; the rest is not told."""
_QUERY_FLAGS = {"true": True, "false": False}
_NEAREST = 5  # unknown members for which the nearest name is looked for
_LONGEST_NAME = 40  # characters of an unknown name that may be a misspelt one
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LINE_END = re.compile(r"[\r\n]")
_BLANKS = " \u3000"
DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_SPACE_FOR_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What came of reading a shape: `made` without faults, else what is wrong.

    `rest` is the shape with every wrong member left out, None when one cannot be.
    """

    made: T | None
    rest: T | None
    faults: tuple[FieldFault, ...] = ()


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body holds; an empty body is an empty object. Raises Refused."""
    if not body.strip():
        return {}
    if body.count(b",") > MOST_COMMAS or body.count(b"{") > MOST_COMMAS:
        raise Refused("JSON 成员过多 / the JSON has too many members")
    try:
        found = _JSON.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(f"正文不是 UTF-8 / the body is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise Refused("JSON 嵌套过深 / the JSON is nested too deeply") from error
    except ValueError as error:
        raise Refused(f"正文不是有效的 JSON / the body is not JSON: {_short(str(error))}") from error
    if not isinstance(found, dict):
        raise Refused("正文应为 JSON 对象 / the body must be a JSON object")
    return found


def read_body(shape: type[T], body: bytes) -> Reading[T]:
    """A shape from a JSON body. Raises Refused when it is no JSON object."""
    return read(shape, json_object(body))


def read_query(shape: type[T], given: Iterable[tuple[str, str]]) -> T:
    """A shape from the pairs of a query string; an empty value is as good as none. Raises BadContact."""
    model = issubclass(shape, BaseModel)
    known: Mapping[str, Any] = model_members(shape) if model else by_name(shape)  # type: ignore[arg-type]
    raw: dict[str, Any] = {}
    faults = []
    for name, text in given:
        if name in raw:
            faults.append(FieldFault(_shown(name), "只能出现一次", "may stand once only"))
        elif name not in known:
            raw[name] = text
        elif text:
            raw[name] = text if model else _from_text(known[name].kind, text)
    reading = read(shape, raw, faults, Texts(_QUERY_FLAGS, numbers=True))
    if reading.made is None:
        raise BadContact(*reading.faults)
    return reading.made


def read(
    shape: type[T],
    raw: Mapping[str, Any],
    faults: Sequence[FieldFault] = (),
    texts: Texts | None = None,
) -> Reading[T]:
    """A shape from members by name, with every fault. `texts` says how those of a query or form are read."""
    if issubclass(shape, BaseModel):
        return Reading(*validate(shape, raw, texts or Texts(), faults))
    found = list(faults)
    made = _object(shape, raw, "", found, 0)
    if found:
        return Reading(None, _rest(shape, raw), tuple(found))
    assert isinstance(made, shape)
    return Reading(made, made)


def _rest(shape: type[T], raw: Mapping[str, Any]) -> T | None:
    """What is left when every wrong member counts as not given."""
    values: dict[str, Any] = {}
    for m in members(shape):
        given = raw.get(m.name)
        value = _BAD if given is None else _member(m, given, m.name, [], 0)
        value = m.default if value is _BAD and not m.required else value
        if value is _BAD and m.kind is not str:
            return None
        values[m.field] = "" if value is _BAD else value
    return shape(**values)


def _object(
    shape: type[Any], raw: Mapping[str, Any], prefix: str, faults: list[FieldFault], deep: int
) -> Any:
    known = by_name(shape)
    unknown = [name for name in raw if name not in known]
    for place, name in enumerate(unknown[: max(0, MOST_FAULTS - len(faults))]):
        faults.append(_unknown(prefix + name, name, known if place < _NEAREST else ()))
    values: dict[str, Any] = {}
    before = len(faults)
    for name, m in known.items():
        value = raw.get(name)
        if value is None:
            if m.required:
                faults.append(FieldFault(prefix + name, "必填", "is required"))
            values[m.field] = m.default
        else:
            values[m.field] = _member(m, value, prefix + name, faults, deep)
    return shape(**values) if len(faults) == before else _BAD


def _member(m: Member, value: Any, path: str, faults: list[FieldFault], deep: int) -> Any:
    if not m.listed:
        return _value(m, value, path, faults, deep)
    if not isinstance(value, list):
        return _fault(faults, path, "应为列表", "must be a list")
    most = m.rule.entries
    if most is not None and len(value) > most:
        return _fault(faults, path, f"最多 {most} 项", f"has at most {most} entries")
    made = tuple(_value(m, one, f"{path}[{n}]", faults, deep) for n, one in enumerate(value))
    return _BAD if _BAD in made else made


def _value(m: Member, value: Any, path: str, faults: list[FieldFault], deep: int) -> Any:
    if m.nested:
        if not isinstance(value, dict) or deep >= _DEEPEST:
            return _fault(faults, path, "应为对象", "must be an object")
        return _object(m.kind, value, f"{path}.", faults, deep + 1)
    if m.kind is bool:
        return (
            value
            if isinstance(value, bool)
            else _fault(faults, path, "应为 true 或 false", "is true or false")
        )
    if m.kind in (int, Decimal):
        return _number(m, value, path, faults)
    if not isinstance(value, str):
        return _fault(faults, path, "应为文本", "must be a text")
    return _text(m, value, path, faults)


def _number(m: Member, value: Any, path: str, faults: list[FieldFault]) -> Any:
    if m.kind is Decimal and isinstance(value, str):
        value = _decimal(m, value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        zh, en = m.rule.words
        return _fault(faults, path, zh or "应为数字", en or "must be a number")
    rule, number = m.rule, Decimal(value)
    places = 0 if m.kind is int else rule.places
    if places is not None and not _has_places(number, places):
        if places == 0:
            return _fault(faults, path, "应为整数", "must be a whole number")
        return _fault(faults, path, f"最多 {places} 位小数", f"has at most {places} decimals")
    if rule.least is not None and number < rule.least:
        return _fault(faults, path, f"不小于 {rule.least}", f"is at least {rule.least}")
    if rule.most is not None and number > rule.most:
        return _fault(faults, path, f"不大于 {rule.most}", f"is at most {rule.most}")
    return int(number) if m.kind is int else number


def _decimal(m: Member, text: str) -> Any:
    """The number in a text; the text itself when there is none, for the check to refuse."""
    if m.rule.spelling:
        found = m.rule.spelling(text)
        return text if found is None else found
    return Decimal(text) if DECIMAL.fullmatch(text) else text


def _has_places(number: Decimal, places: int) -> bool:
    exponent = number.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -places and number.adjusted() < 30


def _text(m: Member, value: str, path: str, faults: list[FieldFault]) -> Any:
    rule = m.rule
    if rule.longest is not None and len(value) > rule.longest:
        return _fault(faults, path, f"最多 {rule.longest} 字", f"has at most {rule.longest} characters")
    if rule.spelling and m.kind is str and (rule.lines or not _LINE_END.search(value)):
        value = rule.spelling(value)
    if _no_text(rule.forbidden).search(value):
        return _fault(faults, path, "含有控制字符", "has control characters in it")
    value = value.replace("\r\n", "\n").replace("\r", "\n") if rule.lines else value.strip(_BLANKS)
    if len(value.strip()) < rule.shortest:
        zh, en = ("必填", "is required") if not value.strip() else ("过短", "is too short")
        return _fault(faults, path, zh, en)
    if value and not rule.matches(value):
        zh, en = rule.words
        return _fault(faults, path, zh or "格式不正确", en or f"must match {rule.pattern}")
    if rule.spelling and m.kind is date and value:
        return rule.spelling(value) or _fault(faults, path, *rule.words)
    return _of_kind(m.kind, value, path, faults)


@cache
def _no_text(forbidden: str) -> re.Pattern[str]:
    """What a rule forbids, and halves of characters."""
    return re.compile(rf"[{forbidden}\ud800-\udfff]")


def _of_kind(kind: Any, value: str, path: str, faults: list[FieldFault]) -> Any:
    if issubclass(kind, StrEnum):
        try:
            return kind(value)
        except ValueError:
            words = ", ".join(one.value for one in kind)
            return _fault(faults, path, f"应为以下之一：{words}", f"is one of: {words}")
    if kind is not str and issubclass(kind, str):
        return kind(value)
    try:
        if kind is datetime:
            return datetime.fromisoformat(_SPACE_FOR_PLUS.sub("+", value))
        if kind is date:
            return date.fromisoformat(value) if len(value) == 10 else _no_date()
    except ValueError:
        what = "时间" if kind is datetime else "日期"
        example = "2026-10-01T01:30:00Z" if kind is datetime else "2026-10-01"
        return _fault(faults, path, f"{what}格式如 {example}", f"is written like {example}")
    return value


def _no_date() -> date:
    raise ValueError("a date has ten characters")


def _from_text(kind: Any, text: str) -> Any:
    """A query's text as JSON would have it; what does not fit is left for the check to refuse."""
    if kind is int and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind is bool and text in ("true", "false"):
        return text == "true"
    return text


def _unknown(path: str, name: str, known: Iterable[str]) -> FieldFault:
    near = difflib.get_close_matches(name, known, 1) if len(name) <= _LONGEST_NAME else None
    if near:
        return FieldFault(
            _shown(path), f"未知字段，是否指 {near[0]}？", f"is not known; did you mean {near[0]}?"
        )
    return FieldFault(_shown(path), "未知字段", "is not known")


def _fault(faults: list[FieldFault], path: str, zh: str, en: str) -> Any:
    if len(faults) < MOST_FAULTS:
        faults.append(FieldFault(path, zh, en))
    return _BAD


def _shown(name: str) -> str:
    """A name that somebody else chose, fit to be shown."""
    return _short(_UNSEEN.sub("?", name[:81]))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
