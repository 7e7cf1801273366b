"""How one request's pages look: language and view, what the address says before what the browser keeps.

Made by pages.py for each request and handed to every page and template.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from gateway.core.item.catalogue import Category
from gateway.web.http.problem import language

LANGUAGES = ("zh", "en")
VIEWS = ("care", "plain")


@dataclass(slots=True)
class Look:
    """How one request's pages look: its language, and how links keep it."""

    request: web.Request
    lang: str

    def t(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def of(self, thing: Any) -> str:
        """The name of a thing that has one in both languages, fit to begin a line."""
        name = str(getattr(thing, self.lang))
        return name[:1].upper() + name[1:]

    def choices(self, trees: Iterable[Category]) -> list[tuple[str, str]]:
        """Every node of some trees with its way from the root, to choose from."""
        paths = (path for tree in trees for path in tree.paths())
        return [(path[-1].id, " › ".join(self.of(node) for node in path)) for path in paths]

    def half(self, detail: str) -> str:
        """Of an error's detail, which is in both languages, the reader's."""
        zh, slash, en = detail.partition(" / ")
        return en if slash and self.lang == "en" else zh

    @property
    def care(self) -> bool:
        """Large type, one question at a time: what the address says, else what was chosen before."""
        return self.request.query.get("view", self.request.cookies.get("view", "")) == "care"

    def other(self) -> str:
        """The address of this page in the other language; of a form that was sent, its empty one."""
        return self._here("lang", "en" if self.lang == "zh" else "zh")

    def other_view(self) -> str:
        """The address of this page in large type, or in the usual one."""
        return self._here("view", "plain" if self.care else "care")

    def _here(self, name: str, value: str) -> str:
        given = [(name, text) for name, text in self.request.query.items() if name in ("kind", "number", "s")]
        return "?" + urlencode([*given, (name, value)])

    def day(self, on: date) -> str:
        return f"{on.year}年{on.month}月{on.day}日" if self.lang == "zh" else f"{on:%d %B %Y}".lstrip("0")


def language_of(request: web.Request) -> str:
    """What the address says, else what was chosen before, else what the browser likes better."""
    for code in (request.query.get("lang"), request.cookies.get("lang")):
        if code in LANGUAGES:
            return str(code)
    return language(request)
