"""Somebody outside who tries the demo: he writes mails to the hotline, faxes it, and reads what is sent."""

from __future__ import annotations

import asyncio
import smtplib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Protocol

from gateway.core.flow.partner import Partner
from gateway.demo.mail_sink import KeptMail, MailSink
from gateway.notify.fax import set_pages

CALLER = "03572020001"  # the number that the visitor faxes from
ADDRESS = "visitor@demo.example"
MAIL_SECONDS = 20.0


class FaxLine(Protocol):
    """Of the PBX, what is needed here."""

    async def fax_ourselves(self, number: str, file: Path, caller: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """`mail_port` is the gateway's own listener and `inbox` our address there ("": mail is not taken);
    `fax_number` our fax number ("": none); `outbox` has what the gateway sent."""

    outbox: MailSink
    inbox: str
    mail_host: str
    mail_port: int
    fax_number: str
    line: FaxLine
    font: Path | None
    folder: Path
    partners: Callable[[], Sequence[Partner]]

    def mails(self) -> Sequence[KeptMail]:
        """What the gateway has sent, the newest first."""
        return self.outbox.mails()

    async def write(self, subject: str, text: str, answers: int = 0) -> str:
        """Send a mail to the hotline, as an answer to the kept mail `answers` where that is one; what the
        listener said. Raises OSError where it cannot be reached."""
        message = EmailMessage()
        answered = next((mail for mail in await asyncio.to_thread(self.mails) if mail.id == answers), None)
        message["From"], message["Date"], message["Subject"] = ADDRESS, formatdate(localtime=True), subject
        message["To"] = parseaddr(answered.sender)[1] if answered else self.inbox
        message["Message-ID"] = make_msgid(domain="demo.example")
        if answered and answered.message_id:
            message["In-Reply-To"] = message["References"] = answered.message_id
        message.set_content(text)
        return await asyncio.to_thread(self._hand_over, message)

    def _hand_over(self, message: EmailMessage) -> str:
        with smtplib.SMTP(self.mail_host, self.mail_port, timeout=MAIL_SECONDS) as server:
            server.ehlo("demo.example")
            server.mail(ADDRESS)
            server.rcpt(str(message["To"]))
            code, answer = server.data(message.as_bytes())
        return f"{code} {answer.decode('utf-8', 'replace')}"

    async def fax(self, text: str) -> bool:
        """Fax a letter to the hotline's fax number; False where it cannot be set or dialled."""
        if not self.fax_number or self.font is None:
            return False
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".tif", delete=False) as file:
            tiff = Path(file.name)
        if not await set_pages(text, tiff, self.font):
            return False
        return await self.line.fax_ourselves(self.fax_number, tiff, CALLER)
