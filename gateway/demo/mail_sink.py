"""The demo's mail server: it takes every mail and keeps it in a folder, where the mailbox page reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway.settings.durable_files import private_folder

HOST = "127.0.0.1"
KEPT = 200  # mails; the oldest go
LARGEST = 40 << 20  # bytes of one mail
_NAME = re.compile(r"(\d{8})\.eml")


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail that was sent, with its text part."""

    id: int
    at: datetime
    sender: str
    to: str
    subject: str
    message_id: str
    text: str
    files: tuple[str, ...]


class MailSink:
    """Takes mail on a free port of this machine into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen, on a port that is free."""
        private_folder(self._folder)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, loop=loop, hostname="localhost", data_size_limit=LARGEST), HOST, 0
        )

    async def stop(self) -> None:
        if self._server:
            self._server.close()

    @property
    def port(self) -> int:
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd with each mail."""
        raw = envelope.content
        await asyncio.to_thread(self._keep, raw if isinstance(raw, bytes) else str(raw).encode())
        return "250 kept"

    def _keep(self, raw: bytes) -> None:
        names = self._names()
        number = int(names[-1][:8]) + 1 if names else 1
        part = self._folder / ".part"
        part.write_bytes(raw)
        part.rename(self._folder / f"{number:08}.eml")
        for name in names[: max(0, len(names) + 1 - KEPT)]:
            (self._folder / name).unlink(missing_ok=True)

    def _names(self) -> list[str]:
        return sorted(file.name for file in self._folder.glob("*.eml") if _NAME.fullmatch(file.name))

    def mails(self, most: int = 50) -> Sequence[KeptMail]:
        """The newest mails, the last one first."""
        newest = reversed(self._names()[-most:])
        return [_read(self._folder / name) for name in newest]


def _read(file: Path) -> KeptMail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    body = message.get_body(("plain",))
    return KeptMail(
        int(file.stem),
        datetime.fromtimestamp(file.stat().st_mtime, UTC),
        str(message.get("From", "")),
        str(message.get("To", "")),
        str(message.get("Subject", "")),
        str(message.get("Message-ID", "")),
        _text(body) if isinstance(body, EmailMessage) else "",
        tuple(part.get_filename() or part.get_content_type() for part in message.iter_attachments()),
    )


def _text(body: EmailMessage) -> str:
    try:
        return str(body.get_content()).strip()
    except (LookupError, UnicodeError):  # a charset that Python does not know
        return ""
