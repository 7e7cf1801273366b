"""One call while it goes on, as the switchboard holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.core.call.record import PathStep
from gateway.core.call.state import CallState
from gateway.core.flow.walk import Walk


@dataclass(slots=True)
class Live:
    """One call that goes on. `driving` while it is in a flow; `earlier` is its path before this walk."""

    story: CallState
    driving: bool = False
    walk: Walk | None = None
    earlier: tuple[PathStep, ...] = ()
    answered: float = 0.0  # loop time

    def path(self) -> tuple[PathStep, ...]:
        """All steps so far, with their times."""
        began = self.story.record.answered_at or self.story.record.started_at
        walked = self.walk.path if self.walk else ()
        return self.earlier + tuple(
            PathStep(began + timedelta(seconds=e.at_seconds), e.step, e.what) for e in walked
        )
