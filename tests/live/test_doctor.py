"""`gateway doctor` on a live installation, and on one that has gone."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.live.conftest import ROOT, Gateway

pytestmark = pytest.mark.live


def doctor(gateway: Gateway) -> tuple[int, dict[str, tuple[str, str]]]:
    done = subprocess.run(
        [*gateway.argv(), "doctor", "--json"],
        env={**os.environ, **gateway.environment},
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
