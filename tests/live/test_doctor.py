"""`gateway doctor` on a live installation, and on one that has gone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from asyncio import to_thread
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import version_line
from tests.live.carrier import until
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
    assert done.stdout, done.stderr
    rows = json.loads(done.stdout)
    return done.returncode, {what.rpartition(" / ")[2]: (verdict, advice) for verdict, what, advice in rows}


def test_a_healthy_installation(gateway: Gateway) -> None:
    code, found = doctor(gateway)
    assert code == 0, found
    assert all(verdict != "bad" and not advice for verdict, advice in found.values()), found
    assert found["trunk"] == ("ok", "")
    assert any(what.startswith("Asterisk ") for what in found)


def test_a_backup_made_while_it_runs_is_told(gateway: Gateway, tmp_path: Path) -> None:
    """By doctor and as a metric; with a trial of restoring it."""
    word = tmp_path / "passphrase"
    word.write_text("correct horse battery staple\n")
    settings = {
        "GATEWAY_BACKUP_FOLDER": str(tmp_path / "backups"),
        "GATEWAY_BACKUP_PASSPHRASE_FILE": str(word),
    }
    for more in ((), ("--check",)):
        done = gateway.finished("backup", *more, **settings)
        assert done.returncode == 0, done.stderr
    _, found = doctor(gateway, **settings)
    (told,) = [what for what in found if what.startswith("last backup: ")]
    assert found[told] == ("ok", "") and " 0.0 h" in told
    with urllib.request.urlopen(gateway.url("/metrics"), timeout=10) as answer:
        metrics = answer.read().decode()
    (age,) = re.findall(r"^gateway_backup_age_seconds (\S+)$", metrics, re.M)
    assert 0 <= float(age) < 600


async def test_a_journal_that_cannot_be_written(own_gateway: Gateway) -> None:
    """The folder takes files; the day's file alone cannot be opened."""
    gateway = own_gateway
    days = [datetime.now(UTC).date() + timedelta(days=n) for n in (0, 1)]
    files = [gateway.places.journal / f"{day:%Y%m%d}.log" for day in days]
    for file in files:
        file.unlink(missing_ok=True)
        file.mkdir()
    try:
        await one_call(gateway, "13912360901")
        await to_thread(until, lambda: health(gateway)["status"] == "degraded", 40)
        (part,) = [part for part in health(gateway)["others"] if not part["ok"]]
        assert part["name"] == "journal" and "nothing at all" in part["detail"]
        code, found = await to_thread(doctor, gateway)
        assert (code, found["journal: no entry yet"][0]) == (0, "ok")
        assert any(what.startswith("journal: ") and "nothing at all" in what for what in found), found
    finally:
        for file in files:
            file.rmdir()
    await one_call(gateway, "13912360902")
    await to_thread(until, lambda: health(gateway)["status"] == "ok", 40)


async def one_call(gateway: Gateway, caller: str) -> None:
    async with gateway.phone(caller) as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.hang_up()
    await gateway.call_of(caller)


def health(gateway: Gateway) -> dict[str, Any]:
    with urllib.request.urlopen(gateway.url("/healthz"), timeout=5) as answer:
        body: dict[str, Any] = json.load(answer)
    return body


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
