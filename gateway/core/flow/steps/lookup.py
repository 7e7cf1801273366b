"""lookup: progress by number and query code. It says the state and the day, nothing about anybody.

Codes have six digits, those of older items four: fewer than six are ended by # or by a pause of
CODE_GAP. A short code tells the state; for the day the last four digits of the telephone are asked.
A wrong number and a wrong code sound alike; after `tries`, or when the driver says that nothing can
be looked up now, it leads to a person. Neither code nor telephone digits reach the path.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date

from gateway.core.flow import speech
from gateway.core.flow.commands import Command, Event, Found, Keys, LookUp, Play, StepRun
from gateway.core.flow.step import CLIPS, Call, Exit, Step, setting, whole
from gateway.core.flow.steps.ask_digits import read
from gateway.core.item.number import CODE_DIGITS, FACT_DIGITS

NUMBER_DIGITS = 12
CODE_GAP = 3.0
"""Seconds without a key after which the code counts as complete."""
STATES = (
    "received",
    "accepted",
    "not_accepted",
    "handed_over",
    "in_work",
    "waiting",
    "answered",
    "merged",
    "withdrawn",
    "closed",
)
_STATE_CLIPS = {state: f"state_{state}" for state in STATES}


@dataclass(frozen=True, slots=True)
class Lookup:
    ask_number: tuple[str, ...] = setting(
        CLIPS, "Asks for the twelve-digit number.", ("progress_ask_number",)
    )
    ask_code: tuple[str, ...] = setting(CLIPS, "Asks for the query code.", ("progress_ask_code",))
    ask_phone: tuple[str, ...] = setting(
        CLIPS,
        "Asks for the last four digits of the telephone number, after a four-digit code.",
        ("progress_ask_phone",),
    )
    bad: tuple[str, ...] = setting(CLIPS, "Spoken when the two do not fit.", ("progress_wrong",))
    locked: tuple[str, ...] = setting(CLIPS, "Spoken when the attempts are used up.", ("progress_locked",))
    tries: int = setting(whole(1, 5), "How often number and code may be tried in one call.", 3)


def run(lookup: Lookup, call: Call) -> StepRun:
    clips: tuple[str, ...] = ()
    for _ in range(lookup.tries):
        number = yield from read(call, clips + lookup.ask_number, NUMBER_DIGITS)
        code = (yield from read(call, lookup.ask_code, CODE_DIGITS, gap=CODE_GAP)) if number else ""
        if not number:
            return "silence"
        outcome = yield from _look_up(LookUp(number, code))
        if outcome.state and not outcome.locked:
            call.note(f"told {outcome.state}")
            cut = yield Play(_state(outcome) + _day(outcome.due), call.cutting)
            call.add_typed(cut.digits if isinstance(cut, Keys) else "")
            if outcome.state_only and not call.typed:
                yield from _tell_more(lookup, call, number, code)
            return "told"
        if outcome.locked:
            break
        clips = lookup.bad
    yield Play(lookup.locked)
    return "wrong"


def _look_up(command: LookUp) -> Generator[Command, Event, Found]:
    event = yield command
    return event if isinstance(event, Found) else Found()


def _tell_more(lookup: Lookup, call: Call, number: str, code: str) -> Generator[Command, Event, None]:
    """After a short code: ask for the second fact and tell the day when it fits."""
    phone = yield from read(call, lookup.ask_phone, FACT_DIGITS)
    outcome = (yield from _look_up(LookUp(number, code, phone))) if phone else Found()
    if outcome.due:
        cut = yield Play(_day(outcome.due), call.cutting)
        call.add_typed(cut.digits if isinstance(cut, Keys) else "")


def _state(outcome: Found) -> tuple[str, ...]:
    return ("progress_state_is", _STATE_CLIPS.get(outcome.state, "state_other"))


def _day(due: str) -> tuple[str, ...]:
    """The day of the next clock, if there is one."""
    try:
        return ("progress_due_before", *speech.date(date.fromisoformat(due))) if due else ()
    except ValueError:
        return ()


STEP = Step(
    "lookup",
    "查询进度",
    "Tell the progress of a matter by its number and query code.",
    Lookup,
    run,
    (
        Exit("told", "已告知", "The state was told."),
        Exit("wrong", "不符或锁定", "Number and code never fitted, or the attempts are used up."),
        Exit("silence", "没有输入", "No number was keyed in.", or_else="wrong", idle=True),
    ),
    prompts=(
        "progress_state_is",
        "progress_due_before",
        "state_other",
        *_STATE_CLIPS.values(),
        *speech.NUMBER_CLIPS,
        *speech.DATE_CLIPS,
    ),
    waits=True,
    colour="#1f6fd1",
)
