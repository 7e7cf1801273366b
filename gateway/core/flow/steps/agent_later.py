"""agent_later: end a call of ours that brought no answers; an agent calls instead."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import EndCall, Play, StepRun
from gateway.core.flow.step import CLIPS, Call, Step, setting


@dataclass(frozen=True, slots=True)
class AgentLater:
    clips: tuple[str, ...] = setting(CLIPS, "Spoken before the call ends.", ())


def run(later: AgentLater, call: Call) -> StepRun:
    if later.clips:
        yield Play(later.clips)
    yield EndCall()
    return "ended"


STEP = Step(
    "agent_later",
    "改由人工回访",
    "End a call of ours; an agent makes it instead.",
    AgentLater,
    run,
    person=True,
    ends=True,
    closes="改由人工回访",
    colour="#b45f06",
)
