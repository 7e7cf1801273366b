"""Internal notes on an item, and which colleagues are named in them by @. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

SIGNS = "@＠"


@dataclass(frozen=True, slots=True)
class Mention:
    """A note of an item that names an account."""

    number: str
    account: str
    by: str
    at: datetime
    text: str


def named_in(text: str, colleagues: Mapping[str, str]) -> frozenset[str]:
    """The accounts named after an @, by id or by name. `colleagues` has the name of each account.

    Of several that fit (王芳, 王芳芳) the longest; two of one name are both meant.
    """
    named: set[str] = set()
    for at, sign in enumerate(text):
        if sign in SIGNS:
            named |= _begun_with(text[at + 1 :], colleagues)
    return frozenset(named)


def _begun_with(rest: str, colleagues: Mapping[str, str]) -> set[str]:
    fits = {
        account: max(len(word) for word in (account, name) if word and rest.startswith(word))
        for account, name in colleagues.items()
        if rest.startswith(account) or (name and rest.startswith(name))
    }
    longest = max(fits.values(), default=0)
    return {account for account, length in fits.items() if length == longest}
