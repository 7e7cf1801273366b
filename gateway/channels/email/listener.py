"""The SMTP and LMTP listener: one port, distinguished by the greeting. 250 means committed.

Works around limits of aiosmtpd: one answer where LMTP demands one for each recipient, a permanent refusal
for a fault that is ours, lines over 1,000 bytes refused, a wait for every line of a mail, other connections
blocked while commands are there to be read, and no limit on the number of connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import AnyStr

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from gateway.channels.email.contact import Arrival
from gateway.channels.email.reception import NotTaken, Reception
from gateway.errors import TooMany, Unavailable
from gateway.mail.identity import key_of

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd logs every command of every client

CONNECTIONS = 50
RECIPIENTS = 100
END = b"\r\n.\r\n"
READ = 1 << 30  # bytes: all that is there
STEP = 1 << 18  # bytes of a mail looked through at a time
IDLE = 120.0  # seconds without a command
CALLS = {"*": 100, "MAIL": 1000, "RCPT": 10_000, "DATA": 1000, "RSET": 1000}
"""How often one connection may give a command; then 421, and its next mails come over a new one."""
FAILURES = 1000  # mails whose failures are remembered

TAKEN = "250 2.0.0 taken"
SLOWER = "451 4.7.1 too many mails, try again later:"
LATER = "451 4.3.0 cannot be kept now, try again later"


class MailListener:
    """Takes mail over SMTP and LMTP for `addresses` (lower case) and nobody else.

    `may_send` raises TooMany for an envelope sender ("" of bounces) that sends too often.
    """

    def __init__(
        self,
        reception: Reception,
        host: str,
        port: int,
        limit: int,
        name: str,
        addresses: Collection[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        may_send: Callable[[str], None] = lambda sender: None,
    ) -> None:
        self._reception = reception
        self._host = host
        self._port = port
        self._limit = limit
        self._name = name
        self._addresses = frozenset(addresses)
        self._now = now
        self._may_send = may_send
        self._server: asyncio.Server | None = None
        self._sessions: set[_Session] = set()
        self._taking: set[asyncio.Task[str]] = set()
        self._failures: OrderedDict[str, int] = OrderedDict()
        self.taken = 0

    async def start(self) -> None:
        """Raises OSError when the port cannot be used."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self._host, self._port)

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Take no more, finish what is being committed, then hang up."""
        if self._server:
            self._server.close()
        if self._taking:
            await asyncio.wait(self._taking)
        for session in tuple(self._sessions):
            session.hang_up()

    def _session(self) -> asyncio.Protocol:
        return _Session(
            self, self._sessions, loop=asyncio.get_running_loop(), limit=self._limit, name=self._name
        )

    # ------------------------------------------------------------ called by aiosmtpd

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 too many recipients"
        if _bare(address) not in self._addresses:
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail listener", exc_info=error)
        return LATER

    # ------------------------------------------------------------ called by the session

    async def keep(self, raw: bytes, envelope: Envelope) -> str:
        """The answer to a mail. Runs on when the client hangs up: what is begun is never left half done."""
        task = asyncio.create_task(self._take(raw, envelope), name="mail taken in")
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)
        return await asyncio.shield(task)

    async def _take(self, raw: bytes, envelope: Envelope) -> str:
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from or ""
        arrival = Arrival("smtp", self._now(), sender, tuple(envelope.rcpt_tos))
        try:
            self._may_send(sender.lower())
        except TooMany:
            return f"{SLOWER} {sender[:200]}".strip()
        try:
            result = await self._reception.take(raw, arrival, self._tries(raw))
        except NotTaken as error:
            log.warning("a mail was put off: %s", error)
            self._failed(raw)
            return LATER
        except Unavailable as error:
            return f"451 4.3.0 {error.en}"
        self.taken += 1
        return f"{TAKEN} {result.number}".strip()

    def trace(self, session: Session, envelope: Envelope) -> bytes:
        """What the last carrier writes on top (RFC 5321 4.4)."""
        sender = "<>" if envelope.mail_from in ("<>", None) else f"<{envelope.mail_from}>"
        peer = session.peer[0] if isinstance(session.peer, tuple) else "local"
        when = format_datetime(self._now())
        lines = [f"Return-Path: {sender}", *(f"Delivered-To: {recipient}" for recipient in envelope.rcpt_tos)]
        lines.append(f"Received: from {session.host_name} ([{peer}]) by {self._name}; {when}")
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")

    def _tries(self, raw: bytes) -> int:
        return self._failures.get(key_of(raw), 0) if self._failures else 0

    def _failed(self, raw: bytes) -> None:
        key = key_of(raw)
        self._failures[key] = self._failures.pop(key, 0) + 1
        while len(self._failures) > FAILURES:
            self._failures.popitem(last=False)


class _Session(SMTP):
    """One connection."""

    line_length_limit = 1 << 16  # of what the reader holds back, too

    def __init__(
        self,
        listener: MailListener,
        sessions: set[_Session],
        *,
        loop: asyncio.AbstractEventLoop,
        limit: int,
        name: str,
    ) -> None:
        super().__init__(
            listener,
            loop=loop,
            data_size_limit=limit,
            hostname=name,
            ident="mail",
            enable_SMTPUTF8=True,
            timeout=IDLE,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=CALLS,
        )
        self._listener = listener
        self._sessions = sessions
        self._limit = limit
        self._lmtp = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sessions.add(self)
        super().connection_made(transport)
        if len(self._sessions) > CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 too many connections, try again later\r\n")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._sessions.discard(self)
        super().connection_lost(error)

    async def push(self, status: AnyStr) -> None:
        """Send an answer, then yield to others: aiosmtpd reads waiting commands without a pause."""
        await super().push(status)
        await asyncio.sleep(0)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:
        self._lmtp = True
        await super().smtp_EHLO(arg)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, arg: str) -> None:
        self._lmtp = False
        await super().smtp_EHLO(arg)

    @syntax("HELO hostname")
    async def smtp_HELO(self, arg: str) -> None:
        self._lmtp = False
        await super().smtp_HELO(arg)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if await self.check_helo_needed():
            return
        session, envelope = self.session, self.envelope
        assert session and envelope
        if arg or not envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 RCPT first")
            return
        await self.push("354 end with a dot on a line of its own")
        raw = await self._message(bytearray(self._listener.trace(session, envelope)))
        status = "552 5.3.4 larger than is taken" if raw is None else await self._listener.keep(raw, envelope)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        for _ in envelope.rcpt_tos if self._lmtp else (envelope.rcpt_tos[0],):  # RFC 2033 4.2
            await self.push(status)

    async def _message(self, data: bytearray) -> bytes | None:
        """`data` and behind it the mail that comes; None when that is too large. `data` ends a line.

        Only CRLF dot CRLF ends a mail: whoever takes less lets a second mail hide in the first.
        """
        most = len(data) + self._limit
        too_large, looked = False, len(data) - 2
        while (end := data.find(END, looked)) < 0:
            if len(data) > most + len(END):
                too_large = True
                del data[: -len(END)]
            looked = max(0, len(data) - len(END))
            piece = await self._reader.read(READ)
            if not piece:
                raise ConnectionResetError("the client hung up within a mail")
            data += piece
            self._reset_timeout()
        if rest := data[end + len(END) :]:
            self._reader.feed_data(rest)  # the reader is empty: READ is more than it holds
        del data[end + 2 :]
        if too_large or len(data) > most:
            return None
        return await _without_stuffing(data) if b"\r\n.." in data else bytes(data)


async def _without_stuffing(data: bytearray) -> bytes:
    """Take the second dot from lines that begin with two (RFC 5321 4.5.2), yielding to the event loop between
    pieces: a mail may consist of such lines. A piece ends before a line end, so none is cut in two.
    """
    plain, start = bytearray(), 0
    while start < len(data):
        end = data.find(b"\r\n", start + STEP)
        end = len(data) if end < 0 else end
        plain += data[start:end].replace(b"\r\n..", b"\r\n.")
        start = end
        await asyncio.sleep(0)
    return bytes(plain)


def _bare(address: str) -> str:
    """Lower case and without what stands behind a plus."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
