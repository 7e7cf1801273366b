"""Links between items of one matter; each stays an item of its own."""

from __future__ import annotations

from gateway.core.item.matter import LinkKind, Matter
from gateway.errors import Conflict
from gateway.intake.item_changes import ItemChanges
from gateway.storage import Transaction


class Links:
    """Links of the items of one installation."""

    def __init__(self, changes: ItemChanges) -> None:
        self._changes = changes
        self._items = changes.items
        self._links = changes.links

    async def link(self, number: str, other: str, who: str, reason: str) -> Matter:
        """Link two items of one matter; each stays an item of its own. Raises NotFound, Conflict."""
        if number == other:
            raise Conflict("不能与自己关联 / an item cannot be linked to itself")

        def linked(t: Transaction) -> Matter:
            self._both(t, number, other)
            if not self._links.link(t, number, other, LinkKind.SAME_MATTER, who, reason, self._changes.now()):
                raise Conflict("两件已关联 / they are linked already")
            note_both(self._changes, t, "link", number, other, who, reason)
            return self._links.matter(t, number)

        return self._told(await self._changes.write(linked), other)

    async def unlink(self, number: str, other: str, who: str, reason: str) -> Matter:
        """Undo a link. What was split stays tied: it came as one. Raises NotFound, Conflict."""

        def unlinked(t: Transaction) -> Matter:
            self._both(t, number, other)
            kind = self._links.link_kind(t, number, other)
            if kind is LinkKind.SPLIT:
                raise Conflict("同一来件分出的两件不能取消关联 / the two came as one contact")
            if not self._links.unlink(t, number, other):
                raise Conflict("两件未关联 / they are not linked")
            note_both(self._changes, t, "unlink", number, other, who, reason)
            return self._links.matter(t, number)

        return self._told(await self._changes.write(unlinked), other)

    def _told(self, matter: Matter, other: str) -> Matter:
        for number in (matter.number, other):
            self._changes.tell("changed", number)
        return matter

    def _both(self, t: Transaction, first: str, second: str) -> None:
        for number in sorted((first, second)):  # in one fixed order: two requests cannot deadlock
            self._items.locked(t, number)


def note_both(
    changes: ItemChanges, t: Transaction, what: str, first: str, second: str, who: str, reason: str
) -> None:
    """The same line in the timelines of both, each with the other's number."""
    for number, other in ((first, second), (second, first)):
        changes.note(t, number, what, who, f"{other} {reason}".strip())
        changes.announce(t, number)
