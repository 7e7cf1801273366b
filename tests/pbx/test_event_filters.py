"""manager.conf lets through every event that the gateway reads, and Asterisk makes each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.pbx.ami import Ami
from gateway.pbx.asterisk import AsteriskPbx
from gateway.settings.load import load

ROOT = Path(__file__).resolve().parents[2]
MANAGER = (ROOT / "asterisk_conf" / "manager.conf").read_text("utf-8")


async def subscribed(monkeypatch: pytest.MonkeyPatch, var: Path) -> set[str]:
    """The names of all events that the parts of AsteriskPbx subscribe."""
    names: set[str] = set()
    monkeypatch.setattr(Ami, "subscribe", lambda self, wanted, callback: names.update(wanted))
    settings = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(var), "GATEWAY_AMI_PORT": "1"})
    pbx = AsteriskPbx(settings, "secret")
    await pbx.start(lambda event: None)
    await pbx.close()
    return names


async def test_filters_and_subscriptions_name_the_same_events(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    let_through = set(re.findall(r"^eventfilter\(name\((\w+)\)", MANAGER, re.MULTILINE))
    assert let_through - {"FullyBooted", "Shutdown"} == await subscribed(monkeypatch, tmp_path)
    assert "FullyBooted" in let_through  # the link itself waits for it


def test_no_event_that_is_let_through_is_disabled() -> None:
    disabled = re.findall(r"^disabledevents = (.*)$", MANAGER, re.MULTILINE)
    let_through = re.findall(r"^eventfilter\(name\((\w+)\)", MANAGER, re.MULTILINE)
    assert set(disabled[0].split(",")).isdisjoint(let_through)
