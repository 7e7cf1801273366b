"""A real Asterisk with our configuration, and a real gateway beside it, on ports of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway import config
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import Places, put_in_place
from gateway.prompts import load_prompts
from gateway.secrets import Secrets, load_secrets

ROOT = Path(__file__).resolve().parents[2]
RTP_PORTS = 200


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports that nobody uses now."""
    socks = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [int(sock.getsockname()[1]) for sock in socks]
    for sock in socks:
        sock.close()
    return ports


_next_rtp = 20000 + (os.getpid() * 7 % 20) * 1000


def environment(var: Path, **more: object) -> dict[str, str]:
    """Overrides that give one installation its own ports and folder."""
    global _next_rtp
    _next_rtp += RTP_PORTS
    web, agi, ami, http = free_ports(4)
    sip, far = free_ports(2, socket.SOCK_DGRAM)
    own = {
        "GATEWAY_VAR": var,
        "GATEWAY_CONFIG": ROOT / "gateway.toml",
        "GATEWAY_WEB_PORT": web,
        "GATEWAY_AGI_PORT": agi,
        "GATEWAY_AMI_PORT": ami,
        "GATEWAY_ASTERISK_HTTP_PORT": http,
        "GATEWAY_ASTERISK_SIP_PORT": sip,
        "GATEWAY_ASTERISK_RTP_FIRST": _next_rtp,
        "GATEWAY_ASTERISK_RTP_LAST": _next_rtp + RTP_PORTS - 1,
        "GATEWAY_TRUNK_FAR_END": f"127.0.0.1:{far}",
    }
    return {key: str(value) for key, value in (own | more).items()}


@dataclass
class Installed:
    """An Asterisk that runs with our configuration, without a gateway."""

    config: config.Config
    secrets: Secrets
    places: Places
    asterisk: Asterisk

    def console(self, command: str) -> str:
        return self.asterisk.console(self.places.conf, command)


@pytest.fixture(scope="session")
def installed(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Asterisk alone, for the whole session."""
    var = tmp_path_factory.mktemp("installed")
    settings = config.load(ROOT / "gateway.toml", environment(var))
    secrets = load_secrets(var, [a.id for a in settings.agents])
    prompts = load_prompts(ROOT / "ivr_flows" / "prompts.yaml")
    sounds = {p.id: prompts.sound_file(p.id) for p in prompts}
    places = put_in_place(settings, secrets, sounds, asterisk_tree)
    process = subprocess.Popen(
        asterisk_tree.foreground(places.conf),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Installed(settings, secrets, places, asterisk_tree)
    try:
        wait_booted(made)
        yield made
    finally:
        process.kill()
        process.wait()


def wait_booted(made: Installed) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if "fully booted" in made.console("core waitfullybooted"):
                return
        except Exception:
            time.sleep(0.1)
    raise AssertionError("Asterisk did not come up")
