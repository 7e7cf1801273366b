"""HTTP connections that cannot block or shut out others.

- What arrives at once is parsed in pieces, giving control back to the event loop between two of them.
- A connection that has not sent one whole head in HEAD_SECONDS is closed, an idle one after IDLE_SECONDS.
- One address has `per_address` connections at most and all have `most`. Over that the one that has
  waited longest for a request goes; the new one only when every other is at work.

Made by `listen` in site.py; aiohttp's RequestHandler does all the rest.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable

from aiohttp import web

from gateway.web.http.addresses import counted, in_networks, networks

PIECE = 16 * 1024  # bytes that are parsed at once
HEAD_SECONDS = 10.0
IDLE_SECONDS = 75.0
BACKLOG = 512  # connections that the system keeps until they are taken
RESERVED = 256
"""File descriptors for everything else: FastAGI, the database, mail, files that are written."""


class Connections:
    """All connections of one web side. Call it for the protocol of a new one."""

    def __init__(self, server: web.Server, most: int, per_address: int, proxies: Iterable[str] = ()) -> None:
        self._server = server
        self._most = most
        self._per_address = per_address
        self._proxies = networks(proxies)
        self._open: dict[str, dict[Connection, None]] = {}
        self.count = 0

    def __call__(self) -> Connection:
        return Connection(self, self._server)

    def opened(self, connection: Connection, peer: str) -> None:
        """Make room when it is one too many."""
        address = "" if in_networks(peer, self._proxies) else counted(peer)
        connection.address = address
        self._open.setdefault(address, {})[connection] = None
        self.count += 1
        own = self._open[address]
        if address and len(own) > self._per_address:
            _drop_one(own, connection)
        elif self.count > self._most:
            _drop_one(self._open[max(self._open, key=lambda name: len(self._open[name]))], connection)

    def closed(self, connection: Connection) -> None:
        own = self._open.get(connection.address, {})
        if connection in own:
            del own[connection]
            self.count -= 1
            if not own:
                del self._open[connection.address]


class Connection(web.RequestHandler):
    """One connection of a browser or a program."""

    def __init__(self, all_: Connections, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, access_log=None, keepalive_timeout=IDLE_SECONDS)  # type: ignore[arg-type]
        self._all = all_
        self._backlog = memoryview(b"")
        self._turn: asyncio.Handle | None = None
        self._head: asyncio.TimerHandle | None = None
        self.address = ""

    @property
    def is_waiting(self) -> bool:
        """Is there no request that is being answered?"""
        return self._current_request is None and not self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._head = self._loop.call_later(HEAD_SECONDS, self._head_is_late)
        peer = transport.get_extra_info("peername")
        self._all.opened(self, str(peer[0]) if peer else "")

    def connection_lost(self, exc: BaseException | None) -> None:
        self._all.closed(self)
        self._backlog = memoryview(b"")
        for timer in (self._head, self._turn):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def drop(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _head_is_late(self) -> None:
        if self._request_count == 0:
            self.drop()

    # ------------------------------------------------------------ bytes, a piece at a time

    def data_received(self, data: bytes) -> None:
        if not data:
            super().data_received(data)  # aiohttp's way of having its parser go on
        elif self._backlog:  # they came although reading is paused: behind what waits
            self._backlog = memoryview(bytes(self._backlog) + data)
        elif len(data) <= PIECE:
            super().data_received(data)
        else:
            self._backlog = memoryview(data)
            self._next_piece()

    def _next_piece(self) -> None:
        """Parse one piece; the rest follows in the loop's next iteration, or when reading resumes."""
        self._turn = None
        if not self._backlog or self.transport is None:
            return
        piece, self._backlog = self._backlog[:PIECE], self._backlog[PIECE:]
        super().data_received(bytes(piece))
        if self._backlog:
            self._pause_transport_reading()
            self._take_turn()
        elif not self._reading_paused and not self._buffer_paused:
            super()._resume_transport_reading()

    def _take_turn(self) -> None:
        if self._turn is None and not self._reading_paused and not self._buffer_paused:
            self._turn = self._loop.call_soon(self._next_piece)

    def _resume_transport_reading(self) -> None:
        """Called when the parser wants more: first comes what waits here."""
        if self._backlog:
            self._take_turn()
        else:
            super()._resume_transport_reading()


class ConnectionsSite(web.BaseSite):
    """Serves a runner's application on an address, with connections of ours."""

    def __init__(self, runner: web.AppRunner, connections: Connections, host: str, port: int) -> None:
        super().__init__(runner)
        self._connections = connections
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        return f"http://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        """The port that is really listened on."""
        sockets = getattr(self._server, "sockets", ())
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def start(self) -> None:
        """Raises OSError when the address cannot be used."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connections, self._host, self._port, backlog=BACKLOG, reuse_address=True
        )


def _drop_one(own: Iterable[Connection], new: Connection) -> None:
    """The one that has waited longest, of those that wait for a request."""
    victim = next((connection for connection in own if connection is not new and connection.is_waiting), new)
    victim.drop()


def most_connections(wanted: int) -> int:
    """So many as there are descriptors for; as many of these as the system gives are asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED
    if soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(64, min(wanted, soft - RESERVED))
