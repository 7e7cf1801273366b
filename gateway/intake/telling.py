"""Notices to a person from the desk: write a reply, note that he was told, try again or another way.

Nothing is sent here: a reply and another way are an occasion, of which the outbox makes a notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gateway.core.item.delivery import About, DeliveryState, Draft, Occasion, Plan
from gateway.core.item.item import Happened, Item, ItemState, NoticeRecord
from gateway.core.item.notice import (
    NOTICE_NAMES,
    OPEN,
    REPLIED,
    WAYS,
    NoticeKind,
    NoticeState,
    Sending,
    first_way,
    reach,
)
from gateway.core.item.states import TERMINAL, held, refuse_if_held_by_other
from gateway.errors import BadContact, Conflict, FieldFault, NotFound
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.storage import Transaction

WITHOUT_LEASE = TERMINAL | {ItemState.HANDED_OVER}
"""In these nobody holds an item; a reply can be written all the same."""


Planned = Callable[[Occasion, About], Plan]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go out about an item."""

    item: Item
    drafts: tuple[Draft, ...]


class Telling:
    """Tells people by the ways that are set up (`sending`); `planned` is what makes notices of occasions."""

    def __init__(self, changes: ItemChanges, sending: Sending, planned: Planned) -> None:
        self._planned = planned
        self._changes = changes
        self._items = changes.items
        self._notices = changes.storage.notices
        self._sending = sending

    # ------------------------------------------------------------ a reply

    async def reply(self, number: str, who: str, text: str, ways: Collection[str], key: str = "") -> None:
        """Tell the person this, by these ways or the first there is; with a key only once.

        Raises NotFound, Conflict, BadContact for a way that leads nowhere.
        """

        def told(t: Transaction) -> None:
            item = self._items.locked(t, number)
            self._may_write(item, who)
            chosen = self._ways(t, item, tuple(dict.fromkeys(ways)))
            entry = Happened(self._changes.now(), REPLIED, who, text)
            if self._items.happened(t, number, entry, f"reply:{number}:{key}" if key else None):
                payload = what_changed(REPLIED, told=text, ways=",".join(chosen))
                self._changes.announce(t, number, payload)

        await self._changes.write(told)
        self._changes.tell("changed", number)

    async def ways(self, number: str) -> tuple[Item, Mapping[str, str]]:
        """An item, and the address of each way that leads to its person. Raises NotFound, StorageDown."""

        def looked_up(t: Transaction) -> tuple[Item, Mapping[str, str]]:
            item = self._items.there(t, number)
            return item, reach(item.channel, self._items.person_of(t, item), self._sending)

        return await self._changes.read(looked_up)

    async def preview(self, number: str, text: str, ways: Collection[str]) -> Preview:
        """What a reply would be, way by way. Raises NotFound, BadContact, StorageDown."""

        def composed(t: Transaction) -> Preview:
            item, now = self._items.there(t, number), self._changes.now()
            chosen = self._ways(t, item, tuple(dict.fromkeys(ways)))
            facts = {"told": text, "ways": ",".join(chosen)}
            occasion = Occasion(0, "item.changed", number, now, REPLIED, facts)
            about = self._changes.storage.outbox.about(t, item, now)
            return Preview(item, self._planned(occasion, about).drafts)

        return await self._changes.read(composed)

    def _may_write(self, item: Item, who: str) -> None:
        if item.state in WITHOUT_LEASE:
            refuse_if_held_by_other(item.lease, who, self._changes.now())
        else:
            held(item.lease, who)

    def _ways(self, t: Transaction, item: Item, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The ways by which he is told. Raises BadContact."""
        addresses = reach(item.channel, self._items.person_of(t, item), self._sending)
        chosen = wanted or tuple(filter(None, (first_way(addresses, official=True),)))
        wrong = [way for way in chosen if way not in addresses]
        if wrong or not chosen:
            offered = [f"{WAYS[way].zh} {way}" for way in addresses]
            zh = (
                f"可用的方式：{'、'.join(offered)}"
                if offered
                else "没有可用的联系方式，请先登记邮箱、电话或者地址"
            )
            en = f"what leads to the person: {', '.join(addresses) or 'nothing'}"
            raise BadContact(FieldFault("ways", zh, en))
        return chosen

    async def send_receipt(self, number: str, who: str, ways: Collection[str]) -> None:
        """Number, query code and clocks once more, by these ways. Raises NotFound, Conflict, BadContact."""

        def sent(t: Transaction) -> None:
            item = self._items.locked(t, number)
            refuse_if_held_by_other(item.lease, who, self._changes.now())
            chosen = self._ways(t, item, tuple(dict.fromkeys(ways)))
            self._changes.note(t, number, "receipt_sent", who, "、".join(WAYS[way].zh for way in chosen))
            payload = what_changed(NoticeKind.ACKNOWLEDGEMENT.value, ways=",".join(chosen))
            self._changes.announce(t, number, payload)

        await self._changes.write(sent)
        self._changes.tell("changed", number)

    # ------------------------------------------------------------ what became of a notice

    async def notice(self, number: str, notice: int) -> tuple[Item, NoticeRecord]:
        """One notice of an item. Raises NotFound, StorageDown."""

        def looked_up(t: Transaction) -> tuple[Item, NoticeRecord]:
            return self._items.there(t, number), self._there(t, number, notice)

        return await self._changes.read(looked_up)

    async def told_by_hand(self, number: str, who: str, notice: int, text: str) -> None:
        """He was called, or the letter is on its way. Raises NotFound, Conflict."""

        def done(t: Transaction) -> None:
            self._items.locked(t, number)
            notice_row = self._there(t, number, notice)
            if notice_row.state != NoticeState.TO_DO:
                raise Conflict("只有待办的电话、信函告知可以登记 / only a call or letter that is to be done")
            proof = f"{who}：{text}" if text else who
            self._notices.settle(t, notice, DeliveryState.SENT, proof, self._changes.now())
            entry = f"{WAYS[notice_row.way].zh}（{NOTICE_NAMES[NoticeKind(notice_row.kind)][0]}）{text}"
            self._changes.note(t, number, "told", who, entry)

        await self._changes.write(done)
        self._changes.tell("changed", number)

    async def tell_again(self, number: str, who: str, notice: int, way: str) -> None:
        """By the same way once more, or by another. Raises NotFound, Conflict, BadContact."""

        def tried(t: Transaction) -> None:
            item = self._items.locked(t, number)
            earlier = self._there(t, number, notice)
            if earlier.state not in OPEN:
                raise Conflict("该告知不需要重发 / this notice wants no other try")
            if not earlier.occasion:
                raise Conflict("该告知不能改用其他方式 / nothing is known of what this notice told")
            (chosen,) = self._ways(t, item, (way or earlier.way,))
            line = f"{who}：改用{WAYS[chosen].zh}" if chosen != earlier.way else f"{who}：重新发送"
            self._notices.settle(t, notice, DeliveryState.DROPPED, line, self._changes.now())
            facts = {**json.loads(earlier.occasion), "ways": chosen}
            self._changes.announce(t, number, json.dumps(facts, ensure_ascii=False))
            self._changes.note(t, number, "told_again", who, WAYS[chosen].zh)

        await self._changes.write(tried)
        self._changes.tell("changed", number)

    def _there(self, t: Transaction, number: str, notice: int) -> NoticeRecord:
        matching = (row for row in self._notices.of_item(t, number) if row.id == notice)
        notice_row = next(matching, None)
        if notice_row is None:
            raise NotFound
        return notice_row
