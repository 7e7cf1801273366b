"""A kind of step that the gateway does not have: the night watch takes the call at night."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.core.flow.commands import JoinQueue, Keys, ReadKeys, StepRun
from gateway.core.flow.step import CLIPS, FLAG, PARTNER, Call, Exit, Step, setting


@dataclass(frozen=True, slots=True)
class NightWatch:
    instead_of: str = setting(PARTNER, "The partner whose calls the watch takes.")
    clips: tuple[str, ...] = setting(CLIPS, "Asks for a key.", ("menu_nothing",))
    open: bool = setting(FLAG, "Is somebody there?", True)


def run(watch: NightWatch, call: Call) -> StepRun:
    if not watch.open:
        return "closed"
    event = yield ReadKeys(watch.clips)
    if isinstance(event, Keys) and event.digits:
        yield JoinQueue(False, "", "", 0, 60)
    return "nobody"


STEP = Step(
    "night_watch",
    "夜间值守",
    "Let the night watch answer.",
    NightWatch,
    run,
    (
        Exit("closed", "无人值守", "Nobody is there.", idle=True),
        Exit("nobody", "未接听", "Nobody answered.", idle=True),
    ),
    person=True,
    waits=True,
    ends=True,
    closes="值守接听",
    after_hours=lambda watch: replace(watch, open=False),
    colour="#123456",
)
