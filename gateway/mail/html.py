"""HTML mails: a harmless copy to look at, and the text in it. Nothing is ever loaded from outside."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator

import nh3

SIZE = 2 * 1024 * 1024  # characters looked at
SPOKEN = 200_000  # characters of text that are taken
TAGS_READ = 60_000
# A harmless copy is made of pages within these alone: the HTML parser's time grows with their square.
PAGE = 512 * 1024  # characters
MARKS = 20_000  # tags and character references
OPEN = 300  # elements open at once
TAG = 4096  # characters of one tag; longer ones (pictures written out) are left out

_NAMES = re.compile(r"\w+")
TAGS_KEPT = set(
    _NAMES.findall(
        "a b blockquote br caption center code dd div dl dt em font h1 h2 h3 h4 h5 h6 hr i li ol p pre s"
        " small span strong sub sup table tbody td tfoot th thead tr u ul"
    )
)
ATTRIBUTES_KEPT = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})[^<>]*>?|<[!?][^<>]*>?")
_LONG_TAG = re.compile(rf"<[^<>]{{{TAG},}}>?")
_VOID = frozenset(_NAMES.findall("br hr img input meta link p li td tr th col area base wbr source option"))
_SILENT = ("script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe")
_CLOSING = {name: re.compile(f"</{name}", re.IGNORECASE) for name in _SILENT}
_LINES = frozenset(
    _NAMES.findall("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote hr pre dt dd section article")
)
_CELLS = frozenset(("td", "th"))


def clean(source: str) -> str:
    """A copy without scripts, styles, forms and pictures; "" when it is too big or too deep for one."""
    source = _LONG_TAG.sub("", source[:SIZE])
    if len(source) > PAGE or source.count("<") + source.count("&") > MARKS or not _shallow(source):
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
    spoken = html.unescape("".join(_spoken(source[:SIZE]))[:SPOKEN])
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in spoken.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _spoken(source: str) -> Iterator[str]:
    """Text between the tags, references still in it."""
    at = said = 0
    never_closed: set[str] = set()
    source = _without_comments(source)
    for tag in itertools.islice(_TAG.finditer(source), TAGS_READ):
        if tag.start() < at:
            continue
        words = source[at : tag.start()]
        yield words if "\n" not in words else words.replace("\n", " ")
        said += len(words)
        if said > SPOKEN:
            return
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
    rest = source[at : at + SPOKEN].replace("\n", " ")
    yield rest if "<" not in rest else _TAG.sub(" ", rest)


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


def _shallow(source: str) -> bool:
    """Are never many elements open at once?"""
    depth = 0
    for tag in _TAG.finditer(source):
        name = (tag[2] or "").lower()
        if name and name not in _VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > OPEN:
            return False
    return True
