"""A real SMTP server on loopback for mails of ours: it can refuse, speak TLS, ask for a password."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PASSWORD = "for-tests-only"


@dataclass
class MailServer:
    """`answers` by recipient or "DATA"; `took` is what it said yes to: sender, recipients, the mail."""

    answers: dict[str, str] = field(default_factory=dict)
    took: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    took_one: Callable[[str, list[str], bytes], None] = lambda sender, recipients, raw: None
    port: int = 0
    links: int = 0
    hold: asyncio.Event | None = None  # what it took is answered only then
    users: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, tls: str = "none", context: ssl.SSLContext | None = None, **more: Any) -> None:
        starttls = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {}
        if context:
            more |= {
                "authenticator": self._log_in,
                "auth_require_tls": tls == "starttls",
                "auth_required": tls == "starttls",
            }

        def link() -> SMTP:
            self.links += 1
            return SMTP(self, hostname="mail.example", enable_SMTPUTF8=True, **starttls, **more)

        loop = asyncio.get_running_loop()
        wrapped = context if tls == "tls" else None
        self._server = await loop.create_server(link, "127.0.0.1", self.port, ssl=wrapped)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            await asyncio.sleep(0)
            self._server = None

    def _log_in(self, server: SMTP, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.users.append(given.login.decode())
        return AuthResult(success=given.password == PASSWORD.encode())

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        self._news.set()
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            one = (envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content)
            self.took.append(one)
            self.took_one(*one)
        self._news.set()
        if self.hold:
            await self.hold.wait()
        return answer

    def mails(self) -> list[EmailMessage]:
        return [cast(EmailMessage, message_from_bytes(raw, policy=default)) for _, _, raw in self.took]

    async def until(self, count: int) -> list[EmailMessage]:
        """Wait until it took so many."""
        async with asyncio.timeout(30):
            while len(self.took) < count:
                await self._news.wait()
                self._news.clear()
        return self.mails()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate made on the spot, and the file to trust."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context, cert
