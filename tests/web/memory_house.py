"""Intake, ledgers, tokens and board in memory, of equal rank to the real ones: for tests of the web side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from gateway.calls.views import (
    AgentView,
    BoardCounts,
    ItemCount,
    LineState,
    LineView,
    PartHealth,
    WaitingView,
)
from gateway.core.audit import ASKER, Row, written
from gateway.core.call.record import CallRecord
from gateway.core.call.seat import SeatState
from gateway.core.item import number
from gateway.core.item import states as case
from gateway.core.item.contact import Contact, Due, Evidence, Kind, Receipt
from gateway.core.item.item import Happened, Item, ItemDetail, ItemState, PublicState, QueueQuery
from gateway.core.item.revision import Revision, differences, facts, merged
from gateway.core.ledgers import EVERY_CALL, CallFilters
from gateway.core.roles import Account, Role
from gateway.core.statistics import Figures, Period, Rows, Standing
from gateway.errors import Conflict, FieldFault, KeyReused, NotFound, PbxDown, StorageDown
from gateway.web.ports import EventListener

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
CODE = "482913"
DUE = Due("accept", date(2026, 12, 3), False, "消保法第四十六条", ("收到次日起算",))
LEASE = 600.0


@dataclass
class MemoryAudit:
    """The audit log as a list, without its chain."""

    rows: list[Row] = field(default_factory=list)

    async def note(self, what: str, about: str = "", detail: Mapping[str, object] | None = None) -> None:
        asker = ASKER.get()
        who, address = (asker.who, asker.address) if asker else ("", "")
        at = int(NOW.timestamp() * 1000)
        self.rows.append(
            Row(len(self.rows) + 1, at, who, address, what, about, written(detail or {}), "", "")
        )

    async def page(self, before: int = 0, limit: int = 100, who: str = "", about: str = "") -> list[Row]:
        return [row for row in reversed(self.rows) if not before or row.seq < before][:limit]


@dataclass
class MemoryIntake:
    """Intake and queue; `away` is a database that does not answer."""

    items: dict[str, Item] = field(default_factory=dict)
    keys: dict[str, tuple[Contact, Receipt]] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    pasts: dict[str, list[Happened]] = field(default_factory=dict)
    revised: dict[str, list[Revision]] = field(default_factory=dict)
    short_coded: set[str] = field(default_factory=set)
    away: bool = False

    async def known(self, key: str) -> bool:
        self._here()
        return key in self.keys

    def _here(self) -> None:
        if self.away:
            raise StorageDown("sqlite: disk I/O error at a secret place")

    async def submit(self, contact: Contact) -> Receipt:
        self._here()
        if contact.key in self.keys:
            before, receipt = self.keys[contact.key]
            if before != contact:
                raise KeyReused
            return replace(receipt, repeated=True)
        made = number.make(contact.received_at.date(), len(self.items) + 1)
        receipt = Receipt(made, CODE, contact.received_at, "received", (DUE,))
        self.keys[contact.key] = (contact, receipt)
        self.contacts.append(contact)
        self.items[made] = _item(made, contact)
        self.pasts[made] = [Happened(contact.received_at, "received", "web")]
        return receipt

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        self._here()
        one = self.items.get(number)
        if one is None or code != CODE:
            return None
        if one.number in self.short_coded and phone[-4:] != one.person.phone[-4:]:
            return PublicState(one.number, one.state)
        return PublicState(one.number, one.state, one.kind, one.received_at, one.due)

    async def phone_of(self, number: str) -> str:
        return self._one(number).person.phone

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        *,
        contact: Contact | None = None,
    ) -> bool:
        self._here()
        self.items[number] = replace(self._one(number), added_at=NOW)
        self.pasts[number].append(Happened(NOW, "follow_up", who, text))
        return True

    async def read_addition(self, number: str, who: str, text: str = "") -> ItemDetail:
        one = self._one(number)
        if one.added_at is None:
            raise Conflict("nothing was added")
        return self._set(replace(one, added_at=None), who, "addition_read", text)

    async def page(self, query: QueueQuery) -> Sequence[ItemDetail]:
        self._here()
        found = [one for made, one in sorted(self.items.items()) if made > query.after and _fits(one, query)]
        return [self._detail(one) for one in found[: query.limit]]

    async def get(self, number: str) -> ItemDetail:
        self._here()
        return self._detail(self._one(number))

    def missing(self, contact: Contact) -> Iterator[FieldFault]:
        if contact.kind is Kind.COMPLAINT and not contact.anonymous:
            if not contact.person.name:
                yield FieldFault("name", "请填写姓名", "a complaint needs a name")
            if not (contact.person.phone or contact.person.email):
                yield FieldFault("phone", "请填写电话", "a phone is needed")

    async def claim(self, who: str, query: QueueQuery, number: str = "") -> ItemDetail | None:
        self._here()
        for made, one in sorted(self.items.items()):
            free = one.lease is None or number
            if free and _fits(one, query) and number in ("", made) and one.state in case.QUEUED:
                lease = case.claimed(one.lease, who, NOW, LEASE)
                return self._set(replace(one, lease=lease, state=case.move(one.state, case.Event.CLAIM)), who)
        if number:
            raise Conflict(f"{self._one(number).state}")
        return None

    async def renew(self, number: str, who: str) -> ItemDetail:
        one = self._one(number)
        return self._set(replace(one, lease=case.renewed(one.lease, who, NOW + timedelta(60), LEASE)), who)

    async def release(self, number: str, who: str, text: str = "") -> ItemDetail:
        return self._move(number, who, case.Event.RELEASE, text)

    async def complete(self, number: str, who: str, text: str = "", *, later: bool = False) -> ItemDetail:
        return self._move(number, who, case.Event.COMPLETE, text)

    async def merge(
        self, number: str, into: str, who: str, text: str = "", *, new_facts: bool = False
    ) -> ItemDetail:
        self._one(into)
        detail = self._move(number, who, case.Event.MERGE, text)
        return self._set(replace(detail.item, merged_into=into), who)

    async def fill_in(
        self, number: str, contact: Contact, who: str, blank: Collection[str] = (), of: str = ""
    ) -> ItemDetail:
        one = self._one(number)
        case.held(one.lease, who)
        given = merged(one, one.person, contact, blank)
        changes = differences(facts(one, one.person), facts(given, given.person))
        self.revised.setdefault(number, []).append(Revision(NOW, who, "written_up", changes))
        said = replace(one, kind=given.kind, content=given.content, person=given.person)
        return self._set(said, who, "written_up")

    async def revisions(self, number: str) -> tuple[Item, tuple[Revision, ...]]:
        return self._one(number), tuple(self.revised.get(number, ()))

    def _move(self, number: str, who: str, event: case.Event, text: str) -> ItemDetail:
        self._here()
        one = self._one(number)
        case.held(one.lease, who)
        return self._set(replace(one, lease=None, state=case.move(one.state, event)), who, event.value, text)

    def _set(self, one: Item, who: str, what: str = "claim", text: str = "") -> ItemDetail:
        self.items[one.number] = one
        self.pasts[one.number].append(Happened(NOW, what, who, text))
        return self._detail(one)

    def _one(self, number: str) -> Item:
        if number not in self.items:
            raise NotFound
        return self.items[number]

    def _detail(self, one: Item) -> ItemDetail:
        return ItemDetail(one, tuple(self.pasts[one.number]), ())

    async def ping(self) -> None:
        self._here()

    async def counts(self) -> Sequence[ItemCount]:
        self._here()
        return [ItemCount(one.state, one.channel.value, 1) for one in self.items.values()]


def _item(made: str, c: Contact) -> Item:
    return Item(
        number=made,
        channel=c.channel,
        kind=c.kind,
        task=c.task,
        state=ItemState.RECEIVED,
        received_at=c.received_at,
        person=c.person,
        respondent=c.respondent,
        content=c.content,
        claims=c.claims,
        amount=c.amount,
        occurred_on=c.occurred_on,
        county=c.county,
        problem=c.problem,
        subject=c.subject,
        anonymous=c.anonymous,
        publish_consent=c.publish_consent,
        mediation_consent=c.mediation_consent,
        due=(DUE,),
    )


def _fits(one: Item, query: QueueQuery) -> bool:
    wishes = {
        "state": query.state,
        "channel": query.channel,
        "kind": query.kind,
        "task": query.task,
        "county": query.county,
    }
    return all(wish is None or getattr(one, name) == wish for name, wish in wishes.items())


@dataclass
class MemoryCalls:
    rows: dict[str, CallRecord] = field(default_factory=dict)

    async def keep(self, calls: Sequence[CallRecord]) -> None:
        self.rows |= {call.id: call for call in calls}

    async def get(self, call_id: str) -> CallRecord | None:
        return self.rows.get(call_id)

    async def page(
        self,
        since: datetime | None,
        limit: int,
        before: str = "",
        numbers: Sequence[str] = (),
        filters: CallFilters = EVERY_CALL,
    ) -> list[CallRecord]:
        rows = sorted(self.rows.values(), key=lambda c: (c.started_at, c.id), reverse=True)
        ids = [row.id for row in rows]
        rows = rows[ids.index(before) + 1 :] if before in ids else rows
        rows = [r for r in rows if since is None or r.started_at >= since]
        rows = [r for r in rows if filters.until is None or r.started_at < filters.until]
        rows = [r for r in rows if not filters.agent or r.agent == filters.agent]
        rows = [r for r in rows if filters.outcome in (None, r.outcome)]
        return [r for r in rows if not numbers or r.caller in numbers or r.dialled in numbers][:limit]

    async def open_calls(self) -> list[CallRecord]:
        return [call for call in self.rows.values() if call.ended_at is None]

    async def turned_away(self, since: datetime) -> int:
        return 0


@dataclass
class MemoryFigures:
    """The same rows for every period; figures are not kept."""

    given: Rows = field(default_factory=Rows)
    open: Standing = field(default_factory=Standing)
    away: bool = False
    looks: int = 0

    async def rows(self, periods: Sequence[Period]) -> list[Rows]:
        self.looks += 1
        if self.away:
            raise StorageDown
        return [self.given] * len(periods)

    async def kept(self, periods: Sequence[Period]) -> dict[Period, Figures]:
        return {}

    async def rows_to_keep(self, periods: Sequence[Period]) -> tuple[str, list[Rows]]:
        return "", await self.rows(periods)

    async def keep(self, ticket: str, counted: Mapping[Period, Figures]) -> None:
        raise AssertionError("there is no ticket")

    async def standing(self, today: date, now: datetime) -> Standing:
        return self.open


@dataclass
class MemoryTokens:
    """Every role has a token of its own name, agent1 has `mine`; `revoked` holds no more."""

    revoked: set[str] = field(default_factory=set)
    named: dict[str, Account] = field(default_factory=lambda: {"mine": Account("agent1", Role.AGENT)})
    away: bool = False
    looks: int = 0

    async def account(self, token: str) -> Account | None:
        self.looks += 1
        if self.away:
            raise StorageDown
        if token in self.revoked:
            return None
        if token in self.named:
            return self.named[token]
        return Account(f"{token}-1", Role(token)) if token in tuple(Role) else None


@dataclass(frozen=True)
class Scene:
    """What goes on at one moment."""

    lines: Sequence[LineView] = ()
    seats: Sequence[AgentView] = ()
    waiting: Sequence[WaitingView] = ()


@dataclass
class MemoryBoard:
    """Two lines and two seats, or those of `scene`; `away` is an Asterisk that does not answer."""

    away: bool = False
    scene: Scene | None = None
    told: list[EventListener] = field(default_factory=list)
    seats: dict[str, AgentView] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for n in (1, 2):
            self.seats[f"agent{n}"] = AgentView(f"agent{n}", f"坐席{n}", f"800{n}", SeatState.OFFLINE)

    def lines(self) -> Sequence[LineView]:
        if self.scene:
            return self.scene.lines
        busy = LineView(1, LineState.QUEUE, "17.1", "13835700000", NOW)
        return [busy, LineView(2, LineState.FREE)]

    def agents(self) -> Sequence[AgentView]:
        return self.scene.seats if self.scene else list(self.seats.values())

    def waiting(self) -> Sequence[WaitingView]:
        if self.scene:
            return self.scene.waiting
        return [WaitingView("17.1", "13835700000", NOW)]

    async def set_agent(
        self, agent_id: str, state: str, reason: str = "", browser: bool | None = None
    ) -> None:
        if self.away:
            raise PbxDown
        before = self.seats[agent_id]
        if state == "paused" and before.state is SeatState.OFFLINE:
            raise Conflict("this seat is not signed in")
        self.seats[agent_id] = replace(before, state=SeatState(state), reason=reason, since=NOW)

    def health(self) -> Mapping[str, PartHealth]:
        return {"pbx": PartHealth(not self.away, "AMI down" if self.away else "")}

    def counts(self) -> BoardCounts:
        return BoardCounts(self.ended, 2)

    def listen(self, told: EventListener) -> Callable[[], None]:
        self.told.append(told)
        return lambda: self.told.remove(told)

    def tell(self, name: str, **data: object) -> None:
        for told in self.told:
            told(name, data)
