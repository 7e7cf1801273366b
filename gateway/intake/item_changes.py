"""Shared by all parts of intake: the tables of items, transactions, and listeners called after a commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from gateway.core.item.item import Attachment, DoneAct, Happened, Item, ItemDetail, ItemState
from gateway.core.item.states import Event
from gateway.core.item.taking_back import HELD
from gateway.listeners import Listeners
from gateway.storage import Storage, Transaction

T = TypeVar("T")

ChangeListener = Callable[[str, str], None]
AtClosing = Callable[[Transaction, Item], None]


class ItemChanges:
    """`items`, `revisions` and `links` are storage's; `now` is the clock of the installation."""

    def __init__(self, storage: Storage, now: Callable[[], datetime]) -> None:
        self.storage = storage
        self.items = storage.items
        self.revisions = storage.revisions
        self.links = storage.links
        self.acts = storage.acts
        self.now = now
        self._listeners: Listeners[str, str] = Listeners()
        self._at_closing: list[AtClosing] = []

    # ------------------------------------------------------------ listeners

    def listen(self, listener: ChangeListener) -> Callable[[], None]:
        """Call `listener(what, number)` after each commit: new, changed. Returns what ends it."""
        return self._listeners.add(listener)

    def tell(self, what: str, number: str) -> None:
        """Call the listeners; one that fails does not undo what is committed."""
        self._listeners.tell(what, number)

    # ------------------------------------------------------------ transactions

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self.storage.database.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        return await self.storage.database.write(work)

    async def change(self, work: Callable[[Transaction], ItemDetail]) -> ItemDetail:
        """One transaction that changes an item; listeners are told after it."""
        detail = await self.write(work)
        self.tell("changed", detail.item.number)
        return detail

    def note(self, t: Transaction, number: str, what: str, who: str, text: str = "") -> None:
        """A line of an item's timeline."""
        self.items.happened(t, number, Happened(self.now(), what, who, text))

    def announce(self, t: Transaction, number: str, payload: str = "{}", *, held: bool = False) -> None:
        """An item.changed for whoever is sent such events, in the same transaction.

        `held`: it is sent only when it can no longer be undone.
        """
        at = self.now() + HELD if held else self.now()
        self.items.post(t, "item.changed", number, payload, at)

    def add_files(
        self, t: Transaction, item: Item, kept: Sequence[Attachment], who: str, text: str = ""
    ) -> None:
        """Files that lie on the disk already stand beside an item, and in its timeline."""
        self.note(t, item.number, "file_added", who, "：".join(filter(None, (names_of(kept), text))))
        self.attach(t, item, kept)
        self.announce(t, item.number, what_changed("file_added"))

    def attach(self, t: Transaction, item: Item, kept: Sequence[Attachment]) -> None:
        if kept:
            self.items.attach(t, item.number, kept)
            self.items.change(t, item.number, attachments=item.attachments + len(kept))

    def done(self, t: Transaction, item: Item, event: Event, who: str, after: ItemState) -> None:
        """Keep what an item was before this event, so that it can be taken back."""
        days = self.links.days_of(t, item.number)
        act = DoneAct(self.now(), who, event, item.state, after, item.lease, item.county, days)
        self.acts.add(t, item.number, act)
        if after is ItemState.CLOSED:
            for closing in self._at_closing:
                closing(t, item)

    def at_closing(self, closing: AtClosing) -> None:
        """Call `closing(t, item)` in each transaction that closes an item; `item` is as it was before."""
        self._at_closing.append(closing)

    def detail(self, t: Transaction, number: str) -> ItemDetail:
        """One item with its timeline and files. Raises NotFound."""
        return self.detail_of(t, self.items.there(t, number))

    def detail_of(self, t: Transaction, item: Item) -> ItemDetail:
        files = self.items.attachments_of(t, item.number) if item.attachments else ()
        act = self.acts.last_of(t, item.number)
        last = act if act and act.after is item.state else None
        notices = self.storage.notices.of_item(t, item.number)
        return ItemDetail(item, self.items.past_of(t, item.number), files, last, notices)


def names_of(files: Iterable[Attachment]) -> str:
    return "、".join(file.name for file in files)


def what_changed(word: str, **facts: str) -> str:
    """The payload of an item.changed: the word of the event, and what may be told of it."""
    return json.dumps({"what": word, **facts}, ensure_ascii=False)
