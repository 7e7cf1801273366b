"""The FastAGI server: who may connect, which handler takes a call, one owned task per call.

Built on panoramisk's fast_agi.Application, whose stream handler and request are replaced
(docs/developing/panoramisk.md says why). A bad peer costs its own connection and nothing else. A call
that cannot be taken is given back to the dialplan with GATEWAY_AGI saying why.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from panoramisk.fast_agi import Application

from gateway.pbx.agi_header import AgiHeader, read_header
from gateway.pbx.agi_link import AgiFailed, AgiLimits, AgiLink, AgiTimeout, ChannelGone, Gone
from gateway.pbx.agi_reply import AgiReply
from gateway.pbx.agi_session import AgiSession, Digits, Recorded, RecordEnd, quote

__all__ = [
    "AgiCounts",
    "AgiFailed",
    "AgiHeader",
    "AgiLimits",
    "AgiReply",
    "AgiServer",
    "AgiSession",
    "AgiTimeout",
    "ChannelGone",
    "Digits",
    "Gone",
    "RecordEnd",
    "Recorded",
    "quote",
]

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.0/8", "::1/128")
Handler = Callable[[AgiSession], Awaitable[None]]


@dataclass(slots=True)
class AgiCounts:
    """What the server has met since it was started."""

    calls: int = 0
    refused_peer: int = 0
    refused_busy: int = 0
    bad_header: int = 0
    bad_secret: int = 0
    no_route: int = 0
    failed: int = 0


class _Routes(Application):  # type: ignore[misc]  # panoramisk has no types
    """The library's table of routes with a handler that neither reads, nor swallows cancellation."""

    def __init__(self) -> None:
        super().__init__(loop=False)  # the library only keeps it, and would fetch one for None

    def add_route(self, path: str, endpoint: Handler) -> None:
        if path in self._route:
            raise ValueError(f"a route for {path!r} exists already")
        self._route[path] = endpoint

    def find(self, script: str) -> Handler | None:
        handler: Handler | None = self._route.get(script)
        return handler

    async def handler(self, session: AgiSession, endpoint: Handler) -> bool:
        """Run one call. True when it came to its own end, False when the handler broke."""
        try:
            await endpoint(session)
        except ChannelGone:
            log.debug("call %s: the channel has gone", session.header.uniqueid)
        except Exception:
            log.exception("call %s: its handler failed", session.header.uniqueid)
            return False
        return True


class AgiServer:
    """Listens for Asterisk. `route`, then `start`; `stop` ends every call it still holds.

    `peers` are networks (CIDR) or addresses that may connect; anybody else is closed at once. `secret` must
    be the first argument of a request, "" lets everybody in: any process of the machine can reach the port.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 4573,
        *,
        secret: str = "",
        peers: Iterable[str] = LOOPBACK,
        limits: AgiLimits | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._secret = secret.encode()
        networks = tuple(ipaddress.ip_network(peer, strict=False) for peer in peers)
        self._welcome = lru_cache(maxsize=64)(
            partial(_is_in, networks)
        )  # every call comes from the same peer
        self._limits = limits or AgiLimits()
        self._routes = _Routes()
        self._links: set[AgiLink] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self.counts = AgiCounts()

    def route(self, path: str, handler: Handler) -> None:
        """Calls for agi://host/`path` go to `handler`, whatever query string they carry."""
        self._routes.add_route(path.strip("/"), handler)

    @property
    def port(self) -> int:
        """The port it listens on (of use when 0 was asked for)."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return len(self._tasks)

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        loop = self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._server = await loop.create_server(
            lambda: AgiLink(self, self._limits, loop), self._host, self._port, backlog=256
        )

    async def stop(self, grace: float = 5.0) -> None:
        """Stop listening, cancel every call and wait up to `grace` seconds for the handlers to end."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            if late:
                log.error("%d AGI handlers did not end when cancelled", len(late))
        for link in tuple(self._links):
            link.leave()

    # ------------------------------------------------------------ what links tell

    def opened(self, link: AgiLink, peer: str) -> bool:
        if not self._welcome(peer):
            self.counts.refused_peer += 1
            log.warning("FastAGI connection from %s refused: not a listed peer", peer or "nowhere")
            return False
        if self._stopping or len(self._links) >= self._limits.connections:
            self.counts.refused_busy += 1
            return False
        self._links.add(link)
        return True

    def header_read(self, link: AgiLink, block: bytes) -> None:
        header = read_header(block)
        if not self._proven(header):
            self.counts.bad_secret += 1
            log.error("a FastAGI request for %r without the right secret was refused", header.script)
            link.leave()
            return
        endpoint = self._routes.find(header.script)
        if endpoint is None:
            self.counts.no_route += 1
            log.error("no AGI route %r for call %s", header.script, header.uniqueid)
            link.leave(_verdict("no_route"))
        elif self._stopping or len(self._tasks) >= self._limits.calls:
            self.counts.refused_busy += 1
            log.warning("call %s given back: %d calls in progress", header.uniqueid, len(self._tasks))
            link.leave(_verdict("busy"))
        else:
            self._begin(AgiSession(self._routes, link, header), link, endpoint)

    def header_failed(self, link: AgiLink, why: str) -> None:
        self.counts.bad_header += 1
        log.info("FastAGI connection closed, no header: %s", why)

    def closed(self, link: AgiLink) -> None:
        self._links.discard(link)

    # ------------------------------------------------------------ calls

    def _begin(self, session: AgiSession, link: AgiLink, endpoint: Handler) -> None:
        self.counts.calls += 1
        assert self._loop is not None
        task = self._loop.create_task(
            self._run(session, link, endpoint), name=f"call {session.header.uniqueid}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, session: AgiSession, link: AgiLink, endpoint: Handler) -> None:
        verdict = b""
        try:
            if not await self._routes.handler(session, endpoint):
                self.counts.failed += 1
                verdict = _verdict("failed")
        except asyncio.CancelledError:
            verdict = _verdict("stopped")
            raise
        finally:
            link.leave(verdict)

    def _proven(self, header: AgiHeader) -> bool:
        given = header.arguments[0] if header.arguments else ""
        return not self._secret or hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)


def _is_in(networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network], peer: str) -> bool:
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in networks)
    return False


def _verdict(word: str) -> bytes:
    """Last word to a channel we do not keep; the dialplan finds it in GATEWAY_AGI."""
    return f'SET VARIABLE GATEWAY_AGI "{word}"\n'.encode()
