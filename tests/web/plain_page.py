"""A page as a client without JavaScript has it: its words, and its forms with what stands in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: where it goes, and its fields as they would be sent now."""

    action: str
    kind: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **given: str | list[str]) -> list[tuple[str, str | bytes]]:
        """What is sent once these fields are filled in."""
        kept: list[tuple[str, str | bytes]] = [
            (name, text) for name, text in self.fields if name not in given
        ]
        for name, value in given.items():
            kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return kept


class Page(HTMLParser):
    """Read with `Page(text)`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self.links: list[str] = []
        self.sources: list[str] = []
        self.words = ""
        self.head = ""
        self._area = ""
        self._select = ""
        self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        self._tag = tag
        if "id" in a:
            assert a["id"] not in self.ids, f"the id {a['id']} stands twice"
            self.ids.add(a["id"])
        self.described |= set(a.get("aria-describedby", "").split())
        self.links += [a["href"]] if tag == "a" else []
        self.sources += [
            a[name] for name in ("src", "href") if name in a and tag in ("link", "script", "img")
        ]
        if tag == "form":
            self.forms.append(Form(a["action"], a.get("enctype", "")))
        elif tag == "input" and "name" in a:
            self._input(a)
        elif tag == "textarea":
            self._area = a["name"]
            self.forms[-1].fields.append((self._area, ""))
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and "selected" in a:
            self.forms[-1].fields.append((self._select, a["value"]))

    def _input(self, a: dict[str, str]) -> None:
        sent = "checked" in a if a.get("type") in ("radio", "checkbox") else a.get("type") != "file"
        if sent:
            self.forms[-1].fields.append((a["name"], a.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            name, text = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, text + data)
        if self._tag == "h1":
            self.head += data.strip()
        self.words += data

    def form(self, action: str) -> Form:
        return next(form for form in self.forms if form.action == action)
