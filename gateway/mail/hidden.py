"""What an HTML mail hides from its reader: taken out before the text is read and a copy is made.

Senders hide a line for the list of mails, marks for spam filters, or words that are there to mislead. The
kept original holds them all. One pass over the tags; time grows with the length alone.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from functools import lru_cache

from gateway.mail.tags import CLOSE_THEMSELVES

RULES = 2000  # rules of style sheets that are looked at
SHEETS = 256 * 1024  # characters of style sheets that are looked at

_WITH_ATTRIBUTES = re.compile(r"<(script(?=[\s/>])|[a-z][a-z0-9]{0,15}(?=[\s/]))[^<>]*>?", re.I)
_STYLE = re.compile(r"\bstyle\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_CLASS = re.compile(r"\b(class|id)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN_MARK = re.compile(r"\shidden(?=[\s=/>]|$)", re.I)
_SHEET = re.compile(r"<style\b[^<>]{0,1000}>(.*?)</style", re.I | re.S)
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.S)
_FOR_SOME = re.compile(r"@[^{}@;]{0,500}\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")  # @media: for some screens only
_RULE = re.compile(r"([^{}@;]{1,500})\{([^{}]{0,2000})\}")
_SIMPLE = re.compile(r"(?:[a-z][a-z0-9]{0,15})?([.#][\w-]{1,100})", re.I)
_NOTHING = r"0*(?:\.0+)?(?:px|pt|em|rem|ex|%|vh|vw|cm|mm|in)?"
_ZERO = re.compile(rf"0{_NOTHING}|\.0+(?:px|pt|em|rem|ex|%)?")
_FAR_AWAY = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt)?")


def without_hidden(source: str) -> str:
    """The page without the elements that a reader never sees."""
    marks = _hidden_marks(source)
    kept, at = [], 0
    for start, end in _hidden_places(source, marks):
        kept.append(source[at:start])
        at = end
    return "".join((*kept, source[at:])) if kept else source


def hides(style: str) -> bool:
    """Does this style make an element invisible?"""
    declarations = _declarations(style)
    if declarations.get("display") == "none" or declarations.get("visibility") in ("hidden", "collapse"):
        return True
    if (
        declarations.get("mso-hide") == "all"
        or _is_zero(declarations.get("font-size"))
        or _is_zero(declarations.get("opacity"))
    ):
        return True
    cut = declarations.get("overflow", declarations.get("overflow-y", "")) in ("hidden", "clip")
    if cut and any(
        _is_zero(declarations.get(name)) for name in ("height", "max-height", "width", "max-width")
    ):
        return True
    moved = (
        declarations.get("text-indent"),
        *(declarations.get(name) for name in ("left", "top", "margin-left")),
    )
    return any(_FAR_AWAY.fullmatch(value) is not None for value in moved if value)


def _declarations(style: str) -> dict[str, str]:
    declarations = {}
    for declaration in html.unescape(style)[:4000].split(";"):
        name, _, value = declaration.partition(":")
        declarations[name.strip().lower()] = value.partition("!")[0].strip().lower()
    return declarations


def _is_zero(value: str | None) -> bool:
    return value is not None and _ZERO.fullmatch(value) is not None


def _hidden_marks(source: str) -> frozenset[str]:
    """Classes (.name) and ids (#name) that a style sheet hides for every screen."""
    marks: set[str] = set()
    sheets = "\n".join(match[1] for match in _SHEET.finditer(source[: 4 * SHEETS]))[:SHEETS]
    rules = _RULE.finditer(_FOR_SOME.sub(" ", _COMMENT.sub(" ", sheets)))
    for rule in itertools.islice(rules, RULES):
        if hides(rule[2]):
            matches = (_SIMPLE.fullmatch(selector.strip()) for selector in rule[1].split(","))
            marks |= {match[1].lower() for match in matches if match}
    return frozenset(marks)


def _hidden_places(source: str, marks: frozenset[str]) -> Iterator[tuple[int, int]]:
    """From where to where each hidden element reaches, outermost ones only. One whose end is missing, and
    others of its name behind it, stay: what a reader would see of them is uncertain."""
    at = 0
    never_closed: set[str] = set()
    for tag in _WITH_ATTRIBUTES.finditer(source):
        name = tag[1].lower()
        if tag.start() < at or name in CLOSE_THEMSELVES or name in never_closed:
            continue
        if name == "script" or _is_hidden(tag[0], marks):
            end = _end_of(source, name, tag.end())
            if end < 0:
                never_closed.add(name)
            else:
                yield tag.start(), end
                at = end


def _end_of(source: str, name: str, at: int) -> int:
    """Where the element that began before `at` ends; -1 when it does not."""
    depth = 1
    for tag in _tags_of(name).finditer(source, at):
        if not tag[1] and name == "p":
            return tag.start()  # a second <p> ends the first
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return -1


@lru_cache(64)
def _tags_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(/?){name}(?![a-z0-9])[^<>]*>?", re.I)


def _is_hidden(tag: str, marks: frozenset[str]) -> bool:
    tag = tag.lower()
    if "hidden" in tag and _HIDDEN_MARK.search(_QUOTED.sub('""', tag)):
        return True
    if "style" in tag and (style := _STYLE.search(tag)) and hides(style[1].strip("\"'")):
        return True
    return bool(marks) and not marks.isdisjoint(_marks_of(tag))


def _marks_of(tag: str) -> Iterator[str]:
    for kind, names in _CLASS.findall(tag):
        sign = "." if kind == "class" else "#"
        yield from (f"{sign}{name}" for name in names.strip("\"'").split())
