"""One FastAGI connection: header in, then one command at a time out and its reply in.

It knows bytes, limits and time; it does not know what a call is. Strictly in turn: Asterisk
breaks off a running command when the next one arrives and then never answers the first.
One timer serves the whole connection. Made by agi.AgiServer, used through agi_session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

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


_Wake = tuple[Callable[[asyncio.Future[AgiReply]], object], Context]


class _Answer(asyncio.Future[AgiReply]):
    """The answer to one command. The waiting task resumes at once, not in the next iteration of the event
    loop as with asyncio's own future: the caller hears the next prompt that much sooner."""

    _wake: _Wake | None = None

    def add_done_callback(  # type: ignore[override]  # the library's stub names the subclass itself
        self, fn: Callable[[asyncio.Future[AgiReply]], object], /, *, context: Context | None = None
    ) -> None:
        if self._wake is None and context is not None and not self.done():
            self._wake = fn, context
        else:
            super().add_done_callback(fn, context=context)

    def come(self, reply: AgiReply, *, at_once: bool) -> None:
        """`set_result`; within a task it waits a turn nevertheless, for none can go on inside another."""
        wake, self._wake = self._wake, None
        if at_once and wake is not None and asyncio.current_task(self.get_loop()) is None:
            self.set_result(reply)
            wake[1].run(wake[0], self)
            return
        self._wait_a_turn(wake)
        self.set_result(reply)

    def fail(self, error: GatewayError) -> None:
        wake, self._wake = self._wake, None
        self._wait_a_turn(wake)
        self.set_exception(error)

    def cancel(self, msg: object = None) -> bool:
        wake, self._wake = self._wake, None
        self._wait_a_turn(wake)
        return super().cancel(msg)

    def _wait_a_turn(self, wake: _Wake | None) -> None:
        if wake is not None:
            super().add_done_callback(wake[0], context=wake[1])


class AgiLink(asyncio.Protocol):
    """Protocol of one connection. `ask` sends a command and gives the future of its reply."""

    __slots__ = (
        "_deadline",
        "_doomed",
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
        self._waiter: _Answer | None = None
        self._doomed = False  # the command under way met a hang-up: its answer does not count
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.gone = Gone.NO

    # ------------------------------------------------------------ commands

    def ask(self, line: bytes, limit: float, *, after_hangup: bool = False) -> asyncio.Future[AgiReply]:
        """Send one command line (with its line end), answered within `limit` seconds.

        The future raises ChannelGone when the channel or the connection goes, AgiTimeout when
        the time is over. Raises ChannelGone at once when the channel has gone already; with
        `after_hangup` a command that Asterisk still answers on a dead channel is let through.
        """
        if self.gone is not Gone.NO and (self.gone is Gone.CLOSED or not after_hangup):
            raise ChannelGone(self.gone)
        if self._waiter is not None:
            self._refuse_overlap()
        assert self._transport is not None
        waiter = self._waiter = _Answer(loop=self._loop)
        self._transport.write(line)
        self._deadline = self._loop.time() + limit
        if self._timer is None or self._timer.when() > self._deadline + limit * LATE:
            self._set_timer()
        return waiter

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
        """asyncio and uvloop both set TCP_NODELAY."""
        self._transport = cast(asyncio.Transport, transport)
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
        try:
            lines = self._replies.feed(data)
        except AgiGarbage as garbage:
            self._abort(ChannelGone(f"no AGI: {garbage}"))
            return
        for line in lines:
            if type(line) is AgiReply:
                self._take(line, len(lines) == 1)
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

    def _take(self, reply: AgiReply, alone: bool) -> None:
        """`alone`: nothing came with it, such as a hang-up, that has to be known before who asked goes on."""
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
            waiter.fail(ChannelGone("hangup"))
        else:
            waiter.come(reply, at_once=alone)

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
            waiter.fail(error)

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
