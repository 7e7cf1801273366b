"""goto: go on in another flow, at its start or at one of its steps."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import StepRun
from gateway.core.flow.step import TEXT, Call, Jump, Step, setting


@dataclass(frozen=True, slots=True)
class Goto:
    flow: str = setting(TEXT, "The flow to go on in.")
    at: str = setting(TEXT, "The step to go on at; empty: where that flow starts.", "")


def run(goto: Goto, call: Call) -> StepRun:
    call.note(f"to {goto.flow}")
    yield from ()
    return "there"


def jump(goto: Goto) -> Jump:
    return Jump(goto.flow, goto.at)


STEP = Step(
    "goto",
    "转到流程",
    "Go on in another flow.",
    Goto,
    run,
    jump=jump,
    colour="#64748b",
)
