"""Whose a call is: which seats, calls and recordings an account may reach.

Leaders reach all of them. An agent reaches his own seat, the calls that went through his hands, and the
recording and transfers of a call whose item he holds. Whoever has no seat reaches none: a program's token
with the role agent neither. People of a unit hear the calls of items of its orders. Used by web/api:
call_desk, phone, transfers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from gateway.core.ledgers import CallLog
from gateway.core.roles import OF_UNITS, Account
from gateway.errors import NotAllowed, NotFound
from gateway.web.http.auth import LEADERS
from gateway.web.http.route import Scope
from gateway.web.ports import IntakeQueue

log = logging.getLogger(__name__)
Hands = Callable[[str], Awaitable[frozenset[str]]]
"""The agents through whose hands a call goes or went. Raises NotFound, StorageDown."""


class CallRights:
    """`hands` knows calls that go on too; without it the call's record alone tells whose it was."""

    def __init__(
        self,
        calls: CallLog,
        intake: IntakeQueue,
        now: Callable[[], datetime],
        hands: Hands | None = None,
        scope: Scope | None = None,
    ) -> None:
        self._calls = calls
        self._intake = intake
        self._now = now
        self._hands = hands or self._by_record
        self._scope = scope

    async def check_hearing(self, who: Account, call: str) -> None:
        """May he hear this call's recording? Raises NotAllowed, NotFound, StorageDown."""
        if who.role in OF_UNITS:
            await self._within(who, call)
            return
        if not await self._reaches(who, call):
            log.warning("recording of call %s refused to %s", call, who.name)
            raise NotAllowed("只能收听本人通话和本人在办事项的录音 / this is another agent's call")

    async def check_seeing(self, who: Account, call: str) -> None:
        """May he see what became of this call? Raises NotAllowed, NotFound, StorageDown."""
        if not await self._reaches(who, call):
            refuse(who, call)

    async def _within(self, who: Account, call: str) -> None:
        """Is it the call of an item of his unit's orders? Raises NotFound, StorageDown."""
        record = await self._calls.get(call)
        if record is None or not record.number or self._scope is None:
            raise NotFound
        await self._scope.check(who, record.number, handles=True)

    async def _reaches(self, who: Account, call: str) -> bool:
        return who.role in LEADERS or who.name in await self._hands(call) or await self._holds(who, call)

    async def _by_record(self, call: str) -> frozenset[str]:
        record = await self._calls.get(call)
        if record is None:
            raise NotFound
        return frozenset((record.agent,)) - {""}

    async def _holds(self, who: Account, call: str) -> bool:
        """Does he hold the item that came of the call?"""
        record = await self._calls.get(call)
        if record is None or not record.number:
            return False
        lease = (await self._intake.get(record.number)).item.lease
        return lease is not None and lease.holder == who.name and lease.until > self._now()


def refuse(who: Account, call: str) -> None:
    """Raises NotAllowed for a call that is another agent's."""
    log.warning("call %s is not %s's: refused", call, who.name)
    raise NotAllowed("这是其他坐席的通话 / this is another agent's call")


def check_seat(who: Account, agent: str) -> None:
    """May he move this agent's seat? Raises NotAllowed."""
    if who.role not in LEADERS and who.name != agent:
        raise NotAllowed("只能设置自己的坐席 / this is another agent's seat")
