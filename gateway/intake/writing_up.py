"""What an agent writes into an item: its kind, the words of a call, the fields of a fax or mail.

Every earlier version is kept as a revision.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from gateway.core.item.contact import Contact, Kind, Person, Receipt, Task
from gateway.core.item.item import Item, ItemDetail
from gateway.core.item.revision import Revision, differences, facts, merged, version
from gateway.core.item.states import TERMINAL, held, refuse_if_held_by_other
from gateway.errors import BadContact, Conflict
from gateway.intake.clocks import Clocks
from gateway.intake.faults import faults
from gateway.intake.item_changes import ItemChanges
from gateway.intake.submission import Submission
from gateway.storage import Transaction

CHANGED = "登记内容已被修改，请核对后再保存 / the item says something else by now: look at it again"


@dataclass(frozen=True, slots=True)
class Sorted:
    """What an agent found an unsorted item to be."""

    kind: Kind
    person: Person | None = None
    content: str = ""


class WritingUp:
    """Changes of what an item says. Its clocks run from the day of receipt whatever its kind becomes."""

    def __init__(self, changes: ItemChanges, clocks: Clocks, submission: Submission) -> None:
        self._changes = changes
        self._items = changes.items
        self._clocks = clocks
        self._submission = submission

    async def sort(self, number: str, sorted_as: Sorted, who: str) -> ItemDetail:
        """Say what an unsorted item is. Raises NotFound, Conflict."""

        def sorted_(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            before = self._items.person_of(t, item)
            person = _person_with(before, sorted_as.person)
            after = replace(item, kind=sorted_as.kind, content=sorted_as.content or item.content)
            changes = differences(facts(item, before), facts(after, person))
            self._changes.revisions.add(t, number, Revision(self._changes.now(), who, "sorted", changes))
            self._items.change(t, number, kind=after.kind.value, content=after.content)
            self._items.set_person(t, number, sorted_as.kind, person)
            self._items.replace_dues(t, number, self._clocks.running(t, item, sorted_as.kind))
            self._changes.note(t, number, "sorted", who, sorted_as.kind.value)
            self._changes.announce(t, number)
            return self._changes.detail(t, number)

        return await self._changes.change(sorted_)

    async def write_up(self, contact: Contact, who: str) -> Receipt:
        """An agent's words as the item of a key, whether or not the call has made that item already.

        Then what he wrote stands in it, as its kind, and no call-back is due any more. The talk was his own,
        so no lease is needed while nobody else has one.
        Raises BadContact, Conflict when somebody else holds it, StorageDown.
        """
        receipt = await self._submission.submit(contact)
        if not receipt.repeated:
            return receipt
        number = receipt.number

        def written(t: Transaction) -> Receipt:
            item = self._items.locked(t, number)
            refuse_if_held_by_other(item.lease, who, self._changes.now())
            self._write(t, item, contact, who)
            return replace(receipt, due=self._items.dues_of(t, number))

        receipt = await self._changes.write(written)
        self._changes.tell("changed", number)
        return receipt

    async def fill_in(
        self, number: str, contact: Contact, who: str, blank: Collection[str] = (), of: str = ""
    ) -> ItemDetail:
        """An agent's words in an item that came by itself and that he holds: a fax, a mail, a message.

        What is given is merged in, `blank` names fields to be emptied; core/item/revision.py has the rules.
        A call-back that is due stays due. `of` is the version that was read before: what has been changed
        since is not written over. Raises BadContact, NotFound, Conflict without a lease, StorageDown.
        """

        def filled(t: Transaction) -> ItemDetail:
            item = self._items.locked(t, number)
            held(item.lease, who)
            if of and of != version(item):
                raise Conflict(CHANGED)
            task = Task.NONE if item.task is Task.UNREADABLE else item.task
            self._write(t, item, replace(contact, task=task), who, blank)
            return self._changes.detail(t, number)

        return await self._changes.change(filled)

    def _write(
        self, t: Transaction, item: Item, given: Contact, who: str, blank: Collection[str] = ()
    ) -> None:
        """What a person wrote is merged into the item, as its kind, and the earlier version kept."""
        number = item.number
        if item.state in TERMINAL:
            raise Conflict("该件已结束 / this item is closed")
        person = self._items.person_of(t, item)
        contact = merged(item, person, given, blank)
        if wrong := tuple(faults(replace(contact, task=Task.NONE))):
            raise BadContact(*wrong)
        changes = differences(facts(item, person), facts(contact, contact.person))
        self._changes.revisions.add(t, number, Revision(self._changes.now(), who, "written_up", changes))
        self._items.rewrite(t, number, contact)
        if contact.kind is not item.kind:
            self._items.replace_dues(t, number, self._clocks.running(t, item, contact.kind))
        self._changes.note(t, number, "written_up", who, contact.kind.value)
        self._changes.announce(t, number)


def _person_with(person: Person, given: Person | None) -> Person:
    """What is not given does not wipe out what is known."""
    if given is None:
        return person
    stated = {f.name: value for f in fields(Person) if (value := getattr(given, f.name))}
    return replace(person, **stated)
