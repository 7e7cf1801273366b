"""A line between two SIP phones that loses what it is told to lose, for tests of repetition.

It puts its own address where the far phone tells its own, so that whole calls go through it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import cast

Loses = Callable[[bytes, int], bool]  # (datagram, how often a datagram with this first line came by)


class LossyLine(asyncio.DatagramProtocol):
    """Stands in for `far`: what is sent to `address` goes there, answers come back the same way."""

    def __init__(self, far: tuple[str, int], loses: Loses) -> None:
        self.lost: list[str] = []
        self._far = far
        self._loses = loses
        self._near: tuple[str, int] | None = None
        self._seen: dict[bytes, int] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> LossyLine:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def address(self) -> str:
        assert self._transport
        host, port = self._transport.get_extra_info("sockname")
        return f"{host}:{port}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport
        if addr != self._far:
            self._near = addr
        to = self._far if addr != self._far else self._near
        first = data.partition(b"\r\n")[0]
        self._seen[first] = self._seen.get(first, 0) + 1
        line = first.decode().removeprefix("SIP/2.0 ").split()[0]
        if self._loses(data, self._seen[first]):
            self.lost.append(line)
        elif to:
            far = "{}:{}".format(*self._far)
            self._transport.sendto(data.replace(f"@{far}>".encode(), f"@{self.address}>".encode()), to)
