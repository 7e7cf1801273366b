"""rate: after a talk the caller rates the call itself, from 1 to 5 (一次一评), apart from his matter."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import Keys, RateCall, ReadKeys, StepRun
from gateway.core.flow.step import CLIPS, Call, Exit, Step, seconds, setting

GRADES = "12345"
"""Keys: 1 very satisfied to 5 very dissatisfied, as for follow-up calls."""


@dataclass(frozen=True, slots=True)
class Rate:
    clips: tuple[str, ...] = setting(CLIPS, "Asks for the rating.", ("rate_ask",))
    wait: float = setting(seconds(1, 30), "Seconds to wait for a key after the speech.", 5.0)


def run(rate: Rate, call: Call) -> StepRun:
    call.typed = ""
    event = yield ReadKeys(rate.clips, wait=rate.wait, keys=GRADES)
    grade = event.digits[:1] if isinstance(event, Keys) else ""
    if not grade or grade not in GRADES:
        return "silence"
    yield RateCall(int(grade))
    return "rated"


STEP = Step(
    "rate",
    "通话评价",
    "Let the caller rate the call after the agent has hung up.",
    Rate,
    run,
    (
        Exit("rated", "已评价", "A key from 1 to 5 was pressed.", settled=True),
        Exit("silence", "未评价", "No such key came.", idle=True, settled=True),
    ),
    colour="#1f6fd1",
)
