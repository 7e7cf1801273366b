"""What the survey of the PBX is to dial, and what becomes of each dial: the ledger of calls/surveys.py.

A dial is counted before the PBX is asked for it. After the dials of the rules, and after a call that was
answered but brought no answers, an agent calls.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.cases.follow_ups import FollowUps
from gateway.core import telephone
from gateway.core.followup import (
    Answers,
    Dial,
    FollowUp,
    FollowUpQuery,
    FollowUpRow,
    FollowUpState,
    next_decent,
    survey_call,
    surveyed_by,
)
from gateway.errors import BadContact, Conflict, NotFound
from gateway.storage import Transaction

log = logging.getLogger(__name__)

SURVEY = "survey"
"""Who stands in timelines for calls of the PBX."""
LOST = timedelta(minutes=15)
"""After which a dial whose end nobody noted is over: the PBX ends each after five minutes."""
SOON = timedelta(minutes=5)
"""Until the next dial after one that was not made, or given up for a caller."""
A_MOMENT = timedelta(milliseconds=1)
"""What is due now is due before this has gone by."""
NOT_MADE = {"NOLINE", "CANCEL", "FAILED", ""}
"""Ends of a dial that cost the person no try."""
FOR_AGENTS = {
    "ANSWER": "已接听，未完成",
    "REFUSED": "号码不在允许呼出的范围内",
    "LIMIT": "今日呼出次数已达上限",
}
"""Ends after which an agent calls, in words."""
_YES_NO = {"yes": True, "no": False}


class Surveying:
    """The follow-up calls of one installation, as the survey sees them."""

    def __init__(self, calls: FollowUps) -> None:
        self._calls = calls

    async def take(self) -> Dial | None:
        """The next that is due now, dialling from now on; None when nobody is to be called now."""
        calls = self._calls
        now = calls.changes.now()

        def taken(t: Transaction) -> Dial | None:
            self._end_lost(t, now)
            due = FollowUpQuery(now + A_MOMENT, FollowUpState.DUE, by_pbx=True, limit=20)
            for row in calls.rows.page(t, due):
                if row.item.state.value == "closed" and (dial := self._dial(t, row, now)):
                    return dial
            return None

        return await calls.changes.write(taken)

    def _dial(self, t: Transaction, row: FollowUpRow, now: datetime) -> Dial | None:
        call, calls = row.call, self._calls
        if next_decent(calls.rules_of(call), now, calls.calendar, calls.zone) > now:
            return None
        phone = telephone.to_dial(telephone.plain(row.item.person.phone))
        if row.secret or not phone:
            calls.rows.change(t, replace(call, by_pbx=False), call.state)
            return None
        dialling = replace(call, state=FollowUpState.DIALLING, dials=call.dials + 1, tried_at=now)
        if not calls.rows.change(t, dialling, call.state):
            return None
        return Dial(survey_call(dialling), phone, call.number)

    def _end_lost(self, t: Transaction, now: datetime) -> None:
        """Dials whose end nobody has noted: the gateway or the PBX died in between."""
        for row in self._calls.rows.page(t, FollowUpQuery(state=FollowUpState.DIALLING, limit=20)):
            if row.call.tried_at and now - row.call.tried_at > LOST:
                self._over(t, row.call, "NOANSWER", now)

    async def ended(self, call: str, status: str) -> None:
        """A dial is over. What was answered is kept already, and then nothing follows."""
        changes = self._calls.changes
        number = await changes.write(lambda t: self._ended(t, call, status))
        if number:
            changes.tell("changed", number)

    def _ended(self, t: Transaction, call: str, status: str) -> str:
        follow_up = self._calls.rows.get(t, surveyed_by(call) or 0)
        if (
            follow_up is None
            or follow_up.state is not FollowUpState.DIALLING
            or survey_call(follow_up) != call
        ):
            return ""
        self._over(t, follow_up, status, self._calls.changes.now())
        return follow_up.number

    def _over(self, t: Transaction, call: FollowUp, status: str, now: datetime) -> None:
        calls = self._calls
        rules = calls.rules_of(call)
        due = replace(call, state=FollowUpState.DUE, due_at=now)
        if status in NOT_MADE:
            after, entry = replace(due, dials=call.dials - 1, due_at=now + SOON), ""
        elif status in FOR_AGENTS:
            after, entry = replace(due, by_pbx=False), f"{FOR_AGENTS[status]}，转人工回访"
        elif call.dials >= rules.dials:
            after, entry = replace(due, by_pbx=False), f"未接通（第{call.dials}次），转人工回访"
        else:
            again = next_decent(rules, now + rules.again_after, calls.calendar, calls.zone)
            after, entry = replace(due, due_at=again), f"未接通（第{call.dials}次）"
        if calls.rows.change(t, after, call.state) and entry:
            calls.note(t, after, SURVEY, f"自动回访{entry}")

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        """Keep what was answered; False for answers that do not fit the rules."""
        follow_up, grades = surveyed_by(call), _read(answers)
        if follow_up is None or grades is None:
            return False
        try:
            await self._calls.result(follow_up, SURVEY, grades, call)
        except (BadContact, Conflict, NotFound) as error:
            log.error("the answers in call %s do not fit rules/followups.yaml: %s", call, error)
            return False
        return True


def _read(answers: Mapping[str, str]) -> Answers | None:
    """The words of the flow as answers; None when one is missing or none that can be."""
    try:
        return Answers(
            _YES_NO[answers["contacted"]],
            _YES_NO[answers["solved"]],
            int(answers["handler"]),
            int(answers["outcome"]),
            answers.get("reason", ""),
        )
    except (KeyError, ValueError):
        return None
