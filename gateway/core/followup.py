"""Follow-up calls (回访) after a matter is closed: who is asked, when, what is asked, and what follows.

Pure. The share of each kind, the hours, the rounds and the reasons are data (rules/followups.yaml). One row
stands for one item and round; gateway/cases/follow_ups.py makes it in the transaction that closes the item.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.core.followup_rules import FollowUpRules
from gateway.core.item.calendar import Calendar
from gateway.core.item.contact import Kind
from gateway.core.item.item import Item
from gateway.errors import FieldFault

DISSATISFIED = 4
"""From this grade on the person is dissatisfied, and is asked why."""
WORST = 5
GRADES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        1: ("非常满意", "very satisfied"),
        2: ("满意", "satisfied"),
        3: ("基本满意", "fairly satisfied"),
        4: ("不满意", "dissatisfied"),
        5: ("非常不满意", "very dissatisfied"),
    }
)


class FollowUpState(StrEnum):
    """DUE until somebody has asked; DIALLING while the PBX rings the person or asks him."""

    DUE = "due"
    DIALLING = "dialling"
    ANSWERED = "answered"
    UNREACHED = "unreached"  # tried as often as the rules want
    DECLINED = "declined"  # the person does not want to be asked


FOLLOW_UP_STATES: Mapping[FollowUpState, tuple[str, str]] = MappingProxyType(
    {
        FollowUpState.DUE: ("待回访", "to be called"),
        FollowUpState.DIALLING: ("自动回访中", "the survey calls"),
        FollowUpState.ANSWERED: ("已回访", "answered"),
        FollowUpState.UNREACHED: ("未接通", "not reached"),
        FollowUpState.DECLINED: ("拒绝回访", "declined"),
    }
)
OPEN = (FollowUpState.DUE, FollowUpState.DIALLING)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said: was he contacted, is it solved, content with the handler, with the result (1 to 5).

    `reason` is the id of a reason, "" where nobody is dissatisfied; `text` is what else he said.
    """

    contacted: bool
    solved: bool
    handler: int
    outcome: int
    reason: str = ""
    text: str = ""

    @property
    def dissatisfied(self) -> bool:
        return max(self.handler, self.outcome) >= DISSATISFIED


class Verdict(StrEnum):
    """How answers count for the unit. LAW counts neither for nor against it."""

    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    LAW = "law"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One follow-up call: of one item, in one round (from 1).

    `unit` dealt with the matter ("" for the centre itself) under `order`. `attempts` were made by agents,
    `dials` by the PBX; `by_pbx` until it is an agent's. `again`: the matter was opened again for it.
    """

    number: str
    round: int
    kind: Kind
    closed_at: datetime
    due_at: datetime
    by_pbx: bool = False
    unit: str = ""
    order: int | None = None
    state: FollowUpState = FollowUpState.DUE
    attempts: int = 0
    dials: int = 0
    tried_at: datetime | None = None
    answers: Answers | None = None
    answered_at: datetime | None = None
    who: str = ""
    call_id: str = ""
    verdict: Verdict | None = None
    again: bool = False
    id: int = 0


_SURVEY = re.compile(r"survey-([0-9]{1,18})-([0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Dial:
    """A call that the PBX is to make: its id, whom, and about which item."""

    call: str
    phone: str
    number: str


def survey_call(call: FollowUp) -> str:
    """The id of the call that the PBX makes for it now: of its latest dial."""
    return f"survey-{call.id}-{call.dials}"


def surveyed_by(call: str) -> int | None:
    """The follow-up call that a call of this id is made for; None for any other call."""
    match = _SURVEY.fullmatch(call)
    return int(match[1]) if match else None


# ------------------------------------------------------------------ who is asked, and when


def is_chosen(number: str, share: int) -> bool:
    """Is this item among the share (percent) that is asked? The same number always answers alike."""
    place = int.from_bytes(hashlib.sha256(number.encode()).digest()[:4]) % 100
    return place < share


def is_asked(rules: FollowUpRules, kind: Kind, number: str, round_: int) -> bool:
    """Is the person called after this closing? Whose matter was done again is asked whatever the share."""
    if round_ > 1:
        return round_ <= rules.rounds
    return is_chosen(number, rules.shares.get(kind, 0))


def due_at(rules: FollowUpRules, closed_at: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """When the call is due: on the workday after closing, from the first decent hour on."""
    day = calendar.workday_after(closed_at.astimezone(zone).date(), rules.workdays_after)
    return datetime.combine(day, rules.hours[0][0], zone)


def next_decent(rules: FollowUpRules, at: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """The first moment from `at` on at which somebody may be called: on such a day, within the hours."""
    local = at.astimezone(zone)
    if rules.on_restdays or calendar.is_workday(local.date())[0]:
        for begin, end in rules.hours:
            if local.time() < end:
                return max(local, datetime.combine(local.date(), begin, zone))
    tomorrow = local.date() + timedelta(days=1)
    day = tomorrow if rules.on_restdays else calendar.workday_after(local.date(), 1)
    return datetime.combine(day, rules.hours[0][0], zone)


# ------------------------------------------------------------------ what was said, and what follows


def faults(answers: Answers, rules: FollowUpRules) -> Iterator[FieldFault]:
    """What is wrong with answers, field by field."""
    for name, zh in (("handler", "对办理人员的评价"), ("outcome", "对办理结果的评价")):
        if not 1 <= getattr(answers, name) <= WORST:
            yield FieldFault(name, f"{zh}应为 1 至 5", "is a grade from 1 to 5")
    ids = [reason.id for reason in rules.reasons]
    if answers.reason and rules.reason(answers.reason) is None:
        names = "、".join(f"{reason.zh} {reason.id}" for reason in rules.reasons)
        yield FieldFault("reason", f"应为以下之一：{names}", f"is one of {', '.join(ids)}")
    elif answers.dissatisfied and not answers.reason:
        yield FieldFault("reason", "不满意时须注明原因", f"is required of the dissatisfied: {', '.join(ids)}")


def opens_again(answers: Answers, round_: int, rules: FollowUpRules) -> bool:
    """Is the matter done again? Only for a reason on the unit's side, and not for ever."""
    reason = rules.reason(answers.reason) if answers.dissatisfied else None
    return reason is not None and reason.unit_side and round_ < rules.rounds


def verdict(answers: Answers, rules: FollowUpRules) -> Verdict:
    """What was dissatisfying for another reason than the unit's side is left out of the unit's figures."""
    if not answers.dissatisfied:
        return Verdict.SATISFIED
    reason = rules.reason(answers.reason)
    return Verdict.DISSATISFIED if reason is None or reason.unit_side else Verdict.LAW


def summary(answers: Answers, rules: FollowUpRules) -> str:
    """The answers as a line of the timeline."""
    reason = rules.reason(answers.reason)
    parts = [
        "已联系" if answers.contacted else "未联系",
        "已解决" if answers.solved else "未解决",
        f"对办理人员{GRADES[answers.handler][0]}",
        f"对结果{GRADES[answers.outcome][0]}",
        f"原因：{reason.zh}" if reason else "",
        answers.text,
    ]
    return "；".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class FollowUpQuery:
    """Which follow-up calls: due until the end of a day, in a state, of a unit, of an item.

    Without a state those that are open, of items that are closed still. `by_pbx`: whether the survey asks, or
    an agent. `after` is the id last seen.
    """

    due_before: datetime | None = None
    state: FollowUpState | None = None
    number: str = ""
    by_pbx: bool | None = None
    after: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """A follow-up call with its item. `secret`: the person is called by the identity right alone."""

    call: FollowUp
    item: Item
    secret: bool
