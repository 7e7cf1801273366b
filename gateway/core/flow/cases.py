"""Flow test cases as data: keys and conditions in, prompts and outcome out.

gateway/flows/case_files.py reads a file of ivr_flows/cases/; `run_case` walks one case and says what differs.
Run by `gateway flow test`, before publishing, and by pytest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.flow.file import FlowSet
from gateway.core.flow.simulation import Conditions, Outcome, Transcript, simulate
from gateway.core.item.contact import Kind
from gateway.errors import Problem


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one flow; empty expectations hold always."""

    flow: str
    name: str
    file: str
    line: int
    keys: tuple[str, ...] = ()
    world: Conditions = field(default_factory=Conditions)
    hears: tuple[str, ...] = ()
    never_hears: tuple[str, ...] = ()
    ends: Outcome | None = None
    passes: tuple[str, ...] = ()
    kind: Kind | None = None


def run_case(case: Case, flows: FlowSet) -> tuple[Problem, ...]:
    """What differs between a case and what the flows do; nothing when it holds."""
    if case.flow not in flows.flows:
        return (Problem(case.file, case.line, f"{case.name}: no flow `{case.flow}`"),)
    transcript = simulate(flows, case.flow, case.keys, case.world)
    return tuple(
        Problem(case.file, case.line, f"{case.name}: {text}") for text in _differences(case, transcript)
    )


def _differences(case: Case, transcript: Transcript) -> list[str]:
    differences = []
    if case.ends and transcript.outcome is not case.ends:
        differences.append(f"ends with {transcript.outcome}, not {case.ends}")
    if missing := _first_missing(case.hears, transcript.clips):
        differences.append(f"`{missing}` is not heard there; heard: {', '.join(transcript.clips)}")
    differences += [f"`{clip}` is heard" for clip in case.never_hears if clip in transcript.clips]
    steps = tuple(entry.step for entry in transcript.path)
    if missing := _first_missing(case.passes, steps):
        differences.append(f"does not pass {missing} there; passed: {', '.join(steps)}")
    if case.kind and transcript.kind is not case.kind:
        differences.append(f"wants {transcript.kind or 'nothing in particular'}, not {case.kind}")
    return differences


def _first_missing(wanted: tuple[str, ...], heard: tuple[str, ...]) -> str:
    """The first of `wanted` that does not follow its forerunners in `heard`; "" when all do."""
    rest = iter(heard)
    return next((word for word in wanted if word not in rest), "")
