"""How tags are found in the HTML of a mail, as far as reading its text needs it."""

from __future__ import annotations

import re

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>?|<[!?][^<>]*>?")
"""One tag: its slash, its name. A declaration has no name."""

CLOSE_THEMSELVES = frozenset(
    ("br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source")
)
"""Elements that hold nothing."""


def without_comments(source: str) -> str:
    """The page without <!-- … -->; what follows a comment that never ends is none of the page."""
    kept, at = [], 0
    while (begin := source.find("<!--", at)) >= 0:
        kept.append(source[at:begin])
        end = source.find("-->", begin)
        if end < 0:
            break
        at = end + 3
    else:
        kept.append(source[at:])
    return "".join(kept)
