"""What is added to an item later: a follow-up, a line of the timeline, and that an addition has been read."""

from __future__ import annotations

from gateway.core.item.contact import Contact, Evidence
from gateway.core.item.item import Happened, Item, ItemDetail
from gateway.core.item.revision import Revision, beside_text, said_beside, secret
from gateway.core.item.states import refuse_if_held_by_other
from gateway.errors import Conflict
from gateway.intake.item_changes import ItemChanges, what_changed
from gateway.intake.submission import Beside, Submission
from gateway.storage import Transaction


class Additions:
    """Additions to the items of one installation."""

    def __init__(self, changes: ItemChanges, submission: Submission) -> None:
        self._changes = changes
        self._items = changes.items
        self._submission = submission

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        beside: Beside | None = None,
        contact: Contact | None = None,
        thread: str = "",
    ) -> bool:
        """A follow-up on an item: a later mail, more evidence. False when this key was there already.

        Whatever state the item is in, it has an addition to be read from then on. `contact` has who wrote and
        all that was filled in: it is kept sealed beside the item, and of a report the timeline tells nothing
        of the person. `thread` are the Message-IDs of the conversation that a mail of the person stands in:
        what he is told from then on stands in it. `beside` as at `submit`. Raises NotFound, StorageDown.
        """
        kept = await self._submission.keep(evidence)

        def appended(t: Transaction) -> bool:
            item = self._items.locked(t, number)
            if not self._write(t, item, key, text, who, contact):
                return False
            self._changes.attach(t, item, kept)
            if thread:
                self._items.change(t, number, mail_thread=thread)
            self._changes.announce(t, number, what_changed("follow_up"))
            if beside:
                beside(t, number)
            return True

        new = await self._changes.write(appended)
        if new:
            self._changes.tell("changed", number)
        return new

    def _write(
        self, t: Transaction, item: Item, key: str, text: str, who: str, contact: Contact | None
    ) -> bool:
        """The line of the timeline and what is kept sealed. False when this key was there already."""
        now = self._changes.now()
        changes = said_beside(item, self._items.person_of(t, item), contact) if contact else {}
        words = beside_text(item, contact, text, changes) if contact else text
        by = contact.channel.value if contact and secret(item) else who
        if not self._items.happened(t, item.number, Happened(now, "follow_up", by, words), key):
            return False
        self._changes.revisions.add(t, item.number, Revision(now, by, "follow_up", changes))
        self._items.added(t, item, now)
        return True

    async def keyed(self, key: str) -> tuple[str, str] | None:
        """To which item what was added under this key; None when nothing was. Raises StorageDown."""
        return await self._changes.read(lambda t: self._items.keyed(t, key))

    async def add_files(self, number: str, who: str, evidence: tuple[Evidence, ...], text: str) -> None:
        """Files that an agent or a unit adds to an item, in whatever state it is. Raises NotFound."""
        kept = await self._submission.keep(evidence)

        def added(t: Transaction) -> None:
            self._changes.add_files(t, self._items.locked(t, number), kept, who, text)

        await self._changes.write(added)
        self._changes.tell("changed", number)

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None:
        """A line of the timeline, with a key only once. Raises NotFound."""

        def noted(t: Transaction) -> None:
            self._items.locked(t, number)
            self._items.happened(t, number, Happened(self._changes.now(), what, who, text), key or None)

        await self._changes.write(noted)
        self._changes.tell("changed", number)

    async def read_addition(self, number: str, who: str, text: str = "") -> ItemDetail:
        """What was added has been read; a word on it stands in the timeline. Raises NotFound, Conflict."""

        def seen(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            now = self._changes.now()
            refuse_if_held_by_other(item.lease, who, now)
            if item.added_at is None:
                raise Conflict("没有未读的补充 / nothing was added that is not read")
            self._items.change(t, number, added_at=None)
            self._items.happened(t, number, Happened(now, "addition_read", who, text))
            return self._changes.detail(t, number)

        return await self._changes.change(seen)
