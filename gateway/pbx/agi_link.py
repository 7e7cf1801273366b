"""One FastAGI connection: header in, then one command at a time out and its reply in.

It knows bytes, limits and time; it does not know what a call is. Strictly in turn: Asterisk
breaks off a running command when the next one arrives and then never answers the first.
One timer serves the whole connection. Made by agi.AgiServer, used through agi_session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol, cast

from gateway.errors import GatewayError, PbxDown
from gateway.pbx.agi_header import END, end_of_header
from gateway.pbx.agi_reply import AgiGarbage, AgiHangup, AgiReplies, AgiReply

COMMAND_BYTES = 2_046  # Asterisk before 22.9 cuts a longer line in two and runs the rest as a command
LAST_ANSWER = 1.0  # seconds for the answer that is still due after a hang-up; it takes a millisecond
LATE = 0.02  # of a command's time: so much later it may be broken off, which saves a timer
OTHER_PEER_GRACE = 0.1  # seconds to wait after a blank line that is not Asterisk's


class ChannelGone(GatewayError):
    """The caller hung up, or the channel was sent elsewhere (a fax): an end, not a fault."""

    en = "the channel has gone"


class AgiTimeout(PbxDown):
    """A command was not answered in the time its caller gave it. The connection is closed."""


class AgiFailed(GatewayError):
    """Asterisk refused or could not do a command: unknown, wrong usage, a clip that is not there."""


class Gone(StrEnum):
    """Whether the channel is still ours. After HANGUP variables can still be read."""

    NO = "no"
    HANGUP = "hangup"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AgiLimits:
    """What one connection may cost. Times in seconds."""

    header_seconds: float = 2.0
    header_bytes: int = 65_536
    header_lines: int = 200
    calls: int = 500
    connections: int = 1_000


class LinkOwner(Protocol):
    """What a link tells its server. None of these may raise."""

    def opened(self, link: AgiLink, peer: str) -> bool:
        """A connection was made; False closes it at once."""

    def header_read(self, link: AgiLink, block: bytes) -> None: ...

    def header_failed(self, link: AgiLink, why: str) -> None: ...

    def closed(self, link: AgiLink) -> None: ...


class Line(NamedTuple):
    """One command as it is sent, with its line end, and the seconds within which it is answered."""

    raw: bytes
    limit: float


Following = Callable[[str], Line | None]
"""The key of an answer ("" for none) -> the next command, None when there is none to be sent at once."""


class AgiLink(asyncio.Protocol):
    """Protocol of one connection. `ask` sends a command and gives the future of its reply; `converse` sends
    one after another without waking whoever waits."""

    __slots__ = (
        "_deadline",
        "_doomed",
        "_following",
        "_header",
        "_limits",
        "_loop",
        "_owner",
        "_replies",
        "_timer",
        "_transport",
        "_waiter",
        "gone",
    )

    def __init__(self, owner: LinkOwner, limits: AgiLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._owner = owner
        self._limits = limits
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._header: bytearray | None = bytearray()
        self._replies = AgiReplies()
        self._waiter: asyncio.Future[AgiReply | None] | None = None
        self._following: Following | None = None
        self._doomed = False  # the command under way met a hang-up: its answer does not count
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.gone = Gone.NO

    # ------------------------------------------------------------ commands

    async def ask(self, line: Line, *, after_hangup: bool = False) -> AgiReply:
        """Send one command and return its reply.

        Raises ChannelGone when the channel or the connection goes or has gone, AgiTimeout when the time is
        over. With `after_hangup` a command that Asterisk still answers on a dead channel is let through.
        """
        reply = await self._sent(line, after_hangup)
        assert reply is not None
        return reply

    async def converse(self, line: Line, following: Following) -> AgiReply | None:
        """Send commands until `following` gives no more: it is called in the moment a reply is read.

        Returns None then; or a reply that `following` was not asked about: an error, a -1, or one that came
        with something else, such as a hang-up, which has to be known first. Raises as `ask` does.
        """
        self._following = following
        try:
            return await self._sent(line)
        finally:
            self._following = None

    def _sent(self, line: Line, after_hangup: bool = False) -> asyncio.Future[AgiReply | None]:
        if self.gone is not Gone.NO and (self.gone is Gone.CLOSED or not after_hangup):
            raise ChannelGone(self.gone)
        if self._waiter is not None:
            self._refuse_overlap()
        waiter = self._waiter = self._loop.create_future()
        self._send(line)
        return waiter

    def _send(self, line: Line) -> None:
        assert self._transport is not None
        self._transport.write(line.raw)
        limit = line.limit
        self._deadline = self._loop.time() + limit
        if self._timer is None or self._timer.when() > self._deadline + limit * LATE:
            self._set_timer()

    def leave(self, last_line: bytes = b"") -> None:
        """Say a last command without waiting for its answer, and close."""
        if self._transport is not None and not self._transport.is_closing():
            if last_line and self.gone is Gone.NO:
                self._transport.write(last_line)
            self._transport.close()
        self._end(ChannelGone("closed by us"))

    def _refuse_overlap(self) -> None:
        """A second command before the first was answered: whose answer comes next is unknown."""
        if self._waiter is not None and not self._waiter.done():
            raise RuntimeError("one AGI command at a time")
        self.leave()
        raise ChannelGone("an earlier command was given up unanswered")

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio and uvloop both set TCP_NODELAY. Without the limit uvloop would send a command only at the
        end of the event loop's turn, behind the other calls of that turn."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        peer = transport.get_extra_info("peername")
        if not self._owner.opened(self, str(peer[0]) if peer else ""):
            self._header = None
            self._transport.abort()
            return
        self._deadline = self._loop.time() + self._limits.header_seconds
        self._set_timer()

    def data_received(self, data: bytes) -> None:
        if self._header is not None:
            self._take_header(self._header, data)
            return
        if self.gone is Gone.CLOSED:
            return
        if self._following is not None and not self._doomed:
            key = self._replies.key(data)
            if key is not None:
                self._go_on(self._following, key)
                return
        try:
            lines = self._replies.feed(data)
        except AgiGarbage as garbage:
            self._abort(ChannelGone(f"no AGI: {garbage}"))
            return
        for line in lines:
            if type(line) is AgiReply:
                self._take(line)
            elif type(line) is AgiHangup:
                self._hung_up()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._header is not None:
            self._header = None
            self._owner.header_failed(self, "closed")
        self._end(ChannelGone("connection closed"))
        self._owner.closed(self)

    # ------------------------------------------------------------ header

    def _take_header(self, header: bytearray, data: bytes) -> None:
        seen = len(header)
        header += data
        end = end_of_header(header, max(0, seen - 1))
        if end >= 0:
            self._header_done(header, end)
        elif len(header) > self._limits.header_bytes or header.count(b"\n") > self._limits.header_lines:
            self._header_bad("too large")
        elif END in header:  # a peer that is not Asterisk, or a blank line in a caller's name
            self._deadline = min(self._deadline, self._loop.time() + OTHER_PEER_GRACE)
            self._set_timer()

    def _header_done(self, header: bytearray, end: int) -> None:
        if end > self._limits.header_bytes or header.count(b"\n", 0, end) > self._limits.header_lines:
            self._header_bad("too large")
            return
        self._header = None  # its timer stays: the first command's is later
        rest = bytes(header[end:])
        self._owner.header_read(self, bytes(header[:end]))
        if rest:
            self.data_received(rest)

    def _header_bad(self, why: str) -> None:
        self._header = None
        self._owner.header_failed(self, why)
        self._abort(ChannelGone(f"header: {why}"))

    # ------------------------------------------------------------ replies

    def _take(self, reply: AgiReply) -> None:
        if reply.code == 100:  # Trying: the answer is still to come
            return
        waiter = self._waiter
        if waiter is None:
            return
        self._waiter = None
        doomed, self._doomed = self._doomed, False
        if waiter.done():
            return
        if doomed:
            waiter.set_exception(ChannelGone("hangup"))
        else:
            waiter.set_result(reply)

    def _go_on(self, following: Following, key: str) -> None:
        """Send the next command of a conversation, or end it."""
        waiter = self._waiter
        if waiter is None:
            return
        if waiter.done():  # given up by whoever waited
            self._waiter = None
            return
        try:
            line = following(key)
        except Exception as error:  # it belongs to whoever waits; the event loop would only log it
            self._waiter = None
            waiter.set_exception(error)
            return
        if line is not None:
            self._send(line)
        else:
            self._waiter = None
            waiter.set_result(None)

    def _hung_up(self) -> None:
        """A command under way is still answered, behind this line. Nothing may be sent before that:
        of two lines in one segment Asterisk reads the first and forgets to look for the second."""
        if self.gone is not Gone.NO:
            return
        self.gone = Gone.HANGUP
        if self._waiter is not None:
            self._doomed = True
            self._deadline = min(self._deadline, self._loop.time() + LAST_ANSWER)
            self._set_timer()

    def _end(self, error: GatewayError) -> None:
        self.gone = Gone.CLOSED
        self._drop_timer()
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def _abort(self, error: GatewayError) -> None:
        self._end(error)
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------ time

    def _set_timer(self) -> None:
        self._drop_timer()
        self._timer = self._loop.call_at(self._deadline, self._time)

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time(self) -> None:
        """The timer may have been set for an earlier command: look what is due, set it again if need be."""
        self._timer = None
        waiting = self._header is not None or self._waiter is not None
        if waiting and self._loop.time() + 0.002 < self._deadline:
            self._set_timer()
        elif self._header is not None:
            self._header_late(self._header)
        elif self._doomed:
            self._abort(ChannelGone("hangup"))
        elif self._waiter is not None:
            self._abort(AgiTimeout("an AGI command was not answered in time"))

    def _header_late(self, header: bytearray) -> None:
        end = header.rfind(END)
        if end >= 0:
            self._header_done(header, end + len(END))
        else:
            self._header_bad("too late")
