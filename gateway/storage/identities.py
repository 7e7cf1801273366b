"""Who a reporter is: a record of its own, encrypted; the item beside it has keyed hashes alone.

AES-256-GCM, bound to the item's number, with a key under var/secrets. The hashes (HMAC-SHA256) let the
same person's other items be found; nobody without the key can try numbers against them. Called by Items
and Links within their transactions. Who may look is the web side's to say, and that he looked is noted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import astuple, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, insert, or_, select, update

from gateway.core import telephone
from gateway.core.item.contact import Kind, Person
from gateway.core.item.item import Item
from gateway.errors import StorageDown
from gateway.storage.database import Transaction
from gateway.storage.one_time_work import Batch
from gateway.storage.prepared import Prepared
from gateway.storage.rows import SEALED
from gateway.storage.tables import identities, items

NAMES = ("name", "phone", "email", "address", "id_type", "id_number")
OF_ITEM = select(identities.c.sealed).where(identities.c.number == bindparam("number"))
KEEP = Prepared(insert(identities), names_columns=True)
DROP = delete(identities).where(identities.c.number == bindparam("of"))
OLD = (
    select(items)
    .where(
        items.c.kind == Kind.REPORT.value,
        items.c.number > bindparam("after"),
        items.c.person_name != SEALED,
        or_(*(items.c[f"person_{name}"] != "" for name in NAMES)),
    )
    .order_by(items.c.number)
    .limit(bindparam("limit"))
)
OPEN = select(*(items.c[f"person_{name}"] for name in NAMES)).where(items.c.number == bindparam("number"))
SEALED_NOW = (
    update(items)
    .where(items.c.number == bindparam("of"))
    .values({f"person_{name}": bindparam(f"person_{name}") for name in NAMES})
)
_NONCE = 12  # bytes


class Identities:
    """The sealed identities of one installation."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"seal"))
        self._hashing = _derived(key, b"find")

    # ------------------------------------------------------------ keeping and opening

    def changed(self, t: Transaction, number: str, kind: Kind, person: Person) -> dict[str, str]:
        """The same as `columns`, of an item that was there before."""
        t.execute(DROP, {"of": number})
        return self.columns(t, number, kind, person)

    def columns(self, t: Transaction, number: str, kind: Kind, person: Person) -> dict[str, str]:
        """What a new item's own columns hold of a person; of a reporter the rest goes into his record."""
        if kind is Kind.REPORT and person != Person():
            KEEP.run(t, {"number": number, "sealed": self.seal(number, person)})
            person = Person(
                name=SEALED,
                phone=self.mark("phone", telephone.comparable(person.phone)),
                email=self.mark("email", person.email.strip().casefold()),
                id_number=self.mark("id_number", person.id_number.strip().casefold()),
            )
        return {f"person_{name}": getattr(person, name) for name in NAMES}

    def person_of(self, t: Transaction, item: Item) -> Person:
        """Who is behind an item. Raises StorageDown when it cannot be opened: the key is another one."""
        if item.kind is not Kind.REPORT:
            return item.person
        sealed = t.execute(OF_ITEM, {"number": item.number}).scalar_one_or_none()
        return self.open(item.number, bytes(sealed)) if sealed else self._unsealed(t, item.number)

    def _unsealed(self, t: Transaction, number: str) -> Person:
        """What an older gateway kept in the open and nobody has sealed yet."""
        row = t.execute(OPEN, {"number": number}).first()
        return Person(*row) if row and row[0] != SEALED else Person()

    def opened(self, t: Transaction, item: Item) -> Item:
        """The item as it is compared with others, in memory alone."""
        return replace(item, person=self.person_of(t, item)) if item.withheld else item

    def seal(self, number: str, person: Person) -> bytes:
        return self.seal_text(number, json.dumps(astuple(person), ensure_ascii=False))

    def open(self, number: str, sealed: bytes) -> Person:
        """Raises StorageDown."""
        return Person(*json.loads(self.open_text(number, sealed)))

    def seal_text(self, bound: str, text: str) -> bytes:
        """A secret, bound to whose it is."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "replace"), bound.encode())

    def open_text(self, bound: str, sealed: bytes) -> str:
        """Raises StorageDown."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound.encode()).decode()
        except InvalidTag:
            raise StorageDown("what is sealed does not open: the key is another one") from None

    # ------------------------------------------------------------ finding

    def mark(self, kind: str, plain: str) -> str:
        """The keyed hash of one sign; "" of nothing."""
        if not plain:
            return ""
        marked = f"{kind}:{plain}".encode("utf-8", "replace")
        return SEALED + hmac.new(self._hashing, marked, hashlib.sha256).hexdigest()[:48]

    def marks(self, kind: str, given: tuple[str, ...]) -> tuple[str, ...]:
        """These signs and what stands for them in reports."""
        if kind == "phone":
            spelled = {other for number in given for other in (number, *telephone.spellings(number))}
            plain = {telephone.comparable(other) for other in spelled} | spelled
        else:
            plain = {number.strip().casefold() for number in given}
        return (*given, *sorted(self.mark(kind, number) for number in plain if number))

    # ------------------------------------------------------------ what was there before

    def seal_old(self, t: Transaction, after: str, limit: int) -> Batch:
        """Seal the identities of some reports that still stand in the open, by number from behind `after`."""
        page = t.execute(OLD, {"after": after, "limit": limit}).mappings().all()
        for row in page:
            person = Person(*(row[f"person_{name}"] for name in NAMES))
            values = self.changed(t, row["number"], Kind.REPORT, person)
            t.execute(SEALED_NOW, {"of": row["number"], **values})
        return Batch(len(page), page[-1]["number"] if page else after)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, purpose, hashlib.sha256).digest()
