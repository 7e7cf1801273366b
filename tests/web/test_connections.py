"""HTTP connections that never end: half-sent heads, idle ones, very many of one address."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.web.http import connections
from gateway.web.http.connections import Connections, ConnectionsSite
from tests.web.real_site import real_site

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"


@asynccontextmanager
async def served(
    var: Path, most: int = 100, per_address: int = 100, proxies: tuple[str, ...] = ()
) -> AsyncIterator[int]:
    """The port of a site behind connections with these limits."""
    async with real_site(var) as site:
        runner = site.server.runner
        assert isinstance(runner, web.AppRunner)
        assert runner.server
        limits = Connections(runner.server, most, per_address, proxies)
        here = ConnectionsSite(runner, limits, "127.0.0.1", 0)
        await here.start()
        yield here.port


async def opened(port: int, said: bytes) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    await writer.drain()
    return reader, writer


async def asked(port: int) -> bytes:
    """The first line of the answer to a whole request."""
    reader, writer = await opened(port, HEAD + b"Connection: close\r\n\r\n")
    try:
        async with asyncio.timeout(10):
            return (await reader.readline()).strip()
    finally:
        writer.close()


async def ended(stream: Stream) -> bool:
    """Wait until the other side has closed it."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            return await stream[0].read() == b""
    return True


async def test_half_sent_heads_keep_nobody_out(tmp_path: Path) -> None:
    async with served(tmp_path, most=40, per_address=20) as port:
        half = [await opened(port, HEAD) for _ in range(120)]
        assert await asked(port) == b"HTTP/1.1 200 OK"
        assert all([await ended(one) for one in half[:100]]), "those that waited longest were closed"
        for _, writer in half:
            writer.close()


async def test_from_many_addresses_the_longest_waiting_goes(tmp_path: Path) -> None:
    async with served(tmp_path, most=10, proxies=("127.0.0.0/8",)) as port:
        half = [await opened(port, HEAD) for _ in range(30)]
        assert await asked(port) == b"HTTP/1.1 200 OK"
        assert all([await ended(one) for one in half[:20]])
        for _, writer in half:
            writer.close()


async def test_a_head_that_dawdles_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    async with served(tmp_path) as port:
        reader, writer = await opened(port, HEAD)
        assert await ended((reader, writer))
        writer.close()


async def test_an_idle_connection_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.2)
    async with served(tmp_path) as port:
        reader, writer = await opened(port, HEAD + b"\r\n")
        async with asyncio.timeout(10):
            assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_large_body_arrives_whole_in_pieces(tmp_path: Path) -> None:
    body = b'{"content":"' + b"a" * 900_000 + b'"}'
    head = (
        b"POST /api/v1/intake HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    )
    async with served(tmp_path) as port:
        reader, writer = await opened(port, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"has at most 20000 characters" in answer


def test_descriptors_are_left_for_everything_else() -> None:
    soft, _ = connections.resource.getrlimit(connections.resource.RLIMIT_NOFILE)
    assert connections.most_connections(2000) <= max(64, soft - connections.RESERVED) or soft < 2256
    assert connections.most_connections(10**9) < 10**9
