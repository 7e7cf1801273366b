"""GET /ws: the way of a browser's phone to Asterisk, on the web's own address.

So one port, one certificate and one log-in serve page and phone. A browser speaks to Asterisk as the SIP
users of whoever is logged in, and as nobody else (sip_guard): to Asterisk it comes from this machine, where
the carrier's exchange may be too. A browser that has gone silent is noticed here, and Asterisk with it: it
drops the phone with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TCPConnector,
    WSCloseCode,
    WSMsgType,
    web,
)

from gateway.errors import Refused, TooMany, Unavailable
from gateway.web.api.events import check_origin
from gateway.web.http.addresses import address_of
from gateway.web.http.sip_guard import VISITOR, SipGuard
from gateway.web.http.socket_reading import messages

log = logging.getLogger(__name__)

HEARTBEAT = 3.0  # seconds between pings to the browser; one that does not answer in half of it is gone
PROTOCOL = "sip"
_LARGEST = 64 * 1024  # bytes of one SIP message
_AT_ONCE = 90  # below http.conf's sessionlimit: Asterisk refuses what is over that with a 500
_PER_NAME = 6  # of one SIP user: a few tabs, and connections that are not yet known to be gone
_VISITORS = 20  # of all who are not logged in (demo); the rest is the seats'
_CONNECT = ClientTimeout(total=None, sock_connect=3.0)

_VISITOR = f"{VISITOR} "
LetIn = Callable[[web.Request], Awaitable[Collection[str]]]
OWN_ADDRESS = "127.0.0.2"
"""Browsers reach an Asterisk on this machine from here: 127.0.0.1 may be the carrier's (trunk.peers)."""


class SipSocket:
    """Connects browsers with Asterisk's WebSocket at `url`. `let_in` gives the SIP users that whoever asks
    may be, or raises."""

    def __init__(self, url: str, let_in: LetIn, public_url: str = "") -> None:
        self._url = url
        self._let_in = let_in
        self._public_url = public_url
        self._session: ClientSession | None = None
        self._open: dict[web.WebSocketResponse, str] = {}

    def add(self, app: web.Application) -> None:
        app.router.add_get("/ws", self.serve)
        app.on_shutdown.append(self._close)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One browser's connection, until either side ends it."""
        if not web.WebSocketResponse(protocols=[PROTOCOL]).can_prepare(request):
            raise Refused("请用 WebSocket 连接 / connect with a WebSocket")
        check_origin(request, self._public_url)
        users = await self._let_in(request)
        guard, name = SipGuard(users), _name(users, request)
        if not self._has_room(name):
            raise TooMany("电话连接过多 / too many telephones are connected")
        if self._session is None:
            self._session = _session(self._url)
        try:
            pbx = await self._session.ws_connect(self._url, protocols=[PROTOCOL], max_msg_size=_LARGEST)
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("a browser's phone cannot reach Asterisk: %s", type(error).__name__)
            raise Unavailable from error
        browser = web.WebSocketResponse(
            heartbeat=HEARTBEAT,
            protocols=[PROTOCOL],
            max_msg_size=_LARGEST,
            compress=False,
            autoping=False,
        )
        self._open[browser] = name
        try:
            await browser.prepare(request)
            pumps = {
                asyncio.create_task(_to_asterisk(browser, pbx, guard)),
                asyncio.create_task(_to_browser(pbx, browser, guard)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._open.pop(browser, None)
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await pbx.close()
                    await browser.close()
        return browser

    def _has_room(self, name: str) -> bool:
        names = list(self._open.values())
        visitors = sum(open_name.startswith(_VISITOR) for open_name in names)
        full = name.startswith(_VISITOR) and visitors >= _VISITORS
        return len(names) < _AT_ONCE and names.count(name) < _PER_NAME and not full

    async def _close(self, _: web.Application) -> None:
        for browser in tuple(self._open):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await browser.close()
        if self._session is not None:
            await self._session.close()


async def _to_asterisk(browser: web.WebSocketResponse, pbx: ClientWebSocketResponse, guard: SipGuard) -> None:
    """Pass on what the browser may say, until it ends or says anything else."""
    async for message in messages(browser):
        if message.type is not WSMsgType.TEXT or not guard.passes(message.data):
            log.warning(
                "a browser's phone is disconnected: it sent SIP of another user, or what is no plain SIP"
            )
            await browser.close(code=WSCloseCode.POLICY_VIOLATION)
            return
        await pbx.send_str(message.data)


async def _to_browser(pbx: ClientWebSocketResponse, browser: web.WebSocketResponse, guard: SipGuard) -> None:
    async for message in pbx:
        if message.type is WSMsgType.TEXT:
            guard.from_asterisk(message.data)
            await browser.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await browser.send_bytes(message.data)


def _name(users: Collection[str], request: web.Request) -> str:
    """Whose connection it is: of a SIP user, or of a visitor's address."""
    seats = sorted(set(users) - {VISITOR})
    return ",".join(seats) if seats else f"{_VISITOR}{address_of(request)}"


def _session(url: str) -> ClientSession:
    """Connects to Asterisk from an address that no carrier has, where both are on this machine."""
    here = urlsplit(url).hostname == "127.0.0.1"
    connector = TCPConnector(local_addr=(OWN_ADDRESS, 0) if here else None)
    return ClientSession(timeout=_CONNECT, connector=connector)
