"""HTML mails: a harmless copy to look at, and the text in it. Nothing is ever loaded from outside."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator

import nh3

from gateway.mail.hidden import without_hidden
from gateway.mail.tags import CLOSE_THEMSELVES, TAG, without_comments

SIZE = 2 * 1024 * 1024  # characters looked at
SPOKEN = 200_000  # characters of text that are taken
TAGS_READ = 60_000
# A harmless copy is made of pages within these alone: the HTML parser's time grows with their square.
PAGE = 512 * 1024  # characters
MARKS = 20_000  # tags and character references
OPEN = 300  # elements open at once
LONGEST_TAG = 4096  # characters of one tag; longer ones (pictures written out) are left out

_NAMES = re.compile(r"\w+")
TAGS_KEPT = set(
    _NAMES.findall(
        "a b blockquote br caption center code dd div dl dt em font h1 h2 h3 h4 h5 h6 hr i li ol p pre s"
        " small span strong sub sup table tbody td tfoot th thead tr u ul"
    )
)
ATTRIBUTES_KEPT = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_LONG_TAG = re.compile(rf"<[^<>]{{{LONGEST_TAG},}}>?")
_VOID = CLOSE_THEMSELVES | {"p", "li", "td", "tr", "th", "option"}  # none is left open by habit
_SILENT = ("script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe")
_CLOSING = {name: re.compile(f"</{name}", re.IGNORECASE) for name in _SILENT}
_LINES = frozenset(
    _NAMES.findall("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote hr pre dt dd section article")
)
_CELLS = frozenset(("td", "th"))
_AS_TYPED = frozenset(("pre", "textarea", "listing", "xmp"))  # line ends within are line ends
_LONG_ENOUGH = len("<b style=white-space:pre")
_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)


def shown(source: str) -> str:
    """The page without what its reader never sees: comments, and elements that are hidden."""
    return without_hidden(without_comments(source[:SIZE]))


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
    at = spoken = 0
    never_closed: set[str] = set()
    typed: list[str] = []  # elements around this place whose line ends count
    for tag in itertools.islice(TAG.finditer(source), TAGS_READ):
        if tag.start() < at:
            continue
        words = source[at : tag.start()]
        yield words if typed or "\n" not in words else words.replace("\n", " ")
        spoken += len(words)
        if spoken > SPOKEN:
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
        if typed or name in _AS_TYPED or len(tag[0]) > _LONG_ENOUGH:
            _note_typed(typed, tag, name)
    rest = source[at : at + SPOKEN].replace("\n", " ")
    yield rest if "<" not in rest else TAG.sub(" ", rest)


def _note_typed(typed: list[str], tag: re.Match[str], name: str) -> None:
    """Keep the list of open elements in which line ends count, and of those of the same names within."""
    if tag[1]:
        if typed and typed[-1] == name:
            typed.pop()
        return
    begins = name in _AS_TYPED or (typed and name == typed[-1]) or _KEEPS_LINES.search(tag[0])
    if begins and name and name not in _VOID and len(typed) < OPEN:
        typed.append(name)


def _shallow(source: str) -> bool:
    """Are never many elements open at once?"""
    depth = 0
    for tag in TAG.finditer(source):
        name = (tag[2] or "").lower()
        if name and name not in _VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > OPEN:
            return False
    return True
