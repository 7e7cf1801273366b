"""manager.conf lets through every event that the gateway reads, and Asterisk makes each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.pbx import doctor
from gateway.pbx.ami import Ami
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import put_in_place
from gateway.pbx.event_filters import as_regexes, filters_by_name
from gateway.settings.load import load
from gateway.settings.secrets import load_secrets

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


@pytest.mark.parametrize(
    ("version", "by_name"),
    [
        ("20.10.0", False),
        ("20.11.0", True),
        ("Asterisk 20.2.1~dfsg+~cs6.12.40431411-1", False),
        ("21.5.0", False),
        ("21.6.1", True),
        ("22.0.0", False),
        ("22.1.0-rc1", True),
        ("23.0.0", True),
        ("certified-20.7-cert4", False),
        ("Asterisk certified/22.8-cert1", True),
    ],
)
def test_the_version_tells_whether_filters_go_by_name(version: str, by_name: bool) -> None:
    assert filters_by_name(version) is by_name


@pytest.mark.parametrize(
    ("event", "passes"),
    [
        ("Event: FullyBooted\r\nPrivilege: system,all\r\n", True),
        ("Event: Hold\r\nChannel: PJSIP/8001-00000001\r\n", True),
        ("Event: HoldAbandon\r\nChannel: PJSIP/8001-00000001\r\n", False),
        ("Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/carrier-in-00000001\r\n", True),
        ("Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/8001-00000001\r\n", False),
        ("Event: Hangup\r\nDestChannel: PJSIP/carrier-in-00000001\r\nChannel: Local/s@x\r\n", False),
        ("Event: DeviceStateChange\r\nDevice: PJSIP/8001\r\nState: INUSE\r\n", True),
        ("Event: DeviceStateChange\r\nDevice: Queue:hotline_avail\r\nState: INUSE\r\n", False),
        ("Event: QueueCallerJoin\r\nQueue: hotline\r\n", False),
        ("Event: UserEvent\r\nSaid: Event: Hangup\r\n", True),
        ("Event: ChanSpyStart\r\nSaid: Event: Hold\r\n", False),
    ],
)
def test_regular_expressions_let_the_same_events_through(event: str, passes: bool) -> None:
    regexes = re.findall(r"^eventfilter = (.*)$", as_regexes(MANAGER), re.MULTILINE)
    assert len(regexes) == MANAGER.count("eventfilter(name(")
    assert "eventfilter(" not in as_regexes(MANAGER)
    assert any(re.search(regex, event, re.DOTALL) for regex in regexes) is passes


@pytest.mark.parametrize(("version", "by_name"), [("20.10.0", False), ("22.5.1", True)])
def test_manager_conf_is_written_for_the_version(tmp_path: Path, version: str, by_name: bool) -> None:
    settings = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(tmp_path)})
    secrets = load_secrets(tmp_path, [agent.id for agent in settings.agents])
    asterisk = Asterisk(("asterisk",), tmp_path, tmp_path, version, system=True)
    written = (put_in_place(settings, secrets, {}, asterisk).etc / "manager.conf").read_text("utf-8")
    assert ("eventfilter(name(Hold))" in written) is by_name
    assert ("eventfilter = ^Event: Hold" in written) is not by_name


@pytest.mark.parametrize(
    ("version", "ours", "verdict"),
    [("20.10.0", False, "warn"), ("20.10.0", True, "ok"), ("22.5.1", False, "ok"), ("18.26.0", True, "bad")],
)
def test_doctor_tells_of_an_asterisk_elsewhere_that_sends_all_events(
    version: str, ours: bool, verdict: str
) -> None:
    (finding,) = doctor._version(lambda command: f"Asterisk {version} built by root @ host", ours)
    assert (finding.verdict, finding.what) == (verdict, f"Asterisk {version}")
    assert bool(finding.advice) is (verdict != "ok")
