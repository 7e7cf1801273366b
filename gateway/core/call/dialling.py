"""Which numbers may be called: dial patterns as Asterisk has them, so that both sides judge alike.

X is 0-9, Z 1-9, N 2-9, [3-9] or [135] one digit of them; a dot at the end stands for one digit or more.
Used by the settings, by the dialplan through asterisk_conf, and by the switchboard before it asks for a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

CHINA = (
    "1[3-9]XXXXXXXXX",  # mobile
    "01[3-9]XXXXXXXXX",  # mobile of another place, as some carriers want it
    "010[2-8]XXXXXXX",  # landlines with area code; behind it 1 and 9 would be service numbers
    "02X[2-8]XXXXXXX",
    "0[3-9]XX[2-8]XXXXXX",
    "0[3-9]XX[2-8]XXXXXXX",
    "[2-8]XXXXXX",  # landlines of this place
    "[2-8]XXXXXXX",
    "[48]00XXXXXXX",  # firms' hotlines at local rates or free
    "95XXX",  # national service numbers of firms
    "95XXXX",
    "95XXXXX",
    "95XXXXXX",
    "100XX",  # carriers
    "123XX",  # public services: 12345, 12348
    "11[09]",
    "12[02]",
)
"""National numbers without those that cost extra (12590, 168…, 96…) and without foreign countries."""

PUBLIC = ("123XX", "11[09]", "12[02]")
"""Public services: 12345, 12348, 110."""

_ONE = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": "[0-9]+"}
_PATTERN = re.compile(r"(?:[0-9XZN]|\[(?:[0-9]|[0-9]-[0-9])+\])+\.?", re.ASCII)
_PART = re.compile(r"\[[0-9-]+\]|.")


def is_pattern(text: str) -> bool:
    """Can this be a pattern? Anything else would be syntax in Asterisk's configuration."""
    return _PATTERN.fullmatch(text) is not None


def allowed(number: str, patterns: Iterable[str]) -> bool:
    """May this number be called? Only digits ever may."""
    return any(_compiled(pattern).fullmatch(number) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_ONE.get(part, part) for part in _PART.findall(pattern)))
