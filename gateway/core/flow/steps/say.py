"""say: speak clips. A key cuts them short and counts for the next step that reads keys."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import Keys, Play, StepRun
from gateway.core.flow.step import CLIPS, FLAG, Call, Exit, Step, setting


@dataclass(frozen=True, slots=True)
class Say:
    clips: tuple[str, ...] = setting(CLIPS, "What is spoken, one clip after another.")
    cut: bool = setting(FLAG, "A key cuts the speech and counts for the next menu or input.", True)


def run(say: Say, call: Call) -> StepRun:
    if say.cut and call.typed:  # the caller is ahead of us
        return "done"
    match (yield Play(say.clips, call.cutting if say.cut else "")):
        case Keys(digits):
            call.add_typed(digits)
    return "done"


STEP = Step(
    "say", "播放", "Speak something.", Say, run, (Exit("done", "完", "It was spoken, or cut.", idle=True),)
)
