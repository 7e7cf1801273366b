"""Links, decisions, milestones and numbers elsewhere, and the search for items that may be the same.

As with Items, everything is part of the transaction that is handed in, and nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from gateway.core.item.contact import Kind
from gateway.core.item.item import Item, ItemState
from gateway.core.item.matter import Decision, External, Link, LinkKind, Matter
from gateway.core.item.revision import Revision
from gateway.storage import rows
from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.revisions import Revisions
from gateway.storage.search_index import SearchIndex
from gateway.storage.tables import GIVEN, contacts, decisions, externals, items, links, milestones

LINKS = (
    select(links, items.c.kind.label("other_kind"), items.c.state.label("other_state"))
    .join(items, items.c.number == links.c.other)
    .where(links.c.number == bindparam("number"))
    .order_by(links.c.at, links.c.other)
)
LINK = select(links.c.kind).where(
    links.c.number == bindparam("number"), links.c.other == bindparam("other_end")
)
UNLINK = delete(links).where(links.c.number == bindparam("one"), links.c.other == bindparam("two"))
DECIDED = select(decisions).where(decisions.c.number == bindparam("number")).order_by(decisions.c.id)
ELSEWHERE = select(externals).where(externals.c.number == bindparam("number")).order_by(externals.c.source)
DAYS = select(milestones).where(milestones.c.number == bindparam("number")).order_by(milestones.c.on)
OTHERS = select(items.c.number, items.c.received_at).where(items.c.merged_into == "")
RAW = select(contacts.c.raw).where(contacts.c.number == bindparam("number"))

PERSON = timedelta(days=365)
"""How far back and ahead a person's other items are looked for."""
RESPONDENT = timedelta(days=90)
SOME = 80
"""Items by one sign at most, the nearest in time first."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What candidates are found by; empty signs find nothing. `respondent` is part of the name."""

    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    respondent: str = ""


class Links:
    """The ties of one database."""

    def __init__(self, database: Database, identities: Identities, index: SearchIndex) -> None:
        self._identities = identities
        self._index = index
        self._revisions = Revisions(identities)
        self._place = func.instr if database.sqlite else func.strpos
        insert = sqlite_insert if database.sqlite else postgres_insert
        self._link = insert(links).on_conflict_do_nothing()
        self._mark = insert(milestones).on_conflict_do_nothing()
        number = insert(externals)
        self._external = number.on_conflict_do_update(
            index_elements=["number", "source"],
            set_={name: number.excluded[name] for name in ("external_no", "at", "who")},
        )

    # ------------------------------------------------------------ likely twins

    def candidates(self, t: Transaction, item: Item, signs: Signs, limit: int) -> list[Item]:
        """Items that share a sign, the nearest in time first, without those merged into another.

        Reporters' identities are open in them, to be compared and not to be shown.
        """
        numbers: dict[str, int] = {}
        at = rows.to_ms(item.received_at)
        marked = replace(
            signs,
            phones=self._identities.marks("phone", signs.phones),
            emails=self._identities.marks("email", signs.emails),
            identities=self._identities.marks("id_number", signs.identities),
        )
        others = OTHERS.where(items.c.number != item.number)
        for wanted in _searches(others, marked, item.received_at):
            near = wanted.order_by(func.abs(items.c.received_at - at)).limit(SOME)
            numbers.update((row.number, abs(row.received_at - at)) for row in t.execute(near))
        if signs.respondent:
            numbers.update(self._about(t, others, signs.respondent, at))
        nearest = sorted(numbers, key=lambda number: (numbers[number], number))[:limit]
        records = t.execute(select(items).where(items.c.number.in_(nearest))).mappings()
        items_ = [self._identities.opened(t, rows.item_of(row)) for row in records.all()]
        by_number = {candidate.number: candidate for candidate in items_}
        return [by_number[number] for number in nearest]

    def _about(self, t: Transaction, others: Select[Any], respondent: str, at: int) -> dict[str, int]:
        """Numbers of items about this respondent, with how far they are away. Names are walked in order of
        time, from `at` back and ahead: of one that is often named the nearest are found soon.

        `place` compares bytes, which is several times as quick as LIKE: within half a year of a city's items
        that is the difference between a moment and a wait.
        """
        cased = any(letter.isascii() and letter.isalpha() for letter in respondent)
        name = func.lower(items.c.respondent_name) if cased else items.c.respondent_name
        named = others.where(GIVEN["respondent_name"], self._place(name, respondent) > 0).limit(SOME)
        when, span = items.c.received_at, RESPONDENT // timedelta(milliseconds=1)
        found = [
            *t.execute(named.where(when.between(at - span, at)).order_by(when.desc())),
            *t.execute(named.where(when.between(at + 1, at + span)).order_by(when)),
        ]
        away = sorted((abs(row.received_at - at), row.number) for row in found)
        return {number: apart for apart, number in away[:SOME]}

    # ------------------------------------------------------------ links

    def link(
        self, t: Transaction, first: str, second: str, kind: LinkKind, who: str, reason: str, at: datetime
    ) -> bool:
        """Tie two items; False when they were tied already."""
        both = [
            {"number": a, "other": b, "kind": kind.value, "who": who, "reason": reason, "at": rows.to_ms(at)}
            for a, b in ((first, second), (second, first))
        ]
        return [t.execute(self._link, values).rowcount for values in both] == [1, 1]

    def unlink(self, t: Transaction, first: str, second: str) -> bool:
        """False when they were not tied."""
        both = [{"one": a, "two": b} for a, b in ((first, second), (second, first))]
        return [t.execute(UNLINK, ends).rowcount for ends in both] == [1, 1]

    def link_kind(self, t: Transaction, first: str, second: str) -> LinkKind | None:
        kind = t.execute(LINK, {"number": first, "other_end": second}).scalar_one_or_none()
        return LinkKind(kind) if kind else None

    def links_of(self, t: Transaction, number: str) -> tuple[Link, ...]:
        return tuple(_link_of(row) for row in t.execute(LINKS, {"number": number}).mappings())

    # ------------------------------------------------------------ decisions and days

    def decide(self, t: Transaction, number: str, decision: Decision) -> None:
        values = {
            "number": number,
            "at": rows.to_ms(decision.at),
            "event": decision.event,
            "who": decision.who,
            "ground": decision.ground,
            "basis": decision.basis,
            "county": decision.county,
            "text": decision.text,
            "told": decision.told,
        }
        t.execute(insert(decisions), values)

    def decisions_of(self, t: Transaction, number: str) -> tuple[Decision, ...]:
        records = t.execute(DECIDED, {"number": number}).mappings()
        return tuple(
            Decision(
                rows.of_ms(row["at"]),
                row["event"],
                row["who"],
                row["ground"],
                row["basis"],
                row["county"],
                row["text"],
                row["told"],
            )
            for row in records
        )

    def mark(self, t: Transaction, number: str, milestone: str, day: date) -> None:
        """The day on which something happened for the first time."""
        t.execute(self._mark, {"number": number, "name": milestone, "on": day.isoformat()})

    def mark_anew(self, t: Transaction, number: str, milestone: str, day: date) -> None:
        """The day on which something happened for the last time."""
        self.unmark(t, number, (milestone,))
        self.mark(t, number, milestone, day)

    def unmark(self, t: Transaction, number: str, names: Sequence[str]) -> bool:
        """Forget milestones; False when there was none of them."""
        statement = delete(milestones).where(milestones.c.number == number, milestones.c.name.in_(names))
        return t.execute(statement).rowcount > 0

    def days_of(self, t: Transaction, number: str) -> dict[str, date]:
        """The day of each milestone, by its name."""
        records = t.execute(DAYS, {"number": number}).mappings()
        return {row["name"]: date.fromisoformat(row["on"]) for row in records}

    # ------------------------------------------------------------ numbers elsewhere

    def set_external(self, t: Transaction, number: str, external: External) -> None:
        """Keep it as the one that this source gives now; an earlier one stays among the item's revisions."""
        before = next(
            (earlier for earlier in self.externals_of(t, number) if earlier.source == external.source), None
        )
        if before and before.external_no != external.external_no:
            changes = {"external_no": (_named(before), _named(external))}
            self._revisions.add(t, number, Revision(external.at, external.who, "external", changes))
        values = {
            "number": number,
            "source": external.source,
            "external_no": external.external_no,
            "at": rows.to_ms(external.at),
            "who": external.who,
        }
        t.execute(self._external, values)
        self._index.put(t, number)

    def externals_of(self, t: Transaction, number: str) -> tuple[External, ...]:
        records = t.execute(ELSEWHERE, {"number": number}).mappings()
        return tuple(
            External(row["source"], row["external_no"], rows.of_ms(row["at"]), row["who"]) for row in records
        )

    # ------------------------------------------------------------ all of it

    def matter(self, t: Transaction, number: str) -> Matter:
        return Matter(
            number,
            self.links_of(t, number),
            self.decisions_of(t, number),
            self.externals_of(t, number),
            tuple(self.days_of(t, number).items()),
        )

    def raw_of(self, t: Transaction, number: str) -> bytes:
        """The contact as it arrived, b"" when nothing was kept."""
        return t.execute(RAW, {"number": number}).scalars().first() or b""


def _named(external: External) -> str:
    return f"{external.source} {external.external_no}"


def _searches(others: Select[Any], signs: Signs, at: datetime) -> Iterator[Select[Any]]:
    """One search for each sign of a person, each with an index of its own."""
    during = others.where(_during(at, PERSON))
    if signs.phones:
        yield during.where(items.c.person_phone.in_(signs.phones))
    if signs.emails:
        yield during.where(items.c.person_email.in_(signs.emails), GIVEN["person_email"])
    if signs.identities:
        yield during.where(items.c.person_id_number.in_(signs.identities), GIVEN["person_id_number"])


def _during(at: datetime, span: timedelta) -> Any:
    return and_(items.c.received_at >= rows.to_ms(at - span), items.c.received_at <= rows.to_ms(at + span))


def _link_of(row: rows.Row) -> Link:
    return Link(
        row["other"],
        LinkKind(row["kind"]),
        Kind(row["other_kind"]),
        ItemState(row["other_state"]),
        rows.of_ms(row["at"]),
        row["who"],
        row["reason"],
    )
