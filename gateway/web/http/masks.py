"""Telephone numbers in lists, masked for whoever looks at a page: the last four digits are enough there.

Whole they stand where one call or one item is looked at, and each such look is in the audit log. Programs
with a token get them whole. docs/operating/accounts.md has the decision.
"""

from __future__ import annotations

from typing import Any, TypeVar

from gateway.core import telephone
from gateway.web.http.models import AnswerModel

M = TypeVar("M", bound=AnswerModel)

NUMBERS = frozenset({"phone", "caller", "dialled"})
"""Members of answers that are telephone numbers, when they are texts."""


def masked(number: str) -> str:
    """The last four digits behind four stars; of a short number nothing; "" of a caller without one."""
    if not number:
        return ""
    digits = telephone.plain(number) or number  # without an extension
    return f"****{digits[-4:]}" if len(digits) > 7 else "****"


def with_masked_numbers(model: M) -> M:
    """The same answer, every telephone number in it masked."""
    changes: dict[str, Any] = {}
    for name, before in model.__dict__.items():
        after = masked(before) if name in NUMBERS and type(before) is str else _hidden(before)
        if after is not before:
            changes[name] = after
    return model.model_copy(update=changes) if changes else model


def _hidden(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_hidden(entry) for entry in value)
    return with_masked_numbers(value) if isinstance(value, AnswerModel) else value
