"""Fields of a form become shapes, by the same rules as JSON; every fault is found and named.

A form has texts alone: empty ones count as not given, what is a list stands as often as it has entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from gateway.errors import FieldFault
from gateway.web.http.fields import Text, Texts, Written
from gateway.web.http.models import members as model_members
from gateway.web.http.reading import Reading, read
from gateway.web.http.shape import Member, members

T = TypeVar("T")
_TRUE = {"true", "1", "on", "yes", "是"}
_FALSE = {"false", "0", "off", "no", "否"}
_FLAGS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
_LONGEST = 200  # characters of a value that is spelled out, where its field has no limit


def read_form(
    shape: type[T], fields: Iterable[tuple[str, str]], faults: Sequence[FieldFault] = ()
) -> Reading[T]:
    """A shape from the fields of a form, with every fault; `faults` are those already found."""
    model = issubclass(shape, BaseModel)
    known: Mapping[str, Any] = (
        model_members(shape) if model else {m.name: m for m in members(shape)}  # type: ignore[arg-type]
    )
    raw: dict[str, Any] = {}
    found = list(faults)
    for name, text in fields:
        m = known.get(name) or known.get(name.removesuffix("[]"))
        if m is None:
            raw[name] = text
        elif m.listed:
            if text.strip():
                raw.setdefault(m.name, []).append(text)
        elif m.name in raw:
            found.append(FieldFault(m.name, "只能出现一次", "may stand once only"))
        elif text.strip() or m.kind is str:
            raw[m.name] = text if model else _value(m, text)
    reading = read(shape, raw, found, Texts(_FLAGS, numbers=True))
    once = {(fault.field, fault.en): fault for fault in reading.faults}
    return Reading(reading.made, reading.rest, tuple(once.values()))


def spelled(shape: type[Any], fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The fields as they are understood, to be shown again: 13800138000 for full-width digits, 2026-11-24 for
    2026年11月24日. What is not understood stays as it was typed."""
    if issubclass(shape, BaseModel):
        yield from _spelled(shape, fields)
        return
    known = {m.name: m for m in members(shape)}
    for name, text in fields:
        m = known.get(name)
        value = (
            m.rule.spelling(text) if m and m.rule.spelling and len(text) <= (m.rule.longest or 200) else None
        )
        yield name, text if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _spelled(model: type[BaseModel], fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    known = model_members(model)
    for name, text in fields:
        value = _understood(known[name].marks, text) if name in known else None
        yield name, text if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _understood(marks: Iterable[Any], text: str) -> Any:
    for mark in marks:
        if isinstance(mark, Text | Written) and len(text) <= (mark.longest or _LONGEST):
            read = mark.spelling if isinstance(mark, Text) else mark.read
            return read(text) if read else None
    return None


def _value(m: Member, text: str) -> Any:
    """A text as JSON would have it; what does not fit is left for the check to refuse."""
    plain = text.strip()
    if m.kind is bool and plain.lower() in _TRUE | _FALSE:
        return plain.lower() in _TRUE
    return text if m.kind is str else plain
