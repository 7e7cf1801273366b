"""Short messages: how long a text is in segments, and what fits into so many. Pure.

A text of plain Latin characters has 160 in one segment, 153 in each of several; any other is sent as UCS-2
with 70, or 67 of several (3GPP TS 23.040).
"""

from __future__ import annotations

import re

MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_LATIN = re.compile(r"[A-Za-z0-9 \r\n@£$¥!\"#%&'()*+,\-./:;<=>?_]*")
CUT = "…"


def segments(text: str) -> int:
    """How many segments a text takes; 0 for none."""
    single, of_several = (160, 153) if _LATIN.fullmatch(text) else (70, 67)
    units = _units(text)
    return min(units, 1) if units <= single else -(-units // of_several)


def shortened(text: str, most: int, end: str = "") -> str:
    """The text with `end` behind it, cut so that both fit into so many segments."""
    whole = text + end
    if segments(whole) <= most:
        return whole
    kept = text
    while kept and segments(kept + CUT + end) > most:
        kept = kept[:-1]
    return kept.rstrip() + CUT + end


def _units(text: str) -> int:
    """UTF-16 code units: a rare character takes two."""
    return len(text.encode("utf-16-le")) // 2
