"""JSON bodies, query strings and forms become models; every fault is found and named, none is guessed away.

A body that is no JSON object at all is Refused; of any other all wrong members are told, in our words.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import BadContact, FieldFault, Refused
from gateway.web.http.fields import CONTROLS, NO_TEXT, REQUIRED, Texts, Words
from gateway.web.http.models import lenient, members, short, shown

M = TypeVar("M", bound=BaseModel)
M_co = TypeVar("M_co", bound=BaseModel, covariant=True)
MOST_COMMAS = 50_000
"""In a JSON body; each may separate two members, and what comes of them takes time."""
MOST_FAULTS = 100
"""Of one body; the rest is not told."""
_QUERY_FLAGS = {"true": True, "false": False}
_NEAREST = 5  # unknown members for which the nearest name is looked for
_LONGEST_NAME = 40  # characters of an unknown name that may be a misspelt one
_QUOTED = re.compile("'([^']*)'")
_OBJECT = ("应为对象", "must be an object")
_LIST = ("应为列表", "must be a list")
_NUMBER = ("应为数字", "must be a number")
_WORDS: Mapping[str, Words] = {
    "missing": REQUIRED,
    "string_type": NO_TEXT,
    "string_unicode": CONTROLS,
    "string_too_long": ("最多 {max_length} 字", "has at most {max_length} characters"),
    "bool_type": ("应为 true 或 false", "is true or false"),
    "int_type": _NUMBER,
    "is_instance_of": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_max_places": ("最多 {decimal_places} 位小数", "has at most {decimal_places} decimals"),
    "greater_than_equal": ("不小于 {ge}", "is at least {ge}"),
    "less_than_equal": ("不大于 {le}", "is at most {le}"),
    "enum": ("应为以下之一：{expected}", "is one of: {expected}"),
    "tuple_type": _LIST,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
}


@dataclass(frozen=True, slots=True)
class Reading(Generic[M_co]):
    """What came of reading a model: `made` without faults, else what is wrong.

    `rest` is the model with every wrong member left out, None when one cannot be.
    """

    made: M_co | None
    rest: M_co | None
    faults: tuple[FieldFault, ...] = ()


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body holds; an empty body is an empty object. Raises Refused."""
    if not body.strip():
        return {}
    if body.count(b",") > MOST_COMMAS or body.count(b"{") > MOST_COMMAS:
        raise Refused("JSON 成员过多 / the JSON has too many members")
    try:
        value = _JSON.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(f"正文不是 UTF-8 / the body is not UTF-8 at byte {error.start}") from error
    except RecursionError as error:
        raise Refused("JSON 嵌套过深 / the JSON is nested too deeply") from error
    except ValueError as error:
        raise Refused(f"正文不是有效的 JSON / the body is not JSON: {short(str(error))}") from error
    if not isinstance(value, dict):
        raise Refused("正文应为 JSON 对象 / the body must be a JSON object")
    return value


def read_body(model: type[M], body: bytes) -> Reading[M]:
    """A model from a JSON body. Raises Refused when it is no JSON object."""
    return read(model, json_object(body))


def read_query(model: type[M], given: Iterable[tuple[str, str]]) -> M:
    """A model from the pairs of a query string; an empty value is as good as none. Raises BadContact."""
    raw: dict[str, str] = {}
    faults = []
    for name, text in given:
        if name in raw:
            faults.append(FieldFault(shown(name), "只能出现一次", "may stand once only"))
        elif text or name not in members(model):
            raw[name] = text
    reading = read(model, raw, faults, Texts(_QUERY_FLAGS, numbers=True))
    if reading.made is None:
        raise BadContact(*reading.faults)
    return reading.made


def page_query(model: type[M], given: Iterable[tuple[str, str]]) -> M:
    """As read_query, for the address of a page: what does not fit counts as not given, and what is not known
    is left alone, so that an old or cut link still opens the page. Every member has a default."""
    raw: dict[str, str] = {}
    for name, text in given:
        if text and name in members(model):
            raw.setdefault(name, text)
    reading = read(model, raw, texts=Texts(_QUERY_FLAGS, numbers=True))
    return reading.made or reading.rest or model()


def read(
    model: type[M],
    raw: Mapping[str, Any],
    faults: Sequence[FieldFault] = (),
    texts: Texts | None = None,
) -> Reading[M]:
    """A model from members by name, with every fault and those found before. `texts` says how the texts of a
    query or form are read."""
    texts = texts or Texts()
    texts.unknown = max(0, MOST_FAULTS - len(faults))
    try:
        value = model.model_validate(raw, context=texts)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        wrong = {str(detail["loc"][0]) for detail in errors}
        all_faults = (*faults, *_faults(model, errors))[: max(MOST_FAULTS, len(faults))]
        return Reading(None, _rest(model, raw, wrong, texts), all_faults)
    return Reading(None if faults else value, value, tuple(faults))


def _rest(model: type[M], values: Mapping[str, Any], wrong: set[str], texts: Texts) -> M | None:
    good = {name: value for name, value in values.items() if name in members(model) and name not in wrong}
    try:
        rest = lenient(model).model_validate(good, context=texts)
    except ValidationError:
        return None
    assert isinstance(rest, model)
    return rest


def _faults(model: type[BaseModel], errors: list[ErrorDetails]) -> Iterator[FieldFault]:
    """Unknown members first, as they may say what the missing ones are."""
    looked_for = 0
    for error in sorted(errors, key=lambda e: e["type"] != "extra_forbidden"):
        if error["type"] == "extra_forbidden":
            yield _unknown(model, error["loc"], looked_for < _NEAREST)
            looked_for += 1
        else:
            yield FieldFault(_path(error["loc"]), *_words(error))


def _words(error: ErrorDetails) -> Words:
    context = error.get("ctx", {})
    if error["type"] == "field":
        return context["zh"], context["en"]
    if error["type"] == "enum":
        context = {"expected": ", ".join(_QUOTED.findall(context["expected"]))}
    zh, en = _WORDS.get(error["type"], ("格式不正确", error["msg"].replace("{", "(").replace("}", ")")))
    return zh.format(**context), en.format(**context)


def _unknown(model: type[BaseModel], loc: tuple[int | str, ...], look: bool) -> FieldFault:
    name = str(loc[-1])
    for step in loc[:-1]:
        inner = members(model)[step].model if isinstance(step, str) else None
        model = inner or model
    names = members(model) if look and len(name) <= _LONGEST_NAME else ()
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return FieldFault(
            _path(loc), f"未知字段，是否指 {near[0]}？", f"is not known; did you mean {near[0]}?"
        )
    return FieldFault(_path(loc), "未知字段", "is not known")


def _path(loc: tuple[int | str, ...]) -> str:
    """How a fault names its place: items[0].claims[1]."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return values


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
