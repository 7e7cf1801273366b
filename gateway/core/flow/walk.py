"""One caller's walk through the flows: commands out, events in, a path behind.

A driver calls `start` once, then `send` with each answer, until it gets Ended or the caller hangs
up. Time is the driver's: seconds since the call began, handed in with every event. A caller who
comes back out of a long wait in another process is taken up with `resume`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.flow.commands import (
    Command,
    EndCall,
    Event,
    JoinQueue,
    Play,
    QueueLeft,
    StepRun,
    TakeMessage,
)
from gateway.core.flow.file import LAST_RESORT, FlowSet
from gateway.core.flow.step import Call, CallerFacts, Step, StepSpec
from gateway.core.item.contact import Kind
from gateway.errors import FlowError

MOST_STEPS = 64  # then the caller goes to a person, whatever the flow says
NOT_KNOWN = CallerFacts()


@dataclass(frozen=True, slots=True)
class PathEntry:
    """One step taken: where (flow/step), what came of it (exit, key, or a word), seconds into the call."""

    step: str
    what: str
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The flow is over: EndCall was obeyed, or the caller hung up."""


@dataclass(frozen=True, slots=True)
class _Nothing:
    """The last resort has no settings."""


def _last_resort(nothing: _Nothing, call: Call) -> StepRun:
    """To a person; and who cannot be served is heard."""
    call.typed = ""
    event = yield JoinQueue()
    if isinstance(event, QueueLeft):
        yield Play(("sorry_message",))
        yield TakeMessage()
    yield EndCall()
    return "ended"


_RESORT = Step(
    LAST_RESORT, "最后去处", "To a person.", _Nothing, _last_resort, resume=_last_resort, person=True
)
_RESORT_SPEC = StepSpec(LAST_RESORT, LAST_RESORT, _RESORT, _Nothing(), {}, 0)
PROMPTS = ("sorry_message",)  # what the last resort speaks


class Walk:
    """The state of one call in the flows; about 2 kB."""

    __slots__ = ("_at", "_call", "_flows", "_path", "_run", "_spec", "_steps", "over")

    def __init__(
        self,
        flows: FlowSet,
        entry: str,
        facts: CallerFacts = NOT_KNOWN,
        *,
        kind: Kind | None = None,
    ) -> None:
        """Begin at a flow ("main") or at a place in one ("main/person"), which is what `position` gives.

        Raises FlowError for a flow that the set does not have. A step that is gone, in a flow that is
        there, is answered with a person.
        """
        name, _, step = entry.partition("/")
        flow = flows.flows.get(name)
        if flow is None and name != LAST_RESORT:
            raise FlowError(f"no flow {name} in version {flows.version}")
        first = flow.steps.get(step or flow.start) if flow else None
        self._flows = flows
        self._call = Call(facts, flows.partners, kind)
        self._spec = first or _RESORT_SPEC
        self._run = self._spec.step.run(self._spec.settings, self._call)
        self._path: list[tuple[str, str, float]] = []
        self._steps = 1
        self._at = 0.0
        self.over = False

    @property
    def path(self) -> tuple[PathEntry, ...]:
        """The steps taken so far, in order."""
        return tuple(PathEntry(*entry) for entry in self._path)

    @property
    def position(self) -> str:
        """Where the call is: flow/step, from which another process can resume it."""
        return self._spec.place

    @property
    def kind(self) -> Kind | None:
        """What the caller said he wants, by the keys of menus."""
        return self._call.kind

    @property
    def version(self) -> int:
        """The version of the flows this call began with and ends on."""
        return self._flows.version

    @property
    def resumable(self) -> bool:
        """Is this a step from which another process can take the call up?"""
        return self._spec.step.resume is not None

    def start(self, at: float = 0.0) -> Command | Ended:
        """The first command."""
        return self.send(None, at)

    def send(self, event: Event, at: float) -> Command | Ended:
        """The answer to the last command; gives the next. After EndCall, send None."""
        if self.over:
            return Ended()
        while True:
            try:
                command = self._run.send(event)
            except StopIteration as stop:
                if not self._leave(stop.value, at):
                    return Ended()
                event = None
                continue
            if type(command) is EndCall:
                self._path.append((self._spec.place, "ended", at))
                self._finish()
            return command

    def resume(self, event: Event, at: float) -> Command | Ended:
        """Instead of `start`: the event with which a long wait at this place ended.

        A place whose step cannot take it up begins from its beginning.
        """
        step = self._spec.step
        if step.resume is None:
            return self.start(at)
        self._run.close()
        self._run = step.resume(self._spec.settings, self._call)
        next(self._run)
        return self.send(event, at)

    def hang_up(self, at: float, what: str = "hung_up") -> None:
        """The call is over: the caller hung up, or `what` ("talked"). A second time does nothing."""
        if self.over:
            return
        self._path.append((self._spec.place, what, at))
        self._finish()

    def _leave(self, exit_: str, at: float) -> bool:
        """Go on to the step behind an exit; False when the flow ends there."""
        spec, call = self._spec, self._call
        self._path.append((spec.place, call.noted or exit_, at))
        call.noted = ""
        target = self._flows.target(spec, exit_)
        self._steps += 1
        if self._steps > MOST_STEPS or (target is None and spec is not _RESORT_SPEC):
            target = _RESORT_SPEC
        if target is None:
            self._finish()
            return False
        self._spec = target
        self._run = target.step.run(target.settings, call)
        return True

    def _finish(self) -> None:
        self.over = True
        self._run.close()
