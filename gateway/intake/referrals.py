"""The linkage ledger (互通互报): what was handed to partners and what they handed to us, told both ways.

Every referral has a number on both sides, a day by which a reply is owed, and an end. What leaves the
house is the slip alone, made once by core/referral; how it travels is notify's, by the partner's file.
"""

from __future__ import annotations

import asyncio
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
from gateway.core.item.contact import Contact, Receipt
from gateway.core.item.deadlines import Calendar, day_of
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

log = logging.getLogger(__name__)

HANDED = (TransferOutcome.HANDED_OVER, TransferOutcome.TALKED)
TOKEN = 20  # letters of base 32: 100 bits
OWED_DAYS = 90
DONE_DAYS = 30
REMIND = 3600.0  # seconds between looks for replies that are owed

ItemListener = Callable[[str, str], None]


class ReferralIntake(Protocol):
    async def submit(self, contact: Contact) -> Receipt: ...


class Slips(Protocol):
    """Makes what is sent to a partner. gateway/notify/slips.py has it."""

    def drafts(
        self, one: Referral, partner: Partner, occasion: str, at: datetime | None = None
    ) -> tuple[Draft, ...]:
        """Deliveries by the partner's ways; `occasion` is new, told or reminder. `at` tells apart what is
        told in one state more than once: a corrected answer."""


class Linkage:
    """`partners` gives the partners in force; `secret` signs the links by which they reply."""

    def __init__(
        self,
        storage: Storage,
        door: ReferralIntake,
        calendar: Calendar,
        zone: ZoneInfo,
        partners: Callable[[], Mapping[str, Partner]],
        slips: Slips,
        secret: bytes,
        told: ItemListener = lambda what, number: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._door = door
        self._calendar = calendar
        self._zone = zone
        self._partners = partners
        self._slips = slips
        self._secret = secret
        self._told = told
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
            known = self._storage.referrals.by_key(t, partner_id, cause)
            if known is not None:
                return known, False
            made = self._made(t, item, partner, Direction.OUT, cause)
            made = replace(made, text=text, call_id=call_id, slip=slip_of(item, partner.sees))
            self._storage.referrals.add(t, made)
            told = f"{partner.zh} {made.id} {text}".strip()
            self._storage.items.happened(t, number, Happened(made.made_at, "referred", who, told))
            self._send(t, made, partner, "new")
            return made, True

        made, new = await self._storage.database.write(body)
        if new:
            self._told("changed", number)
        return made

    async def take(self, said: Contact, partner_id: str, their_number: str) -> tuple[Receipt, Referral]:
        """What a partner pushes to us: an item by the door, and its referral. Idempotent by their number."""
        partner = self._partner(partner_id)
        if not their_number:
            raise BadContact(FieldFault("their_number", "请填写贵方编号", "give your own number of it"))
        receipt = await self._door.submit(pushed_contact(said, partner_id, their_number))
        key = pushed_key(partner_id, their_number)

        def body(t: Transaction) -> Referral:
            item = self._storage.items.locked(t, receipt.number)
            known = self._storage.referrals.by_key(t, partner_id, key)
            if known is not None:
                return known
            made = replace(self._made(t, item, partner, Direction.IN, key), their_number=their_number)
            self._storage.referrals.add(t, made)
            self._number_elsewhere(t, made)
            told = f"{partner.zh} {their_number}"
            entry = Happened(made.made_at, "referred_here", f"partner:{partner_id}", told)
            self._storage.items.happened(t, receipt.number, entry)
            return made

        return receipt, await self._storage.database.write(body)

    async def of_call(self, record: CallRecord, transfers: tuple[Transfer, ...]) -> None:
        """A call that was handed over by three-way or one key is a referral of the item it became."""
        for one in transfers:
            if not record.number or one.kind is not TargetKind.PARTNER or one.outcome not in HANDED:
                continue
            if one.target not in self._partners():
                continue
            said = "来电已转接" if one.outcome is TransferOutcome.HANDED_OVER else "三方通话"
            await self.refer(
                record.number,
                one.target,
                record.agent or "phone",
                text=said,
                key=f"transfer:{one.id}",
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
            one = self._storage.referrals.locked(t, referral_id)
            if one is None or (partner and one.partner != partner):
                raise NotFound
            if side_of(one.direction, not partner) is not WHO[event]:
                raise NotAllowed("这一步由对方操作 / this is for the other side to say")
            after = self._moved(one, event, text, their_number, satisfied)
            item = self._storage.items.locked(t, one.number)
            self._storage.referrals.replace(t, after)
            if partner and event in NEEDS_REASON:
                self._storage.items.added(t, item, self._now())  # somebody has to read it
            if after.their_number != one.their_number:
                self._number_elsewhere(t, after)
            self._note(t, after, event, who)
            known = self._partners().get(one.partner)
            if not partner and known and after != one:
                self._send(t, after, known, "told", self._now())
            return after

        done = await self._storage.database.write(body)
        self._told("changed", done.number)
        return done

    def _moved(
        self, one: Referral, event: ReferralEvent, text: str, their_number: str, satisfied: bool | None
    ) -> Referral:
        now = self._now()
        state = move(one.state, event, one.direction)
        after = replace(one, state=state, text=text or one.text)
        if their_number:
            if one.their_number and one.their_number != their_number:
                raise Conflict(f"对方编号已登记为 {one.their_number} / their number is known already")
            after = replace(after, their_number=their_number)
        if one.answered_at is None and event is not ReferralEvent.CLOSE:
            after = replace(after, answered_at=now)
        if state not in RUNNING and state is not ReferralState.ANSWERED:
            after = replace(after, ended_at=now)
        return replace(after, satisfied=satisfied if satisfied is not None else one.satisfied)

    def _note(self, t: Transaction, one: Referral, event: ReferralEvent, who: str) -> None:
        known = self._partners().get(one.partner)
        name = known.zh if known else one.partner
        state = state_name(one.state, one.direction)[0]
        text = f"{name} {one.id}：{state} {one.their_number} {one.text}".strip()
        entry = Happened(self._now(), f"referral_{event.value}", who, text)
        self._storage.items.happened(t, one.number, entry)

    def _number_elsewhere(self, t: Transaction, one: Referral) -> None:
        if one.their_number:
            kept = External(one.partner, one.their_number, self._now(), f"partner:{one.partner}")
            self._storage.links.set_external(t, one.number, kept)

    def _send(
        self, t: Transaction, one: Referral, partner: Partner, occasion: str, at: datetime | None = None
    ) -> None:
        for draft in self._slips.drafts(one, partner, occasion, at):
            self._storage.outbox.add(t, one.number, draft, self._now())

    # ------------------------------------------------------------ time

    async def remind(self) -> int:
        """Remind partners of replies that are due tomorrow or over; each of them once. How many are owed."""
        today = day_of(self._now(), self._zone)
        drafts = []
        for one in await self._storage.referrals.owed(today + timedelta(days=1)):
            known = self._partners().get(one.partner)
            if one.direction is Direction.OUT and known:
                stage = "overdue" if one.due < today else "soon"
                made = self._slips.drafts(one, known, "reminder")
                drafts += [(one.number, replace(draft, key=f"{draft.key}:{stage}")) for draft in made]
        await self._storage.outbox.post_all(drafts, self._now())
        return len(drafts)

    async def keep_reminding(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.remind()
            except StorageDown as error:
                log.warning("reminders wait: %s", error)
            await asyncio.sleep(REMIND)

    # ------------------------------------------------------------ looking

    async def get(self, referral_id: str, partner: str = "") -> Referral:
        """Raises NotFound, also for another partner's."""
        found = await self._storage.referrals.get(referral_id)
        if found is None or (partner and found.partner != partner):
            raise NotFound
        return found

    async def page(
        self, partner: str, state: ReferralState | None, number: str, after: str, limit: int
    ) -> list[Referral]:
        return list(await self._storage.referrals.page(partner, state, number, after, limit))

    async def accounts(self, first: date, last: date) -> tuple[Account, ...]:
        """Days `first` to `last`, both included, in the centre's time zone."""
        begin = datetime(first.year, first.month, first.day, tzinfo=self._zone)
        end = datetime(last.year, last.month, last.day, tzinfo=self._zone) + timedelta(days=1)
        found = await self._storage.referrals.made_between(begin, end)
        replied = {one.id: day_of(one.answered_at, self._zone) for one in found if one.answered_at}
        return accounts(found, day_of(self._now(), self._zone), replied)

    def token(self, referral_id: str) -> str:
        """What stands in the link by which a partner replies without an account."""
        return proof(self._secret, f"referral:{referral_id}", TOKEN)

    def opens(self, referral_id: str, token: str) -> bool:
        return hmac.compare_digest(self.token(referral_id), token)

    def expired(self, one: Referral) -> bool:
        """Does the link of this referral's slips open it no more?

        While a reply is owed it does until OWED_DAYS after the day by which it was; afterwards for DONE_DAYS.
        """
        today = day_of(self._now(), self._zone)
        if one.state in RUNNING:
            return today > one.due + timedelta(days=OWED_DAYS)
        last = one.ended_at or one.answered_at or one.made_at
        return today > day_of(last, self._zone) + timedelta(days=DONE_DAYS)

    def _partner(self, partner_id: str) -> Partner:
        known = self._partners().get(partner_id)
        if known is None:
            raise NotFound(f"no partner {partner_id}")
        return known
