"""The command line: help, exit codes, accounts, seats."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import referenced_files
from gateway.cli.main import COMMANDS, main
from gateway.errors import SettingError
from gateway.notify.webhook import secret_of
from gateway.settings.load import load
from gateway.settings.secrets import load_secrets
from tests import forked
from tests.notify.mail_server import certificate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "gateway.toml"))
    return tmp_path / "var"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"gateway {name}" in capsys.readouterr().out


WHOLE_HELP = [["--help"], ["help"], [], ["no such command"], *([name, "--help"] for name in COMMANDS)]
OUTPUTS = (
    ["check"],
    ["flow", "check"],
    ["report"],
    ["export"],
    ["audit"],
    ["user", "list"],
    ["doctor", "--json"],
)


@pytest.mark.parametrize("arguments", [*WHOLE_HELP, *OUTPUTS], ids=" ".join)
def test_a_reader_that_has_gone_gets_no_traceback(arguments: list[str], tmp_path: Path) -> None:
    """`gateway … | head -1`, on both streams: `2>&1 | head -1`."""
    errors = tmp_path / "errors"
    done = forked.Forked(arguments, os.environ, ROOT, None, errors)
    both = forked.Forked(arguments, os.environ, ROOT, None, None)
    assert done.wait(60) in (1, 2) and both.wait(60) in (1, 2)
    assert "Traceback" not in errors.read_text() and "BrokenPipeError" not in errors.read_text()


@pytest.mark.parametrize("arguments", [["--help"], ["check"]], ids=" ".join)
def test_a_reader_that_has_gone_gets_no_traceback_from_the_command(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "gateway", *arguments]
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}  # what is printed meets the closed pipe at the end
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=buffered, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
        )
        both = subprocess.run(command, cwd=ROOT, env=buffered, stdout=writer, stderr=writer, timeout=60)
    finally:
        os.close(writer)
    assert "Traceback" not in done.stderr and "BrokenPipeError" not in done.stderr
    assert done.returncode in (1, 2) and both.returncode in (1, 2)


def test_help_lists_every_command_and_nothing_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert main([]) == 2
    assert main(["sing"]) == 2


def test_help_is_quick_because_it_imports_nothing() -> None:
    code = (
        "import sys; from gateway.cli.main import main; main(['--help']); "
        "print([m for m in sys.modules if m in ('aiohttp', 'sqlalchemy', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_seats_and_their_passwords(capsys: pytest.CaptureFixture[str], own_var: Path) -> None:
    assert main(["user", "show", "agent1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["sip_user"] == "8001" and len(shown["sip_password"]) == 20 and shown["web_password"]
    assert main(["user", "show", "agent1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == shown
    file = own_var / "secrets" / "secrets.json"
    assert file.stat().st_mode & 0o077 == 0
    assert main(["user", "show", "agent9"]) == 2
    assert "agent1" in capsys.readouterr().err


def test_no_two_installations_share_a_password(tmp_path: Path) -> None:
    one, two = (load_secrets(tmp_path / name, ["agent1"]) for name in ("one", "two"))
    assert one.ami != two.ami and one.seats["agent1"].sip != two.seats["agent1"].sip


def test_a_new_seat_gets_its_own_and_the_others_keep_theirs(tmp_path: Path) -> None:
    before = load_secrets(tmp_path, ["agent1"])
    after = load_secrets(tmp_path, ["agent1", "agent2"])
    assert after.seats["agent1"] == before.seats["agent1"] and after.ami == before.ami
    assert set(after.seats) == {"agent1", "agent2"}


def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_WEB_PORT", "eighty")
    assert main(["check"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def faults(**environ: str) -> str:
    """What the settings say of these overrides."""
    with pytest.raises(SettingError) as caught:
        load(ROOT / "gateway.toml", environ)
    return str(caught.value)


def test_a_misspelt_override_is_refused_with_the_nearest_name() -> None:
    assert "GATEWAY_WEB_PROT; did you mean GATEWAY_WEB_PORT?" in faults(GATEWAY_WEB_PROT="9000")
    assert "section + field" in faults(GATEWAY_XYZZY="1")


def test_tables_come_from_the_file_alone(tmp_path: Path) -> None:
    assert "[[agents]]" in faults(GATEWAY_AGENTS_ID="x")
    file = tmp_path / "gateway.toml"
    file.write_text('[[mailboxes]]\nuser = "12315"\n', "utf-8")
    with pytest.raises(SettingError, match=r"GATEWAY_MAILBOXES_HOST; \[\[mailboxes\]\]"):
        load(file, {"GATEWAY_MAILBOXES_HOST": "127.0.0.1"})


@pytest.mark.parametrize("key", ["sip_host", "http_host", "media_host"])
@pytest.mark.parametrize("value", ["localhost", "pbx.example", "300.1.1.1", "::1"])
def test_addresses_that_asterisk_cannot_bind_to(key: str, value: str) -> None:
    assert f"asterisk.{key} must be an IPv4 address" in faults(**{f"GATEWAY_ASTERISK_{key.upper()}": value})


def test_sound_needs_an_address_that_others_reach() -> None:
    assert "asterisk.media_host is missing" in faults(GATEWAY_ASTERISK_SIP_HOST="0.0.0.0")
    assert "asterisk.media_host" in faults(
        GATEWAY_ASTERISK_SIP_HOST="0.0.0.0", GATEWAY_ASTERISK_MEDIA_HOST="0.0.0.0"
    )
    assert "to themselves" in faults(
        GATEWAY_ASTERISK_SIP_HOST="0.0.0.0", GATEWAY_ASTERISK_MEDIA_HOST="127.0.0.1"
    )
    loaded = load(
        ROOT / "gateway.toml",
        {"GATEWAY_ASTERISK_SIP_HOST": "0.0.0.0", "GATEWAY_ASTERISK_MEDIA_HOST": "192.0.2.7"},
    )
    assert loaded.media_host == "192.0.2.7"


def test_check_looks_at_the_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A taken port, an address of another machine, a database that is away, a folder that is a file."""
    (tmp_path / "var").write_text("no folder")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("GATEWAY_WEB_PORT", str(port))
        monkeypatch.setenv("GATEWAY_ASTERISK_MEDIA_HOST", "192.0.2.7")
        monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://gateway@127.0.0.1:1/gateway")
        monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var" / "deeper"))
        assert main(["check"]) == 2
    said = capsys.readouterr().err
    assert f"web.port: 127.0.0.1:{port}/tcp" in said and f"pid {os.getpid()}" in said
    assert "asterisk.media_host: 192.0.2.7" in said
    assert "database.url: nothing listens" in said
    assert "GATEWAY_VAR: " in said


def test_check_says_that_all_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--settings"]) == 0
    out = capsys.readouterr().out
    assert "[centre]" in out and out.rstrip().endswith("all fine")


NAMED = """
[mail_out]
host = "mail.example.cn"
sender = "12315@example.cn"
user = "hotline"
ca_file = "ca.pem"
password_file = "password"
[uploads]
clamd = "{folder}/clamd.sock"
[[mailboxes]]
id = "post"
user = "hotline"
password_file = "box"
[[webhooks]]
id = "city"
url = "https://city.example/x"
secret_file = "city.secret"
[[webhooks]]
id = "made"
url = "https://made.example/x"
"""


def test_check_opens_what_the_settings_name(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(NAMED.format(folder=tmp_path), "utf-8")
    loaded = load(file, {"GATEWAY_VAR": str(tmp_path / "var")})
    settings = ("mail_out.ca_file", "mail_out.password_file", "mailboxes.password_file of 'post'")
    more = ("webhooks.secret_file of 'city'", "uploads.clamd")

    def named() -> set[str]:
        return {one.text.partition(":")[0] for one in referenced_files.faults(loaded)}

    assert named() == {*settings, *more}
    assert all(str(tmp_path) in one.file for one in referenced_files.faults(loaded))
    (tmp_path / "ca.pem").write_text("no certificate")
    (tmp_path / "password").write_text("")
    (tmp_path / "box").write_bytes(b"\xff")
    (tmp_path / "city.secret").write_text("whsec_short")
    assert named() == {*settings, *more}
    certificate(tmp_path)[1].rename(tmp_path / "ca.pem")
    for name in ("password", "box"):
        (tmp_path / name).write_text("secret\n")
    secret_of(tmp_path / "fresh")
    (tmp_path / "fresh").rename(tmp_path / "city.secret")
    with socket.socket(socket.AF_UNIX) as clamd:
        clamd.bind(str(tmp_path / "clamd.sock"))
        assert named() == set()
    assert not (tmp_path / "var").exists()
