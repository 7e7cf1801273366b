"""One IMAP connection: log in, look, fetch in pieces, wait for a push. Decides nothing.

Works around limits of aioimaplib: commands that wait for ever once the connection is gone, a message as one
literal in memory, arguments sent unquoted, folder names beyond ASCII.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import ssl
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any, TypeVar

import aioimaplib

from gateway.channels.email.imap_client import BoundedImap
from gateway.errors import Unavailable

T = TypeVar("T")
ANSWER = 30.0  # seconds for any answer
PIECE = 512 * 1024  # bytes of a message that are asked for at once
HEAD = 64 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FACTS = re.compile(rb"FETCH \((.*)\)", re.S)
_DATE = re.compile(rb'INTERNALDATE "( ?\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"')

logging.getLogger("aioimaplib").setLevel(logging.WARNING)


class MailboxDown(Unavailable):
    """The mailbox does not answer, or refused something. The connection is of no more use."""


class MailboxRefuses(MailboxDown):
    """It answered no to one command; the connection is good for others."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says of a mail: its size in bytes and when it arrived (UTC); 0 and None: nothing."""

    size: int = 0
    arrived_at: datetime | None = None


class ImapLink:
    """An open connection with a folder selected. Every method raises MailboxDown."""

    def __init__(self, client: aioimaplib.IMAP4, lost: asyncio.Future[None]) -> None:
        self._client = client
        self._lost = lost
        self.validity = 0

    @classmethod
    async def open(cls, host: str, port: int, tls: bool, user: str, password: str, folder: str) -> ImapLink:
        """Connect, log in and select; `validity` is the folder's UIDVALIDITY."""
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def gone(_: Exception | None) -> None:
            if not lost.done():
                lost.set_result(None)

        context = ssl.create_default_context() if tls else None
        client = BoundedImap(host, port, timeout=ANSWER, conn_lost_cb=gone, ssl_context=context)
        link = cls(client, lost)
        try:
            await link._enter(user, password, folder)
        except BaseException:
            link.close()
            raise
        return link

    async def _enter(self, user: str, password: str, folder: str) -> None:
        await self._call(self._client.wait_hello_from_server())
        await self._ok(self._client.login(aioimaplib.quoted(user), password), "log-in refused")
        if self._client.has_capability("ID"):  # some providers refuse clients that do not say who they are
            await self._call(self._client.id(name="hotline-gateway", vendor="hotline-gateway"))
        lines = await self._ok(self._client.select(quoted_folder(folder)), f"no folder {folder}")
        match = re.search(rb"UIDVALIDITY (\d+)", b" ".join(lines))
        if not match:
            raise MailboxDown("the server gives no UIDVALIDITY")
        self.validity = int(match[1])

    def close(self) -> None:
        """Close the connection without LOGOUT: nothing on the server depends on it."""
        self._client._client_task.cancel()
        transport = self._client.protocol.transport
        if transport is not None:
            transport.close()
        for task in (*self._client.tasks, *self._client.protocol.tasks):
            task.cancel()

    @property
    def pushes(self) -> bool:
        """Does the server tell of new mail by itself?"""
        return bool(self._client.has_capability("IDLE"))

    async def search(self, after: int, since: date | None) -> list[int]:
        """UIDs above `after` of mails that arrived on or after that day."""
        await self._ok(self._client.noop(), "no answer")  # without it new mails are not seen by some
        criteria = ["UID", f"{after + 1}:*"]
        if since:
            criteria += ["SINCE", f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"]
        lines = await self._ok(self._client.uid_search(*criteria, charset=None), "search refused")
        # in a thread: a folder may hold some hundred thousand
        return [uid for uid in await asyncio.to_thread(_uids, lines[:-1]) if uid > after]

    async def facts(self, uids: Sequence[int]) -> dict[int, Facts]:
        """Size and arrival of each mail that is still there. At most some fifty at once."""
        wanted = ",".join(map(str, uids))
        lines = await self._ok(
            self._client.uid("FETCH", wanted, "(UID RFC822.SIZE INTERNALDATE)"), "fetch refused"
        )
        facts = {}
        for line in lines:
            if match := _FACTS.search(bytes(line)):
                uid, size = _number(rb"UID (\d+)", match[1]), _number(rb"RFC822\.SIZE (\d+)", match[1])
                if uid is not None and size is not None:
                    facts[uid] = Facts(size, _arrival(match[1]))
        return facts

    async def there(self, uids: Sequence[int]) -> frozenset[int]:
        """Which of these mails the folder still holds."""
        wanted = ",".join(map(str, uids))
        lines = await self._ok(self._client.uid_search("UID", wanted, charset=None), "search refused")
        return frozenset(await asyncio.to_thread(_uids, lines[:-1]))

    async def fetch(self, uid: int, limit: int) -> bytes:
        """The mail, at most `limit` + 1 bytes of it; nothing is marked as read."""
        whole = bytearray()
        while len(whole) <= limit:
            size = min(PIECE, limit + 1 - len(whole))
            piece = await self._piece(uid, len(whole), size)
            whole += piece
            if len(piece) < size:
                break
        return bytes(whole)

    async def _piece(self, uid: int, start: int, size: int) -> bytes:
        lines = await self._ok(
            self._client.uid("FETCH", str(uid), f"(BODY.PEEK[]<{start}.{size}>)"), "fetch refused"
        )
        for before, line in pairwise(lines):
            if isinstance(line, bytearray) and b"BODY[" in before:
                return bytes(line)
        for line in lines:
            if match := re.search(rb'BODY\[\](?:<\d+>)? "([^"]*)"', bytes(line)):
                return match[1]
        return b""

    async def mark_seen(self, uid: int) -> None:
        await self._ok(self._client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)"), "store refused")

    async def move(self, uid: int, folder: str) -> None:
        if not self._client.has_capability("MOVE"):
            raise MailboxRefuses("the server cannot move mails: set mailboxes.after to seen or keep")
        await self._ok(self._client.uid("MOVE", str(uid), quoted_folder(folder)), f"no folder {folder}")

    async def wait(self, seconds: float) -> None:
        """Until the server tells of something, at most so long."""
        if not self.pushes:
            await asyncio.wait({self._lost}, timeout=seconds)
            return self._check()
        idle = await self._call(self._client.idle_start(timeout=seconds + ANSWER))
        push = asyncio.ensure_future(self._client.protocol.idle_queue.get())
        try:
            waiting: set[asyncio.Future[Any]] = {push, self._lost, idle}
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            push.cancel()
        self._check()
        if not idle.done():
            self._client.idle_done()
            await self._call(_finished(idle))
        return None

    def _check(self) -> None:
        if self._lost.done():
            raise MailboxDown("the connection is gone")

    async def _ok(self, command: Coroutine[Any, Any, aioimaplib.Response], why: str) -> list[bytes]:
        response = await self._call(command)
        if response.result != "OK":
            last_line = bytes(response.lines[-1]).decode("utf-8", "replace")[:200] if response.lines else ""
            raise MailboxRefuses(f"{why}: {last_line}")
        return list(response.lines)

    async def _call(self, command: Coroutine[Any, Any, T]) -> T:
        """The answer, or MailboxDown when it is late or the connection goes."""
        task = asyncio.ensure_future(command)
        waiting: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            await asyncio.wait(waiting, timeout=ANSWER, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            self._check()
            raise MailboxDown(f"no answer within {ANSWER:.0f} s")
        except (aioimaplib.AioImapException, OSError, TimeoutError, ValueError) as error:
            raise MailboxDown(str(error) or type(error).__name__) from error
        finally:
            if not task.done():
                task.cancel()


async def _finished(future: asyncio.Future[Any]) -> None:
    await asyncio.wait({future})


def quoted_folder(name: str) -> str:
    """A folder's name as IMAP wants it: modified UTF-7 (RFC 3501 5.1.3), in quotes."""
    out, pending = [], ""

    def flush() -> None:
        nonlocal pending
        if pending:
            coded = base64.b64encode(pending.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            out.append(f"&{coded.decode('ascii')}-")
            pending = ""

    for letter in name:
        if " " <= letter <= "~":
            flush()
            out.append("&-" if letter == "&" else letter)
        else:
            pending += letter
    flush()
    return str(aioimaplib.quoted("".join(out)))


def _uids(lines: Sequence[bytes]) -> list[int]:
    """The numbers of an answer to a search; those that can be none (over 32 bits) are left out."""
    words = (word for line in lines for word in bytes(line).split())
    return [int(word) for word in words if len(word) <= 10 and word.isdigit()]


def _number(pattern: bytes, text: bytes) -> int | None:
    match = re.search(pattern, text)
    return int(match[1]) if match else None


def _arrival(text: bytes) -> datetime | None:
    match = _DATE.search(text)
    if not match:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (g.decode("ascii") for g in match.groups())
    written = f"{year}-{_MONTHS.index(month) + 1 if month in _MONTHS else 0:02}-{int(day):02}"
    try:
        return datetime.fromisoformat(
            f"{written}T{hour}:{minute}:{second}{sign}{hours}:{minutes}"
        ).astimezone(UTC)
    except ValueError:
        return None
