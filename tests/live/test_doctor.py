"""`gateway doctor` on a live installation, and on one that has gone."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from gateway.pbx.asterisk_tree import version_line
from tests.live.conftest import ROOT, Gateway

pytestmark = pytest.mark.live


def doctor(
    gateway: Gateway, before: tuple[str, ...] = (), **more: str
) -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code and findings; `before` is a command to run it under, `more` are other settings."""
    done = subprocess.run(
        [*before, *gateway.argv(), "doctor", "--json"],
        env={**os.environ, **gateway.environment, **more},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    rows = json.loads(done.stdout)
    return done.returncode, {what: (verdict, advice) for verdict, what, advice in rows}


def test_a_healthy_installation(gateway: Gateway) -> None:
    code, found = doctor(gateway)
    assert code == 0, found
    assert all(verdict != "bad" and not advice for verdict, advice in found.values()), found
    assert found["trunk"] == ("ok", "")
    assert any(what.startswith("Asterisk ") for what in found)


def test_a_gateway_that_was_killed(own_gateway: Gateway) -> None:
    own_gateway.kill()
    code, found = doctor(own_gateway)
    assert code == 1
    assert any(what.endswith("/healthz: <urlopen error [Errno 111] Connection refused>") for what in found)


def test_asterisk_gone_too(own_gateway: Gateway) -> None:
    own_gateway.stop()
    code, found = doctor(own_gateway)
    assert code == 1
    assert found["Asterisk"][0] == "bad"


def test_the_version_stands_behind_other_lines() -> None:
    said = "Unable to find a network card for the EID\nAsterisk 22.10.1 built by nobody on a Linux\n"
    assert version_line(said).startswith("Asterisk 22.10.1 ")
    assert version_line("No such command") == ""
