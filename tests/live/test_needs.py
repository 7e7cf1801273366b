"""The gateway refuses to start deaf, and tells when it becomes so: real ports, a real Asterisk."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.live.conftest import ROOT, Gateway, Installed, new_gateway, running
from tests.live.test_doctor import doctor

pytestmark = pytest.mark.live


def refused(gateway: Gateway) -> str:
    """What `gateway run` says when it does not start; Asterisk must be gone as well."""
    done = gateway.finished("run")
    assert done.returncode == 2, done.stderr[-2000:]
    assert "已就绪" not in done.stdout
    assert not (gateway.places.run / "asterisk.pid").exists()
    return done.stderr


@contextmanager
def listening(kind: socket.SocketKind, port: int) -> Iterator[None]:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            sock.listen()
        yield


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (socket.SOCK_DGRAM, "asterisk.sip_port"),
        (socket.SOCK_STREAM, "asterisk.http_port"),
        (socket.SOCK_STREAM, "ami.port"),
        (socket.SOCK_STREAM, "web.port"),
    ],
)
def test_a_taken_port_is_named_with_who_has_it(
    tmp_path: Path, asterisk_tree: Asterisk, kind: socket.SocketKind, setting: str
) -> None:
    gateway = new_gateway(tmp_path)
    section, name = setting.split(".")
    with listening(kind, getattr(getattr(gateway.config, section), name)):
        said = refused(gateway)
    assert re.search(rf"^{re.escape(setting)}: .*pid {os.getpid()}\b", said, re.M), said


def test_an_asterisk_of_another_folder_is_named(
    tmp_path: Path, asterisk_tree: Asterisk, installed: Installed
) -> None:
    other = installed.config
    gateway = new_gateway(
        tmp_path, GATEWAY_ASTERISK_SIP_PORT=other.asterisk.sip_port, GATEWAY_AMI_PORT=other.ami.port
    )
    said = refused(gateway)
    assert "not seen in time" not in said, "it waited for an Asterisk that is not its own"
    pid = (installed.places.run / "asterisk.pid").read_text().strip()
    for setting in ("asterisk.sip_port", "ami.port"):
        assert re.search(rf"^{setting}: .*Asterisk, pid {pid}, .*{installed.places.conf}", said, re.M), said


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("modules.conf", "load = app_queue.so", "", "module app_queue is not running"),
        ("pjsip.conf", "@@TRUNKS@@", "@@TRUNKS@@\nmatch = nowhere.invalid", "trunk.peers: "),
        ("extensions.conf", "[from-trunk]", "[from-somewhere]", "no context from-trunk"),
        ("queues.conf", "[@@QUEUE@@]", "[warmline]", "no queue hotline"),
        ("http.conf", "enabled = yes", "enabled = no", "asterisk.http_port: "),
    ],
)
def test_a_part_that_asterisk_did_not_take(
    tmp_path: Path, asterisk_tree: Asterisk, file: str, old: str, new: str, named: str
) -> None:
    folder = tmp_path / "conf"
    shutil.copytree(ROOT / "asterisk_conf", folder)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    assert named in refused(new_gateway(tmp_path, GATEWAY_ASTERISK_CONF=folder))


def test_a_missing_welcome(tmp_path: Path, asterisk_tree: Asterisk) -> None:
    folder = tmp_path / "flows"
    shutil.copytree(ROOT / "ivr_flows", folder)
    (folder / "sounds" / "made" / "welcome.wav").unlink()
    assert "welcome" in refused(new_gateway(tmp_path, GATEWAY_FLOWS_FOLDER=folder))


def test_two_gateways_on_one_folder(own_gateway: Gateway, tmp_path: Path) -> None:
    second = new_gateway(tmp_path)
    assert second.environment["GATEWAY_VAR"] == own_gateway.environment["GATEWAY_VAR"]
    done = second.finished("run")
    assert own_gateway.process
    assert done.returncode == 2
    assert f"pid {own_gateway.process.pid}" in done.stderr


def test_a_part_that_goes_while_it_runs(own_gateway: Gateway, asterisk_tree: Asterisk) -> None:
    asterisk_tree.console(own_gateway.places.conf, "module unload app_chanspy.so")
    until = time.monotonic() + 40
    detail = ""
    while "app_chanspy" not in detail and time.monotonic() < until:
        try:
            with urllib.request.urlopen(own_gateway.url("/healthz"), timeout=5):
                time.sleep(0.2)
        except urllib.error.HTTPError as down:
            assert down.code == 503
            detail = down.read().decode()
    assert "app_chanspy" in detail
    code, found = doctor(own_gateway)
    assert code == 1
    assert any("app_chanspy" in what for what, (verdict, _) in found.items() if verdict == "bad")


def test_the_doctor_of_an_asterisk_that_is_not_ours_to_start(gateway: Gateway) -> None:
    code, found = doctor(gateway, GATEWAY_ASTERISK_MANAGE="false")
    assert code == 0, found
    assert any(re.match(r"Asterisk \d+\.", what) for what in found)


def test_the_doctor_without_a_network_card(gateway: Gateway) -> None:
    """The console then begins with lines about the missing address of a card."""
    _, found = doctor(gateway, before=("unshare", "--net"))
    assert any(re.match(r"Asterisk \d+\.", what) for what in found), found


def health(gateway: Gateway, status: str, part: str, limit: float = 40) -> dict[str, object]:
    """Wait until /healthz has this status and names this part as not well; what it says of the part."""
    until = time.monotonic() + limit
    said: dict[str, object] = {}
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(gateway.url("/healthz"), timeout=5) as answer:
                code, said = answer.status, json.load(answer)
        except urllib.error.HTTPError as down:
            code, said = down.code, json.load(down)
        others = {one["name"]: one for one in said["others"]}  # type: ignore[attr-defined]
        if said["status"] == status and part in others and not others[part]["ok"]:
            assert code == (503 if status == "down" else 200)
            return dict(others[part])
        time.sleep(0.2)
    raise AssertionError(said)


def test_a_full_disk_and_a_mail_server_that_is_away(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(folder)], check=True)
    runs = running(
        new_gateway(
            folder,
            GATEWAY_MAIL_OUT_HOST="127.0.0.1",
            GATEWAY_MAIL_OUT_PORT=1,
            GATEWAY_MAIL_OUT_TLS="none",
            GATEWAY_MAIL_OUT_SENDER="hotline@example.cn",
        )
    )
    try:
        gateway = next(runs)
        assert "Connection refused" in str(health(gateway, "degraded", "mail_out")["detail"])
        _, found = doctor(gateway)
        assert [what for what, (verdict, _) in found.items() if verdict == "warn" and "mail_out" in what]
        with (folder / "ballast").open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * (1 << 20))
        assert "var" in str(health(gateway, "down", "disk")["detail"])
        (folder / "ballast").unlink()
        health(gateway, "degraded", "mail_out")
    finally:
        runs.close()  # type: ignore[attr-defined]
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
