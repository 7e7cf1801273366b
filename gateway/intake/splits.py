"""One contact that is both complaint and report becomes two items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.core.item.channel import Arrival, ChannelRegistry
from gateway.core.item.contact import Contact, Evidence, Kind, Person, Receipt
from gateway.core.item.item import Attachment, Item, ItemState
from gateway.core.item.matter import LinkKind
from gateway.core.item.states import refuse_if_held_by_other
from gateway.errors import Conflict
from gateway.intake.clocks import hour_of
from gateway.intake.intake import Intake
from gateway.intake.item_changes import ItemChanges
from gateway.intake.item_links import note_both
from gateway.storage import Transaction
from gateway.storage.identities import Identities


@dataclass(frozen=True, slots=True)
class Split:
    """The second half of a contact that is both complaint and report.

    `content` and `person` stand for what is to be told otherwise in it; None keeps what was said.
    """

    kind: Kind
    content: str = ""
    anonymous: bool = False


class Splits:
    """Makes the second item."""

    def __init__(self, changes: ItemChanges, intake: Intake, channels: ChannelRegistry) -> None:
        self._changes = changes
        self._items = changes.items
        self._links = changes.links
        self._intake = intake
        self._channels = channels

    async def split(self, number: str, half: Split, who: str) -> Receipt:
        """Make the report of a complaint, or the complaint of a report, an item of its own.

        It is received when the contact was, so its clocks run from that day, and carries the same
        files. Asked for again it is the same item. With `anonymous` nothing of the person goes into
        it, and nothing that is kept in the open ties the two: no link, no line of a timeline, no common
        second of receipt. Raises NotFound, Conflict, BadContact.
        """

        key = split_key(self._changes.storage.identities, number, half.kind, half.anonymous)

        def looked(t: Transaction) -> Contact | Receipt:
            item = self._items.there(t, number)
            if before := self._items.known(t, key):
                return self._receipt(t, before[1])
            _splittable(item, half.kind)
            refuse_if_held_by_other(item.lease, who, self._changes.now())
            by_clerk = self._channels.arrives(item.channel, Arrival.CLERK)
            raw = self._links.raw_of(t, number) if by_clerk else b""
            item = replace(item, person=self._items.person_of(t, item))
            return self._half(key, item, self._items.attachments_of(t, number), raw, half)

        receipt = await self._changes.read(looked)
        if isinstance(receipt, Contact):
            receipt = await self._intake.submit(receipt)

        await self._tie(number, receipt, half, who)
        self._changes.tell("changed", number)
        return receipt

    async def _tie(self, number: str, receipt: Receipt, half: Split, who: str) -> None:
        """An anonymous half leaves one line at the first item; others are linked."""

        def tied(t: Transaction) -> None:
            if half.anonymous:
                if not receipt.repeated:
                    self._changes.note(t, number, "split", who, "匿名举报已另立一件")
            elif self._links.link(t, number, receipt.number, LinkKind.SPLIT, who, "", self._changes.now()):
                note_both(self._changes, t, "split", number, receipt.number, who, "")

        await self._changes.write(tied)

    def _receipt(self, t: Transaction, number: str) -> Receipt:
        item = self._items.there(t, number)
        code = self._items.code_of(t, number)
        return Receipt(number, code, item.received_at, item.state.value, item.due, repeated=True)

    def _half(self, key: str, item: Item, files: tuple[Attachment, ...], raw: bytes, half: Split) -> Contact:
        report = half.kind is Kind.REPORT
        kept = () if half.anonymous else tuple(file for file in files if file.role != "raw")
        return Contact(
            key=key,
            channel=item.channel,
            kind=half.kind,
            received_at=hour_of(item.received_at) if half.anonymous else item.received_at,
            person=Person() if half.anonymous else item.person,
            respondent=item.respondent,
            content=half.content or item.content,
            claims=() if report else item.claims,
            amount=item.amount,
            occurred_on=item.occurred_on,
            county=item.county,
            problem=item.problem,
            subject=item.subject,
            anonymous=half.anonymous,
            publish_consent=None if report else item.publish_consent,
            mediation_consent=None if report else item.mediation_consent,
            call_id="" if half.anonymous else item.call_id,
            evidence=tuple(self._evidence(file) for file in kept),
            raw=b"" if half.anonymous else raw,
        )

    def _evidence(self, file: Attachment) -> Evidence:
        return Evidence(
            str(self._changes.storage.files.path(file.sha256)), file.name, file.media_type, file.role
        )


def split_key(identities: Identities, number: str, kind: Kind, anonymous: bool) -> str:
    """One half of a contact is one item; of an anonymous one the key does not tell of whom."""
    plain = f"split:{number}:{kind.value}"
    return f"split:{identities.mark('split', plain)}" if anonymous else plain


def _splittable(item: Item, into: Kind) -> None:
    if {item.kind, into} != {Kind.COMPLAINT, Kind.REPORT}:
        raise Conflict(
            "只能从投诉中拆分举报，或从举报中拆分投诉 / a complaint gives a report, and the other way"
        )
    if item.state is ItemState.MERGED:
        raise Conflict(f"该件已合并到 {item.merged_into} / this item is merged into {item.merged_into}")
