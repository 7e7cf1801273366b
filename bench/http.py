"""Durable submissions through HTTP beside bare SQLite commits of the very same rows on the same disk.

A whole gateway (without telephones, rates off) takes complaints as JSON from fifty connections that stay
open; the client has its requests written beforehand and looks at status and length alone, so that it costs
some twenty microseconds a request. A hundred go before the clock runs. Then the gateway is stopped, and
bench/storage writes the rows that are in its database with Python's sqlite3 alone, a commit for each.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from bench.storage import CONTENT, DATABASE, RATIO, Measured, bare_commits, opened
from bench.table import Part, Row, at_least, percentile
from tests.kills.storm import Gateway, gateway

CONNECTIONS = 50
WARM = 100  # submissions before the clock runs: the first of a process make its statements


def measure(folder: Path, count: int, rounds: int = 3) -> Part:
    """`count` submissions in each round, each round on a database of its own."""
    http, bare = Measured(), Measured()
    for number in range(rounds):
        here = folder / str(number)
        with gateway(here) as made:
            uvloop.run(_round(made, count, http))
        asyncio.run(_emptied(here / "bare"))
        bare_commits(made.var / DATABASE, here / "bare" / DATABASE, bare)
    rows = (
        Row("bare SQLite commits of the same rows", f"{bare.rate:,.0f} a second", samples=str(bare.items)),
        Row(
            f"through HTTP, {CONNECTIONS} connections", f"{http.rate:,.0f} a second", samples=str(http.items)
        ),
        Row("one of them, p50", f"{percentile(http.each, 0.5) * 1000:.1f} ms"),
        Row("one of them, p99", f"{percentile(http.each, 0.99) * 1000:.1f} ms"),
        at_least("through HTTP : bare commits", http.rate / bare.rate, RATIO, "{:.2f}"),
    )
    note = "The client runs on the same machine; what it costs is part of what HTTP takes."
    return Part("http", "Durable submissions through HTTP beside bare commits", rows, (note,))


async def _emptied(var: Path) -> None:
    storage, _ = await opened(var)
    await storage.close()


async def _round(made: Gateway, count: int, into: Measured) -> None:
    made.start()
    await _up(made.web)
    loop = asyncio.get_running_loop()
    requests = [_request(number) for number in range(WARM + count)]
    await _submitted(loop, requests[:WARM], made.web, [])
    began = time.perf_counter()
    await _submitted(loop, requests[WARM:], made.web, into.each)
    into.took += time.perf_counter() - began
    into.items += count
    await asyncio.to_thread(made.stop)


async def _submitted(
    loop: asyncio.AbstractEventLoop, requests: list[bytes], port: int, each: list[float]
) -> None:
    waiting, ended = iter(requests), [loop.create_future() for _ in range(CONNECTIONS)]
    for end in ended:
        await loop.create_connection(partial(Submitter, waiting, each, end), "127.0.0.1", port)
    await asyncio.gather(*ended)


async def _up(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return


class Submitter(asyncio.Protocol):
    """One connection that stays open: a request, its answer, the next request."""

    def __init__(self, waiting: Iterator[bytes], each: list[float], ended: asyncio.Future[None]) -> None:
        self._waiting, self._each, self._ended = waiting, each, ended
        self._transport: asyncio.WriteTransport | None = None
        self._came = b""
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop has its own
        self._ask()

    def _ask(self) -> None:
        assert self._transport
        request = next(self._waiting, None)
        if request is None:
            self._ended.set_result(None)
            self._transport.close()
            return
        self._asked = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0]):
            return
        if not head.startswith(b"HTTP/1.1 201"):
            self._fail(f"refused: {head[:40]!r} {body[:200]!r}")
            return
        self._each.append(time.perf_counter() - self._asked)
        self._came = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the gateway closed a connection")

    def _fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(RuntimeError(why))


def _request(number: int) -> bytes:
    body = json.dumps(
        {
            "kind": "complaint",
            "content": CONTENT * 3,
            "name": "王小明",
            "phone": f"138{number:08}",
            "address": "尧都区鼓楼北大街 1 号",
            "respondent_name": "临汾市某电器商行",
            "respondent_address": "尧都区解放路 2 号",
            "respondent_phone": "0357-2000000",
            "claims": ["退货", "赔偿损失"],
        }
    ).encode()
    head = (
        f"POST /api/v1/intake HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: bench-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
