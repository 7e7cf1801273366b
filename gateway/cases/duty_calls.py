"""Calls to the duty telephones of units: what the PBX is to dial, and what becomes of each dial.

A call is made in the transaction of its rung, and a dial is written down before the PBX is asked for it, so
that nobody is rung twice for one, whatever dies in between and however many gateways there are. When nobody
has taken note, the item comes to the desk's list of additions, with a line that says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gateway.cases.order_changes import SYSTEM, OrderChanges
from gateway.core import telephone
from gateway.core.item.delivery import shown_address
from gateway.core.order.duty import (
    DutyCall,
    DutyDial,
    DutyState,
    after,
    clips,
    dialling,
    duty_of,
    is_lost,
)
from gateway.core.order.order import Order
from gateway.core.order.rungs import Contact, FiredRung
from gateway.core.order.states import WITH_UNIT
from gateway.storage import Transaction

MANY = 20
"""Calls that are looked at in one turn."""


class DutyCalls:
    """The calls of one installation. `known` are the ids of all clips."""

    def __init__(self, changes: OrderChanges, known: Collection[str]) -> None:
        self._changes = changes
        self._rows = changes.storage.duty_calls
        self._known = known

    # ------------------------------------------------------------ from a rung

    def called(self, t: Transaction, fired: FiredRung, order: Order, people: tuple[Contact, ...]) -> None:
        """A rung whose unit is to be rung: one call, with the telephones of all who are told."""
        phones = [telephone.to_dial(telephone.plain(phone)) for contact in people for phone in contact.phones]
        phones = [phone for phone in dict.fromkeys(phones) if phone]
        if not phones:
            return
        item, now = self._changes.items.items.there(t, order.number), self._changes.now()
        spoken = clips(order.bureau, item.kind, order.urgency, fired.rung, order.number, self._known)
        self._rows.add(t, DutyCall(fired.id, order.id, order.number, tuple(phones), spoken, now, now))

    # ------------------------------------------------------------ for the PBX

    async def take(self) -> DutyDial | None:
        """The next to be dialled now, dialling from now on; None when there is none."""
        now, alarmed = self._changes.now(), list[str]()

        def taken(t: Transaction) -> DutyDial | None:
            for lost in self._rows.dialling(t, now, MANY):
                if is_lost(lost, now):
                    alarmed.extend(self._over(t, lost, "NOANSWER"))
            for duty in self._rows.due(t, now, MANY):
                if self._changes.rows.there(t, duty.order).state not in WITH_UNIT:
                    self._rows.change(t, replace(duty, state=DutyState.DROPPED), duty)
                elif self._rows.change(t, ringing := dialling(duty, now), duty):
                    return DutyDial(ringing.call, ringing.phone, ringing.clips)
            return None

        dial = await self._changes.items.write(taken)
        self._tell(alarmed)
        return dial

    async def ended(self, call: str, status: str) -> None:
        """A dial is over (DIALSTATUS, NOLINE, REFUSED, LIMIT, FAILED); who has pressed 1 is noted already."""

        def over(t: Transaction) -> list[str]:
            duty = self._rows.get(t, duty_of(call) or 0)
            if duty is None or duty.state is not DutyState.DIALLING or duty.call != call:
                return []
            return self._over(t, duty, status)

        self._tell(await self._changes.items.write(over))

    async def acknowledged(self, call: str) -> None:
        """Whoever answered has pressed 1."""

        def noted(t: Transaction) -> list[str]:
            duty = self._rows.get(t, duty_of(call) or 0)
            if duty is None or duty.state is not DutyState.DIALLING or duty.call != call:
                return []
            self._rows.change(t, replace(duty, state=DutyState.TAKEN), duty)
            who = shown_address(duty.phone)
            self._rows.acknowledge(t, duty.rung_id, who, self._changes.now())
            self._write_down(t, duty, "duty_taken", f"值班电话 {who} 已按 1 确认")
            return [duty.number]

        self._tell(await self._changes.items.write(noted))

    def _over(self, t: Transaction, duty: DutyCall, status: str) -> list[str]:
        """The next number, or the alarm at the desk; the items that changed."""
        now = self._changes.now()
        next_ = after(duty, status, now)
        if not self._rows.change(t, next_, duty) or next_.state is not DutyState.FAILED:
            return []
        self._write_down(t, duty, "duty_failed", "值班电话无人接听或确认，请人工联系办理单位")
        items = self._changes.items.items
        items.added(t, items.there(t, duty.number), now)
        return [duty.number]

    def _write_down(self, t: Transaction, duty: DutyCall, what: str, text: str) -> None:
        order = self._changes.rows.there(t, duty.order)
        self._changes.write_down(t, order, what, SYSTEM, text)

    def _tell(self, numbers: Collection[str]) -> None:
        for number in numbers:
            self._changes.items.tell("changed", number)
