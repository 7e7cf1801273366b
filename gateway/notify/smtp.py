"""The way `mail`: hands mails to one SMTP server, over one connection that is kept while there is work.

TLS is what the settings say and never less: with starttls a server that does not offer it gets nothing.
Each mail has one recipient, so that a refusal concerns that one alone.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from gateway.core.item import written
from gateway.core.item.delivery import MAIL, Delivery, Later, Never, Result, Sent
from gateway.mail.automatic import OWN_LOOP

CLEAN = 200  # characters of a server's answer that are kept


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed over. `tls` is none, starttls or tls; `seconds` for each answer."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: Callable[[], str] = lambda: ""
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    seconds: float = 30.0


class SmtpSender:
    """A Way. `sender` is the From address, `name` stands beside it."""

    name = MAIL

    def __init__(self, server: Server, sender: str, name: str) -> None:
        self._server = server
        self._sender = sender
        self._from = name
        self._link: aiosmtplib.SMTP | None = None

    @property
    def limit(self) -> float:
        return 4 * self._server.seconds

    async def send(self, delivery: Delivery) -> Result:
        try:
            link = await self._connected()
        except (SMTPException, OSError, ssl.SSLError) as error:
            await self.rest()
            return Later(f"{self._server.host}: {_said(error)}")
        try:
            recipient = written.mailable(delivery.draft.address)
            raw = letter(delivery, self._sender, self._from)
        except ValueError as error:
            return Never(f"the address cannot stand in a mail: {_one_line(str(error))}")
        back = delivery.draft.content.get("reply_to") or self._sender
        try:
            refused, answer = await link.sendmail(back, [recipient], raw)
        except (SMTPException, OSError, ValueError) as error:
            await self.rest()
            return _refusal(error)
        if recipient in refused:  # aiosmtplib raises only when all are refused
            code, text = refused[recipient].code, refused[recipient].message
            return _by_code(code, text)
        content = delivery.draft.content
        return Sent(f"邮件已发出：{content['subject']}", f"{content['message_id']} {_one_line(answer)}")

    async def rest(self) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await link.quit(timeout=2)
        link.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        """The connection, alive; a new one if need be. Raises what aiosmtplib and ssl raise."""
        if self._link is not None:
            try:
                await self._link.noop()
                return self._link
            except (SMTPException, OSError):
                await self.rest()
        s = self._server
        link = aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            timeout=s.seconds,
            use_tls=s.tls == "tls",
            start_tls=s.tls == "starttls",  # the default would use TLS only where it is offered
            tls_context=None if s.tls == "none" else s.context(),
        )
        self._link = link
        await link.connect()
        if s.user:
            await link.login(s.user, s.password())
        return link


def letter(delivery: Delivery, sender: str, name: str) -> bytes:
    """The mail, the same bytes at each try. Raises ValueError for an address that cannot be one."""
    content = delivery.draft.content
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = Address(name, addr_spec=sender)
    mail["To"] = Address(addr_spec=written.mailable(delivery.draft.address))
    mail["Subject"] = content["subject"]
    mail["Date"] = format_datetime(delivery.made_at)
    if content.get("reply_to"):
        mail["Reply-To"] = content["reply_to"]
    mail["Auto-Submitted"] = content.get("auto_submitted", "auto-generated")
    mail["X-Auto-Response-Suppress"] = "All"
    mail[OWN_LOOP.title()] = content.get(OWN_LOOP, "1")
    mail.set_content(content["text"], charset="utf-8", cte="base64")
    return _ids(content) + mail.as_bytes()


def _ids(content: Mapping[str, str]) -> bytes:
    """The fields that hold Message-IDs, one id a line. The library would write a long one as an encoded word,
    which no mail program takes for an id (RFC 5322 3.6.4)."""
    before = content.get("references") or content.get("in_reply_to", "")
    fields = (
        ("Message-ID", content["message_id"]),
        ("In-Reply-To", content.get("in_reply_to", "")),
        ("References", before),
    )
    lines = (f"{name}: " + "\r\n ".join(ids.split()) for name, ids in fields if ids)
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _refusal(error: Exception) -> Result:
    """5xx for the recipient or the mail is for good; all else may pass."""
    match error:
        case SMTPRecipientsRefused():
            return _refusal(error.recipients[0])
        case SMTPRecipientRefused() | SMTPDataError():
            return _by_code(error.code, error.message)
        case _:
            return Later(_said(error))


def _by_code(code: int, text: str) -> Result:
    why = f"{code} {_one_line(text)}"
    return Never(why) if 500 <= code < 600 else Later(why)


def _said(error: Exception) -> str:
    """What the server said, or the kind of error."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {_one_line(error.message)}"
    return _one_line(str(error)) or type(error).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())[:CLEAN]
