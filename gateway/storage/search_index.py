"""The index of the search: the tokens of each item, written in the transaction that writes the item.

SQLite keeps them in an FTS5 table, PostgreSQL as 64-bit hashes in an array with a GIN index, so that no
locale and no extension matters. An item's row is its number, which grows with time: the newest come first.
Neither table stands in tables/: SQLAlchemy knows no FTS5, and another database makes its index anew.
`search_progress` tells from which number on all items are in; 0 = every one. The rest is done by `backfill`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select, text

from gateway.core import telephone
from gateway.core.item.contact import Contact, Kind, Person
from gateway.core.item.search import Texts, squashed, tokens
from gateway.storage.database import Transaction
from gateway.storage.identities import Identities
from gateway.storage.one_time_work import Batch
from gateway.storage.prepared import Prepared
from gateway.storage.rows import item_of
from gateway.storage.tables import externals, items

SEARCHED = frozenset(
    {"kind", "person_name", "person_phone", "respondent_name", "respondent_phone", "content"}
)
"""Columns of items that the index is made from."""
NOTHING_DONE = 999_999_999_999
ADD_SQLITE = Prepared(text("insert into search_index (rowid, tokens) values (:number, :tokens)"))
ADD_POSTGRES = text("insert into search_index (number, tokens) values (:number, :tokens)")
DROP = {
    "sqlite": text("delete from search_index where rowid between :first and :last"),
    "postgresql": text("delete from search_index where number between :first and :last"),
}
PROGRESS = text("select below from search_progress")
SET_PROGRESS = text("update search_progress set below = :below")
ITEM = select(items).where(items.c.number == bindparam("number"))
OLDER = (
    select(items)
    .where(items.c.number < bindparam("below"))
    .order_by(items.c.number.desc())
    .limit(bindparam("limit"))
)
ELSEWHERE = select(externals.c.number, externals.c.external_no)


class SearchIndex:
    """The index of one database."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def add(self, t: Transaction, number: str, contact: Contact) -> None:
        """A new item."""
        marks = self.marks_of(contact.person) if contact.kind is Kind.REPORT else ()
        add_many(t, [(number, tokens(number, said_in(contact), (), marks))])

    def put(self, t: Transaction, number: str) -> None:
        """An item as it is now."""
        row = t.execute(ITEM, {"number": number}).mappings().first()
        if row:
            self._put(t, [row])

    def drop(self, t: Transaction, number: str) -> None:
        """Forget an item."""
        t.execute(DROP[t.dialect.name], {"first": int(number), "last": int(number)}).close()

    def _put(self, t: Transaction, rows: Sequence[Any]) -> None:
        """Items that follow each other, the newest first."""
        numbers = [row["number"] for row in rows]
        elsewhere: dict[str, tuple[str, ...]] = {}
        for number, other in t.execute(ELSEWHERE.where(externals.c.number.in_(numbers))):
            elsewhere[number] = (*elsewhere.get(number, ()), other)
        bounds = {"first": int(numbers[-1]), "last": int(numbers[0])}
        t.execute(DROP[t.dialect.name], bounds).close()
        entries = []
        for row in rows:
            number = row["number"]
            marks = self._marks_of(t, row)
            entries.append((number, tokens(number, texts_of(row), elsewhere.get(number, ()), marks)))
        add_many(t, entries)

    def _marks_of(self, t: Transaction, row: Any) -> tuple[str, ...]:
        if row["kind"] != Kind.REPORT.value:
            return ()
        item = item_of(row)
        return self.marks_of(self._identities.person_of(t, item)) if item.withheld else ()

    def marks_of(self, person: Person) -> tuple[str, ...]:
        """The keyed hashes by which a reporter is found: of his whole name, of his telephone."""
        name = self._identities.mark("name", squashed(person.name))
        return name, self._identities.mark("phone", telephone.comparable(person.phone))

    def marks_for(self, typed: str, area_code: str) -> tuple[str, ...]:
        """The keyed hashes that stand for what somebody typed."""
        spelled = {telephone.comparable(spelling) for spelling in telephone.spellings(typed, area_code)} - {
            ""
        }
        phones = (self._identities.mark("phone", spelling) for spelling in sorted(spelled))
        return self._identities.mark("name", squashed(typed)), *phones

    # ------------------------------------------------------------ what was there before

    def backfill(self, t: Transaction, after: str, limit: int) -> Batch:
        """Put some items in that an older gateway took in, from the newest back."""
        below = progress(t)
        rows = t.execute(OLDER, {"below": f"{below:012}", "limit": limit}).mappings().all() if below else []
        if rows:
            self._put(t, rows)
        t.execute(SET_PROGRESS, {"below": int(rows[-1]["number"]) if rows else 0}).close()
        return Batch(len(rows), after)


def progress(t: Transaction) -> int:
    """From this number on every item is in the index; 0 = all are."""
    return int(t.execute(PROGRESS).scalar_one())


def begin_anew(t: Transaction) -> None:
    """The index has nothing yet of what is in the tables."""
    t.execute(SET_PROGRESS, {"below": NOTHING_DONE}).close()


def texts_of(row: Any) -> Texts:
    """What of a row of items can be searched."""
    person = Person(row["person_name"], row["person_phone"])
    return _texts_of(
        Kind(row["kind"]), person, row["respondent_name"], row["respondent_phone"], row["content"]
    )


def said_in(contact: Contact) -> Texts:
    """What of a contact can be searched once it is an item."""
    respondent = contact.respondent
    return _texts_of(contact.kind, contact.person, respondent.name, respondent.phone, contact.content)


def _texts_of(kind: Kind, person: Person, firm: str, firm_phone: str, content: str) -> Texts:
    if kind is Kind.REPORT:
        person = Person()
    return Texts(person.name, firm, content, tuple(phone for phone in (person.phone, firm_phone) if phone))


def add_many(t: Transaction, entries: Sequence[tuple[str, Collection[str]]]) -> None:
    """Items that are not in the index yet."""
    if not entries:
        return
    if t.dialect.name == "sqlite":
        ADD_SQLITE.run_each(t, [{"number": int(n), "tokens": " ".join(words)} for n, words in entries])
    else:
        t.execute(ADD_POSTGRES, [{"number": int(n), "tokens": hashes(words)} for n, words in entries]).close()


def hashes(words: Collection[str]) -> list[int]:
    """Tokens as PostgreSQL keeps them."""
    return [hashed(token) for token in words]


@lru_cache(maxsize=100_000)
def hashed(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "big", signed=True)
