"""The one entry: whatever arrives on any channel comes through `submit`, and is numbered, kept and queued.

One transaction holds the contact as it came, the item, its clocks, its first line of the timeline and
what is to be sent because of it. The same key gives the same receipt, whenever and however often.
The class builds the parts beside it and passes on; what a method does and raises is told at the part's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.core.item.contact import Contact, Evidence, Receipt
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import Attachment, Item, ItemDetail, PublicState, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.core.item.revision import Revision
from gateway.core.item.states import Event
from gateway.core.item.steps import Step
from gateway.errors import BadContact, FieldFault
from gateway.intake.additions import Additions
from gateway.intake.clocks import Clocks
from gateway.intake.item_changes import ChangeListener, ItemChanges
from gateway.intake.legal_steps import LegalSteps
from gateway.intake.progress import Progress
from gateway.intake.submission import Beside, Submission
from gateway.intake.taking_back import TakingBack
from gateway.intake.work_queue import LEASE_SECONDS, WorkQueue
from gateway.intake.writing_up import Sorted, WritingUp
from gateway.storage import Storage, Transaction


class Intake:
    """The intake of one installation."""

    def __init__(
        self,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], int] = lambda: secrets.randbits(64),
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._channels = rules.channels
        self.changes = self._changes = ItemChanges(storage, now)
        self._clocks = Clocks(self._changes, rules, zone)
        self._taking_back = TakingBack(self._changes, self._clocks)
        self._submission = Submission(self._changes, self._clocks, rules.channels, chance)
        self._additions = Additions(self._changes, self._submission)
        self._steps = LegalSteps(self._changes, self._clocks)
        self._queue = WorkQueue(self._changes, self._steps)
        self._writing_up = WritingUp(self._changes, self._clocks, self._submission)
        self._progress = Progress(self._changes, pause, rules, zone)

    def on_change(self, changed: ChangeListener) -> Callable[[], None]:
        """Call `changed(what, number)` after each commit: new, changed. Returns what ends it."""
        return self._changes.listen(changed)

    def changed(self, number: str) -> None:
        """Tell whoever listens that an item was changed by another ledger."""
        self._changes.tell("changed", number)

    # ------------------------------------------------------------ taking in: submission, additions

    async def submit(self, contact: Contact, beside: Beside | None = None) -> Receipt:
        """Take a contact in. Raises BadContact, KeyReused, StorageDown; then nothing is kept."""
        return await self._submission.submit(contact, beside)

    async def known(self, key: str) -> bool:
        return await self._submission.known(key)

    async def numbers_given(self) -> tuple[int, int]:
        return await self._submission.numbers_given()

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
        return await self._additions.append(number, key, text, evidence, who, beside, contact, thread)

    async def added(self, key: str) -> tuple[str, str] | None:
        return await self._additions.keyed(key)

    async def note(self, number: str, what: str, who: str, text: str = "", key: str = "") -> None:
        await self._additions.note(number, what, who, text, key)

    async def keep(self, evidence: tuple[Evidence, ...]) -> list[Attachment]:
        """The files, on the disk before a transaction names them. Raises StorageDown."""
        return await self._submission.keep(evidence)

    async def add_files(self, number: str, who: str, evidence: tuple[Evidence, ...], text: str) -> None:
        await self._additions.add_files(number, who, evidence, text)

    async def read_addition(self, number: str, who: str, text: str = "") -> ItemDetail:
        return await self._additions.read_addition(number, who, text)

    # ------------------------------------------------------------ working the queue: work_queue

    async def claim(
        self, who: str, query: QueueQuery, number: str = "", seconds: float = LEASE_SECONDS
    ) -> ItemDetail | None:
        """The oldest free item that fits, or this one; None when nothing fits.

        Raises NotFound, Conflict, BadContact for an unknown channel.
        """
        self._check_channel(query)
        return await self._queue.claim(who, query, number, seconds)

    async def renew(self, number: str, who: str, seconds: float = LEASE_SECONDS) -> ItemDetail:
        return await self._queue.renew(number, who, seconds)

    async def release(self, number: str, who: str, text: str = "") -> ItemDetail:
        """Give a claimed item back to the queue. Raises NotFound, Conflict."""
        return await self.happen(number, who, Event.RELEASE, text)

    async def complete(self, number: str, who: str, text: str = "", *, later: bool = False) -> ItemDetail:
        """The matter is closed, for a reason where it is neither decided nor answered; `later` as at
        WorkQueue.happen. Raises NotFound, Conflict, BadContact."""
        return await self._queue.happen(number, who, Event.COMPLETE, text, later=later)

    async def undo(self, number: str, who: str) -> None:
        await self._taking_back.undo(number, who)

    async def retract(self, number: str, who: str, reason: str) -> None:
        await self._taking_back.retract(number, who, reason)

    async def happen(self, number: str, who: str, event: Event, text: str = "") -> ItemDetail:
        return await self._queue.happen(number, who, event, text)

    async def merge(
        self, number: str, into: str, who: str, text: str = "", *, new_facts: bool = False
    ) -> ItemDetail:
        return await self._queue.merge(number, into, who, text, new_facts=new_facts)

    async def unmerge(self, number: str, who: str, text: str) -> ItemDetail:
        return await self._queue.unmerge(number, who, text)

    async def take_step(self, number: str, who: str, step: Step) -> None:
        await self._steps.take(number, who, step)

    async def tie(self, number: str, other: str, kind: LinkKind, who: str) -> None:
        await self._queue.tie(number, other, kind, who)

    # ------------------------------------------------------------ what agents write: writing_up

    async def sort(self, number: str, sorted_as: Sorted, who: str) -> ItemDetail:
        return await self._writing_up.sort(number, sorted_as, who)

    async def write_up(self, contact: Contact, who: str) -> Receipt:
        return await self._writing_up.write_up(contact, who)

    async def fill_in(
        self, number: str, contact: Contact, who: str, blank: Collection[str] = (), of: str = ""
    ) -> ItemDetail:
        return await self._writing_up.fill_in(number, contact, who, blank, of)

    # ------------------------------------------------------------ clocks and looking

    async def recount(self) -> int:
        return await self._clocks.recount()

    async def public_state(self, number: str, code: str, asker: str, phone: str = "") -> PublicState | None:
        return await self._progress.public_state(number, code, asker, phone)

    async def revisions(self, number: str) -> tuple[Item, tuple[Revision, ...]]:
        """An item and every earlier version of what it says. Raises NotFound, StorageDown."""
        changes = self._changes
        return await changes.read(
            lambda t: (changes.items.there(t, number), changes.revisions.of_item(t, number))
        )

    async def get(self, number: str) -> ItemDetail:
        """One item with all that belongs to it. Raises NotFound."""
        return await self._changes.read(lambda t: self._changes.detail(t, number))

    async def phone_of(self, number: str) -> str:
        """Whom to call about an item, a reporter too; to be dialled, not shown. Raises NotFound."""
        items = self._changes.items
        return await self._changes.read(lambda t: items.person_of(t, items.there(t, number)).phone)

    async def page(self, query: QueueQuery) -> list[ItemDetail]:
        """Items in order of arrival with their attachments, without their timelines.

        Raises BadContact for an unknown channel, StorageDown.
        """
        self._check_channel(query)
        items = self._changes.items

        def looked_up(t: Transaction) -> list[ItemDetail]:
            page = items.page(t, query)
            files = items.attachments_by_item(t, [item.number for item in page if item.attachments])
            return [ItemDetail(item, (), files.get(item.number, ())) for item in page]

        return await self._changes.read(looked_up)

    def _check_channel(self, query: QueueQuery) -> None:
        if query.channel and query.channel not in self._channels:
            ids = ", ".join(self._channels.ids)
            raise BadContact(FieldFault("channel", f"应为以下之一：{ids}", f"is one of: {ids}"))
