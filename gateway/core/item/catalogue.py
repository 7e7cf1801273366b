"""Entries of the lists in rules/: grounds, categories, claims, divisions, stations, retention.

Pure data, read by gateway/rules/load.py, shown by pages and offered by the API. `verified` is False where
nobody has yet held the entry against the official text; `source` says where it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground of a decision, by the number that the notice to the person cites."""

    number: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """All grounds of one decision under one order. `basis` is the article that lists them."""

    basis: str
    verified: bool
    source: str
    entries: tuple[Ground, ...]

    def numbered(self, number: int) -> Ground | None:
        return next((ground for ground in self.entries if ground.number == number), None)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a complainant may ask for (投诉请求)."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class NoticeDuty:
    """A law by which a reporter is told the result of his report: its article, when, and what it wants."""

    id: str
    zh: str
    en: str
    duty_zh: str
    duty_en: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A node of a tree of problems, goods or services. Ids are unique within their tree."""

    id: str
    zh: str
    en: str
    parts: tuple[Category, ...] = ()

    def walk(self) -> Iterator[Category]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def paths(self, above: tuple[Category, ...] = ()) -> Iterator[tuple[Category, ...]]:
        """This node and all below it, each behind those above it."""
        here = (*above, self)
        yield here
        for part in self.parts:
            yield from part.paths(here)


def name_of(trees: Iterable[Category], id: str) -> str:
    """The Chinese name of a node by its id; the id itself where no tree has it."""
    return next((node.zh for tree in trees for node in tree.walk() if node.id == id), id)


@dataclass(frozen=True, slots=True)
class Categories:
    """The three trees that an item is sorted by."""

    problems: tuple[Category, ...]
    goods: tuple[Category, ...]
    services: tuple[Category, ...]

    @property
    def subjects(self) -> tuple[Category, ...]:
        """What it was bought or used: goods, then services."""
        return (*self.goods, *self.services)


@dataclass(frozen=True, slots=True)
class Division:
    """A county, district or zone with a bureau of its own.

    `official` is False for a zone that has no code in GB/T 2260: its code is ours.
    """

    code: str
    zh: str
    en: str
    official: bool = True

    @property
    def bureau(self) -> tuple[str, str]:
        """What its bureau is called, in Chinese and English."""
        return f"{self.zh}市场监督管理局", f"{self.en} Market Regulation Bureau"


@dataclass(frozen=True, slots=True)
class Station:
    """A branch office (所) of a county bureau, which acts in the bureau's name.

    `places` are names by which an address is known to be its: towns, streets, markets, other names of the
    station. `verified` False: an example that nobody has confirmed.
    """

    code: str
    name: str
    phone: str
    county: str
    area: str
    places: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Area:
    """Where landlines with this area code are."""

    code: str
    zh: str
    en: str


def area_of(number: str, areas: Sequence[Area]) -> Area | None:
    """The area of a landline, however its country code is written; None for a mobile number, and for an
    area that is not known."""
    plain = number.strip()
    for country in ("+86", "0086"):
        if plain.startswith(country):
            plain = "0" + plain.removeprefix(country).lstrip("0")
    if plain.startswith("01") and not plain.startswith("010"):
        return None  # a mobile number with the 0 of long distance
    fitting = [area for area in areas if plain.startswith(area.code) and len(plain) >= len(area.code) + 7]
    return max(fitting, key=lambda area: len(area.code), default=None)


AUDIT_LOG = "audit_log"
RECORDING = "recording"  # of any call, also of one that led to an item
RAW_MAIL = "raw_mail"  # whole mails as they came
"""The rule for the audit log, whose whole years are moved into files: it names no kind of item."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long something is kept, in months after its last change."""

    what: str
    zh: str
    en: str
    months: int
    verified: bool
    note: str
