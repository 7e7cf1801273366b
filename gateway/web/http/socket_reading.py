"""What a client sends over a WebSocket, without letting it hold up everybody else.

aiohttp hands out messages that have arrived without a break for other work, and answers pings in
between. Here the event loop gets its turn after every few, and a client that sends more than any
telephone or page does is closed (1008).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

BURST = 300.0  # messages at once
PER_SECOND = 50.0  # and how many more each second
TURN = 16  # messages between two turns of the loop
_OVER = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


async def messages(
    socket: web.WebSocketResponse, clock: Callable[[], float] | None = None
) -> AsyncIterator[WSMessage]:
    """Texts and bytes until either side ends. `socket` has autoping off: pings are answered here."""
    clock = clock or asyncio.get_running_loop().time
    left, then, count = BURST, clock(), 0
    while True:
        message = await socket.receive()
        if message.type in _OVER:
            return
        now = clock()
        left, then, count = min(BURST, left + (now - then) * PER_SECOND) - 1, now, count + 1
        if left < 0:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many messages")
            return
        if count % TURN == 0:
            await asyncio.sleep(0)
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is not WSMsgType.PONG:
            yield message
