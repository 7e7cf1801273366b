"""One installation for the whole run: `gateway run` on free ports with the bench's menu as its flow.

Beside it the ARI application and the callers, each a process of its own. Everything lies under a folder
that is given, and is ended by its process id.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from bench import dialplan, menu
from bench.callers import Job, Result
from bench.process_time import CpuTime, cpu_time
from gateway.errors import PbxDown
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import Places
from gateway.settings.cache import cache_home
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.setup.asterisk_tree import find_or_make

ROOT = Path(__file__).resolve().parents[1]
BOOT = 60.0  # seconds
RTP_PORTS = 600


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU of the processes that serve calls, in seconds. A process AGI counts as Asterisk's."""

    asterisk: CpuTime
    gateway: CpuTime
    ari: CpuTime
    bare: CpuTime

    def __sub__(self, before: Usage) -> Usage:
        return Usage(
            self.asterisk - before.asterisk,
            self.gateway - before.gateway,
            self.ari - before.ari,
            self.bare - before.bare,
        )


class Site:
    """A running installation. Made by `site`."""

    def __init__(self, settings: Config, asterisk: Asterisk, gateway: int, ari: int, bare: int) -> None:
        self.settings = settings
        self.places = Places(settings.var)
        self._asterisk = asterisk
        self._gateway = gateway
        self._ari = ari
        self._bare = bare
        self._callers: subprocess.Popen[str] | None = None

    @property
    def asterisk_pid(self) -> int:
        return int((self.places.run / "asterisk.pid").read_text())

    def usage(self) -> Usage:
        """CPU used so far."""
        return Usage(*map(cpu_time, (self.asterisk_pid, self._gateway, self._ari, self._bare)))

    def console(self, command: str) -> str:
        return self._asterisk.console(self.places.conf, command)

    def calls(self, job: Job) -> Result:
        """Let the callers do a job, and wait for it and for the last channel to be gone."""
        assert self._callers and self._callers.stdin and self._callers.stdout
        self._callers.stdin.write(json.dumps(asdict(job)) + "\n")
        self._callers.stdin.flush()
        line = self._callers.stdout.readline()
        if not line:
            raise RuntimeError("the callers' process has ended")
        self.wait_idle()
        return Result(**json.loads(line))

    def wait_idle(self) -> None:
        """Until no call is left in Asterisk but the watch of the gateway's heart."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if "PJSIP/" not in self.console("core show channels concise"):
                return
            time.sleep(0.2)
        raise RuntimeError("calls are left over")

    def attach_callers(self, process: subprocess.Popen[str]) -> None:
        self._callers = process


@contextmanager
def site(folder: Path, lines: int) -> Iterator[Site]:
    """Start everything under `folder`, and end it. `lines` is what the centre has."""
    asterisk = find_or_make(cache_home(), print)
    own = _environment(folder, lines)
    settings = load(ROOT / "gateway.toml", own)
    password = secrets.token_urlsafe(12)
    (bare_port,) = free_ports(1, socket.SOCK_STREAM)
    menu.lay_flows(folder / "flows", ROOT / "ivr_flows")
    sounds = Places(settings.var).sounds
    script = (sys.executable, "-S", str(ROOT / "bench" / "process_menu.py"), str(sounds))
    dialplan.lay_configuration(ROOT / "asterisk_conf", folder / "conf", password, script, bare_port)
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        log = stack.enter_context((folder / "gateway.log").open("ab"))
        gateway = stack.enter_context(_process([sys.executable, "-m", "gateway", "run"], environment, log))
        _wait_takes_calls(asterisk, Places(settings.var), gateway, folder / "gateway.log")
        http = f"127.0.0.1:{settings.asterisk.http_port}"
        bare_command = [sys.executable, "-m", "bench.bare_fastagi", str(bare_port), str(sounds)]
        bare = stack.enter_context(_process(bare_command, environment, log, pipe=True))
        ari_command = [sys.executable, "-m", "bench.ari_menu", http, password, str(sounds)]
        ari = stack.enter_context(_process(ari_command, environment, log, pipe=True))
        for name, process in (("bare FastAGI server", bare), ("ARI application", ari)):
            if not (process.stdout and process.stdout.readline()):
                raise RuntimeError(f"the {name} did not come up: {_tail(folder / 'gateway.log')}")
        made = Site(settings, asterisk, gateway.pid, ari.pid, bare.pid)
        sip = f"127.0.0.1:{settings.asterisk.sip_port}"
        callers = [sys.executable, "-m", "bench.callers", sip]
        made.attach_callers(stack.enter_context(_process(callers, environment, log, pipe=True)))
        yield made


@contextmanager
def shipped_site(folder: Path, flow: str, seats: int = 0, lines: int = 5) -> Iterator[Config]:
    """A gateway as it is shipped, beginning with this flow: `gateway run` on free ports.

    With `seats` it has so many instead of its own; whoever looks in is not held back by rates then, since
    all desks are at one address here.
    """
    asterisk = find_or_make(cache_home(), print)
    own = _environment(folder, lines) | {"GATEWAY_FLOWS_ENTRY": flow, "GATEWAY_QUEUE_WRAP_UP_SECONDS": "0"}
    del own["GATEWAY_FLOWS_FOLDER"], own["GATEWAY_ASTERISK_CONF"]
    folder.mkdir(parents=True, exist_ok=True)
    if seats:
        own |= _many_seats(folder, seats)
    settings = load(Path(own["GATEWAY_CONFIG"]), own)
    with (
        (folder / "gateway.log").open("ab") as log,
        _process([sys.executable, "-m", "gateway", "run"], {**os.environ, **own}, log) as gateway,
    ):
        _wait_takes_calls(asterisk, Places(settings.var), gateway, folder / "gateway.log")
        yield settings


def _many_seats(folder: Path, seats: int) -> dict[str, str]:
    """A configuration with so many agents, and the folders that the shipped one has beside it."""
    shipped = (ROOT / "gateway.toml").read_text("utf-8")
    blocks = shipped.split("\n[[agents]]\n")
    agents = [f'id = "agent{n}"\nname = "坐席{n}"\nseat = "{8000 + n}"\n' for n in range(1, seats + 1)]
    rest = blocks[-1].partition("\n\n")[2]
    file = folder / "gateway.toml"
    file.write_text("\n[[agents]]\n".join([blocks[0], *agents]) + "\n" + rest, "utf-8")
    beside = {"FLOWS_FOLDER": "ivr_flows", "RULES_FOLDER": "rules", "ASTERISK_CONF": "asterisk_conf"}
    return {
        "GATEWAY_CONFIG": str(file),
        "GATEWAY_RATES_ENABLED": "false",
        **{f"GATEWAY_{name}": str(ROOT / part) for name, part in beside.items()},
    }


@contextmanager
def _process(
    command: list[str], environment: dict[str, str], log: IO[bytes], pipe: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, ended at the end: asked first, then killed."""
    ends = subprocess.PIPE if pipe else None
    process = subprocess.Popen(
        command,
        stdin=ends or subprocess.DEVNULL,
        stdout=ends or log,
        stderr=log,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for end in (process.stdin, process.stdout):
            if end:
                end.close()


def _wait_takes_calls(asterisk: Asterisk, places: Places, gateway: subprocess.Popen[str], log: Path) -> None:
    until = time.monotonic() + BOOT
    while time.monotonic() < until:
        if gateway.poll() is not None:
            break
        try:
            if "GATEWAY_UP=1" in asterisk.console(places.conf, "dialplan show globals"):
                return
        except PbxDown:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the gateway did not come up: {_tail(log)}")


def _tail(file: Path) -> str:
    return file.read_text("utf-8", "replace")[-2000:]


def _environment(folder: Path, lines: int) -> dict[str, str]:
    """Settings that give this installation its own ports, folders and lines."""
    web, agi, ami, http = free_ports(4, socket.SOCK_STREAM)
    sip, far = free_ports(2, socket.SOCK_DGRAM)
    rtp = 30000 + os.getpid() % 30 * 1000
    own = {
        "GATEWAY_VAR": folder / "var",
        "GATEWAY_CONFIG": ROOT / "gateway.toml",
        "GATEWAY_CENTRE_LINES": lines,
        "GATEWAY_FLOWS_FOLDER": folder / "flows",
        "GATEWAY_ASTERISK_CONF": folder / "conf",
        "GATEWAY_WEB_PORT": web,
        "GATEWAY_AGI_PORT": agi,
        "GATEWAY_AMI_PORT": ami,
        "GATEWAY_ASTERISK_HTTP_PORT": http,
        "GATEWAY_ASTERISK_SIP_PORT": sip,
        "GATEWAY_ASTERISK_RTP_FIRST": rtp,
        "GATEWAY_ASTERISK_RTP_LAST": rtp + RTP_PORTS - 1,
        "GATEWAY_TRUNK_FAR_END": f"127.0.0.1:{far}",
        "GATEWAY_MAIL_IN_LISTEN": "false",
        "GATEWAY_DEMO_CHANNELS": "false",
    }
    return {key: str(value) for key, value in own.items()}


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports that nobody uses now."""
    socks = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for sock in socks:
        sock.bind(("127.0.0.1", 0))
    ports = [int(sock.getsockname()[1]) for sock in socks]
    for sock in socks:
        sock.close()
    return ports
