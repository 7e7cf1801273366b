"""What the web side needs of the rest: intake, the ledgers, the live board. Protocols and views only.

Nothing here knows aiohttp. Views are what pages and the API show of live things; they are made anew
at each look and hold no state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.calls.views import AgentView, BoardCounts, ItemCount, LineView, PartHealth, WaitingView
from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.core.item.item import Item, ItemDetail, PublicState, QueueQuery
from gateway.core.item.revision import Revision


class StoredFiles(Protocol):
    """Attachments and recordings on the disk, encrypted or not."""

    def path(self, sha256: str) -> Path:
        """Where the attachment with a hash lies."""

    def open(self, path: Path) -> BinaryIO:
        """The clear bytes of a file. Raises OSError."""


EventListener = Callable[[str, dict[str, object]], None]


class Board(Protocol):
    """The live side of the phone."""

    def lines(self) -> Sequence[LineView]: ...

    def agents(self) -> Sequence[AgentView]: ...

    def waiting(self) -> Sequence[WaitingView]:
        """Who waits, first come first."""

    async def set_agent(
        self, agent_id: str, state: str, reason: str = "", browser: bool | None = None
    ) -> None:
        """To ready, paused or offline. Raises NotFound, Conflict, PbxDown."""

    def health(self) -> Mapping[str, PartHealth]:
        """The parts of the phone side by name; never waits."""

    def counts(self) -> BoardCounts: ...

    def listen(self, listener: EventListener) -> Callable[[], None]:
        """Call `told(name, data)` at each event; returns what ends it."""


class IntakeQueue(Protocol):
    """Intake and the queue. Every method may raise StorageDown; a number that is not there, NotFound."""

    async def submit(self, contact: Contact) -> Receipt:
        """Raises BadContact, KeyReused."""

    async def known(self, key: str) -> bool:
        """Has a contact with this key been taken in?"""

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        """None for a wrong number and a wrong code alike, the later the more wrong ones there were.

        `phone` is the second fact that a short code needs to open more than the state."""

    async def append(
        self,
        number: str,
        key: str,
        text: str,
        evidence: tuple[Evidence, ...],
        who: str,
        *,
        contact: Contact | None = None,
    ) -> bool:
        """More to an item; False when this key was there already. `contact` is all that was filled in."""

    async def read_addition(self, number: str, who: str, text: str = "") -> ItemDetail:
        """What was added has been read. Raises NotFound, Conflict."""

    async def page(self, query: QueueQuery) -> Sequence[ItemDetail]:
        """In order of arrival, with attachments, without timelines."""

    async def get(self, number: str) -> ItemDetail:
        """With its timeline."""

    async def phone_of(self, number: str) -> str:
        """Whom to call about an item, a reporter too; "" when it is not known."""

    async def claim(self, who: str, query: QueueQuery, number: str = "") -> ItemDetail | None:
        """The next item that fits, or this one; None when nothing fits. Raises Conflict."""

    async def renew(self, number: str, who: str) -> ItemDetail:
        """Raises Conflict when the lease is lost."""

    async def release(self, number: str, who: str, text: str = "") -> ItemDetail: ...

    async def complete(self, number: str, who: str, text: str = "", *, later: bool = False) -> ItemDetail:
        """`later`: nobody outside is told of it before it can no longer be undone."""

    async def merge(
        self, number: str, into: str, who: str, text: str = "", *, new_facts: bool = False
    ) -> ItemDetail: ...

    async def fill_in(
        self, number: str, contact: Contact, who: str, blank: Collection[str] = (), of: str = ""
    ) -> ItemDetail:
        """What its holder made of an item that came by itself. Raises BadContact, NotFound, Conflict."""

    async def revisions(self, number: str) -> tuple[Item, tuple[Revision, ...]]:
        """An item and every earlier version of what it says. Raises NotFound."""


class Store(Protocol):
    """What health and metrics ask of storage."""

    async def ping(self) -> None:
        """Raises StorageDown when the database does not answer."""

    async def counts(self) -> Sequence[ItemCount]: ...
