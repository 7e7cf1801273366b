"""Forms with a file, API calls and mails against a gateway that is killed again and again.

Used by the test and, for longer, by `make bench`. Whatever was acknowledged has to be there exactly once;
whatever was not is sent again with the same key until it is, and must not be there twice. Mails come by LMTP,
and into a real Dovecot's mailbox that the gateway reads: what lies there counts as acknowledged, and the
gateway has to come for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from imaplib import IMAP4
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from gateway.channels.registry import REGISTRY
from gateway.core.item.item import QueueQuery
from gateway.intake.intake import Intake
from gateway.rules.load import load_rules
from gateway.storage import Storage
from tests.channels.email.dovecot import PASSWORD, Dovecot, free_port
from tests.live.conftest import environment, free_ports

ROOT = Path(__file__).resolve().parents[2]
INBOX = "12315@linfen.example"
BOX = "hotline"
MAILBOX = """
[[mailboxes]]
host = "127.0.0.1"
port = {port}
tls = false
user = "{user}"
password_file = "{password}"
"""
PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(3000)


@dataclass
class Gateway:
    """One installation without a telephone; `start` and `kill` as often as wanted."""

    var: Path
    own: dict[str, str]
    process: subprocess.Popen[str]
    pid: int = 0

    @property
    def web(self) -> int:
        return int(self.own["GATEWAY_WEB_PORT"])

    @property
    def smtp(self) -> int:
        return int(self.own["GATEWAY_MAIL_IN_PORT"])

    def command(self, *arguments: str) -> None:
        """A gateway command of this installation."""
        own = {**os.environ, **self.own}
        subprocess.run(
            [sys.executable, "-m", "gateway", *arguments], env=own, cwd=ROOT, check=True, capture_output=True
        )

    def _ask(self, word: str) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self) -> None:
        self.pid = self._ask("start")

    def kill(self) -> None:
        """As the power would."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._ask("reap")
        self.pid = 0

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        self._ask("reap")
        self.pid = 0


@contextmanager
def gateway(folder: Path, toml: str = "", **more: object) -> Iterator[Gateway]:
    """Made under a folder, with more settings if wanted, as text or as variables; killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "gateway.toml"
    base = (ROOT / "gateway.toml").read_text("utf-8")
    shared = "".join(
        f'\n[{name}]\n{key} = "{ROOT / place}"\n'
        for name, key, place in (("rules", "folder", "rules"), ("flows", "folder", "ivr_flows"))
    )
    file.write_text(
        f'{base}{shared}\n[asterisk]\nmanage = false\nconf = "{ROOT / "asterisk_conf"}"\n{toml}', "utf-8"
    )
    (smtp,) = free_ports(1)
    own = environment(
        folder / "var",
        GATEWAY_CONFIG=file,
        GATEWAY_MAIL_IN_LISTEN="true",
        GATEWAY_MAIL_IN_ADDRESSES=INBOX,
        GATEWAY_MAIL_IN_PORT=smtp,
        GATEWAY_RATES_ENABLED="false",
        KILL_LOG=folder / "log",
        OPENBLAS_NUM_THREADS=1,
        **({"GATEWAY_DEMO_ENABLED": "false"} | more),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kills.forker"],
        env={**os.environ, **own},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = Gateway(folder / "var", own, process)
    try:
        yield made
    finally:
        if made.pid:
            made.kill()
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            if end:
                end.close()


@dataclass
class Storm:
    """What was sent and what was acknowledged: the number of each key's item, "" for a mail's."""

    gateway: Gateway
    rng: random.Random
    mailbox: IMAP4
    todo: list[str] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    made: int = 0
    posted: int = 0
    twice: int = 0
    unlike: list[str] = field(default_factory=list)

    def _next(self, kind: str) -> str:
        """Something that was not acknowledged, or something new; now and then what was."""
        waiting = [key for key in self.todo if key.startswith(kind)]
        if waiting:
            return waiting[0]
        known = [key for key in list(self.done)[-40:] if key.startswith(kind)]
        if known and self.rng.random() < 0.1:
            self.twice += 1
            return self.rng.choice(known)
        self.made += 1
        key = f"{kind}-{self.made}"
        self.todo.append(key)
        return key

    def _acknowledged(self, key: str, number: str) -> None:
        if self.done.setdefault(key, number) != number:
            self.unlike.append(f"{key}: {self.done[key]} and {number}")
        if key in self.todo:
            self.todo.remove(key)

    async def round(self, seconds: float) -> None:
        """A gateway's life: started, sent to, killed after so long from its first answer."""
        await asyncio.to_thread(self._post)
        self.gateway.start()
        await self._up()
        workers = [
            asyncio.create_task(self._api("json")),
            asyncio.create_task(self._api("form")),
            asyncio.create_task(asyncio.to_thread(self._mails)),
            asyncio.create_task(asyncio.to_thread(self._post)),
        ]
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.gateway.kill)
        for worker in workers[:2]:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def settle(self) -> None:
        """Let everything that is still owed be acknowledged."""
        self.gateway.start()
        await self._up()
        async with asyncio.timeout(120):
            while self.todo:
                key = self.todo[0]
                if key.startswith("mail"):
                    await asyncio.to_thread(self._mail_once, key)
                else:
                    async with self._session() as session:
                        await self._send(session, key)
        await asyncio.to_thread(self._fetched)

    async def _up(self) -> None:
        async with asyncio.timeout(30):
            for port in (self.gateway.web, self.gateway.smtp):
                while True:
                    try:
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                        writer.close()
                        break
                    except OSError:
                        await asyncio.sleep(0.005)
            async with self._session() as session, session.get("/healthz"):
                pass  # it answers: from now on its life counts

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(f"http://127.0.0.1:{self.gateway.web}")

    async def _api(self, kind: str) -> None:
        async with self._session() as session:
            while True:
                try:
                    await self._send(session, self._next(kind))
                except (aiohttp.ClientError, OSError):
                    return

    async def _send(self, session: aiohttp.ClientSession, key: str) -> None:
        fields = {"kind": "complaint", "content": f"内容 {key}", "name": "张三", "phone": "13835700000"}
        fields |= {"respondent_name": "某店"}
        headers = {"Idempotency-Key": key}
        if key.startswith("json"):
            request = session.post("/api/v1/intake", json=fields, headers=headers)
        else:
            form = aiohttp.FormData(fields)
            form.add_field("evidence", PNG + key.encode(), filename="票据.png", content_type="image/png")
            request = session.post("/api/v1/intake", data=form, headers=headers)
        async with request as response:
            answer = await response.json()
            if response.status not in (200, 201):
                raise AssertionError(f"{response.status}: {answer}")
            self._acknowledged(key, answer["number"])

    def _mails(self) -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError), self._lmtp() as client:
            while True:
                key = self._next("mail")
                client.send_message(_mail(key))
                self._acknowledged(key, "")

    def _mail_once(self, key: str) -> None:
        with self._lmtp() as client:
            client.send_message(_mail(key))
            self._acknowledged(key, "")

    def _post(self) -> None:
        """A mail into the mailbox, whether or not somebody looks at it."""
        self.posted += 1
        key = f"imap-{self.posted}"
        answer, said = self.mailbox.append("INBOX", "", "", _mail(key).as_bytes())
        assert answer == "OK", said
        self._acknowledged(key, "")

    def _fetched(self) -> None:
        """Until the gateway has marked every mail in the mailbox, which it does when it is safe."""
        until = time.monotonic() + 120
        while self.mailbox.noop() and self.mailbox.search(None, "UNSEEN")[1] != [b""]:
            assert time.monotonic() < until, "mails are left in the mailbox"
            time.sleep(0.05)

    def _lmtp(self) -> smtplib.LMTP:
        return smtplib.LMTP("127.0.0.1", self.gateway.smtp, timeout=20)

    async def faults(self) -> list[str]:
        """What is lost, doubled or half there. The gateway has been stopped."""
        storage = await Storage.open(f"sqlite:///{self.gateway.var / 'gateway.db'}", self.gateway.var)
        try:
            return [*self.unlike, *[fault async for fault in self._faults(storage)]]
        finally:
            await storage.close()

    async def _faults(self, storage: Storage) -> AsyncIterator[str]:
        intake = Intake(storage, load_rules(ROOT / "rules", REGISTRY), ZoneInfo("Asia/Shanghai"))
        seen: Counter[str] = Counter()
        after = ""
        while page := await intake.page(QueueQuery(limit=200, after=after)):
            for one in page:
                key = _key_in(one.item.content)
                seen[key] += 1
                number = self.done.get(key)
                if number and number != one.item.number:
                    yield f"{key} was acknowledged as {number} and is {one.item.number}"
                if key.startswith("form"):
                    wanted = hashlib.sha256(PNG + key.encode()).hexdigest()
                    files = [a for a in one.attachments if a.sha256 == wanted]
                    if len(files) != 1:
                        yield f"{key}: its file is not named once"
                    elif not storage.files.path(wanted).is_file():
                        yield f"{key}: its file is not there"
            after = page[-1].item.number
        for key in self.done:
            if seen[key] != 1:
                yield f"{key} was acknowledged and is there {seen[key]} times"
        for key in seen.keys() - self.done.keys():
            yield f"{key} is there, but nobody sent it"


KINDS = ("json", "form", "mail", "imap")


def _key_in(content: str) -> str:
    """The key that a content was made of."""
    words = content.replace("\n", " ").split()
    return next((word for word in words if word.partition("-")[0] in KINDS), content)


def _mail(key: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "zhang@example.cn", INBOX
    message["Subject"], message["Message-ID"] = f"投诉 {key}", f"<{key}@example.cn>"
    message.set_content(f"内容 {key}\n")
    return message


@contextmanager
def mailbox(home: Path) -> Iterator[Dovecot]:
    """A Dovecot with one mailbox. Its folder must be one that anybody can come to."""
    server = Dovecot(home, free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def storm(folder: Path, kills: int, seed: int) -> tuple[Storm, list[str]]:
    """Kill a gateway so many times; what went wrong."""
    rng = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as home,
        mailbox(Path(home)) as box,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        password = folder / "password"
        password.write_text(PASSWORD)
        settings = MAILBOX.format(port=box.port, user=BOX, password=password)
        with gateway(folder, settings) as made, box.client(BOX) as client:
            blown = Storm(made, rng, client)
            for _ in range(kills):
                await blown.round(rng.uniform(0.0, 0.35))
            await blown.settle()
            await asyncio.to_thread(made.stop)
            return blown, await blown.faults()
