"""What an agent does with one item beside deciding on it: notes for colleagues, files, the query code read
again, what came in first, and taking back what was just done.

Called by the API; decisions are matters.py, what the item says is written by Intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gateway.core.item.answers import CannedAnswer, Filled, filled, words_of
from gateway.core.item.contact import Evidence
from gateway.core.item.item import Happened, Item, ItemDetail
from gateway.core.item.notes import Mention, named_in
from gateway.core.item.revision import as_arrived
from gateway.core.item.states import Event, claimed, held, move
from gateway.core.roles import OF_CENTRE
from gateway.errors import BadContact, Conflict, FieldFault
from gateway.intake.intake import Intake
from gateway.intake.work_queue import LEASE_SECONDS
from gateway.storage import Storage, Transaction

MENTIONS = 50  # unread mentions that are shown


@dataclass(frozen=True, slots=True)
class ItemArrival:
    """An item, and the fields as they came; personal fields of a report too."""

    item: Item
    fields: Mapping[str, str]


class ItemDesk:
    """The items of one installation, as those see them who work them. `answers` are the canned ones."""

    def __init__(
        self, intake: Intake, storage: Storage, answers: tuple[CannedAnswer, ...] = (), centre: str = ""
    ) -> None:
        self._intake = intake
        self._changes = intake.changes
        self._items = storage.items
        self._accounts = storage.accounts
        self._mentions = storage.mentions
        self._answers = answers
        self._centre = centre

    # ------------------------------------------------------------ taking back

    async def undo(self, number: str, who: str) -> ItemDetail:
        """Undo what he did last to an item. Raises NotFound, Conflict, StorageDown."""
        await self._intake.undo(number, who)
        return await self._intake.get(number)

    async def retract(self, number: str, who: str, reason: str) -> ItemDetail:
        """Take a decision or a closing back with a reason. Raises NotFound, Conflict, StorageDown."""
        await self._intake.retract(number, who, reason)
        return await self._intake.get(number)

    # ------------------------------------------------------------ notes

    async def colleagues(self) -> Mapping[str, str]:
        """The name of each account that works on items. Raises StorageDown."""
        roles = [role.value for role in OF_CENTRE]
        accounts = await self._accounts.list()
        return MappingProxyType(
            {
                account.id: account.name
                for account in accounts
                if account.role in roles and account.locked_at is None
            }
        )

    async def note(self, number: str, who: str, text: str) -> ItemDetail:
        """An internal note, in whatever state; colleagues named in it by @ are told.

        Raises NotFound, StorageDown.
        """
        named = named_in(text, await self.colleagues()) - {who}

        def noted(t: Transaction) -> ItemDetail:
            self._items.locked(t, number)
            now = self._changes.now()
            self._items.happened(t, number, Happened(now, "note", who, text))
            self._mentions.add(t, number, named, Mention(number, "", who, now, text))
            return self._changes.detail(t, number)

        return await self._changes.change(noted)

    async def mentions(self, who: str) -> list[Mention]:
        """Where colleagues named him and he has not looked yet, the newest first. Raises StorageDown."""
        return await self._changes.read(lambda t: self._mentions.unseen_by(t, who, MENTIONS))

    async def see_mentions(self, number: str, who: str) -> None:
        """He has looked at this item. Raises NotFound, StorageDown."""

        def seen(t: Transaction) -> int:
            self._items.there(t, number)
            return self._mentions.seen(t, number, who, self._changes.now())

        if await self._changes.write(seen):
            self._changes.tell("changed", number)

    # ------------------------------------------------------------ who holds it

    async def reassign(self, number: str, to: str, who: str, reason: str) -> ItemDetail:
        """A leader gives an item back to the queue, or to the account `to`, who is told, whoever holds it.

        Raises NotFound, Conflict, BadContact, StorageDown.
        """
        names = await self.colleagues()
        if to and to not in names:
            raise BadContact(FieldFault("to", "没有这个账号", "is no account that works on items"))

        def moved(t: Transaction) -> ItemDetail:
            item, now = self._items.locked(t, number), self._changes.now()
            if not to and item.lease is None:
                raise Conflict("该件无人办理 / nobody holds it")
            state = move(item.state, Event.CLAIM if to else Event.RELEASE)
            self._items.set_state(t, number, state)
            self._items.set_lease(t, number, claimed(None, to, now, LEASE_SECONDS) if to else None)
            text = f"{names.get(to, '')} {reason}".strip()
            self._items.happened(t, number, Happened(now, "reassign", who, text))
            self._mentions.add(t, number, {to} - {"", who}, Mention(number, "", who, now, reason))
            return self._changes.detail(t, number)

        return await self._changes.change(moved)

    # ------------------------------------------------------------ files, code, arrival

    async def add_files(self, number: str, who: str, files: tuple[Evidence, ...], text: str) -> ItemDetail:
        """Files that an agent puts beside an item. Raises NotFound, StorageDown."""
        await self._intake.add_files(number, who, files, text)
        return await self._intake.get(number)

    async def query_code(self, number: str, who: str) -> str:
        """The query code, for whoever holds the item to read it out again. Raises NotFound, Conflict."""

        def read(t: Transaction) -> str:
            held(self._items.there(t, number).lease, who)
            return self._items.code_of(t, number)

        return await self._changes.read(read)

    async def arrival(self, number: str) -> ItemArrival:
        """The fields as they came, whatever was corrected since. Raises NotFound, StorageDown."""

        def looked_up(t: Transaction) -> ItemArrival:
            item = self._items.there(t, number)
            past = self._changes.revisions.of_item(t, number)
            return ItemArrival(item, as_arrived(item, self._items.person_of(t, item), past))

        return await self._changes.read(looked_up)

    # ------------------------------------------------------------ canned answers

    async def answers(self, number: str, agent: str, today: datetime) -> list[Filled]:
        """The canned answers for its kind, filled in; `today` is aware. Raises NotFound, StorageDown."""
        item = (await self._intake.get(number)).item
        received = item.received_at.astimezone(today.tzinfo).date()
        words = words_of(item, self._centre, agent, received, today.date())
        return [filled(answer, words) for answer in self._answers if item.kind in answer.kinds]
