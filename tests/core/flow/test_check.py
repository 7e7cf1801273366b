"""Every check has a bad sample on disk that marks the line and the words of its fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.flow.check import check
from gateway.core.flow.file import Flow, FlowSet, parse_flow
from gateway.core.flow.partner import Partner
from gateway.core.yaml_tree import Faults
from gateway.errors import Problem
from gateway.flows.partner_files import parse_partner
from gateway.flows.prompts import Prompts, load_prompts
from gateway.flows.store import check_folder, parse_folder
from gateway.rules.yaml_with_lines import LONGEST, parse, read_file

ROOT = Path(__file__).parents[3]
DRAFTS = ROOT / "ivr_flows"
SAMPLES = Path(__file__).parents[2] / "flows"


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    return load_prompts(DRAFTS / "prompts.yaml")


@pytest.fixture(scope="module")
def shipped() -> FlowSet:
    return parse_folder(DRAFTS)[0]


def marked(file: Path) -> list[tuple[int, str]]:
    lines = file.read_text("utf-8").splitlines()
    return [(n, line.partition("# FAULT: ")[2]) for n, line in enumerate(lines, 1) if "# FAULT: " in line]


def agree(found: list[Problem], file: Path) -> None:
    wanted = marked(file)
    assert [(p.file, p.line) for p in found] == [(str(file), line) for line, _ in wanted], found
    for problem, (_, words) in zip(found, wanted, strict=True):
        assert words in problem.text


@pytest.mark.parametrize("file", sorted((SAMPLES / "bad").glob("*.yaml")), ids=lambda f: f.stem)
def test_bad_flow_is_named_by_line(file: Path, prompts: Prompts, shipped: FlowSet) -> None:
    faults = Faults(str(file))
    flow = parse_flow(read_file(file, faults), faults, file.stem)
    found = list(faults.found)
    if flow and not found:
        found = list(check(FlowSet(1, {**shipped.flows, flow.name: flow}, shipped.partners), prompts.by_id))
    agree(found, file)


@pytest.mark.parametrize("file", sorted((SAMPLES / "bad_partners").glob("*.yaml")), ids=lambda f: f.stem)
def test_bad_partner_is_named_by_line(file: Path) -> None:
    faults = Faults(str(file))
    assert parse_partner(read_file(file, faults), faults, file.stem) is None
    agree(faults.found, file)


def test_shipped_flows_and_partners_have_no_fault(prompts: Prompts) -> None:
    flows, found = check_folder(DRAFTS, prompts.by_id, "main")
    assert found == ()
    assert set(flows.flows) >= {"main", "direct", "after_hours", "progress", "callback"}
    assert set(flows.partners) == {"12345", "110"}


def test_unknown_entry_is_named(shipped: FlowSet, prompts: Prompts) -> None:
    (problem,) = check(shipped, prompts.by_id, "mian")
    assert problem.file == "gateway.toml"
    assert "did you mean `main`?" in problem.text


def test_prompts_that_steps_speak_by_themselves_are_missed_too(shipped: FlowSet, prompts: Prompts) -> None:
    without = set(prompts.by_id) - {"digit_7", "word_month", "sorry_message"}
    missing = {problem.text.split("`")[1] for problem in check(shipped, without)}
    assert missing == {"digit_7", "word_month", "sorry_message"}


def test_one_file_may_have_several_faults() -> None:
    text = "flow: a\nstart: b\nsteps:\n  b:\n    step: record\n    longest: 1\n    silence: 0\n    next: c\n"
    faults = Faults("a.yaml")
    assert parse_flow(parse(text, faults), faults, "a") is None
    assert [problem.line for problem in faults.found] == [6, 7]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("a: [", "not YAML"),
        ("a: \x07", "not YAML"),
        ("? [a]\n: b\n", "a key must be a plain word"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deeply"),
        ("a: " + "[" * 3000 + "]" * 3000, "nest"),  # newer parsers refuse it in their own words
        ("a" * (LONGEST + 1), "longer than"),
        ("- 1\n---\n- 2\n", "not YAML"),
    ],
)
def test_what_is_no_yaml_is_a_fault(text: str, words: str) -> None:
    faults = Faults("x.yaml")
    parse(text, faults)
    assert len(faults.found) == 1
    assert words in faults.found[0].text


def test_what_is_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("标题: 主".encode("gbk"))
    faults = Faults("x.yaml")
    assert read_file(tmp_path / "x.yaml", faults) is None
    assert "not UTF-8" in faults.found[0].text


def test_partner_takes_a_sip_address_and_its_own_hours() -> None:
    text = "id: x\nname: {zh: 热线}\ndial: sip:x@10.0.0.8:5062\nhours: {restdays: closed}\nring_seconds: 25\n"
    faults = Faults("x.yaml")
    partner = parse_partner(parse(text, faults), faults, "x")
    assert faults.found == []
    assert isinstance(partner, Partner)
    assert (partner.en, partner.ring, partner.hours.always) == ("热线", 25, False)


def test_flow_keeps_the_lines_of_its_parts(shipped: FlowSet) -> None:
    flow: Flow = shipped.flows["main"]
    text = Path(DRAFTS / "main.yaml").read_text("utf-8").splitlines()
    spec = flow.steps["menu"]
    assert text[spec.line - 1].strip() == "menu:"
    assert text[spec.line_of("next.4") - 1].strip().startswith('"4"')
    assert text[spec.line_of("wait") - 1].strip().startswith("wait:")
