"""Every fault of asterisk_conf is found, with its file and its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.cli.check import check_all
from gateway.flows.prompts import load_prompts
from gateway.pbx.conf_check import check_conf, read_conf
from gateway.settings.load import load
from gateway.settings.schema import Config

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = load_prompts(ROOT / "ivr_flows" / "prompts.yaml").by_id


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    """The shipped settings over a copy of asterisk_conf."""
    shutil.copytree(ROOT / "asterisk_conf", tmp_path / "conf")
    shipped = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(tmp_path / "var")})
    asterisk = shipped.asterisk.model_copy(update={"conf": str(tmp_path / "conf")})
    return shipped.model_copy(update={"asterisk": asterisk})


def test_what_is_shipped_is_all_fine(settings: Config) -> None:
    assert check_conf(settings, PROMPTS) == []
    assert check_all(load(ROOT / "gateway.toml", {})) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("extensions.conf", "Goto(flow,resume,1)", "Goto(flow,resum,1)", "no extension resum in [flow]"),
        ("extensions.conf", "Gosub(note,s,1(safety))", "Gosub(notte,s,1(safety))", "no context [notte]"),
        ("extensions.conf", "?turned-away,1)", "?turnd-away,1)", "no extension turnd-away in [hotline]"),
        ("extensions.conf", "/sorry_system)", "/sory_system)", "no prompt sory_system"),
        ("extensions.conf", "/resume?", "/resumee?", "answers no agi://…/resumee"),
        ("extensions.conf", "MixMonitor(", "MixMoniter(", "MixMoniter(): not known"),
        ("extensions.conf", "@@LINES@@", "@@LINE@@", "no value for @@LINE@@"),
        ("modules.conf", "load = app_dial.so", "", "Dial() needs load = app_dial.so"),
        ("queues.conf", "context = queue-keys", "context = queue-kees", "no context [queue-kees]"),
        ("queues.conf", "/queue_still", "/queue_stil", "no prompt queue_stil"),
        ("pjsip.conf", "[system]", "[system", "Missing"),
    ],
)
def test_a_fault_is_named_where_it_is(settings: Config, file: str, old: str, new: str, said: str) -> None:
    path = Path(settings.asterisk.conf) / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    found = check_conf(settings, PROMPTS)
    assert any(said in problem.text and problem.line for problem in found), found


def test_a_missing_file_is_said(settings: Config) -> None:
    (Path(settings.asterisk.conf) / "queues.conf").unlink()
    assert [p.text for p in check_conf(settings, PROMPTS)] == ["this file is missing"]


def test_two_parts_on_one_port_are_said(settings: Config) -> None:
    agi = settings.agi.model_copy(update={"port": settings.web.port})
    clash = settings.model_copy(update={"agi": agi})
    assert any("agi.port and web.port" in problem.text for problem in check_conf(clash, PROMPTS))


def test_what_asterisk_takes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.conf"
    file.write_text(
        "\ufeff; a comment\n[a](!)\nk = v ; why\n;-- k = gone\nk = gone --;\n"
        "#include other\n[a](a,b)\nexten => s,1,Set(x=a\\;b)\n",
        "utf-8",
    )
    assert [(e.section, e.name, e.value, e.line) for e in read_conf(file)] == [
        ("a", "k", "v", 3),
        ("a", "exten", "s,1,Set(x=a%3Bb)", 8),
    ]


def test_a_key_that_nobody_hears_is_said(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ivr_flows", tmp_path / "flows")
    main = tmp_path / "flows" / "main.yaml"
    main.write_text(main.read_text("utf-8").replace('message_key: "2"', 'message_key: "3"'), "utf-8")
    settings = load(ROOT / "gateway.toml", {"GATEWAY_FLOWS_FOLDER": str(tmp_path / "flows")})
    assert any("message_key is `3`" in problem.text for problem in check_all(settings))
