"""Which Asterisk is found, and what is said when there is none. No test here reaches the network."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import pytest

from gateway.errors import PbxDown, SetupError
from gateway.pbx import asterisk_tree
from gateway.pbx.asterisk_tree import Asterisk, find, major
from gateway.setup import asterisk_tree as making
from gateway.setup.asterisk_tree import find_or_make


def quiet(line: str) -> None:
    pass


@pytest.fixture
def no_asterisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with neither Asterisk nor apt: a PATH that leads nowhere."""
    monkeypatch.setattr(asterisk_tree, "_SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1\n", 22),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5\n", 20),
        ("Asterisk certified-20.7-cert2\n", 20),
        ("Asterisk certified/18.9-cert1\n", 18),
        ("Asterisk GIT-master-0123abc\n", 0),
        ("", 0),
    ],
)
def test_version_is_read(said: str, version: int) -> None:
    assert major(said) == version


@pytest.mark.live
def test_the_found_one_runs(asterisk_tree: Asterisk) -> None:
    said = subprocess.run([*asterisk_tree.argv, "-V"], capture_output=True, text=True, check=True).stdout
    assert major(said) >= 20
    for module in ("chan_pjsip", "app_queue", "app_confbridge", "res_agi", "res_fax_spandsp", "res_srtp"):
        assert (asterisk_tree.modules / f"{module}.so").exists()
    assert (asterisk_tree.data / "documentation").is_dir()


@pytest.mark.live
def test_console_without_a_running_asterisk(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    conf = tmp_path / "asterisk.conf"
    conf.write_text(f"[directories]\nastrundir => {tmp_path}\nastetcdir => {tmp_path}\n")
    with pytest.raises(PbxDown):
        asterisk_tree.console(conf, "core show version")


def test_nothing_is_found_on_a_bare_machine(no_asterisk: Path) -> None:
    assert find(no_asterisk / "cache") is None


def test_an_old_asterisk_does_not_serve(no_asterisk: Path) -> None:
    program(no_asterisk / "bin", "asterisk", "echo Asterisk 16.28.0")
    assert find(no_asterisk / "cache") is None


def test_without_apt_the_error_says_what_to_do(no_asterisk: Path) -> None:
    with pytest.raises(SetupError, match=r"no apt-get(.|\n)*install asterisk >= 20"):
        find_or_make(no_asterisk / "cache", quiet)


def test_without_a_mirror_the_error_says_so(no_asterisk: Path) -> None:
    program(no_asterisk / "bin", "apt-get", "exit 0")
    program(no_asterisk / "bin", "dpkg-deb", "exit 0")
    with pytest.raises(SetupError, match="no Debian mirror"):
        find_or_make(no_asterisk / "cache", quiet)


def test_a_mirror_that_fails_is_quoted(no_asterisk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making.debian, "_codename", lambda: "trixie")
    targets = "echo http://mirror.test/debian trixie"
    program(
        no_asterisk / "bin",
        "apt-get",
        f'case "$*" in indextargets*) {targets};; *update) echo cannot reach mirror.test; exit 100;; esac',
    )
    program(no_asterisk / "bin", "dpkg-deb", "exit 0")
    program(no_asterisk / "bin", "dpkg", "echo amd64")
    with pytest.raises(SetupError, match=r"cannot reach mirror\.test"):
        find_or_make(no_asterisk / "cache", quiet)
    assert find(no_asterisk / "cache") is None


def test_a_full_disk_is_said_before_anything_is_fetched(
    no_asterisk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "NEEDED_MB", 2**40)
    with pytest.raises(SetupError, match="MB are free"):
        find_or_make(no_asterisk / "cache", quiet)


def test_a_cache_that_cannot_be_made(no_asterisk: Path) -> None:
    (no_asterisk / "cache").write_text("a file, not a folder")
    with pytest.raises(SetupError, match="cache"):
        find_or_make(no_asterisk / "cache", quiet)


def test_a_half_made_tree_is_not_found(no_asterisk: Path) -> None:
    """A set-up that was cut off leaves its .part folder; a tree without a loader is none either."""
    cache = no_asterisk / "cache"
    folder = asterisk_tree._folder(cache)
    (folder.with_suffix(".part") / "tree/usr/sbin").mkdir(parents=True)
    (folder / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    assert find(cache) is None


def test_two_set_ups_wait_for_each_other(tmp_path: Path) -> None:
    lock = tmp_path / "asterisk.lock"
    with making._alone(lock), lock.open("w") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
