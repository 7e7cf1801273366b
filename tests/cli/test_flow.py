"""`gateway flow` as an operator meets it: what is printed, and the exit code."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
import yaml

from gateway.cli import flow as flow_command
from gateway.core.flow.cases import run_case
from gateway.core.flow.file import FlowSet
from gateway.core.flow.step import REQUIRED
from gateway.core.flow.steps import STEPS
from gateway.core.yaml_tree import Faults
from gateway.errors import FlowError
from gateway.flows import reference as flow_reference
from gateway.flows.draw import draw_svg, draw_text
from gateway.flows.layout import text_width
from gateway.flows.store import parse_folder, read_cases
from gateway.rules.yaml_with_lines import parse
from gateway.setup.reference import renewed

ROOT = Path(__file__).parents[2]
DRAFTS = ROOT / "ivr_flows"
SHIPPED, _ = parse_folder(DRAFTS)
CASES, _ = read_cases(DRAFTS)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped settings and flows, and state of its own."""
    shutil.copytree(DRAFTS, tmp_path / "ivr_flows")
    shutil.copy(ROOT / "gateway.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def flow(*words: str) -> int:
    parser = argparse.ArgumentParser()
    flow_command.add_arguments(parser)
    return flow_command.run(parser.parse_args(words))


def test_simulate_prints_the_transcript(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flow("simulate", "main", "--keys", "1") == 0
    out = capsys.readouterr().out
    assert "您好，这里是临汾市12315热线。" in out
    assert "Hello, this is the Linfen 12315 hotline." in out
    assert "按 1" in out
    assert "坐席接听" in out
    assert "outcome: talk, complaint" in out
    assert "main/menu:1" in out


@pytest.mark.parametrize(
    ("words", "said", "outcome"),
    [
        (["--no-agent"], "目前没有工作人员值守", "message"),
        (["--after-hours"], "现在是下班时间", "message"),
        (["--queue-full", "--keys", ",1"], "等候人数已满", "call_back"),
        (["--long-wait"], "让您久等了", "message"),
        (["--keys", "5", "--silent"], "没有听清", "ended"),
        (["--keys", "5", "--disk-full"], "留言没有成功", "call_back"),
        (["--keys", "5,1", "--phone", ""], "请输入您的电话号码", "message"),
        (["--keys", "hangup"], "来电人挂机", "hung_up"),
        (["--keys", "wait,0"], "正在为您转接人工", "talk"),
        (["--time", "2026-10-01T09:30", "--holiday"], "投诉请按一", "talk"),
    ],
)
def test_simulate_under_conditions(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str, outcome: str
) -> None:
    assert flow("simulate", "main", *words) == 0
    out = capsys.readouterr().out.replace("\n", "").replace(" ", "")
    assert said in out
    assert f"outcome:{outcome}" in out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["simulate", "mian"], "no flow `mian`; did you mean `main`?"),
        (["draw", "mian"], "did you mean `main`?"),
        (["check", "mian"], "did you mean `main`?"),
        (["simulate", "main", "--time", "noon"], "--time noon"),
        (["draw", "main", "--svg", "no/such/folder/x.svg"], "cannot be written"),
    ],
)
def test_wrong_words_are_one_line(place: Path, words: list[str], fault: str) -> None:
    with pytest.raises(FlowError) as error:
        flow(*words)
    assert fault in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_check_names_file_and_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flow("check") == 0
    assert "no fault" in capsys.readouterr().out
    file = place / "ivr_flows" / "progress.yaml"
    file.write_text(file.read_text("utf-8").replace("tries: 3", "tires: 3"), "utf-8")
    with pytest.raises(FlowError) as error:
        flow("check")
    expected = "ivr_flows/progress.yaml:11: ask (lookup): unknown key `tires`; did you mean `tries`?"
    assert str(error.value) == expected
    assert flow("check", "callback") == 0, "another flow's fault"
    assert flow("simulate", "main") == 0, "a flow that can be read is walked"


def test_publish_diff_rollback_list(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flow("publish", "--why", "first") == 0
    file = place / "ivr_flows" / "main.yaml"
    file.write_text(file.read_text("utf-8").replace("wait: 4", "wait: 6"), "utf-8")
    capsys.readouterr()
    assert flow("diff") == 0
    out = capsys.readouterr().out
    assert "~ menu: wait 4 -> 6" in out
    assert "+    wait: 6" in out
    assert flow("publish", "main", "--who", "lin", "--why", "more time") == 0
    assert flow("diff") == 0
    assert "nothing differs from version 2" in capsys.readouterr().out
    assert flow("rollback", "main") == 0
    assert flow("list") == 0
    out = capsys.readouterr().out
    assert "lin: more time  (main)" in out
    assert "*    3" in out
    assert flow("simulate", "main", "--published") == 0


def test_diff_speaks_of_steps(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flow("publish")
    file = place / "ivr_flows" / "callback.yaml"
    text = file.read_text("utf-8").replace("next: {booked: goodbye, no_number: no_number}", "next: extra")
    file.write_text(f"{text}\n  extra: {{step: say, clips: goodbye, next: last_message}}\n", "utf-8")
    capsys.readouterr()
    flow("diff", "callback")
    out = capsys.readouterr().out
    assert "  + extra (say)" in out
    assert "  ~ book: booked leads to extra, not goodbye" in out


def test_failing_case_is_exit_1(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flow("test", "progress") == 0
    file = place / "ivr_flows" / "cases" / "progress.yaml"
    file.write_text(file.read_text("utf-8").replace("ends: talk", "ends: message", 1), "utf-8")
    assert flow("test", "progress") == 1
    out = capsys.readouterr().out
    assert "fails  ivr_flows/cases/progress.yaml:" in out
    assert "ends with talk, not message" in out


def test_cases_with_faults_are_named_by_line() -> None:
    from gateway.flows.case_files import parse_cases

    text = (
        "flow: main\ncases:\n  one:\n    keyes: []\n  two:\n    ends: taIk\n    when: {no_agents: true}\n"
        "  three:\n    when: {no_agent: 1, time: noon, partner: bussy}\n"
    )
    faults = Faults("c.yaml")
    parse_cases(parse(text, faults), faults)
    assert sorted(problem.line for problem in faults.found) == [4, 6, 7, 9, 9, 9]
    texts = {problem.text for problem in faults.found}
    assert texts >= {
        "one: unknown key `keyes`; did you mean `keys`?",
        "two: ends cannot be `taIk`; did you mean `talk`?",
        "three: when: time must be written as 2026-10-01T09:30",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.flow}: {c.name}")
def test_shipped_case_holds(case: object) -> None:
    from gateway.core.flow.cases import Case

    assert isinstance(case, Case)
    assert run_case(case, SHIPPED) == ()


def test_every_shipped_step_is_passed_by_a_case() -> None:
    from gateway.core.flow.simulation import simulate

    passed = {e.step for c in CASES for e in simulate(SHIPPED, c.flow, c.keys, c.world).path}
    assert {spec.place for spec in SHIPPED.specs()} - passed <= {
        "after_hours/book",
        "after_hours/not_saved",
        "after_hours/failed",
        "direct/message",
        "direct/long_wait",
        "direct/full",
        "direct/callback",
    }


# ------------------------------------------------------------------ pictures


@pytest.mark.parametrize("name", sorted(SHIPPED.flows))
def test_drawings_hold_every_step(name: str) -> None:
    drawn = SHIPPED.flows[name]
    text, svg = draw_text(drawn), draw_svg(drawn)
    root = ElementTree.fromstring(svg)
    words = "".join(root.itertext())
    for spec in drawn.steps.values():
        assert f" {spec.id}]" in text
        assert (spec.id if not spec.jump else spec.jump.flow) in words


@pytest.mark.parametrize("name", sorted(SHIPPED.flows))
def test_cards_do_not_overlap_and_lie_in_the_picture(name: str) -> None:
    root = ElementTree.fromstring(draw_svg(SHIPPED.flows[name]))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = [
        tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect")
        if box.attrib.get("class") == "card"
    ]
    assert len(boxes) == len(SHIPPED.flows[name].steps)
    for n, (x, y, w, h) in enumerate(boxes):
        assert x > 0 and x + w < width and y + h < height
        for ox, oy, ow, oh in boxes[:n]:
            assert x + w <= ox or ox + ow <= x or y + h <= oy or oy + oh <= y


def test_text_in_a_drawing_is_escaped() -> None:
    text = 'flow: t\ntitle: {zh: "<b>&"}\nstart: a\nsteps:\n  a: {step: hang_up, label: "a<b & c"}\n'
    faults = Faults("t.yaml")
    from gateway.core.flow.file import parse_flow

    drawn = parse_flow(parse(text, faults), faults, "t")
    assert drawn
    assert "a<b & c" in "".join(ElementTree.fromstring(draw_svg(drawn)).itertext())


def test_chinese_is_wider_than_latin() -> None:
    assert text_width("投诉", 10) == 20
    assert text_width("ab", 10) < 12


# ------------------------------------------------------------------ schema and docs


def test_published_schema_is_fresh() -> None:
    fresh = (DRAFTS / flow_reference.SCHEMA_FILE).read_text("utf-8") == flow_reference.schema_text()
    assert fresh, "run `gateway flow schema --write`"


def test_published_partner_schema_is_fresh_and_takes_the_shipped_files() -> None:
    text = (DRAFTS / flow_reference.PARTNER_SCHEMA_FILE).read_text("utf-8")
    assert text == flow_reference.partner_schema_text(), "run `gateway flow schema --write`"
    schema = json.loads(text)
    for file in (DRAFTS / "partners").glob("*.yaml"):
        jsonschema_rs.validate(schema, yaml.safe_load(file.read_text("utf-8")))
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(
            schema, {"id": "x", "name": {"zh": "热线"}, "dial": "110", "ring_seconds": 600}
        )


def test_schema_command_prints_and_writes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flow("schema") == 0
    assert json.loads(capsys.readouterr().out) == flow_reference.schema()
    (place / "ivr_flows" / "flow.schema.json").unlink()
    assert flow("schema", "--write") == 0
    assert (place / "ivr_flows" / "flow.schema.json").exists()
    assert (place / "ivr_flows" / "partners" / "partner.schema.json").exists()


def test_schema_knows_every_step_and_setting() -> None:
    defs = flow_reference.schema()["$defs"]
    for name, step in STEPS.items():
        assert set(defs[name]["properties"]) >= {f.name for f in step.fields}
        assert {f.name for f in step.fields if f.default is REQUIRED} <= set(defs[name]["required"])


@pytest.mark.parametrize("name", flow_reference.TABLES)
def test_flow_language_page_is_fresh(name: str) -> None:
    place, table = flow_reference.TABLES[name]
    page = (ROOT / place).read_text("utf-8")
    assert renewed(page, name, table()) == page, "run `make docs`"


def test_every_action_and_condition_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "reference" / "flow-language.md").read_text("utf-8")
    for word in ("check", "simulate", "draw", "test", "diff", "publish", "rollback", "list", "schema"):
        assert f"gateway flow {word}" in page
    for option in ("--after-hours", "--no-agent", "--queue-full", "--long-wait", "--keys"):
        assert option in page


def test_an_empty_set_has_no_steps() -> None:
    assert list(FlowSet(0, {}).specs()) == []
