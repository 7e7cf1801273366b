"""Fields of a form become models, by the same rules as JSON; every fault is found and named.

A form has texts alone: empty ones count as not given, what is a list stands as often as it has entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from gateway.errors import FieldFault
from gateway.web.http.fields import Text, Texts, Written
from gateway.web.http.models import members
from gateway.web.http.reading import Reading, read

M = TypeVar("M", bound=BaseModel)
_FLAGS = {
    **dict.fromkeys(("true", "1", "on", "yes", "是"), True),
    **dict.fromkeys(("false", "0", "off", "no", "否"), False),
}
_LONGEST = 200  # characters of a value that is spelled out, where its field has no limit


def read_form(
    model: type[M], fields: Iterable[tuple[str, str]], faults: Sequence[FieldFault] = ()
) -> Reading[M]:
    """A model from the fields of a form, with every fault; `faults` are those already found."""
    by_name = members(model)
    raw: dict[str, Any] = {}
    all_faults = list(faults)
    for name, text in fields:
        m = by_name.get(name) or by_name.get(name.removesuffix("[]"))
        if m is None:
            raw[name] = text
        elif m.listed:
            if text.strip():
                raw.setdefault(m.name, []).append(text)
        elif m.name in raw:
            all_faults.append(FieldFault(m.name, "只能出现一次", "may stand once only"))
        elif m.kind is str:
            raw[m.name] = text
        elif text.strip():
            raw[m.name] = text.strip()
    reading = read(model, raw, all_faults, Texts(_FLAGS, numbers=True))
    once = {(fault.field, fault.en): fault for fault in reading.faults}
    return Reading(reading.made, reading.rest, tuple(once.values()))


def spelled(model: type[BaseModel], fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The fields as they are understood, to be shown again: 13800138000 for full-width digits, 2026-11-24 for
    2026年11月24日. What is not understood stays as it was typed."""
    by_name = members(model)
    for name, text in fields:
        value = _understood(by_name[name].marks, text) if name in by_name else None
        yield name, text if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _understood(marks: Iterable[Any], text: str) -> Any:
    for mark in marks:
        if isinstance(mark, Text | Written) and len(text) <= (mark.longest or _LONGEST):
            read = mark.spelling if isinstance(mark, Text) else mark.read
            return read(text) if read else None
    return None
