"""What mail in asks of the past: was this mail taken before, and who is behind an item?"""

from __future__ import annotations

from sqlalchemy import bindparam, func, literal, or_, select

from gateway.storage.database import Database, Transaction
from gateway.storage.identities import Identities
from gateway.storage.tables import contacts, items, timeline

TAKEN = (
    select(contacts.c.number)
    .where(contacts.c.key == bindparam("key"))
    .union_all(select(timeline.c.number).where(timeline.c.key == bindparam("key")))
    .limit(1)
)
OF_PERSON = select(literal(1)).where(
    items.c.number == bindparam("number"),
    or_(func.lower(items.c.person_email) == bindparam("address"), items.c.person_email == bindparam("mark")),
)


class MailThreads:
    """Threads of gateway/channels/email/reception.py on the database."""

    def __init__(self, database: Database, identities: Identities) -> None:
        self._database = database
        self._identities = identities

    async def taken(self, key: str) -> str:
        """The item that this mail became or was put on; "" when it is new. Raises StorageDown."""

        def look(transaction: Transaction) -> str:
            return transaction.execute(TAKEN, {"key": key}).scalar_one_or_none() or ""

        return await self._database.read(look)

    async def knows(self, number: str, address: str) -> bool:
        """Is this the address of the person behind the item? Raises StorageDown."""

        def look(transaction: Transaction) -> bool:
            mark = self._identities.mark("email", address.strip().casefold())
            wanted = {"number": number, "address": address.lower(), "mark": mark}
            return transaction.execute(OF_PERSON, wanted).first() is not None

        return bool(address) and await self._database.read(look)
