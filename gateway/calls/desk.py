"""What an agent sees and writes of a call: the pop, its draft, the items that come of it.

The call's item is the one that the phone channel would make of it: written before the call ends or
after, it is the same one. A complaint and a report from one call are two linked items. Built by
app for web.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from gateway.calls.switchboard import Switchboard
from gateway.channels import phone
from gateway.core import telephone
from gateway.core.call.draft import Draft
from gateway.core.call.record import Callback, CallRecord, is_back, owed_of
from gateway.core.item.contact import Channel, Contact, Kind, Receipt, Task
from gateway.core.item.item import Item, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.core.item.revision import secret
from gateway.core.item.states import QUEUED
from gateway.errors import Conflict, NotFound
from gateway.intake.clocks import hour_of
from gateway.intake.intake import Intake
from gateway.storage import Storage
from gateway.storage.database import Transaction

EARLIER = 8
"""How many earlier calls and items a pop shows."""
_ANONYMOUS = (
    "匿名举报不与来电关联，请另行登记 / nothing ties a call to an anonymous report: register it apart"
)


@dataclass(frozen=True, slots=True)
class Pop:
    """A call as its agent is to see it before he answers. `number` is whom it is with.

    The draft and what came before are only there when they were asked for. `back` is the owed call that
    this call is made for.
    """

    record: CallRecord
    kind: Kind
    number: str
    path: tuple[str, ...]
    agents: frozenset[str]
    calls: tuple[CallRecord, ...] = ()
    items: tuple[Item, ...] = ()
    owed: tuple[Callback, ...] = ()
    draft: Draft | None = None
    back: Callback | None = None


class CallDesk:
    """The calls of one centre, as its agents work them."""

    def __init__(
        self,
        switchboard: Switchboard,
        storage: Storage,
        intake: Intake,
        now: Callable[[], datetime],
        area_code: str = "",
    ) -> None:
        self._switchboard = switchboard
        self._storage = storage
        self._intake = intake
        self._now = now
        self._area_code = area_code

    async def call(self, call: str) -> Pop:
        """The call itself, live or over, without what came before. Raises NotFound, StorageDown."""
        seen = self._switchboard.seen(call)
        back = await self._storage.call_backs.get(owed_of(call)) if is_back(call) else None
        writer = frozenset({await self._writer(call)} - {""}) if back else frozenset()
        if seen is not None:
            return Pop(seen.record, seen.kind, seen.number, seen.path, seen.agents | writer, back=back)
        record = await self._storage.calls.get(call)
        if record is None:
            return self._never_dialled(call, back, writer)
        number = record.caller if record.direction == "in" else record.dialled
        path = self._switchboard.path_names(record.path)
        hands = self._switchboard.hands(await self._storage.calls.transfers(call))
        agents = (hands | writer | {record.agent}) - {""}
        return Pop(record, Kind.UNSORTED, number, path, agents, back=back)

    async def _writer(self, call: str) -> str:
        """Who has typed in the draft of a call; "" when nobody has."""
        return (await self._storage.drafts.open(_draft_of(call), "", self._now())).agent

    @staticmethod
    def _never_dialled(call: str, back: Callback | None, writer: frozenset[str]) -> Pop:
        """A call-back whose agent hung up before the dial: his draft still belongs to it. Raises NotFound."""
        if back is None:
            raise NotFound
        record = CallRecord(
            *(call, "out", "", back.phone, 0, back.booked_at), number=back.number, back_of=back.id
        )
        return Pop(record, Kind.UNSORTED, back.phone, (), writer, back=back)

    async def pop(self, call: str, agent: str) -> Pop:
        """The call with its draft and all that is known of its number. Raises NotFound, StorageDown."""
        live_call = await self.call(call)
        spellings = telephone.spellings(live_call.number, self._area_code)
        store, id_ = self._storage, live_call.record.id

        # All in one transaction: each query of its own would cost a round trip.
        def looked_up(t: Transaction) -> Pop:
            whole = replace(live_call, draft=store.drafts.of_call(t, _draft_of(id_), agent, self._now()))
            if not spellings:
                return whole
            calls = store.calls.with_number(t, spellings, EARLIER + 1)
            return replace(
                whole,
                calls=tuple(earlier_call for earlier_call in calls if earlier_call.id != id_)[:EARLIER],
                items=tuple(store.items.of_phones(t, spellings, EARLIER)),
                owed=tuple(store.call_backs.owed_to(t, spellings)),
            )

        return await store.database.read(looked_up)

    # ------------------------------------------------------------ the draft

    async def draft(self, call: str, agent: str) -> Draft:
        """The call's draft, opened when there is none. Raises StorageDown."""
        return await self._storage.drafts.open(_draft_of(call), agent, self._now())

    async def save_draft(self, call: str, agent: str, before: int, text: str) -> Draft | None:
        """The saved draft; None when somebody saved another since version `before`. Raises StorageDown."""
        return await self._storage.drafts.save(_draft_of(call), agent, before, text, self._now())

    async def drafts(self, agent: str) -> list[Draft]:
        """What this agent has not finished. Raises StorageDown."""
        return await self._storage.drafts.of_agent(agent)

    async def drop_draft(self, call: str) -> None:
        """The agent does not want it any more. Raises StorageDown."""
        await self._storage.drafts.drop(_draft_of(call))

    # ------------------------------------------------------------ call-backs

    async def owed_of_item(self, number: str) -> Callback:
        """The latest call-back of an item. Raises NotFound, StorageDown."""
        ledger = self._storage.call_backs
        callback = await self._storage.database.read(lambda t: ledger.of_item(t, number))
        if callback is None:
            raise NotFound
        return callback

    async def owe_again(self, number: str, who: str) -> Callback:
        """Try an item's failed call-back again, as if it were new. Raises NotFound, Conflict, StorageDown."""
        await self.owed_of_item(number)
        again = await self._storage.call_backs.again(number, who, self._now())
        if again is None:
            raise Conflict("回电尚未失败，无需重新安排 / this call-back has not failed")
        self._switchboard.owe_again()
        self._intake.changed(number)
        return again

    # ------------------------------------------------------------ items

    async def write(
        self, call: str, contacts: Sequence[Contact], who: str, close: str | None, more: str = ""
    ) -> list[Receipt]:
        """Make the call's items of what the agent wrote: the first is the call's own; that of a call-back
        is the item which owes it. With `more`, a word of the page's, all are further items of the call.

        Sent twice it is the same items. With `close` they are closed at once, with that word (a question
        that was answered). Raises NotFound, Conflict, StorageDown.
        """
        live_call = await self.call(call)
        first = await self._first_call(live_call)
        receipts = []
        for place, contact in enumerate(contacts):
            further = place > 0 or bool(more)
            of = live_call.record if further else first
            key = ":".join(filter(None, ("call", of.id, more, str(place + 1) if place else "")))
            whole = replace(
                contact,
                key=key,
                channel=Channel.PHONE,
                received_at=of.started_at,
                call_id=of.id,
            )
            if further and contact.anonymous:  # nothing unencrypted may link it to the caller
                mark = self._storage.identities.mark("call", key)
                whole = replace(whole, key=f"call:{mark}", call_id="", received_at=hour_of(whole.received_at))
            receipts.append(await self._intake.write_up(whole, who))
        for receipt, contact in list(zip(receipts, contacts, strict=True))[1:]:
            if not contact.anonymous:
                await self._intake.tie(receipts[0].number, receipt.number, LinkKind.SPLIT, who)
        if close is not None:
            for receipt in receipts:
                await self._intake.claim(who, QueueQuery(), receipt.number)
                await self._intake.complete(receipt.number, who, close)
        if not more:
            self._switchboard.written(call, receipts[0].number)
        await self._storage.drafts.drop(_draft_of(call))
        return receipts

    async def add(self, call: str, number: str, text: str, who: str) -> None:
        """What the caller adds to an item that was there before, in whatever state it is.

        It is to be read there, and the talk leaves no item of its own. Sent twice it is added once.

        Raises NotFound, Conflict for an anonymous report, to which nothing ties a call, StorageDown.
        """
        record = (await self.call(call)).record
        item = (await self._intake.get(number)).item
        if item.anonymous:
            raise Conflict(_ANONYMOUS)
        words = f"来电补充：{text}"
        key = phone.added_key(record.id)
        if await self._intake.added(key) not in (None, (number, words)):  # it is not the first of this call
            key = f"{key}:{sha256(f'{number}{words}'.encode()).hexdigest()[:16]}"
        await self._intake.append(number, key, words, (), who)
        await self._settle(record, item, who)
        await self._storage.drafts.drop(_draft_of(call))

    async def _settle(self, record: CallRecord, item: Item, who: str) -> None:
        """The talk owes nothing more: what it has left to be written up joins the item.

        What is sealed takes in no item that names the caller; that one is closed.
        """
        own = await self._left_by(record)
        if own is None:
            self._switchboard.written(record.id, item.number, again=False)
        elif own.number != item.number and secret(item):
            await self._intake.claim(who, QueueQuery(), own.number)
            await self._intake.complete(own.number, who, "来电内容已补充到原有事项")
        elif own.number != item.number:
            await self._intake.merge(own.number, item.number, who)

    async def _left_by(self, record: CallRecord) -> Item | None:
        """The item that the talk left and nobody has written up; None when there is none."""
        ended = await self._storage.calls.get(record.id)
        if ended is None or not ended.number:
            return None
        left = (await self._intake.get(ended.number)).item
        waits = left.task is Task.TALK and left.call_id == record.id and left.state in QUEUED
        return left if waits else None

    async def _first_call(self, pop: Pop) -> CallRecord:
        """The call whose item is written: of a call-back the one in which it was asked for."""
        if pop.back is None:
            return pop.record
        asked_in = await self._storage.calls.get(pop.back.call_id)
        return asked_in or replace(pop.record, id=pop.back.call_id, started_at=pop.back.arrived_at)


def _draft_of(call: str) -> str:
    """Whose draft it is: all tries of a call-back share one."""
    return f"back-{owed_of(call)}" if is_back(call) else call
