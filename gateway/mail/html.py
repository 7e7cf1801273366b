"""HTML mails: a harmless copy to look at, and the text in it. Nothing is ever loaded from outside."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import nh3

SIZE = 2 * 1024 * 1024  # characters looked at
TAGS = 20_000
OPEN = 300  # elements open at once; an HTML parser's time grows with their square
_NAMES = re.compile(r"\w+")
TAGS_KEPT = set(
    _NAMES.findall(
        "a b blockquote br caption center code dd div dl dt em font h1 h2 h3 h4 h5 h6 hr i li ol p pre s"
        " small span strong sub sup table tbody td tfoot th thead tr u ul"
    )
)
ATTRIBUTES_KEPT = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>?|<[!?][^<>]*>?")
_VOID = frozenset(_NAMES.findall("br hr img input meta link p li td tr th col area base wbr source option"))
_SILENT = ("script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe")
_CLOSING = {name: re.compile(f"</{name}", re.IGNORECASE) for name in _SILENT}
_LINES = frozenset(
    _NAMES.findall("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote hr pre dt dd section article")
)
_CELLS = frozenset(("td", "th"))


def clean(source: str) -> str:
    """A copy without scripts, styles, forms and pictures; "" when it is too big or too deep for one."""
    if len(source) > SIZE or not _sound(source):
        return ""
    return nh3.clean(
        source,
        tags=TAGS_KEPT,
        attributes=ATTRIBUTES_KEPT,
        clean_content_tags={"script", "style", "head", "title", "template", "noscript", "iframe", "object"},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def text(source: str) -> str:
    """The words, line by line as a reader would see them. Takes any HTML, in one pass."""
    spoken = "".join(_spoken(source[:SIZE]))
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in spoken.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _spoken(source: str) -> Iterator[str]:
    at = 0
    never_closed: set[str] = set()
    source = _without_comments(source)
    for tag in _TAG.finditer(source):
        if tag.start() < at:
            continue
        yield _unescaped(source[at : tag.start()])
        at = tag.end()
        name = (tag[2] or "").lower()
        if name in _CLOSING and not tag[1] and name not in never_closed:
            closing = _CLOSING[name].search(source, at)
            at = closing.start() if closing else at
            if not closing:
                never_closed.add(name)
        elif name in _LINES:
            yield "\n"
        elif name in _CELLS and not tag[1]:
            yield " "
    yield _unescaped(source[at:])


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"[\r\n]+", " ", text))


def _without_comments(source: str) -> str:
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


def _sound(source: str) -> bool:
    """Few enough tags, and never many open at once?"""
    depth = 0
    for count, tag in enumerate(_TAG.finditer(source)):
        name = (tag[2] or "").lower()
        if name and name not in _VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if count > TAGS or depth > OPEN:
            return False
    return True
