"""A town's mail: a real mail server that puts all mail into real mailboxes; the gateway reads one of them."""

from __future__ import annotations

import asyncio
import secrets
import smtplib
from asyncio import to_thread
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast

from tests.channels.email.dovecot import Dovecot
from tests.notify.mail_server import MailServer

INBOX = "12315@linfen.example"


class Post:
    """The town's mail: what the server takes lies in the mailbox of whoever stands before the @ or the +."""

    def __init__(self, server: MailServer, dovecot: Dovecot) -> None:
        self.server = server
        self.dovecot = dovecot
        server.took_one = self._deliver

    def _deliver(self, sender: str, recipients: list[str], raw: bytes) -> None:
        for one in recipients:
            self.dovecot.put(one.partition("@")[0].partition("+")[0], raw)

    def box(self, user: str) -> list[EmailMessage]:
        client = self.dovecot.client(user)
        _, found = client.search(None, "ALL")
        mails = []
        for uid in (found[0] or b"").split():
            _, parts = client.fetch(uid.decode(), "(RFC822)")
            assert parts[0]
            mails.append(cast(EmailMessage, message_from_bytes(parts[0][1], policy=default)))  # type: ignore[arg-type]
        client.logout()
        return mails

    async def until(self, user: str, count: int, limit: float = 60) -> list[EmailMessage]:
        async with asyncio.timeout(limit):
            while len(found := await to_thread(self.box, user)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return found

    async def write(self, sender: str, to: str, text: str, **more: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, "投诉商家"
        mail["Message-ID"] = more.pop("Message_ID", f"<{secrets.token_hex(6)}@example.cn>")
        for name, value in more.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", self.server.port, timeout=20) as client:
                client.send_message(mail, sender, [to])

        await to_thread(send)
