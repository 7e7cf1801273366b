"""A real Asterisk with our configuration, and a real gateway beside it, on ports of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from gateway.flows.prompts import load_prompts
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import Places, put_in_place
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.settings.secrets import Secrets, load_secrets
from gateway.sip_phone.hear import Library
from gateway.sip_phone.phone import Phone
from tests import forked
from tests.channels.email.dovecot import PASSWORD, Dovecot, free_port
from tests.live.town import INBOX, Post
from tests.notify.mail_server import MailServer

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


def _first_rtp() -> int:
    """Each process of `make test` has ports of its own, and two runs at once most likely have others."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 3
    return 11000 + worker * 6000 + os.getppid() % 5 * 800


_next_rtp = _first_rtp()


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
        "GATEWAY_FAX_NUMBER": "",
        "GATEWAY_MAIL_IN_LISTEN": "false",
        "GATEWAY_DEMO_CHANNELS": "false",
    }
    return {key: str(value) for key, value in (own | more).items()}


@dataclass
class Installed:
    """An Asterisk that runs with our configuration, without a gateway."""

    config: Config
    secrets: Secrets
    places: Places
    asterisk: Asterisk

    def console(self, command: str) -> str:
        return self.asterisk.console(self.places.conf, command)


@pytest.fixture(scope="session")
def installed(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Asterisk alone, for the whole session."""
    var = tmp_path_factory.mktemp("installed")
    settings = load(ROOT / "gateway.toml", environment(var))
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


@pytest.fixture(autouse=True)
def _begun() -> None:
    Gateway.since = datetime.now(UTC)


@dataclass
class Gateway:
    """A whole installation: `gateway run`, forked from a process that has imported it."""

    environment: dict[str, str]
    config: Config
    log: Path
    process: forked.Forked | subprocess.Popen[bytes] | None = None
    since: ClassVar[datetime] = datetime.now(UTC)
    """When the test that runs now began: what it counts is its own, not other tests' or its first try's."""
    _token: str = ""

    @property
    def sip(self) -> str:
        return f"127.0.0.1:{self.config.asterisk.sip_port}"

    @property
    def far_end(self) -> int:
        """The port of the carrier's far end, where calls of ours arrive."""
        return int(self.config.trunk.far_end.rpartition(":")[2])

    @property
    def places(self) -> Places:
        return Places(self.config.var)

    @staticmethod
    def argv() -> list[str]:
        """The command itself."""
        return [sys.executable, "-m", "gateway"]

    def finished(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A gateway command that has ended; `more` are other settings."""
        return forked.run(arguments, {**os.environ, **self.environment, **more}, ROOT)

    def command(self, *arguments: str) -> str:
        """What a gateway command prints."""
        done = self.finished(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self) -> forked.Forked | subprocess.Popen[bytes]:
        return forked.Forked(["run"], {**os.environ, **self.environment}, ROOT, self.log, self.log)

    def start(self, wait: bool = True) -> None:
        """Start it, and wait until /healthz says that all is well."""
        self.process = self._run()
        if wait:
            self.wait_healthy()

    def wait_healthy(self, limit: float = 60) -> None:
        until = time.monotonic() + limit
        while time.monotonic() < until:
            assert self.process and self.process.poll() is None, self.log.read_text("utf-8")[-3000:]
            try:
                with urllib.request.urlopen(self.url("/healthz"), timeout=2):
                    return
            except OSError as away:
                if isinstance(away, urllib.error.HTTPError):
                    away.close()
                time.sleep(0.05)
        raise AssertionError(f"not healthy after {limit} s: {self.log.read_text('utf-8')[-3000:]}")

    def kill(self) -> None:
        """As the power would: nothing is put in order. Asterisk goes on."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As Ctrl-C and SIGTERM do; the exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.terminate()
        return self.process.wait(30)

    def asterisk_pid(self) -> int:
        return int((self.places.run / "asterisk.pid").read_text())

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.config.web.port}{path}"

    @property
    def token(self) -> str:
        """A token of an administrator."""
        if not self._token:
            self._token = self.command("token", "create", "--role", "admin").strip().splitlines()[-1]
        return self._token

    def api(self, path: str, body: object = None, method: str = "") -> Any:
        """The JSON that the API answers; None for no content. HTTPError for what it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url(path), data, method=method or None)
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as refused:
            refused.close()
            raise
        return json.loads(raw) if raw else None

    def calls(self) -> list[dict[str, Any]]:
        """The calls of this test that are over, newest first."""
        calls = self.api("/api/v1/calls?limit=100")["items"]
        return [call for call in calls if datetime.fromisoformat(call["started_at"]) >= self.since]

    def queue(self) -> list[dict[str, Any]]:
        """The items in the queue that came in this test."""
        items = self.api("/api/v1/queue?limit=200")["items"]
        return [item for item in items if datetime.fromisoformat(item["received_at"]) >= self.since]

    async def call_of(self, caller: str, count: int = 1, limit: float = 15) -> dict[str, Any]:
        """The newest finished call of a caller, once he has `count` of them in this test."""
        async with asyncio.timeout(limit):
            while True:
                found = [
                    c for c in await asyncio.to_thread(self.calls) if caller in (c["caller"], c["dialled"])
                ]
                if len(found) >= count:
                    return found[0]
                await asyncio.sleep(0.05)

    async def item_of(self, number: str) -> dict[str, Any]:
        return dict(await asyncio.to_thread(self.api, f"/api/v1/queue/{number}"))

    def phone(self, user: str, **more: Any) -> Phone:
        """A caller from the carrier's side; its number is its own."""
        return Phone(user, "127.0.0.1", sip_server=self.sip, library=library(), **more)

    @asynccontextmanager
    async def seat(self, number: str, agent: str, *, sign_in: bool = True) -> AsyncIterator[Phone]:
        """A seat's SIP phone, registered and, if wanted, signed in by star code."""
        known = json.loads(self.command("user", "show", agent, "--json"))
        assert known["sip_user"] == number
        async with self.phone(number, password=known["sip_password"]) as phone:
            await phone.register()
            if sign_in:
                await star(phone, "*60", "agent_signed_in")
            yield phone
            if sign_in:
                await star(phone, "*69", "agent_signed_out")


async def star(phone: Phone, code: str, prompt: str) -> None:
    """Dial a star code and hear that it was understood."""
    call = await phone.dial(code)
    await call.wait_prompt(prompt, timeout=10)
    await call.ended(10)


@lru_cache(maxsize=1)
def library() -> Library:
    return Library.of_folder(ROOT / "ivr_flows" / "sounds")


def new_gateway(folder: Path, **more: object) -> Gateway:
    own = environment(folder / "var", **more)
    return Gateway(own, load(ROOT / "gateway.toml", own), folder / "gateway.log")


@pytest.fixture(scope="session")
def gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all tests that leave it as they found it."""
    made = new_gateway(tmp_path_factory.mktemp("gateway"), GATEWAY_QUEUE_WRAP_UP_SECONDS=1)
    yield from running(made)


@pytest.fixture
def own_gateway(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of the test's own, to be killed and started again."""
    yield from running(new_gateway(tmp_path, GATEWAY_QUEUE_WRAP_UP_SECONDS=1))


def running(made: Gateway) -> Iterator[Gateway]:
    """Start it; whatever happens, gateway and Asterisk are gone afterwards."""
    made.start()
    try:
        yield made
    finally:
        try:
            pid = made.asterisk_pid()
        except OSError:
            pid = 0
        if made.process:
            made.process.kill()
            made.process.wait()
        if pid and Path(f"/proc/{pid}/cmdline").exists():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    dovecot = Dovecot(home, free_port())
    await to_thread(dovecot.start)
    server = MailServer()
    await server.start()
    yield Post(server, dovecot)
    await server.stop()
    dovecot.stop()
    shutil.rmtree(home)


@pytest.fixture
async def town(asterisk_tree: Asterisk, tmp_path: Path, post: Post) -> AsyncIterator[Gateway]:
    (tmp_path / "password").write_text(PASSWORD)
    made = new_gateway(
        tmp_path,
        GATEWAY_MAIL_OUT_HOST="127.0.0.1",
        GATEWAY_MAIL_OUT_PORT=post.server.port,
        GATEWAY_MAIL_OUT_TLS="none",
        GATEWAY_MAIL_OUT_SENDER=INBOX,
        GATEWAY_MAIL_OUT_INBOX=INBOX,
        GATEWAY_MAIL_OUT_TIMEOUT_SECONDS=1,
        GATEWAY_MAILBOXES_HOST="127.0.0.1",
        GATEWAY_MAILBOXES_PORT=post.dovecot.port,
        GATEWAY_MAILBOXES_TLS="no",
        GATEWAY_MAILBOXES_USER="12315",
        GATEWAY_MAILBOXES_PASSWORD_FILE=tmp_path / "password",
        GATEWAY_MAILBOXES_POLL_SECONDS=1,
    )
    runs = running(made)
    await to_thread(next, runs)
    yield made
    await to_thread(runs.close)  # type: ignore[attr-defined]
