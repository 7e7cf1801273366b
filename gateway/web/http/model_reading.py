"""Values by name become models; every fault is found and told in our words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import FieldFault
from gateway.web.http.fields import CONTROLS, NO_TEXT, REQUIRED, Texts, Words
from gateway.web.http.models import lenient, members

M = TypeVar("M", bound=BaseModel)
MOST_FAULTS = 100
"""Of one body; the rest is not told."""
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


def validate(
    model: type[M], values: Mapping[str, Any], texts: Texts, known: Sequence[FieldFault]
) -> tuple[M | None, M | None, tuple[FieldFault, ...]]:
    """The model, or None; the model without what is wrong, or None; the faults, with those already known."""
    texts.unknown = max(0, MOST_FAULTS - len(known))
    try:
        value = model.model_validate(values, context=texts)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        faults = (*known, *_faults(model, errors))[: max(MOST_FAULTS, len(known))]
        return None, _rest(model, values, {str(e["loc"][0]) for e in errors}), faults
    return (None if known else value), value, tuple(known)


def _rest(model: type[M], values: Mapping[str, Any], wrong: set[str]) -> M | None:
    good = {name: value for name, value in values.items() if name in members(model) and name not in wrong}
    try:
        rest = lenient(model).model_validate(good, context=Texts())
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
    known = members(model) if look and len(name) <= _LONGEST_NAME else ()
    near = difflib.get_close_matches(name, known, 1)
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
