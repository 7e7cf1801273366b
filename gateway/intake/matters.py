"""One matter, many arrivals, and what is decided on it: links, likely twins, splitting, decisions.

Nothing happens by itself: a person asks, the core's tables and the rules in force on the day of
receipt say whether it may be, and the timelines of all items concerned tell of it. Taking in, leases
and merging are intake's. Called by the API.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core import telephone
from gateway.core.item import duplicates
from gateway.core.item.catalogue import name_of
from gateway.core.item.channel import Arrival
from gateway.core.item.contact import Contact, Evidence, Kind, Person, Receipt
from gateway.core.item.deadlines import Milestone, Rules, day_of
from gateway.core.item.duplicates import Likely
from gateway.core.item.item import Attachment, Happened, Item, ItemDetail, ItemState
from gateway.core.item.matter import Decision, External, LinkKind, Matter, Names
from gateway.core.item.states import NEEDS, TERMINAL, Event, held, move, refuse_if_held_by_other
from gateway.errors import BadContact, Conflict, FieldFault
from gateway.intake.clocks import hour_of, in_order
from gateway.intake.intake import Intake
from gateway.intake.item_changes import what_changed
from gateway.storage import Storage
from gateway.storage.database import Transaction
from gateway.storage.links import Signs

ItemListener = Callable[[str, str], None]

WITHOUT_LEASE = frozenset({Event.WITHDRAW, Event.REOPEN, Event.HAND_BACK})
"""What may be written down without a lease, while nobody else has one."""
LETS_GO = frozenset({Event.HAND_OVER, Event.WAIT_FOR_PAPERS, Event.WITHDRAW})
"""After these nobody of the house is at the item any more."""
STARTS: Mapping[Event, Milestone] = MappingProxyType(
    {Event.ACCEPT: Milestone.ACCEPTED, Event.REFUSE_ACCEPTANCE: Milestone.NOT_ACCEPTED}
)
"""The milestone that an event is, for the clocks of the rules."""
TAKES_BACK = (Milestone.NOT_ACCEPTED.value,)
"""Milestones that are undone when a matter is taken up again: the decision no longer stands."""
_CITY = re.compile(r"\w{2,3}?市")


@dataclass(frozen=True, slots=True)
class Act:
    """One event on an item. Which words it needs says core.case.NEEDS: `said` has them by that name.

    For refuse_acceptance `ground` is the number of a ground, for hand_over `to` a division's code.
    """

    event: Event
    said: Mapping[str, str] = field(default_factory=dict)
    ground: int | None = None


def _closed(item: Item) -> Item:
    """As it may be shown: a reporter was opened to be compared alone."""
    return replace(item, person=Person()) if item.withheld else item


@dataclass(frozen=True, slots=True)
class Split:
    """The second half of a contact that is both complaint and report.

    `content` and `person` stand for what is to be told otherwise in it; None keeps what was said.
    """

    kind: Kind
    content: str = ""
    anonymous: bool = False


class Matters:
    """The matters of one installation. `centre` names the city, which stands before firms' names;
    `area_code` completes local telephone numbers.
    """

    def __init__(
        self,
        intake: Intake,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        *,
        centre: str = "",
        area_code: str = "",
        told: ItemListener = lambda what, number: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._intake = intake
        self._database = storage.database
        self._files = storage.files
        self._items = storage.items
        self._links = storage.links
        self._identities = storage.identities
        self._rules = rules
        self._zone = zone
        self._told = told
        self._area_code = area_code
        self._now = now
        city = _CITY.match(centre)
        names = [city[0]] if city else []
        self._places = duplicates.place_names([*names, *(division.zh for division in rules.divisions)])

    # ------------------------------------------------------------ looking

    async def matter(self, number: str) -> Matter:
        """Links, decisions, milestones and numbers elsewhere of an item. Raises NotFound, StorageDown."""

        def found(t: Transaction) -> Matter:
            self._items.there(t, number)
            return self._links.matter(t, number)

        return await self._database.read(found)

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

        item, others = await self._database.read(searched)
        found = await asyncio.to_thread(duplicates.likely, item, others, self._places)
        return tuple(replace(one, item=_closed(one.item)) for one in found)

    def _parted(self, t: Transaction, item: Item, others: Sequence[Item]) -> set[str]:
        """Of these, the other half of an anonymous split: to suggest it would tell who reported."""
        if not item.anonymous:
            half = self._items.known(t, self._split_key(item.number, Kind.REPORT, True))
            return {half[1]} if half else set()
        near = [one.number for one in others if hour_of(one.received_at) == item.received_at]
        halves = {n: self._items.known(t, self._split_key(n, Kind.REPORT, True)) for n in near}
        return {number for number, half in halves.items() if half and half[1] == item.number}

    async def identity(self, number: str) -> Person:
        """Who is behind an item, a reporter too. Raises NotFound, StorageDown."""
        return await self._database.read(lambda t: self._items.person_of(t, self._items.there(t, number)))

    async def registered(self, number: str) -> tuple[Item, bytes]:
        """An item, and its contact as it came (b"" when all that was said stands in the item).

        Raises NotFound, StorageDown.
        """
        return await self._database.read(
            lambda t: (self._items.there(t, number), self._links.raw_of(t, number))
        )

    def names(self, item: Item) -> Names:
        rules = self._rules
        county = next((one.zh for one in rules.divisions if one.code == item.county), item.county)
        claims = {one.id: one.zh for one in rules.claims}
        return Names(
            rules.channels.zh(item.channel),
            county,
            tuple(claims.get(claim, claim) for claim in item.claims),
            name_of(rules.categories.subjects, item.subject),
            name_of(rules.categories.problems, item.problem),
        )

    def _signs(self, item: Item) -> Signs:
        person = item.person
        firm = duplicates.firm(item.respondent.name, self._places)
        return Signs(
            telephone.spellings(person.phone, self._area_code),
            _cases(person.email.strip()),
            _cases(person.id_number.strip()),
            firm[:4] if len(firm) >= 2 else "",
        )

    # ------------------------------------------------------------ links

    async def link(self, number: str, other: str, who: str, reason: str) -> Matter:
        """Tie two items as one matter; each goes on by itself. Raises NotFound, Conflict."""
        if number == other:
            raise Conflict("不能与自己关联 / an item cannot be linked to itself")

        def linked(t: Transaction) -> Matter:
            self._both(t, number, other)
            if not self._links.link(t, number, other, LinkKind.SAME_MATTER, who, reason, self._now()):
                raise Conflict("两件已关联 / they are linked already")
            self._tell_both(t, "link", number, other, who, reason)
            return self._links.matter(t, number)

        return self._changed(await self._database.write(linked), other)

    async def unlink(self, number: str, other: str, who: str, reason: str) -> Matter:
        """Undo a link. What was split stays tied: it came as one. Raises NotFound, Conflict."""

        def unlinked(t: Transaction) -> Matter:
            self._both(t, number, other)
            kind = self._links.link_kind(t, number, other)
            if kind is LinkKind.SPLIT:
                raise Conflict("同一来件分出的两件不能取消关联 / the two came as one contact")
            if not self._links.unlink(t, number, other):
                raise Conflict("两件未关联 / they are not linked")
            self._tell_both(t, "unlink", number, other, who, reason)
            return self._links.matter(t, number)

        return self._changed(await self._database.write(unlinked), other)

    async def unmerge(self, number: str, who: str, reason: str) -> ItemDetail:
        """Undo a merge. Raises NotFound, Conflict."""
        return await self._intake.unmerge(number, who, reason)

    def _tell_both(self, t: Transaction, what: str, one: str, two: str, who: str, reason: str) -> None:
        now = self._now()
        for number, other in ((one, two), (two, one)):
            self._items.happened(t, number, Happened(now, what, who, f"{other} {reason}".strip()))
            self._items.post(t, "item.changed", number, "{}", now)

    # ------------------------------------------------------------ one contact, two items

    async def split(self, number: str, half: Split, who: str) -> Receipt:
        """Make the report of a complaint, or the complaint of a report, an item of its own.

        It is received when the contact was, so its clocks run from that day, and carries the same
        files. Asked for again it is the same item. With `anonymous` nothing of the person goes into
        it, and nothing that is kept in the open ties the two: no link, no line of a timeline, no common
        second of receipt. Raises NotFound, Conflict, BadContact.
        """

        key = self._split_key(number, half.kind, half.anonymous)

        def looked(t: Transaction) -> Contact | Receipt:
            item = self._items.there(t, number)
            if before := self._items.known(t, key):
                return self._receipt(t, before[1])
            _splittable(item, half.kind)
            refuse_if_held_by_other(item.lease, who, self._now())
            by_clerk = self._rules.channels.arrives(item.channel, Arrival.CLERK)
            raw = self._links.raw_of(t, number) if by_clerk else b""
            item = replace(item, person=self._items.person_of(t, item))
            return self._half(key, item, self._items.attachments_of(t, number), raw, half)

        found = await self._database.read(looked)
        receipt = found if isinstance(found, Receipt) else await self._intake.submit(found)

        def tied(t: Transaction) -> None:
            now = self._now()
            if half.anonymous:
                if not receipt.repeated:
                    self._items.happened(t, number, Happened(now, "split", who, "匿名举报已另立一件"))
            elif self._links.link(t, number, receipt.number, LinkKind.SPLIT, who, "", now):
                self._tell_both(t, "split", number, receipt.number, who, "")

        await self._database.write(tied)
        self._told("changed", number)
        return receipt

    def _split_key(self, number: str, kind: Kind, anonymous: bool) -> str:
        """One half of a contact is one item; of an anonymous one the key does not tell of whom."""
        plain = f"split:{number}:{kind.value}"
        return f"split:{self._identities.mark('split', plain)}" if anonymous else plain

    def _receipt(self, t: Transaction, number: str) -> Receipt:
        item = self._items.there(t, number)
        code = self._items.code_of(t, number)
        return Receipt(number, code, item.received_at, item.state.value, item.due, repeated=True)

    def _half(self, key: str, item: Item, files: tuple[Attachment, ...], raw: bytes, half: Split) -> Contact:
        report = half.kind is Kind.REPORT
        kept = () if half.anonymous else tuple(file for file in files if file.role != "raw")
        return Contact(
            key=key,
            channel=item.channel,
            kind=half.kind,
            received_at=hour_of(item.received_at) if half.anonymous else item.received_at,
            person=Person() if half.anonymous else item.person,
            respondent=item.respondent,
            content=half.content or item.content,
            claims=() if report else item.claims,
            amount=item.amount,
            occurred_on=item.occurred_on,
            county=item.county,
            problem=item.problem,
            subject=item.subject,
            anonymous=half.anonymous,
            publish_consent=None if report else item.publish_consent,
            mediation_consent=None if report else item.mediation_consent,
            call_id="" if half.anonymous else item.call_id,
            evidence=tuple(self._evidence(file) for file in kept),
            raw=b"" if half.anonymous else raw,
        )

    def _evidence(self, file: Attachment) -> Evidence:
        return Evidence(str(self._files.path(file.sha256)), file.name, file.media_type, file.role)

    # ------------------------------------------------------------ decisions

    async def act(self, number: str, who: str, act: Act) -> ItemDetail:
        """One event of the table with all that follows from it. Raises NotFound, Conflict, BadContact.

        The clocks that run on are those that nothing has met yet.
        """

        def acted(t: Transaction) -> None:
            item = self._items.locked(t, number)
            now = self._now()
            if act.event in WITHOUT_LEASE or item.state is ItemState.HANDED_OVER:
                refuse_if_held_by_other(item.lease, who, now)
            else:
                held(item.lease, who)
            state = move(item.state, act.event)
            decision = self._decision(item, act, who, now)
            self._items.set_state(t, number, state)
            if act.event in LETS_GO or (act.event is Event.REOPEN and item.state in TERMINAL):
                self._items.set_lease(t, number, None)
            if decision.county:
                self._items.change(t, number, county=decision.county)
            self._links.decide(t, number, decision)
            self._items.happened(t, number, Happened(now, act.event.value, who, decision.text))
            self._run_clocks(t, item, act.event, day_of(now, self._zone))
            self._items.post(t, "item.changed", number, _told_of(decision), now)

        await self._database.write(acted)
        self._told("changed", number)
        return await self._intake.get(number)

    def _decision(self, item: Item, act: Act, who: str, now: datetime) -> Decision:
        """What is written down. Raises BadContact for what is missing or not in the rules."""
        text, need = act.said.get("text", "").strip(), NEEDS.get(act.event, "text")
        word = act.said.get(need, "").strip()
        plain = Decision(now, act.event.value, who, text="，".join(dict.fromkeys(filter(None, (word, text)))))
        match act.event:
            case Event.REFUSE_ACCEPTANCE:
                return self._refusal(item, act.ground, replace(plain, text=text))
            case Event.HAND_OVER:
                return self._handing_over(word, replace(plain, text=text))
            case event if event in NEEDS and not word:
                raise BadContact(FieldFault(need, "必填", "is required"))
        return plain

    def _refusal(self, item: Item, number: int | None, plain: Decision) -> Decision:
        """Only with a ground of the order in force on the day of receipt, and only of a complaint."""
        if item.kind is not Kind.COMPLAINT:
            raise Conflict("不予受理只适用于投诉 / only a complaint is accepted or not")
        order = self._rules.on(day_of(item.received_at, self._zone))
        grounds = order.non_acceptance
        ground = grounds.numbered(number) if number is not None else None
        if ground is None:
            known = "、".join(str(entry.number) for entry in grounds.entries)
            raise BadContact(
                FieldFault(
                    "ground",
                    f"{order.zh}中的不予受理情形为：{known}",
                    f"the grounds of {order.en} are: {known.replace('、', ', ')}",
                )
            )
        text = f"第（{ground.number}）项：{ground.zh}（{grounds.basis}）"
        return replace(
            plain,
            ground=ground.number,
            basis=grounds.basis,
            text="。".join(filter(None, (text, plain.text))),
        )

    def _handing_over(self, code: str, plain: Decision) -> Decision:
        division = next((one for one in self._rules.divisions if one.code == code), None)
        if division is None:
            raise BadContact(FieldFault("to", "不是已知的区县代码", "is no code of a division in the rules"))
        text = "，".join(filter(None, (f"{division.zh}（{code}）", plain.text)))
        return replace(plain, county=code, text=text)

    def _run_clocks(self, t: Transaction, item: Item, event: Event, day: date) -> None:
        """The item's clocks after an event that starts or meets one, or takes such a thing back."""
        changed = False
        if milestone := STARTS.get(event):
            self._links.mark(t, item.number, milestone.value, day)
            changed = True
        elif event is Event.REOPEN:
            changed = self._links.unmark(t, item.number, TAKES_BACK)
        if changed:
            received = day_of(item.received_at, self._zone)
            clocks = self._rules.running(item.kind, received, self._links.days_of(t, item.number))
            self._items.replace_dues(t, item.number, in_order(clocks))

    # ------------------------------------------------------------ numbers elsewhere

    async def set_external(self, number: str, source: str, external_no: str, who: str) -> Matter:
        """Note the number that the national platform (or another system) gave. Raises NotFound."""

        def noted(t: Transaction) -> Matter:
            self._items.locked(t, number)
            now = self._now()
            self._links.set_external(t, number, External(source, external_no, now, who))
            self._items.happened(t, number, Happened(now, "external", who, f"{source} {external_no}"))
            self._items.post(t, "item.changed", number, "{}", now)
            return self._links.matter(t, number)

        return self._changed(await self._database.write(noted))

    # ------------------------------------------------------------ the parts of it

    def _changed(self, matter: Matter, *others: str) -> Matter:
        for number in (matter.number, *others):
            self._told("changed", number)
        return matter

    def _both(self, t: Transaction, one: str, two: str) -> None:
        for number in sorted((one, two)):  # in one order, so that two askers never wait for each other
            self._items.locked(t, number)


def _told_of(decision: Decision) -> str:
    """What others learn of a decision: its word, and the ground of a refusal."""
    if decision.ground is None:
        return what_changed(decision.event)
    return what_changed(decision.event, ground=str(decision.ground), basis=decision.basis)


def _splittable(item: Item, into: Kind) -> None:
    if {item.kind, into} != {Kind.COMPLAINT, Kind.REPORT}:
        raise Conflict(
            "只能从投诉中拆分举报，或从举报中拆分投诉 / a complaint gives a report, and the other way"
        )
    if item.state is ItemState.MERGED:
        raise Conflict(f"该件已合并到 {item.merged_into} / this item is merged into {item.merged_into}")


def _cases(text: str) -> tuple[str, ...]:
    """A word as it is usually written: as given, small, in capitals."""
    return tuple(dict.fromkeys((text, text.lower(), text.upper()))) if text else ()
