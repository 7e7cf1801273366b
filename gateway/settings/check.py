"""What is wrong with the contents of gateway.toml: pydantic's errors in the operator's words, all at once.

pydantic tells rules between fields only where every field is right. So that all faults are told together,
those rules are held against what can be built of the right values and defaults for the rest.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.field_rules import limits
from gateway.settings.fields import CROSS_FIELD, Section
from gateway.settings.schema import Settings

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the path of the key, as ("web", "port") or ("agents", 0, "seat"), and a sentence."""

    path: Path
    text: str


@cache
def sections() -> dict[str, type[Section]]:
    """The tables written once, [name]."""
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Section)
    }


@cache
def tables() -> dict[str, type[Section]]:
    """The tables written any number of times, [[name]]."""
    rows = {name: field for name, field in Settings.model_fields.items() if name not in sections()}
    return {name: get_args(field.annotation)[0] for name, field in rows.items()}


def kind_of(name: str) -> type[Section]:
    return sections().get(name) or tables()[name]


def keys(kind: type[Section]) -> dict[str, FieldInfo]:
    """The fields of a model by their names in gateway.toml."""
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def check(data: Mapping[str, Any]) -> tuple[Settings | None, list[Fault]]:
    """The settings, or every fault of them."""
    try:
        return Settings.model_validate(data), []
    except ValidationError as error:
        errors = [row for row in error.errors(include_url=False) if row["type"] != CROSS_FIELD]
    wrong_type = {_key_path(row["loc"]) for row in errors if row["type"].endswith(("_type", "_forbidden"))}
    faults = [_fault(row, data) for row in errors]
    faults += _cross_faults(_construct(data, wrong_type))
    return None, list(dict.fromkeys(faults))


def _construct(data: Mapping[str, Any], wrong: set[Path]) -> Settings:
    """Settings that are not validated: the values of a right type, and defaults for the rest."""
    parts: dict[str, Any] = {}
    for name, part in data.items():
        if name in sections():
            parts[name] = _construct_section(sections()[name], part, wrong, (name,))
        elif name in tables() and isinstance(part, list) and (name,) not in wrong:
            parts[name] = tuple(
                _construct_section(tables()[name], row, wrong, (name, number))
                for number, row in enumerate(part)
            )
    return Settings.model_construct(**parts)


def _construct_section(kind: type[Section], part: Any, wrong: set[Path], path: Path) -> Section:
    right = {key: value for key, value in _dict(part).items() if (*path, key) not in wrong}
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in right.items()}
    return kind.model_construct(None, **values)


def _dict(part: Any) -> dict[str, Any]:
    return part if isinstance(part, dict) else {}


def _cross_faults(settings: Settings) -> Iterator[Fault]:
    for name in sections():
        yield from _broken(getattr(settings, name), (name,))
    for name in tables():
        for number, row in enumerate(getattr(settings, name)):
            yield from _broken(row, (name, number))
    yield from _broken(settings, ())


def _broken(section: Section, path: Path) -> Iterator[Fault]:
    for fault in section.cross_faults():
        full = (*path, *fault.path)
        yield Fault(full, _sentence(_place(full), fault.text))


def _fault(error: ErrorDetails, data: Mapping[str, Any]) -> Fault:
    """One error of pydantic, told as the operator reads it."""
    path = error["loc"]
    names = [part for part in path if isinstance(part, str)]
    if error["type"] == "extra_forbidden":
        return Fault(path, _unknown(names))
    if len(names) == 1:
        name = names[0]
        text = (
            f"[{name}] must be a table"
            if name in sections()
            else f"{name} must be written as [[{name}]] tables"
        )
        return Fault((name,), text)
    field = keys(kind_of(names[0]))[names[1]]
    if error["type"].endswith("_type"):
        value = _value(data, _key_path(path))
        return Fault(_key_path(path), f"{_place(path)} must be {type_name(field)}, not {value!r}")
    if isinstance(path[-1], int):
        return Fault(_key_path(path), f"{_place(path)}: {error['input']!r} {_item_text(error, field)}")
    return Fault(path, _sentence(_place(path), _text(error, field), error["input"]))


def _sentence(place: str, text: str, value: object = None) -> str:
    if text.startswith("must be") and value is not None:
        return f"{place} {text}, not {value!r}"
    shown = "" if value is None else f" {value!r}"
    return f"{place}{shown}{text}" if text.startswith(":") else f"{place}{shown} {text}"


def _text(error: ErrorDetails, field: FieldInfo) -> str:
    if error["type"] == "literal_error":
        *others, last = choices(field)
        return f"must be {', '.join(others)} or {last}"
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        return f"must be {limits(field)}"
    return error["msg"]


def _item_text(error: ErrorDetails, field: FieldInfo) -> str:
    if error["type"] != "literal_error":
        return error["msg"]
    allowed = choices(field)
    return f"is not known; {', '.join(difflib.get_close_matches(str(error['input']), allowed, 1) or allowed)}"


def _unknown(names: Sequence[str]) -> str:
    key = names[-1]
    names_there = [*keys(kind_of(names[0]))] if len(names) > 1 else [*sections(), *tables()]
    near = difflib.get_close_matches(key, names_there, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names_there)}"
    return f"{f'[{names[0]}] ' if len(names) > 1 else ''}unknown key {key!r}{hint}"


def item_type(field: FieldInfo) -> object:
    """The type of a list's items; None for a field that holds one value."""
    if get_origin(field.annotation) is not tuple:
        return None
    item = get_args(field.annotation)[0]
    return getattr(item, "__origin__", item) if hasattr(item, "__metadata__") else item


def type_name(field: FieldInfo) -> str:
    item = item_type(field)
    if item is not None:
        return "a list of whole numbers" if item is int else "a list of texts"
    if field.annotation is bool:
        return "true or false"
    return "a whole number" if field.annotation is int else "a text"


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The values that may be chosen, of one or of the items of a list; () where others may stand as well."""
    for kind in (field.annotation, item_type(field)):
        if get_origin(kind) is Literal:
            return get_args(kind)
    return ()


def _key_path(path: Path) -> Path:
    """The path without the place within a list of values: that has no line of its own."""
    return path[:-1] if isinstance(path[-1], int) and len(path) > 2 else path


def _place(path: Iterable[str | int]) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _value(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data
