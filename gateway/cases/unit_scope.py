"""Which items people of units reach: those of orders that their unit sees."""

from __future__ import annotations

from gateway.core.order.actors import sees
from gateway.core.roles import OF_UNITS, Account
from gateway.errors import NotAllowed, NotFound
from gateway.storage import Storage, Transaction

ONLY_A_COPY = "抄送件仅供查看 / your unit has a copy of the order, to read"


class UnitScope:
    """Asked before an item, its files or the recording of its call is given."""

    def __init__(self, storage: Storage) -> None:
        self._database = storage.database
        self._units = storage.units
        self._orders = storage.orders

    async def check(self, who: Account, number: str, *, handles: bool = False) -> None:
        """Nothing is asked of people of the centre. Whose unit has but a copy sees the matter, and does
        nothing that `handles` it. Raises NotFound, NotAllowed, StorageDown."""
        if who.role not in OF_UNITS:
            return
        reaches, has_order = await self._database.read(lambda t: self._reaches(t, who, number))
        if not reaches:
            raise NotFound
        if handles and not has_order:
            raise NotAllowed(ONLY_A_COPY)

    def _reaches(self, t: Transaction, who: Account, number: str) -> tuple[bool, bool]:
        """Does he see the item, and has his unit an order of it?"""
        tree = self._units.tree_in(t)
        orders = self._orders.of_item(t, number)
        has_order = any(sees(who, order, tree) for order in orders)
        copied = any(sees(who, order, tree, self._orders.copies_of(t, order.id)) for order in orders)
        return copied, has_order
