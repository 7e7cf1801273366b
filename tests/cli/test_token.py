"""`gateway token` on a real database."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from gateway.cli import token as accounts_command
from gateway.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "gateway.toml"))
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))


def token(*words: str) -> int:
    parser = argparse.ArgumentParser()
    accounts_command.add_arguments(parser)
    return accounts_command.run(parser.parse_args(words))


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    assert token("list", "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_a_token_stands_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert token("create", "--role", "agent", "--name", "agent1") == 0
    out = capsys.readouterr().out
    assert len(out.split()) == 1
    assert len(out.strip()) > 40
    (row,) = listed(capsys)
    assert (row["name"], row["role"], row["state"], row["expires_at"]) == ("agent1", "agent", "valid", None)
    assert out.strip() not in str(row)


def test_names_that_are_made_up_differ(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert token("create", "--role", "supervisor", "--days", "90", "--json") == 0
    first, second = listed(capsys)
    assert first["name"] != second["name"]
    assert first["expires_at"]


def test_a_token_is_taken_back_once(capsys: pytest.CaptureFixture[str]) -> None:
    token("create", "--role", "partner")
    (row,) = listed(capsys)
    assert token("revoke", str(row["id"])) == 0
    assert listed(capsys)[0]["state"] == "revoked"
    assert token("revoke", str(row["id"])) == 1
    assert token("revoke", "99") == 1
    assert "there is no token 99" in capsys.readouterr().err
    assert token("list") == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("--name", "a b"), ("--days", "0"), ("--days", "-1"), ("--name", "x" * 65)]
)
def test_what_cannot_be_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(OperatorError, match=words[0]):
        token("create", "--role", "agent", *words)


def test_a_role_that_is_none_is_refused() -> None:
    with pytest.raises(SystemExit) as ended:
        token("create", "--role", "king")
    assert ended.value.code == 2


def test_a_handler_s_token_is_bound_to_a_unit(capsys: pytest.CaptureFixture[str]) -> None:
    """Units of rules/ are known before the gateway has run."""
    assert token("create", "--role", "handler", "--unit", "14100201") == 0
    assert token("create", "--role", "leader", "--unit", "centre") == 0
    assert [row["unit"] for row in listed(capsys)] == ["14100201", ""]
    for words, told in (
        (["--role", "handler"], "needs --unit"),
        (["--role", "unit_leader", "--unit", "141099"], "there is no unit '141099'"),
        (["--role", "agent", "--unit", "141002"], "belongs to the centre"),
    ):
        with pytest.raises(OperatorError, match=told):
            token("create", *words)
