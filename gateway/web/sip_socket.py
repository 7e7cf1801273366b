"""GET /ws: the way of a browser's phone to Asterisk, on the web's own address.

So one port, one certificate and one log-in serve page and phone. Every SIP message goes through as it
is; who may call as whom is Asterisk's to check. A browser that has gone silent is noticed here, and
Asterisk with it: it drops the phone with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, WSMsgType, web

from gateway.errors import Refused, Unavailable
from gateway.web.events import check_origin

log = logging.getLogger(__name__)

HEARTBEAT = 3.0  # seconds between pings to the browser; one that does not answer in half of it is gone
PROTOCOL = "sip"
_LARGEST = 64 * 1024  # bytes of one SIP message
_AT_ONCE = 200
_CONNECT = ClientTimeout(total=None, sock_connect=3.0)

Socket = web.WebSocketResponse | ClientWebSocketResponse
LetIn = Callable[[web.Request], Awaitable[None]]


class SipSocket:
    """Connects browsers with Asterisk's WebSocket at `url`. `let_in` raises for who may not."""

    def __init__(self, url: str, let_in: LetIn, public_url: str = "") -> None:
        self._url = url
        self._let_in = let_in
        self._public_url = public_url
        self._session: ClientSession | None = None
        self._open: set[web.WebSocketResponse] = set()

    def add(self, app: web.Application) -> None:
        app.router.add_get("/ws", self.serve)
        app.on_shutdown.append(self._close)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One browser's connection, until either side ends it."""
        if not web.WebSocketResponse(protocols=[PROTOCOL]).can_prepare(request):
            raise Refused("请用 WebSocket 连接 / connect with a WebSocket")
        check_origin(request, self._public_url)
        await self._let_in(request)
        if len(self._open) >= _AT_ONCE:
            raise Unavailable
        if self._session is None:
            self._session = ClientSession(timeout=_CONNECT)
        try:
            pbx = await self._session.ws_connect(self._url, protocols=[PROTOCOL], max_msg_size=_LARGEST)
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("a browser's phone cannot reach Asterisk: %s", type(error).__name__)
            raise Unavailable from error
        browser = web.WebSocketResponse(
            heartbeat=HEARTBEAT, protocols=[PROTOCOL], max_msg_size=_LARGEST, compress=False
        )
        self._open.add(browser)
        try:
            await browser.prepare(request)
            pumps = {asyncio.create_task(_pump(browser, pbx)), asyncio.create_task(_pump(pbx, browser))}
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self._open.discard(browser)
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await pbx.close()
                    await browser.close()
        return browser

    async def _close(self, _: web.Application) -> None:
        for browser in tuple(self._open):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await browser.close()
        if self._session is not None:
            await self._session.close()


async def _pump(source: Socket, sink: Socket) -> None:
    """Pass messages on until the source ends."""
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
