"""Telephone numbers in lists, masked for whoever looks at a page: the last four digits are enough there.

Whole they stand where one call or one item is looked at, and each such look is in the audit log. Programs
with a token get them whole. docs/operating/accounts.md has the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from gateway.core import telephone

T = TypeVar("T")

NUMBERS = frozenset({"phone", "caller", "dialled"})
"""Members of shapes that are telephone numbers, when they are texts."""


def masked(number: str) -> str:
    """The last four digits behind four stars; of a short number nothing; "" of a caller without one."""
    if not number:
        return ""
    digits = telephone.plain(number) or number  # without an extension
    return f"****{digits[-4:]}" if len(digits) > 7 else "****"


def with_masked_numbers(shape: T) -> T:
    """The same shape, every telephone number in it masked."""
    hidden: Any = _hidden(shape)
    return hidden  # type: ignore[no-any-return]


def _hidden(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_hidden(one) for one in value)
    if isinstance(value, BaseModel):
        changes = _changes(value.__dict__.items())
        return value.model_copy(update=changes) if changes else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = _changes((one.name, getattr(value, one.name)) for one in fields(value))
    return replace(value, **changes) if changes else value


def _changes(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    changes = {}
    for name, before in members:
        after = masked(before) if name in NUMBERS and type(before) is str else _hidden(before)
        if after is not before:
            changes[name] = after
    return changes
