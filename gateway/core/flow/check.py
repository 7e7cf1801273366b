"""What a set of flows must hold before it is published; each fault names file and line.

Faults within one file are found by core/flow/file.py. Here the whole set is taken as one graph, since a
`goto` crosses files: every step can be reached, every path ends, passes a person or offers one,
no loop turns without the caller, every prompt, flow and partner exists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from gateway.core.flow.file import Flow, FlowSet
from gateway.core.flow.step import CLIPS, PARTNER, Exit, Step, StepSpec
from gateway.core.flow.steps import STEPS
from gateway.core.flow.walk import PROMPTS
from gateway.core.yaml_tree import nearest
from gateway.errors import Problem

Places = set[str]


def _names(steps: Iterable[Step]) -> str:
    """`a, b or c`, for a message."""
    *others, last = (step.name for step in steps)
    return f"{', '.join(others)} or {last}" if others else last


ENDING = _names(step for step in STEPS.values() if step.ends)
LEADING_TO_A_PERSON = _names(step for step in STEPS.values() if step.person)


def check(flows: FlowSet, prompts: Collection[str], *entries: str) -> tuple[Problem, ...]:
    """Every problem of a set, by file and line. `entries` are the flows that calls begin with."""
    for entry in entries:
        if entry not in flows.flows:
            text = f"flows.entry or numbers.flow: no flow `{entry}`{nearest(entry, flows.flows)}"
            return (Problem("gateway.toml", 0, text),)
    problems: list[Problem] = []
    for flow in flows.flows.values():
        problems += _prompts(flow, prompts)
        problems += _references(flow, flows)
    if not problems:  # a graph with missing steps would only repeat these faults
        graph = _Graph(flows)
        for fault in (graph.unreachable, graph.endless, graph.turning, graph.alone):
            problems += fault()
    return tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.text)))


def _prompts(flow: Flow, prompts: Collection[str]) -> Iterator[Problem]:
    """Clips named in the flow, and those its steps speak on their own."""
    for spec in flow.steps.values():
        for setting in spec.step.fields:
            if setting.type is CLIPS:
                yield from _missing(flow, spec, setting.name, getattr(spec.settings, setting.name), prompts)
        yield from _missing(flow, spec, "step", spec.step.prompts + PROMPTS, prompts)


def _missing(
    flow: Flow, spec: StepSpec, part: str, clips: Iterable[str], prompts: Collection[str]
) -> Iterator[Problem]:
    for clip in clips:
        if clip not in prompts:
            text = f"{spec.id}: no prompt `{clip}`{nearest(clip, prompts)}"
            yield Problem(flow.file, spec.line_of(part), text)


def _references(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Other flows, their steps, and partners that a flow names."""
    for spec in flow.steps.values():
        jump = spec.jump
        if jump and jump.flow not in flows.flows:
            text = f"{spec.id}: no flow `{jump.flow}`{nearest(jump.flow, flows.flows)}"
            yield Problem(flow.file, spec.line_of("flow"), text)
        elif jump and jump.at and jump.at not in (steps := flows.flows[jump.flow].steps):
            text = f"{spec.id}: no step `{jump.at}` in flow {jump.flow}{nearest(jump.at, steps)}"
            yield Problem(flow.file, spec.line_of("at"), text)
        for setting in spec.step.fields:
            partner = getattr(spec.settings, setting.name) if setting.type is PARTNER else ""
            if partner and partner not in flows.partners:
                text = f"{spec.id}: no partner `{partner}`{nearest(partner, flows.partners)}"
                yield Problem(flow.file, spec.line_of(setting.name), text)


class _Graph:
    """The steps of a set and the ways between them, asked in four ways."""

    def __init__(self, flows: FlowSet) -> None:
        self.flows = flows
        self.steps = {spec.place: spec for spec in flows.specs()}
        self.ways = {spec.place: tuple(flows.edges(spec)) for spec in self.steps.values()}
        self.files = {name: flow.file for name, flow in flows.flows.items()}
        ends = {place for place, spec in self.steps.items() if spec.step.ends}
        self.ending = self._backward(ends)
        self.starts = [f"{flow.name}/{flow.start}" for flow in flows.flows.values()]

    def unreachable(self) -> Iterator[Problem]:
        """Steps no caller can get to, from the start of any flow."""
        reached = self._forward(self.starts, lambda spec, exit_: True)
        for place, spec in self.steps.items():
            if place not in reached:
                yield self._problem(spec, f"{spec.id}: unreachable, no way leads to this step")

    def endless(self) -> Iterator[Problem]:
        """Steps from which no path ends the call."""
        for place, spec in self.steps.items():
            if place not in self.ending:
                yield self._problem(spec, f"{spec.id}: path without an end, it never comes to {ENDING}")

    def turning(self) -> Iterator[Problem]:
        """Loops that turn while the caller does nothing; one problem for each loop."""
        idle = {
            place: [target.place for exit_, target in ways if exit_.idle] for place, ways in self.ways.items()
        }
        for loop in _loops(idle):
            if not loop & self.ending:
                continue  # named already: it has no end for anybody
            first = min(loop, key=lambda place: (self._file(place), self.steps[place].line))
            names = ", ".join(sorted(self.steps[place].id for place in loop))
            yield self._problem(self.steps[first], f"loop without a caller's choice: {names}")

    def alone(self) -> Iterator[Problem]:
        """Choices with no way to a person, and ways to an end that met neither person nor choice."""
        helped = self._backward({p for p, spec in self.steps.items() if spec.step.person})
        unsettled = self._forward(self.starts, lambda spec, exit_: not exit_.settled)
        for place in unsettled:
            spec = self.steps[place]
            if spec.step.waits and place not in helped:
                yield self._problem(spec, f"{spec.id}: no way to a person from here ({LEADING_TO_A_PERSON})")
        straight = self._forward(self.starts, self._unasked) | self._after_queue()
        for place in straight:
            spec = self.steps[place]
            if spec.step.ends and not spec.step.person:
                yield self._problem(spec, f"{spec.id}: a caller can end here without a way to a person")

    def _unasked(self, spec: StepSpec, exit_: Exit) -> bool:
        """Ways on which the caller has been asked nothing yet and still has to reach a person."""
        return not spec.step.waits and not exit_.settled

    def _after_queue(self) -> Places:
        """Steps behind the exits of a step that ends in a talk: who comes out has not reached a person."""
        behind = [
            target.place
            for spec in self.steps.values()
            if spec.step.ends and spec.step.person
            for exit_, target in self.ways[spec.place]
            if not exit_.settled
        ]
        return self._forward(behind, self._unasked)

    def _forward(self, begin: Iterable[str], follow: Callable[[StepSpec, Exit], bool]) -> Places:
        seen: Places = set()
        todo = list(begin)
        while todo:
            place = todo.pop()
            if place not in seen:
                seen.add(place)
                spec = self.steps[place]
                todo += [target.place for exit_, target in self.ways[place] if follow(spec, exit_)]
        return seen

    def _backward(self, goal: Places) -> Places:
        """Every step from which one of `goal` can be reached."""
        before: dict[str, list[str]] = {place: [] for place in self.steps}
        for place, ways in self.ways.items():
            for _, target in ways:
                before[target.place].append(place)
        seen = set(goal)
        todo = list(goal)
        while todo:
            for place in before[todo.pop()]:
                if place not in seen:
                    seen.add(place)
                    todo.append(place)
        return seen

    def _file(self, place: str) -> str:
        return self.files[place.partition("/")[0]]

    def _problem(self, spec: StepSpec, text: str) -> Problem:
        return Problem(self._file(spec.place), spec.line, text)


def _loops(ways: dict[str, list[str]]) -> Iterator[Places]:
    """Sets of steps that lead in a circle: what is left when dead ends are taken away, by connection."""
    reach = {place: _reach(ways, place) for place in ways}
    done: Places = set()
    for place in ways:
        if place in reach[place] and place not in done:
            loop = {other for other in reach[place] if place in reach[other]}
            done |= loop
            yield loop


def _reach(ways: dict[str, list[str]], begin: str) -> Places:
    """Everything that can be reached from a step, itself only by a circle."""
    seen: Places = set()
    todo = list(ways[begin])
    while todo:
        place = todo.pop()
        if place not in seen:
            seen.add(place)
            todo += ways[place]
    return seen
