"""Items that may be the same matter: found by telephone, e-mail, identity number and firm.

Nothing is joined by itself: a person decides.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core import telephone
from gateway.core.item import duplicates
from gateway.core.item.contact import Kind, Person
from gateway.core.item.deadlines import Rules
from gateway.core.item.duplicates import Likely
from gateway.core.item.item import Item
from gateway.core.item.revision import secret
from gateway.intake.clocks import hour_of
from gateway.intake.item_changes import ItemChanges
from gateway.intake.splits import split_key
from gateway.storage import Transaction
from gateway.storage.links import Signs

_CITY = re.compile(r"\w{2,3}?市")


MOST_EARLIER = 20  # items of a person or about a firm


@dataclass(frozen=True, slots=True)
class History:
    """Items of the same person, and items about the same firm."""

    person: tuple[Item, ...]
    respondent: tuple[Item, ...]


class LikelyDuplicates:
    """`centre` names the city, which stands before firms' names; `area_code` completes local numbers."""

    def __init__(self, changes: ItemChanges, rules: Rules, centre: str, area_code: str) -> None:
        self._changes = changes
        self._items = changes.items
        self._links = changes.links
        self._area_code = area_code
        city = _CITY.match(centre)
        names = [city[0]] if city else []
        self._places = duplicates.place_names([*names, *(division.zh for division in rules.divisions)])

    async def likely(self, number: str) -> tuple[Likely, ...]:
        """Items that may be the same matter, the likeliest first, without those tied to it already.

        Raises NotFound, StorageDown.
        """

        def searched(t: Transaction) -> tuple[Item, list[Item]]:
            item = self._items.there(t, number)
            item = replace(item, person=self._items.person_of(t, item))
            others = self._links.candidates(t, item, self._signs(item), duplicates.MOST)
            tied = {link.other for link in self._links.links_of(t, number)} | {item.merged_into}
            tied |= self._parted(t, item, others)
            return item, [other for other in others if other.number not in tied]

        item, others = await self._changes.read(searched)
        likely = await asyncio.to_thread(duplicates.likely, item, others, self._places)
        return tuple(replace(entry, item=_without_reporter(entry.item)) for entry in likely)

    async def history(self, number: str) -> History:
        """What else came from this person and about this firm, the newest first. Of who reported nothing is
        told: no report is named as a person's, and of a report no person's items.

        Raises NotFound, StorageDown.
        """

        def searched(t: Transaction) -> History:
            item = self._items.there(t, number)
            signs = self._signs(replace(item, person=self._items.person_of(t, item)))
            named = self._links.candidates(t, item, Signs(respondent=signs.respondent), duplicates.MOST)
            firms = [other for other in named if self._is_same_firm(item, other)][:MOST_EARLIER]
            own: list[Item] = []
            if not secret(item):
                candidates = self._links.candidates(t, item, replace(signs, respondent=""), MOST_EARLIER)
                own = [other for other in candidates if not secret(other)]
            return History(_newest(own), _newest(firms))

        return await self._changes.read(searched)

    def _is_same_firm(self, item: Item, other: Item) -> bool:
        """Names that begin alike are found; a beauty parlour and a shop of one name are two firms."""
        names = (duplicates.firm(one.respondent.name, self._places) for one in (item, other))
        return duplicates.firm_likeness(*names) >= duplicates.SAME_FIRM

    def _parted(self, t: Transaction, item: Item, others: Sequence[Item]) -> set[str]:
        """Of these, the other half of an anonymous split: to suggest it would tell who reported."""
        if not item.anonymous:
            half = self._items.known(t, self._anonymous_key(item.number))
            return {half[1]} if half else set()
        near = [other.number for other in others if hour_of(other.received_at) == item.received_at]
        halves = {n: self._items.known(t, self._anonymous_key(n)) for n in near}
        return {number for number, half in halves.items() if half and half[1] == item.number}

    def _anonymous_key(self, number: str) -> str:
        return split_key(self._changes.storage.identities, number, Kind.REPORT, True)

    def _signs(self, item: Item) -> Signs:
        person = item.person
        firm = duplicates.firm(item.respondent.name, self._places)
        return Signs(
            telephone.spellings(person.phone, self._area_code),
            _spellings(person.email.strip()),
            _spellings(person.id_number.strip()),
            firm[:4] if len(firm) >= 2 else "",
        )


def _without_reporter(item: Item) -> Item:
    """As it may be shown: a reporter was opened to be compared alone."""
    return replace(item, person=Person()) if item.withheld else item


def _newest(items: Sequence[Item]) -> tuple[Item, ...]:
    return tuple(sorted(map(_without_reporter, items), key=lambda item: item.received_at, reverse=True))


def _spellings(text: str) -> tuple[str, ...]:
    """A word as it is usually written: as given, small, in capitals."""
    return tuple(dict.fromkeys((text, text.lower(), text.upper()))) if text else ()
