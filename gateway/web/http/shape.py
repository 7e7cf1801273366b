"""What a member of an API shape is: its meaning and its limits, said once.

Shapes are frozen dataclasses; a member with limits is Annotated with its Rule. Requests are read by
them (reading.py), answers are written by them (writing.py), and OpenAPI describes them (schema.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Rule:
    """The meaning of a member and the limits of its value.

    `longest` and `shortest` are in characters, of each entry in a list, `entries` its length;
    `pattern` must match the whole text, `words` says it in Chinese and English; `least`, `most` and
    `places` (decimals) bound numbers; `lines` lets a text have line breaks. `spelling` brings what people
    write into one spelling (core/written.py) before the other limits are looked at: a text, a day or an
    amount, None for what is neither.
    """

    zh: str
    en: str
    longest: int | None = None
    shortest: int = 0
    entries: int | None = None
    pattern: str = ""
    words: tuple[str, str] = ("", "")
    least: int | None = None
    most: int | None = None
    places: int | None = None
    lines: bool = False
    spelling: Callable[[str], Any] | None = None
    example: Any = None

    def matches(self, text: str) -> bool:
        return not self.pattern or re.fullmatch(self.pattern, text) is not None

    @property
    def forbidden(self) -> str:
        """Characters that no text has, as the inside of a character class."""
        return r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f" if self.lines else r"\x00-\x1f\x7f"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a shape, with its type taken apart.

    `kind` is the type without None; `listed` is True for tuple[kind, ...], `nested` where kind is a shape
    itself. `field` is the dataclass's
    own name for it: one that Python keeps for itself, such as from, has an underscore behind it there.
    """

    name: str
    field: str
    kind: Any
    listed: bool
    optional: bool
    required: bool
    default: Any
    rule: Rule
    nested: bool


_KNOWN: dict[type[Any], Mapping[str, Member]] = {}


def members(shape: type[Any]) -> tuple[Member, ...]:
    """The members of a shape in their order."""
    return tuple(by_name(shape).values())


def by_name(shape: type[Any]) -> Mapping[str, Member]:
    """The same, to be looked up; worked out once."""
    if shape not in _KNOWN:
        _KNOWN[shape] = {m.name: m for m in _members(shape)}
    return _KNOWN[shape]


def _members(shape: type[Any]) -> Iterator[Member]:
    hints = get_type_hints(shape, include_extras=True)
    for f in fields(shape):
        hint, rule = _without_rule(hints[f.name])
        kind, optional = _without_none(hint)
        listed = get_origin(kind) is tuple
        one = get_args(kind)[0] if listed else kind
        yield Member(
            name=f.name.removesuffix("_"),
            field=f.name,
            kind=one,
            listed=listed,
            optional=optional,
            required=f.default is MISSING,
            default=None if f.default is MISSING else f.default,
            rule=rule,
            nested=is_dataclass(one),
        )


def _without_rule(hint: Any) -> tuple[Any, Rule]:
    if get_origin(hint) is not Annotated:
        return hint, Rule("", "")
    kind, rule = get_args(hint)
    return kind, rule


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1:
        raise TypeError(f"{hint}: a member has one type, or that and None")
    return kinds[0], True
