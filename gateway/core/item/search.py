"""Search among all items: how texts are cut into tokens, and whether a text has what was looked for. Pure.

Any database can look tokens up. Characters that are no ASCII stand in the index as pairs of neighbours, so
that names of two characters, parts of a firm's name and characters beyond the basic plane are found alike;
ASCII letters and digits as groups of four, and words shorter than that whole. The characters of a person's
name stand there singly too. An index of tokens gives candidates; `Search.fits` reads their texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import add

from gateway.core import telephone
from gateway.core.item import number as numbers
from gateway.core.item.contact import Channel, Kind
from gateway.core.item.item import ItemState

NUMBER, PHONE, MARK = "№", "☎", "※"
"""Begin tokens that stand for a whole number, telephone or keyed hash: no letter of a text looks so."""
LONGEST = 100
"""Characters of what is looked for."""
GROUP = 4
_MARKS = re.compile(r"[\W_]+")
_RUNS = re.compile(r"[a-z0-9]+|[^a-z0-9]+")


def squashed(text: str) -> str:
    """Letters and digits alone, of one width and case: spaces and marks do not part what is looked for."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Texts:
    """What of an item can be searched. `name` is empty where the identity is sealed."""

    name: str = ""
    firm: str = ""
    content: str = ""
    phones: tuple[str, ...] = ()

    def fields(self) -> tuple[str, ...]:
        return tuple(squashed(text) for text in (self.name, self.firm, self.content, *self.phones))


# ------------------------------------------------------------------ tokens of an item


def tokens(
    number: str, texts: Texts, elsewhere: tuple[str, ...] = (), marks: tuple[str, ...] = ()
) -> set[str]:
    """What an item is found by. `elsewhere`: its numbers in other systems; `marks`: keyed hashes of a
    reporter."""
    cut: set[str] = set(squashed(texts.name))
    for field in texts.fields():
        for run in _RUNS.findall(field):
            cut.update(_groups(run))
    cut.update(f"{PHONE}{form}" for phone in texts.phones for form in _phone_forms(phone))
    cut.update(f"{NUMBER}{squashed(written)}" for written in (number, *elsewhere))
    cut.update(f"{MARK}{mark.strip('#')}" for mark in marks if mark)
    return cut


def _groups(run: str) -> Iterable[str]:
    """A run of one kind of characters, cut. In C where it counts: each item that is taken in is cut."""
    if not run[0].isascii():
        return map(add, run, run[1:]) if len(run) > 1 else (run,)
    return [run[at : at + GROUP] for at in range(max(1, len(run) - GROUP + 1))]


def _phone_forms(phone: str) -> set[str]:
    """The one form of a number, and a landline's without its area code."""
    read = telephone.read(phone)
    if read is None or len(read.number) < telephone.COMPARED:
        return set()
    return {telephone.to_dial(read.number), read.number[read.area :].lstrip("+")}


# ------------------------------------------------------------------ what is looked for


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: items with every word in one of their fields, or with one of the tokens `exact`.

    The index is asked for items with all of `tokens`. `whole`: it is a telephone or a number, and is looked
    for in texts only where no item has it as its own.
    """

    words: tuple[str, ...]
    tokens: frozenset[str]
    exact: frozenset[str]
    whole: bool = False

    def fits(self, texts: Texts) -> bool:
        """Does every word stand in a field?"""
        fields = texts.fields()
        return all(any(word in field for field in fields) for word in self.words)


def looked_for(text: str, area_code: str = "", marks: tuple[str, ...] = ()) -> Search:
    """The search for what somebody typed. `marks` are the keyed hashes that he may look for."""
    text = text[:LONGEST].strip()
    whole = squashed(text)
    exact = {f"{MARK}{mark.strip('#')}" for mark in marks if mark}
    for spelling in telephone.spellings(text, area_code):
        exact |= {f"{PHONE}{telephone.to_dial(form)}" for form in [telephone.comparable(spelling)] if form}
    if len(whole) >= GROUP:
        exact.add(f"{NUMBER}{numbers.normal(text) if numbers.valid(numbers.normal(text)) else whole}")
    is_whole = bool(telephone.comparable(text)) or numbers.valid(numbers.normal(text))
    parts = [whole] if is_whole else [squashed(part) for part in text.split()]
    words = [part for part in parts if part]
    sure = frozenset(token for word in words for token in _sure(word))
    # Of what may be a part of longer tokens only whole words are found, and single characters of names.
    short = frozenset(token for word in words for run in _RUNS.findall(word) for token in _groups(run))
    return Search(tuple(words), sure or short, frozenset(exact), is_whole)


def _sure(word: str) -> Iterator[str]:
    """The tokens that every text with this word has. A short run at its edge may go on in the text, and is
    part of other tokens then."""
    runs = _RUNS.findall(word)
    for place, run in enumerate(runs):
        if 0 < place < len(runs) - 1 or len(run) >= (GROUP if run[0].isascii() else 2):
            yield from _cover(run)


def _cover(run: str) -> Iterator[str]:
    """Tokens of a run that together have all its characters: fewer than all that it is cut into, since each
    costs a look into the index, and what is found is read anyway."""
    groups = list(_groups(run))
    yield from groups[:: len(groups[0])]
    yield groups[-1]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is wanted of the items, the newest first. Without `search` all of the period.

    `first` and `last` are days of receipt; `after` is the number of the last item seen.
    """

    search: Search | None = None
    state: ItemState | None = None
    channel: Channel | None = None
    kind: Kind | None = None
    first: date | None = None
    last: date | None = None
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers, what `after` must be for those that follow ("" at the end), and is every item indexed?"""

    numbers: tuple[str, ...]
    next: str
    complete: bool
