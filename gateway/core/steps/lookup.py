"""lookup: progress by number and query code. It says the state and the day, nothing about anybody.

A wrong number and a wrong code sound alike; after `tries`, or when the driver says that this
caller has used up his attempts, it leads to a person. The code never reaches the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.core import speech
from gateway.core.flow import Found, Keys, LookUp, Play, StepRun
from gateway.core.step import CLIPS, Call, Exit, Step, setting, whole
from gateway.core.steps.ask_digits import read

NUMBER_DIGITS = 12
CODE_DIGITS = 4
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
    bad: tuple[str, ...] = setting(CLIPS, "Spoken when the two do not fit.", ("progress_wrong",))
    locked: tuple[str, ...] = setting(CLIPS, "Spoken when the attempts are used up.", ("progress_locked",))
    tries: int = setting(whole(1, 5), "How often number and code may be tried in one call.", 3)


def run(lookup: Lookup, call: Call) -> StepRun:
    clips: tuple[str, ...] = ()
    for _ in range(lookup.tries):
        number = yield from read(call, clips + lookup.ask_number, NUMBER_DIGITS)
        code = (yield from read(call, lookup.ask_code, CODE_DIGITS)) if number else ""
        if not number:
            return "silence"
        event = yield LookUp(number, code)
        found = event if isinstance(event, Found) else Found()
        if found.state and not found.locked:
            call.note(f"told {found.state}")
            cut = yield Play(_told(found), call.cutting)
            call.add_typed(cut.digits if isinstance(cut, Keys) else "")
            return "told"
        if found.locked:
            break
        clips = lookup.bad
    yield Play(lookup.locked)
    return "wrong"


def _told(found: Found) -> tuple[str, ...]:
    """The state, and the day of the next clock if there is one."""
    state = ("progress_state_is", _STATE_CLIPS.get(found.state, "state_other"))
    try:
        day = date.fromisoformat(found.due) if found.due else None
    except ValueError:
        day = None
    return (*state, "progress_due_before", *speech.date(day)) if day else state


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
)
