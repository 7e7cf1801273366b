"""A kind of step is one module: one under tests/ is read, checked, walked, drawn and described."""

from __future__ import annotations

import tests.flows.added
from gateway.core.flow import steps
from gateway.core.flow.check import check
from gateway.core.flow.file import Flow, FlowSet, parse_flow
from gateway.core.flow.partner import Partner
from gateway.core.flow.simulation import Conditions, Outcome, Transcript, simulate
from gateway.core.flow.steps import STEPS, steps_of
from gateway.core.flow.walk import PROMPTS
from gateway.core.yaml_tree import Faults
from gateway.flows.draw import draw_svg
from gateway.flows.reference import schema, steps_table
from gateway.rules.yaml_with_lines import parse

KINDS = steps_of(steps, tests.flows.added)
PARTNERS = {"12345": Partner("12345", "市长热线", "Mayor's hotline", "12345")}
SPOKEN = {*PROMPTS, *(clip for step in STEPS.values() for clip in step.prompts), "menu_nothing", "sorry"}
FLOW = """\
flow: night
start: watch
steps:
  watch: {step: night_watch, instead_of: "12345", next: {closed: said, nobody: said}}
  said: {step: record, clips: [sorry], short: [sorry], next: {saved: end, empty: end}}
  end: {step: hang_up}
"""


def parsed(text: str = FLOW) -> Flow:
    faults = Faults("night.yaml")
    flow = parse_flow(parse(text, faults), faults, "night", KINDS)
    assert flow, faults.found
    return flow


def faults_of(text: str) -> list[str]:
    return [p.text for p in check(FlowSet(1, {"night": parsed(text)}, PARTNERS), SPOKEN, "night")]


def walked(keys: tuple[str, ...], world: Conditions | None = None) -> Transcript:
    return simulate(FlowSet(1, {"night": parsed()}, PARTNERS), "night", keys, world)


def test_it_is_read_and_checked() -> None:
    assert faults_of(FLOW) == []
    assert faults_of(FLOW.replace('"12345"', '"12344"')) == [
        "watch: no partner `12344`; did you mean `12345`?"
    ]
    straight = FLOW.replace("nobody: said", "nobody: end")
    assert "end: a caller can end here without a way to a person" in faults_of(straight)


def test_it_is_walked_by_day_and_by_night() -> None:
    assert walked(("1",)).outcome is Outcome.TALK
    closed = walked(("1",), Conditions(after_hours=True))
    assert closed.path[0].what == "closed"


def test_it_is_drawn_and_described() -> None:
    picture = draw_svg(parsed())
    assert "#123456" in picture and "夜间值守" in picture
    assert "night_watch" in schema(KINDS)["$defs"] and "night_watch" not in schema()["$defs"]
    assert "### `night_watch` 夜间值守" in steps_table(KINDS)
