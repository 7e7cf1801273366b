"""hours: is the centre open now? The calendar with holidays and make-up days is the driver's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.core.flow.commands import AskTime, Clock, StepRun
from gateway.core.flow.hours import ALWAYS, CLOSED, Week
from gateway.core.flow.hours import Hours as Spans
from gateway.core.flow.step import DAYS_HOURS, HOURS, Call, Exit, Step, setting


@dataclass(frozen=True, slots=True)
class Hours:
    workdays: Spans = setting(HOURS, "Hours of workdays, make-up days too.", ALWAYS)  # noqa: RUF009
    restdays: Spans = setting(HOURS, "Hours of weekends and holidays.", ALWAYS)  # noqa: RUF009
    days: Mapping[str, Spans] = setting(
        DAYS_HOURS, "Hours of single weekdays (mon … sun), unless a holiday or make-up day falls on them.", {}
    )


def run(hours: Hours, call: Call) -> StepRun:
    event = yield AskTime()
    if not isinstance(event, Clock):
        return "open"  # without a clock, callers are let in
    return "open" if Week(hours.workdays, hours.restdays, hours.days).open_at(event) else "closed"


def closed(hours: Hours) -> Hours:
    """The same step outside its hours, around-the-clock ones too."""
    return replace(hours, workdays=CLOSED, restdays=CLOSED, days={})


STEP = Step(
    "hours",
    "工作时间",
    "Open or closed?",
    Hours,
    run,
    (
        Exit("open", "工作时间", "Within the hours.", idle=True),
        Exit("closed", "非工作时间", "Outside the hours.", idle=True),
    ),
    after_hours=closed,
    colour="#7a5bc0",
)
