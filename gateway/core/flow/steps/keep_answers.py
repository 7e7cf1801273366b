"""keep_answers: hand over what was answered to the questions before it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import KeepAnswers, Kept, StepRun
from gateway.core.flow.step import Call, Exit, Step


@dataclass(frozen=True, slots=True)
class NoSettings:
    """It has none."""


def run(nothing: NoSettings, call: Call) -> StepRun:
    event = yield KeepAnswers(tuple(call.answers.items()))
    return "kept" if isinstance(event, Kept) and event.done else "failed"


STEP = Step(
    "keep_answers",
    "保存回答",
    "Keep what was answered to the questions.",
    NoSettings,
    run,
    (
        Exit("kept", "已保存", "The answers are kept.", idle=True, settled=True),
        Exit("failed", "未保存", "They could not be kept: an agent calls.", idle=True),
    ),
    colour="#12805c",
)
