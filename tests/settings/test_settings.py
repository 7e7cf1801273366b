"""Settings: every fault told at once with its line, limits on the fields, what is shown of them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.errors import SettingError
from gateway.settings.check import sections
from gateway.settings.help_zh import HELP_ZH, SECTIONS_ZH, help_zh
from gateway.settings.load import load
from gateway.settings.schema import Agent, Config, Mailbox, Settings, Trunk, Web, Webhook
from gateway.settings.show import SETTINGS, as_json_schema, as_toml

ROOT = Path(__file__).resolve().parents[2]

FAULTY = """[web]
port = "x"
prot = 8315
[log]
format = "xml"
[centre]
lines = 0
timezone = "Asia/Nowhere"
[asterisk]
rtp_first = 10000
rtp_last = 9000
[trunk]
register = true
peers = [
  "10.0.0.1",
  "carrier",
]
codecs = ["alaw", "g729"]
[mail_out]
host = "mail.example.cn"
timeout_seconds = true
[[agents]]
id = "one"
seat = "8001"
[[agents]]
seat = "8001"
id = "Two"
[[webhooks]]
id = "a"
url = "http://city.example/x"
[uploads]
types = ["jgp"]
"""
TOLD = """2: web.port must be a whole number, not 'x'
3: [web] unknown key 'prot'; did you mean 'port'?
5: log.format must be text or json, not 'xml'
7: centre.lines must be 1 to 500, not 0
8: centre.timezone 'Asia/Nowhere' is not known
11: asterisk.rtp_last less asterisk.rtp_first: 4 ports a line are needed
13: trunk.register needs a user
14: trunk.peers: 'carrier' is no address or network
18: trunk.codecs: 'g729' is not known; alaw, ulaw
19: mail_out.sender is missing: mails need our address
21: mail_out.timeout_seconds must be a whole number, not True
26: agents.seat '8001' stands twice
27: agents.id 'Two' does not fit [a-z][a-z0-9_-]{0,31}
30: webhooks.url of 'a': http goes to this machine only
32: uploads.types: 'jgp' is not known; jpg"""


def loaded(folder: Path, text: str, **environ: str) -> Config:
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return load(file, environ)


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    """Rules between fields as well, though fields beside them are wrong; in a table the row's own line."""
    with pytest.raises(SettingError) as caught:
        loaded(tmp_path, FAULTY)
    problems = sorted(caught.value.problems, key=lambda problem: problem.line)
    assert [f"{problem.line}: {problem.text}" for problem in problems] == TOLD.splitlines()
    assert {problem.file for problem in problems} == {str(tmp_path / "gateway.toml")}


def test_an_override_is_named_where_its_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        loaded(tmp_path, "", GATEWAY_FAX_PAGES="0", GATEWAY_WEB_PORT="x", GATEWAY_TRUNK_REGISTER="yes")
    assert [str(problem) for problem in caught.value.problems] == [
        "environment: GATEWAY_WEB_PORT='x' does not fit web.port",
        "environment: GATEWAY_FAX_PAGES: fax.pages must be 1 to 1000, not 0",
        "environment: GATEWAY_TRUNK_REGISTER: trunk.register needs a user",
    ]


VALUES = ('""', '"x y"', '"("', "-1", "0", "99999999999", "1.5", "true", "[]", "[1]", '["x"]', "{a = 1}")


@pytest.mark.parametrize("value", VALUES)
def test_any_value_is_taken_or_told(tmp_path: Path, value: str) -> None:
    """No value of no setting ends in another error than SettingError, which names the key."""
    for setting in SETTINGS:
        brackets = ("[", "]") if setting.section in sections() else ("[[", "]]")
        header = setting.section.join(brackets)
        try:
            loaded(tmp_path, f"{header}\n{setting.name} = {value}\n")
        except SettingError as error:
            assert f"{setting.section}" in str(error)
    with pytest.raises(SettingError):
        loaded(tmp_path, f"web = {value}\n")


@pytest.mark.parametrize("text", ["agents = 1", "agents = [1]", "[agents]\nid = 'a'"])
def test_what_is_no_table_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingError, match=r":1: agents must be written as \[\[agents\]\] tables"):
        loaded(tmp_path, text)


def test_limits_hold_for_whoever_builds_a_section() -> None:
    for kind, values in (
        (Web, {"port": 0}),
        (Web, {"prot": 1}),
        (Agent, {"id": "a"}),
        (Trunk, {"register": True}),
        (Webhook, {"id": "a", "url": "ftp://x"}),
        (Mailbox, {"since": "yesterday"}),
    ):
        with pytest.raises(ValidationError):
            kind(**values)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Web().port = 1  # type: ignore[misc]


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    name = r'name = "\"A\" \\ B\n"'
    text = f'[centre]\n{name}\n[trunk]\nuser = "u"\nregister = true\n[[numbers]]\nnumber = "12345"\n'
    settings = loaded(tmp_path, text)
    assert loaded(tmp_path, as_toml(settings)) == settings
    assert "register = true" in as_toml(settings)


def test_the_json_schema_has_every_setting_with_its_limits() -> None:
    schema = json.loads(as_json_schema())
    definitions = schema["$defs"]
    for name, kind in sections().items():
        listed = {setting.name for setting in SETTINGS if setting.section == name}
        properties = definitions[kind.__name__]["properties"]
        assert set(properties) == listed
        assert all(row["description"] for row in properties.values())
    assert definitions["Web"]["properties"]["port"]["maximum"] == 65535
    assert definitions["Centre"]["properties"]["number"]["pattern"] == r"^(?:\d{1,8})$"
    assert set(tomllib.loads((ROOT / "gateway.toml").read_text("utf-8"))) <= set(schema["properties"])
    assert set(schema["properties"]) == set(Settings.model_fields)


def test_every_setting_has_a_meaning_in_chinese() -> None:
    assert [f"{s.section}.{s.name}" for s in SETTINGS if not help_zh(s.section, s.name)] == []
    assert {s.section for s in SETTINGS} == SECTIONS_ZH.keys()
    known = {(s.section, s.name) for s in SETTINGS}
    stale = [(section, name) for section, rows in HELP_ZH.items() for name in rows]
    assert [row for row in stale if row not in known and row != ("trunk", "id")] == []
