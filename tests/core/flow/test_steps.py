"""Each kind of step against its transcript: settings, then commands (<), answers (>) and the exit (=)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from gateway.core.flow import commands as flow
from gateway.core.flow.file import parse_flow
from gateway.core.flow.partner import Partner
from gateway.core.flow.step import Call, CallerFacts, StepSpec
from gateway.core.flow.steps import STEPS
from gateway.core.yaml_tree import Faults
from gateway.rules.yaml_with_lines import parse

FOLDER = Path(__file__).parents[2] / "flows" / "transcripts"
PARTNERS = {"12345": Partner("12345", "市长热线", "Mayor's hotline", "12345")}
WORDS = {**vars(flow), "datetime": datetime}


@dataclass(frozen=True, slots=True)
class Script:
    """One call of a transcript file."""

    step: str
    settings: str
    name: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.step}: {self.name}"


def scripts() -> list[Script]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        settings, *calls = re.split(r"^=== ", file.read_text("utf-8"), flags=re.M)
        for call in calls:
            name, *lines = call.strip().splitlines()
            found.append(Script(file.stem, settings, name, tuple(lines)))
    return found


def spec_of(settings: str) -> StepSpec:
    indented = "".join(f"    {line}\n" for line in settings.splitlines())
    text = f"flow: t\nstart: it\nsteps:\n  it:\n{indented}  end:\n    step: hang_up\n"
    faults = Faults("t.yaml")
    parsed = parse_flow(parse(text, faults), faults, "t")
    assert parsed, faults.found
    return parsed.steps["it"]


def transcript_of(script: Script) -> list[str]:
    """The script's lines as the step really behaves: answers are its own, all else is observed."""
    spec = spec_of(script.settings)
    about = {word: rest for word, _, rest in (line.partition(" ") for line in script.lines) if word.isalpha()}
    call = Call(CallerFacts(about.get("phone", "")), PARTNERS)
    call.typed = about.get("typed", "")
    run = (spec.step.resume or spec.step.run)(spec.settings, call) if "resume" in about else None
    if run is not None:
        next(run)
    seen = [line for line in script.lines if line[0].isalpha()]
    answers = [line[2:] for line in script.lines if line.startswith("> ")]
    steps = run or spec.step.run(spec.settings, call)
    answer = None
    if run is not None:
        seen.append(f"> {answers[0]}")
        answer = eval(answers.pop(0), dict(WORDS))
    while True:
        try:
            seen.append(f"< {steps.send(answer)}")
        except StopIteration as stop:
            note = f" ({call.noted})" if call.noted else ""
            kind = f", kind {call.kind}" if call.kind else ""
            return [*seen, f"= {stop.value}{note}{kind}{', typed ' + call.typed if call.typed else ''}"]
        assert answers, f"one answer more is needed, for {seen[-1]}"
        seen.append(f"> {answers[0]}")
        answer = eval(answers.pop(0), dict(WORDS))


@pytest.mark.parametrize("script", scripts(), ids=str)
def test_step_keeps_to_its_transcript(script: Script) -> None:
    assert transcript_of(script) == list(script.lines)


def test_every_step_has_a_transcript() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.txt")) == sorted(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_transcripts_take_every_exit(name: str) -> None:
    """Exits that depend on the driver alone (partner) may share one line of code."""
    taken = {
        line[2:].split(" ")[0].rstrip(",")
        for script in scripts()
        if script.step == name
        for line in script.lines
        if line.startswith("= ")
    }
    wanted = {exit_.name for exit_ in STEPS[name].exits if not exit_.needs}
    rest = {"no_answer", "failed", "closed"} if name == "partner" else set()
    assert wanted - taken - rest == set()


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda s: s.name)
def test_step_is_named_like_its_file_and_explained(step: object) -> None:
    declared = STEPS[getattr(step, "name", "")]
    assert declared.help.endswith((".", "?"))
    for setting in declared.fields:
        assert setting.help.endswith("."), setting.name
        assert "|" not in setting.help


def test_partner_outside_its_hours_is_not_dialled() -> None:
    from gateway.core.flow.hours import CLOSED, Week

    closed = Partner("12345", "市长热线", "Mayor's hotline", "12345", Week(CLOSED, CLOSED))
    spec = spec_of('step: partner\npartner: "12345"\nnext: end')
    run = spec.step.run(spec.settings, Call(CallerFacts(), {"12345": closed}))
    assert next(run) == flow.AskTime()
    with pytest.raises(StopIteration) as stop:
        run.send(flow.Clock(datetime(2026, 11, 23, 10), True))
    assert stop.value.value == "closed"
