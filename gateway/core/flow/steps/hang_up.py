"""hang_up: say a last word and end the call."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import EndCall, Play, StepRun
from gateway.core.flow.step import CLIPS, Call, Step, setting


@dataclass(frozen=True, slots=True)
class HangUp:
    clips: tuple[str, ...] = setting(CLIPS, "Spoken before the call ends.", ())


def run(end: HangUp, call: Call) -> StepRun:
    if end.clips:
        yield Play(end.clips)
    yield EndCall()
    return "ended"


STEP = Step(
    "hang_up",
    "挂机",
    "End the call.",
    HangUp,
    run,
    ends=True,
    colour="#b3383f",
)
