"""Assigns items with a clear suggestion automatically, of the kinds in rules/dispatch.yaml: none as shipped.

An item that had an order before is left to people: its unit has said that it was wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from gateway.cases.assigning import Assignment
from gateway.cases.dispatch import Dispatch, Suggested
from gateway.cases.orders import Orders
from gateway.core.item.contact import Kind
from gateway.core.order.dispatch import DispatchQuery
from gateway.core.roles import Account, Role
from gateway.errors import BadContact, Conflict, StorageDown
from gateway.tasks import in_rounds

log = logging.getLogger(__name__)

WHO = Account("dispatch-rules", Role.DISPATCHER)
EVERY = 60.0  # seconds between looks
PAGE = 100


class AutomaticDispatch:
    """`kinds` are those of which a clear suggestion is assigned."""

    def __init__(
        self, dispatch: Dispatch, orders: Orders, kinds: Collection[Kind], now: Callable[[], datetime]
    ) -> None:
        self._dispatch = dispatch
        self._orders = orders
        self._kinds = kinds
        self._now = now

    async def assign_clear(self) -> int:
        """How many items were assigned. Raises StorageDown."""
        return sum([await self._of_kind(kind) for kind in sorted(self._kinds)])

    async def _of_kind(self, kind: Kind) -> int:
        assigned, after = 0, ""
        while True:
            page = await self._dispatch.page(DispatchQuery("", self._now(), kind, after=after, limit=PAGE))
            for suggested in page.items:
                assigned += await self._assign(suggested)
            if not (after := page.next):
                return assigned

    async def _assign(self, suggested: Suggested) -> bool:
        number = suggested.item.row.number
        if not suggested.suggestion.clear or await self._orders.of_item(number, WHO):
            return False
        try:
            unit = suggested.suggestion.candidates[0].unit
            await self._orders.assign(number, WHO, Assignment(unit))
        except (Conflict, BadContact) as refusal:
            log.info("%s is not assigned automatically: %s", number, refusal)
            return False
        return True

    async def keep_on(self) -> None:
        """Until cancelled."""
        await in_rounds(self.assign_clear, EVERY, StorageDown, log, "automatic assignment waits")
