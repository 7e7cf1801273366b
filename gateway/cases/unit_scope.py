"""Which items people of units reach: those of orders that their unit sees."""

from __future__ import annotations

from gateway.core.order.actors import sees
from gateway.core.roles import OF_UNITS, Account
from gateway.errors import NotFound
from gateway.storage import Storage, Transaction


class UnitScope:
    """Asked before an item, its files or the recording of its call is given."""

    def __init__(self, storage: Storage) -> None:
        self._database = storage.database
        self._units = storage.units
        self._orders = storage.orders

    async def check(self, who: Account, number: str) -> None:
        """Nothing is asked of people of the centre. Raises NotFound, StorageDown."""
        if who.role not in OF_UNITS:
            return
        if not await self._database.read(lambda t: self._reaches(t, who, number)):
            raise NotFound

    def _reaches(self, t: Transaction, who: Account, number: str) -> bool:
        tree = self._units.tree_in(t)
        orders = self._orders.of_item(t, number)
        return any(sees(who, order, tree, self._orders.copies_of(t, order.id)) for order in orders)
