"""Working the queue: claim, renew and release a lease, complete, merge and undo a merge."""

from __future__ import annotations

from gateway.core.item.item import Happened, Item, ItemDetail, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.core.item.states import Event, claimed, held, move, refuse_if_held_by_other, renewed
from gateway.core.item.taking_back import check_closing
from gateway.errors import Conflict
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.intake.legal_steps import LegalSteps
from gateway.storage import Transaction

LEASE_SECONDS = 900.0


class WorkQueue:
    """The items that wait and who holds which."""

    def __init__(self, changes: ItemChanges, steps: LegalSteps) -> None:
        self._changes = changes
        self._steps = steps
        self._items = changes.items

    async def claim(
        self, who: str, query: QueueQuery, number: str = "", seconds: float = LEASE_SECONDS
    ) -> ItemDetail | None:
        """The oldest free item that fits, or this one, with a lease; None when nothing fits.

        Raises NotFound, and Conflict when the one asked for is somebody else's.
        """

        def taken(t: Transaction) -> ItemDetail | None:
            now = self._changes.now()
            item = self._items.locked(t, number) if number else self._items.next_free(t, query, now)
            if item is None:
                return None
            lease = claimed(item.lease, who, now, seconds)
            item = self._items.claim(t, item, move(item.state, Event.CLAIM), lease)
            self._items.happened(t, item.number, Happened(now, "claim", who))
            return self._changes.detail_of(t, item)

        detail = await self._changes.write(taken)
        if detail:
            self._changes.tell("changed", detail.item.number)
        return detail

    async def renew(self, number: str, who: str, seconds: float = LEASE_SECONDS) -> ItemDetail:
        """Keep a claimed item longer. Raises NotFound, Conflict."""

        def longer(t: Transaction) -> ItemDetail:
            lease = renewed(self._items.locked(t, number).lease, who, self._changes.now(), seconds)
            self._items.set_lease(t, number, lease)
            return self._changes.detail(t, number)

        return await self._changes.write(longer)

    async def happen(
        self, number: str, who: str, event: Event, text: str = "", *, later: bool = False
    ) -> ItemDetail:
        """An event of the table, by whoever holds the item. Raises NotFound, Conflict, BadContact.

        What is neither decided nor answered is closed for a reason. `later`: others are told of
        it once it can no longer be undone.
        """

        def moved(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            state = move(item.state, event)
            if event is Event.COMPLETE:
                check_closing(item, text)
                self._changes.done(t, item, event, who, state)
            self._items.set_state(t, number, state)
            if event in (Event.RELEASE, Event.COMPLETE):
                self._items.set_lease(t, number, None)
            self._changes.note(t, number, event.value, who, text)
            self._changes.announce(t, number, what_changed(event.value), held=later)
            return self._changes.detail(t, number)

        return await self._changes.change(moved)

    # ------------------------------------------------------------ two items

    async def merge(
        self, number: str, into: str, who: str, text: str = "", *, new_facts: bool = False
    ) -> ItemDetail:
        """One matter that came twice: this item goes into another. `new_facts`: of a report that brings some.

        Raises NotFound, Conflict.
        """
        if number == into:
            raise Conflict("不能与自己合并 / an item cannot be merged into itself")

        def joined(t: Transaction) -> ItemDetail:
            both = self._both(t, number, into)
            if both[into].merged_into:
                raise Conflict(f"{into} 已合并到 {both[into].merged_into} / is itself merged")
            refuse_if_held_by_other(both[number].lease, who, self._changes.now())
            state = move(both[number].state, Event.MERGE)
            self._steps.joined(t, both[number], both[into], who, new_facts)
            self._items.set_state(t, number, state)
            self._items.change(t, number, merged_into=into)
            self._items.set_lease(t, number, None)
            self._changes.note(t, number, "merge", who, f"{into} {text}".strip())
            self._changes.note(t, into, "merged_here", who, number)
            self._changes.announce(t, number)
            return self._changes.detail(t, number)

        return await self._changes.change(joined)

    async def unmerge(self, number: str, who: str, text: str) -> ItemDetail:
        """Undo a merge. Raises NotFound, Conflict."""

        def parted(t: Transaction) -> ItemDetail:
            into = self._items.there(t, number).merged_into
            item = self._both(t, number, into or number)[number]
            self._items.set_state(t, number, move(item.state, Event.UNMERGE))
            self._items.change(t, number, merged_into="")
            self._changes.note(t, number, "unmerge", who, text)
            self._changes.note(t, item.merged_into, "unmerged_here", who, number)
            self._steps.parted(t, item)
            self._changes.announce(t, number)
            return self._changes.detail(t, number)

        return await self._changes.change(parted)

    async def tie(self, number: str, other: str, kind: LinkKind, who: str) -> None:
        """Link two items that came as one. Twice is once. Raises NotFound, StorageDown."""

        def tied(t: Transaction) -> None:
            self._both(t, number, other)
            if self._changes.links.link(t, number, other, kind, who, "", self._changes.now()):
                self._changes.note(t, number, kind.value, who, other)
                self._changes.note(t, other, kind.value, who, number)

        await self._changes.write(tied)
        self._changes.tell("changed", number)

    def _both(self, t: Transaction, *numbers: str) -> dict[str, Item]:
        """Both items, locked in one fixed order, so that two requests cannot deadlock."""
        return {number: self._items.locked(t, number) for number in sorted(numbers)}
