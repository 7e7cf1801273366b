"""The linkage ledger (互通互报): what was handed to partners and what they handed to us, told both ways.

Every referral has a number on both sides, a day by which a reply is due, and an end. Only the slip is sent
out, made once by core/item/referral.py; gateway/notify sends it in the ways of the partner's file.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.core.call.record import CallRecord
from gateway.core.call.transfer import TargetKind, Transfer, TransferOutcome
from gateway.core.flow.partner import Partner
from gateway.core.item.calendar import Calendar
from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.deadlines import day_of
from gateway.core.item.delivery import Draft
from gateway.core.item.item import Happened, Item
from gateway.core.item.matter import External
from gateway.core.item.referral import (
    NEEDS_REASON,
    RUNNING,
    WHO,
    Account,
    Direction,
    Referral,
    ReferralEvent,
    ReferralState,
    accounts,
    move,
    pushed_contact,
    pushed_key,
    side_of,
    slip_of,
    state_name,
)
from gateway.errors import BadContact, Conflict, FieldFault, NotAllowed, NotFound, StorageDown
from gateway.settings.secrets import proof
from gateway.storage import Storage, Transaction
from gateway.tasks import in_rounds

log = logging.getLogger(__name__)

HANDED = (TransferOutcome.HANDED_OVER, TransferOutcome.TALKED)
TOKEN = 20  # letters of base 32: 100 bits
OWED_DAYS = 90
DONE_DAYS = 30
REMIND = 3600.0  # seconds between checks for replies that are due

ItemListener = Callable[[str, str], None]


class ReferralIntake(Protocol):
    async def submit(self, contact: Contact) -> Receipt: ...


class Slips(Protocol):
    """Makes what is sent to a partner. gateway/notify/slips.py has it."""

    def drafts(
        self, referral: Referral, partner: Partner, occasion: str, at: datetime | None = None
    ) -> tuple[Draft, ...]:
        """Deliveries by the partner's ways; `occasion` is new, told or reminder. `at` tells apart what is
        told in one state more than once: a corrected answer."""


class Linkage:
    """`partners` gives the partners in force; `secret` signs the links by which they reply."""

    def __init__(
        self,
        storage: Storage,
        intake: ReferralIntake,
        calendar: Calendar,
        zone: ZoneInfo,
        partners: Callable[[], Mapping[str, Partner]],
        slips: Slips,
        secret: bytes,
        on_change: ItemListener = lambda what, number: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._intake = intake
        self._calendar = calendar
        self._zone = zone
        self._partners = partners
        self._slips = slips
        self._secret = secret
        self._on_change = on_change
        self._now = now

    # ------------------------------------------------------------ making

    async def refer(
        self, number: str, partner_id: str, who: str, *, text: str = "", key: str = "", call_id: str = ""
    ) -> Referral:
        """Hand an item to a partner: in the ledger, on the item's timeline, and on its way, at once.

        The same key again gives what is there. Raises NotFound, Conflict, StorageDown.
        """
        partner = self._partner(partner_id)

        def body(t: Transaction) -> tuple[Referral, bool]:
            item = self._storage.items.locked(t, number)
            cause = key or f"hand:{number}:{self._storage.referrals.next_id(t, number)}"
            earlier = self._storage.referrals.by_key(t, partner_id, cause)
            if earlier is not None:
                return earlier, False
            referral = self._made(t, item, partner, Direction.OUT, cause)
            referral = replace(referral, text=text, call_id=call_id, slip=slip_of(item, partner.sees))
            self._storage.referrals.add(t, referral)
            entry = f"{partner.zh} {referral.id} {text}".strip()
            self._storage.items.happened(t, number, Happened(referral.made_at, "referred", who, entry))
            self._send(t, referral, partner, "new")
            return referral, True

        made_referral, new = await self._storage.database.write(body)
        if new:
            self._on_change("changed", number)
        return made_referral

    async def take(self, contact: Contact, partner_id: str, their_number: str) -> tuple[Receipt, Referral]:
        """What a partner pushes to us: a new item and its referral. Idempotent by their number."""
        partner = self._partner(partner_id)
        if not their_number:
            raise BadContact(FieldFault("their_number", "请填写贵方编号", "give your own number of it"))
        receipt = await self._intake.submit(pushed_contact(contact, partner_id, their_number))
        key = pushed_key(partner_id, their_number)

        def body(t: Transaction) -> Referral:
            item = self._storage.items.locked(t, receipt.number)
            earlier = self._storage.referrals.by_key(t, partner_id, key)
            if earlier is not None:
                return earlier
            referral = replace(self._made(t, item, partner, Direction.IN, key), their_number=their_number)
            self._storage.referrals.add(t, referral)
            self._number_elsewhere(t, referral)
            entry_text = f"{partner.zh} {their_number}"
            entry = Happened(referral.made_at, "referred_here", f"partner:{partner_id}", entry_text)
            self._storage.items.happened(t, receipt.number, entry)
            return referral

        return receipt, await self._storage.database.write(body)

    async def of_call(self, record: CallRecord, transfers: tuple[Transfer, ...]) -> None:
        """A call that was handed over by three-way or one key is a referral of the item it became."""
        for transfer in transfers:
            if not record.number or transfer.kind is not TargetKind.PARTNER or transfer.outcome not in HANDED:
                continue
            if transfer.target not in self._partners():
                continue
            outcome = "来电已转接" if transfer.outcome is TransferOutcome.HANDED_OVER else "三方通话"
            await self.refer(
                record.number,
                transfer.target,
                record.agent or "phone",
                text=outcome,
                key=f"transfer:{transfer.id}",
                call_id=record.id,
            )

    def _made(self, t: Transaction, item: Item, partner: Partner, way: Direction, key: str) -> Referral:
        now = self._now()
        due = self._calendar.workday_after(day_of(now, self._zone), partner.reply_days)
        return Referral(
            self._storage.referrals.next_id(t, item.number), item.number, partner.id, way, key, now, due
        )

    # ------------------------------------------------------------ going on

    async def happen(
        self,
        referral_id: str,
        event: ReferralEvent,
        who: str,
        *,
        text: str = "",
        their_number: str = "",
        satisfied: bool | None = None,
        partner: str = "",
    ) -> Referral:
        """An event of either side; `partner` is set when it is the partner who says it.

        Raises NotFound (also for another partner's), NotAllowed, Conflict, BadContact, StorageDown.
        """
        if event in NEEDS_REASON and not text.strip():
            raise BadContact(FieldFault("text", "请填写理由或办理结果", "say why, or what was done"))

        def body(t: Transaction) -> Referral:
            referral = self._storage.referrals.locked(t, referral_id)
            if referral is None or (partner and referral.partner != partner):
                raise NotFound
            if side_of(referral.direction, not partner) is not WHO[event]:
                raise NotAllowed("这一步由对方操作 / this is for the other side to say")
            after = self._moved(referral, event, text, their_number, satisfied)
            item = self._storage.items.locked(t, referral.number)
            self._storage.referrals.replace(t, after)
            if partner and event in NEEDS_REASON:
                self._storage.items.added(t, item, self._now())  # somebody has to read it
            if after.their_number != referral.their_number:
                self._number_elsewhere(t, after)
            self._note(t, after, event, who)
            its_partner = self._partners().get(referral.partner)
            if not partner and its_partner and after != referral:
                self._send(t, after, its_partner, "told", self._now())
            return after

        done = await self._storage.database.write(body)
        self._on_change("changed", done.number)
        return done

    def _moved(
        self, referral: Referral, event: ReferralEvent, text: str, their_number: str, satisfied: bool | None
    ) -> Referral:
        now = self._now()
        state = move(referral.state, event, referral.direction)
        after = replace(referral, state=state, text=text or referral.text)
        if their_number:
            if referral.their_number and referral.their_number != their_number:
                raise Conflict(f"对方编号已登记为 {referral.their_number} / their number is known already")
            after = replace(after, their_number=their_number)
        if referral.answered_at is None and event is not ReferralEvent.CLOSE:
            after = replace(after, answered_at=now)
        if state not in RUNNING and state is not ReferralState.ANSWERED:
            after = replace(after, ended_at=now)
        return replace(after, satisfied=satisfied if satisfied is not None else referral.satisfied)

    def _note(self, t: Transaction, referral: Referral, event: ReferralEvent, who: str) -> None:
        partner = self._partners().get(referral.partner)
        name = partner.zh if partner else referral.partner
        state = state_name(referral.state, referral.direction)[0]
        text = f"{name} {referral.id}：{state} {referral.their_number} {referral.text}".strip()
        entry = Happened(self._now(), f"referral_{event.value}", who, text)
        self._storage.items.happened(t, referral.number, entry)

    def _number_elsewhere(self, t: Transaction, referral: Referral) -> None:
        if referral.their_number:
            kept = External(
                referral.partner, referral.their_number, self._now(), f"partner:{referral.partner}"
            )
            self._storage.links.set_external(t, referral.number, kept)

    def _send(
        self, t: Transaction, referral: Referral, partner: Partner, occasion: str, at: datetime | None = None
    ) -> None:
        for draft in self._slips.drafts(referral, partner, occasion, at):
            self._storage.outbox.add(t, referral.number, draft, self._now())

    # ------------------------------------------------------------ time

    async def remind(self) -> int:
        """Remind partners, once each, of replies due by tomorrow; how many there are."""
        today = day_of(self._now(), self._zone)
        drafts = []
        for referral in await self._storage.referrals.owed(today + timedelta(days=1)):
            partner = self._partners().get(referral.partner)
            if referral.direction is Direction.OUT and partner:
                stage = "overdue" if referral.due < today else "soon"
                reminders = self._slips.drafts(referral, partner, "reminder")
                drafts += [
                    (referral.number, replace(draft, key=f"{draft.key}:{stage}")) for draft in reminders
                ]
        await self._storage.outbox.post_all(drafts, self._now())
        return len(drafts)

    async def keep_reminding(self) -> None:
        """Until cancelled."""
        await in_rounds(self.remind, REMIND, StorageDown, log, "reminders wait")

    # ------------------------------------------------------------ looking

    async def get(self, referral_id: str, partner: str = "") -> Referral:
        """Raises NotFound, also for another partner's."""
        referral = await self._storage.referrals.get(referral_id)
        if referral is None or (partner and referral.partner != partner):
            raise NotFound
        return referral

    async def page(
        self, partner: str, state: ReferralState | None, number: str, after: str, limit: int
    ) -> list[Referral]:
        return list(await self._storage.referrals.page(partner, state, number, after, limit))

    async def accounts(self, first: date, last: date) -> tuple[Account, ...]:
        """Days `first` to `last`, both included, in the centre's time zone."""
        begin = datetime(first.year, first.month, first.day, tzinfo=self._zone)
        end = datetime(last.year, last.month, last.day, tzinfo=self._zone) + timedelta(days=1)
        referrals = await self._storage.referrals.made_between(begin, end)
        replied = {
            referral.id: day_of(referral.answered_at, self._zone)
            for referral in referrals
            if referral.answered_at
        }
        return accounts(referrals, day_of(self._now(), self._zone), replied)

    def token(self, referral_id: str) -> str:
        """What stands in the link by which a partner replies without an account."""
        return proof(self._secret, f"referral:{referral_id}", TOKEN)

    def opens(self, referral_id: str, token: str) -> bool:
        return hmac.compare_digest(self.token(referral_id), token)

    def expired(self, referral: Referral) -> bool:
        """Does the link of this referral's slips open it no more?

        While a reply is due it stays valid until OWED_DAYS after its last day; afterwards for DONE_DAYS.
        """
        today = day_of(self._now(), self._zone)
        if referral.state in RUNNING:
            return today > referral.due + timedelta(days=OWED_DAYS)
        last = referral.ended_at or referral.answered_at or referral.made_at
        return today > day_of(last, self._zone) + timedelta(days=DONE_DAYS)

    def _partner(self, partner_id: str) -> Partner:
        partner = self._partners().get(partner_id)
        if partner is None:
            raise NotFound(f"no partner {partner_id}")
        return partner
