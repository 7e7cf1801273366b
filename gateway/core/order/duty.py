"""Calls to a unit's duty telephone about an urgent order: whom next, what is spoken, and when the desk is
alarmed. Pure.

What is spoken are clips alone: the unit, kind, urgency and rung, the last digits of the item's number. Free
text is never spoken. Who answers and presses 1 has taken note; otherwise the next number is tried.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.core.item.contact import Kind
from gateway.core.order.ladder import Rung
from gateway.core.order.order import Urgency

_CALL = re.compile(r"duty-([0-9]{1,18})-([0-9]+)", re.ASCII)
AGAIN = timedelta(minutes=1)
"""Until the next try after one that rang nobody."""
LOST = timedelta(minutes=10)
"""After which a dial whose end nobody noted is over: the dialplan ends each before."""
LATEST = timedelta(minutes=30)
"""After which the desk is alarmed, whatever kept the calls from being made."""
NOT_MADE = frozenset({"NOLINE", "CANCEL", "FAILED", ""})
"""Ends of a dial that rang nobody."""
DIGITS = 6
"""How many of the item's last digits are spoken."""


class DutyState(StrEnum):
    """Where a call to a unit stands."""

    DUE = "due"
    DIALLING = "dialling"
    TAKEN = "taken"  # somebody has pressed 1
    FAILED = "failed"  # nobody has: the desk was alarmed
    DROPPED = "dropped"  # the unit has nothing more to do with the order


@dataclass(frozen=True, slots=True)
class DutyCall:
    """One call that has to be made to a unit. `phones` are tried one after another, `dials` of them were."""

    rung_id: int
    order: int
    number: str
    phones: tuple[str, ...]
    clips: tuple[str, ...]
    made_at: datetime
    due_at: datetime
    state: DutyState = DutyState.DUE
    dials: int = 0
    tries: int = 0
    tried_at: datetime | None = None
    id: int = 0

    @property
    def call(self) -> str:
        """The id of the call that is made for it now."""
        return f"duty-{self.id}-{self.tries}"

    @property
    def phone(self) -> str:
        """The number that is tried next, or is being tried."""
        return self.phones[min(self.dials, len(self.phones) - 1)]


@dataclass(frozen=True, slots=True)
class DutyDial:
    """One dial: the id of its call, the number, and the clips that are spoken."""

    call: str
    phone: str
    clips: tuple[str, ...]


def duty_of(call: str) -> int | None:
    """For which call to a unit a call of the PBX is made; None for all others."""
    fit = _CALL.fullmatch(call)
    return int(fit[1]) if fit else None


def dialling(duty: DutyCall, now: datetime) -> DutyCall:
    """A try begins."""
    return replace(duty, state=DutyState.DIALLING, tries=duty.tries + 1, tried_at=now)


def after(duty: DutyCall, status: str, now: datetime) -> DutyCall:
    """What follows from a try that brought no key 1: the next number, the same again where nobody was rung,
    or the alarm."""
    was_made = status not in NOT_MADE
    dials = duty.dials + was_made
    if dials >= len(duty.phones) or now - duty.made_at >= LATEST:
        return replace(duty, state=DutyState.FAILED, dials=dials)
    return replace(duty, state=DutyState.DUE, dials=dials, due_at=now if was_made else now + AGAIN)


def is_lost(duty: DutyCall, now: datetime) -> bool:
    """Has nobody noted how this dial ended?"""
    return duty.state is DutyState.DIALLING and duty.tried_at is not None and now - duty.tried_at > LOST


def clips(
    bureau: str, kind: Kind, urgency: Urgency, rung: Rung, number: str, clip_ids: Collection[str]
) -> tuple[str, ...]:
    """What is spoken, of clips that there are: a bureau that has none is not named."""
    wanted = (
        "duty_hello",
        f"duty_unit_{bureau}",
        f"duty_kind_{kind.value}",
        f"duty_urgency_{urgency.value}",
        f"duty_rung_{rung.value}",
        "duty_number",
        *(f"digit_{digit}" for digit in number[-DIGITS:]),
        "duty_keys",
    )
    return tuple(clip for clip in wanted if clip in clip_ids)
