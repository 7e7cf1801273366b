"""How apt is asked: which mirror, which settings, and what is said when it cannot help."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gateway.errors import SetupError
from gateway.setup import debian

WANTED = debian.Wanted("sid", ("asterisk",), ("adduser",))


def test_the_mirror_is_the_one_that_carries_debian() -> None:
    targets = [
        ("http://mirror.test/debian-security/", "bookworm-security"),
        ("http://add-on.test/apt/", "bookworm"),
        ("http://mirror.test/debian/", "bookworm"),
        ("http://mirror.test/debian/", "bookworm-updates"),
        ("http://node.test/node_20.x/", "nodistro"),
        ("",),
    ]
    assert debian.choose_mirrors(targets, "bookworm") == (
        "http://mirror.test/debian/",
        "http://add-on.test/apt/",
    )


def test_a_machine_without_debian_sources_has_no_mirror() -> None:
    assert debian.choose_mirrors([("http://add-on.test/", "noble-extra")], "noble") == ()


def test_the_machines_settings_stay_but_for_ours(tmp_path: Path) -> None:
    """Read as apt reads them: the machine's proxy stays, its default release and hooks do not."""
    machine = tmp_path / "machine.conf"
    machine.write_text(
        'Acquire::http::Proxy "http://proxy.test:3128"; APT::Default-Release "bookworm";\n'
        'APT::Architectures { "amd64"; "i386"; }; APT::Update::Post-Invoke { "touch /x"; };\n'
    )
    ours = tmp_path / "apt.conf"
    ours.write_text(debian.settings(WANTED, tmp_path / "a folder", "amd64"))
    shown = subprocess.run(
        ["apt-config", "-c", str(ours), "dump"],
        env={**os.environ, "APT_CONFIG": str(machine)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert 'Acquire::http::Proxy "http://proxy.test:3128";' in shown
    assert 'APT::Default-Release "";' in shown
    assert [line for line in shown if line.startswith("APT::Architectures::")] == [
        'APT::Architectures:: "amd64";'
    ]
    assert not [line for line in shown if "touch /x" in line]
    assert f'Dir::State "{tmp_path}/a folder/state";' in shown


def test_what_is_left_out_counts_as_installed() -> None:
    said = debian.status(("adduser", "libsnmp45"), "arm64")
    assert said.count("Status: install ok installed") == 2
    assert "Package: libsnmp45" in said
    assert "\n\nPackage:" in said, "entries are parted by an empty line"


def test_installing_as_an_ordinary_user_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="as root: apt-get install sip-tester"):
        debian.install(["sip-tester"], print)
