"""The bench's menu on a FastAGI connection with nothing behind it: the least that any FastAGI server costs.

No limits, no checks, no flow, no record: two commands by heart on uvloop. What lies between this and the
gateway is the gateway's own; what lies between this and native dialplan nobody with FastAGI can save.
Started by the bench with a port and the folder of sounds.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

MENU = {("a", b"49"): "b", ("a", b"50"): "c", ("b", b"49"): "a", ("b", b"50"): "c"}


class Bare(asyncio.Protocol):
    """One call."""

    def __init__(self, sounds: str) -> None:
        self._sounds = sounds
        self._header = b""
        self._at = ""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._at:
            self._header += data
            if b"\n\n" in self._header:
                self._play("a")
            return
        to = MENU.get((self._at, data.partition(b"result=")[2].partition(b" ")[0]))
        if to:
            self._play(to)
        elif self._transport:
            self._transport.close()

    def _play(self, at: str) -> None:
        self._at = at
        if self._transport:
            self._transport.write(f'GET OPTION "{self._sounds}/bench_{at}" "0123456789*#" 4000\n'.encode())


async def main(port: int, sounds: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Bare(sounds), "127.0.0.1", port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
