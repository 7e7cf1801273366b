"""The pages of fax items as people file them: put in order, turned upright, parted into two items.

Joining two fax items is merging them, undone as any merge: the pages of what was merged stand behind the
others. Called by the API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from gateway.core.fax.record import FiledPage, Placing
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Receipt, Task
from gateway.core.item.item import Happened, Item
from gateway.core.item.matter import LinkKind
from gateway.core.item.states import TERMINAL, refuse_if_held_by_other
from gateway.errors import Conflict
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction

Key = tuple[str, int]


class Filing:
    """The fax pages of one installation's items."""

    def __init__(self, intake: Intake, storage: Storage, now: Callable[[], datetime]) -> None:
        self._intake = intake
        self._storage = storage
        self._now = now

    async def pages(self, number: str) -> tuple[FiledPage, ...]:
        """The pages of an item as they are shown; none for one that is no fax. Raises NotFound."""

        def looked(t: Transaction) -> tuple[FiledPage, ...]:
            self._storage.items.there(t, number)
            return self._storage.faxes.filed(t, number)

        return await self._storage.database.read(looked)

    async def arrange(self, number: str, order: Sequence[Placing]) -> tuple[FiledPage, ...]:
        """Every page of the item in a new order. Raises NotFound, Conflict when the pages are others now."""

        def arranged(t: Transaction) -> tuple[FiledPage, ...]:
            self._storage.items.locked(t, number)
            keys = [page.key for page in self._storage.faxes.filed(t, number)]
            if sorted(keys) != sorted(page.key for page in order):
                raise Conflict("页面已有变化，请刷新 / the pages have changed: look again")
            self._storage.faxes.place(t, order)
            return self._storage.faxes.filed(t, number)

        return await self._storage.database.write(arranged)

    async def split(self, number: str, chosen: Collection[Key], who: str) -> Receipt:
        """Some of an item's pages become an item of their own, received when the first was.

        All of it is one transaction, and a page can leave an item only once: sent again it is a Conflict,
        never a second item. Raises NotFound, Conflict, StorageDown.
        """
        item = await self._storage.database.read(lambda t: self._splittable(t, number, who))
        leaving = _leaving(await self.pages(number), chosen)
        first = leaving[0]
        contact = Contact(
            key=f"fax-split:{first.page.number}:{first.fax}:{first.page.page}",
            channel=Channel.FAX,
            kind=Kind.UNSORTED,
            received_at=item.received_at,
            person=item.person,
            content=f"由传真件 {number} 分出，共 {len(leaving)} 页。",
            task=Task.NONE,
            call_id=item.call_id,
            evidence=tuple(self._picture(page, place) for place, page in enumerate(leaving, 1)),
        )

        def beside(t: Transaction, new: str) -> None:
            self._splittable(t, number, who)
            still = _leaving(self._storage.faxes.filed(t, number), chosen)
            self._storage.faxes.move(t, still, new)
            now = self._now()
            self._storage.links.link(t, number, new, LinkKind.SPLIT, who, "", now)
            for here, other in ((number, new), (new, number)):
                self._storage.items.happened(t, here, Happened(now, "split", who, other))

        receipt = await self._intake.submit(contact, beside)
        if receipt.repeated:
            raise Conflict("这些页面已分出 / these pages were parted before")
        return receipt

    def _splittable(self, t: Transaction, number: str, who: str) -> Item:
        """The item with whoever sent it. Raises NotFound, Conflict."""
        item = self._storage.items.there(t, number)
        refuse_if_held_by_other(item.lease, who, self._now())
        if item.state in TERMINAL:
            raise Conflict("该件已结束 / this item is closed")
        return item

    def _picture(self, page: FiledPage, place: int) -> Evidence:
        path = self._storage.files.path(page.page.sha256)
        return Evidence(str(path), f"第{place}页.png", "image/png", "page")


def _leaving(pages: Sequence[FiledPage], chosen: Collection[Key]) -> list[FiledPage]:
    """The chosen pages. Raises Conflict unless they are all there and something stays behind."""
    leaving = [page for page in pages if page.key in set(chosen)]
    if not leaving or len(leaving) != len(set(chosen)):
        raise Conflict("页面已不在该件中 / the pages are not in this item any more")
    if len(leaving) == len(pages):
        raise Conflict("至少留下一页 / at least one page stays")
    return leaving
