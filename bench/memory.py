"""Memory of many calls in flows, and whether it stays flat over thousands of calls.

The gateway's phone side runs in a process of its own (bench.memory_house); the callers are FastAGI
connections that answer its commands as Asterisk would.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.table import Part, Row, at_most

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 500
MOST = 100.0  # MB for AT_ONCE calls
PARALLEL = 40  # calls at once while thousands go by
WARM = 12_000  # calls until SQLite's page cache is full, which grows up to its limit (16 MB a connection)
FLAT = 0.2  # kB a call, at most, once warm
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Seen:
    """The gateway's process at one moment."""

    calls: int
    closed: int
    resident: int


class Gateway:
    """The process under measurement, and connections to it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self._port = port
        self._count = 0

    async def look(self) -> Seen:
        """How it stands now."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(b"\n")
        return Seen(**json.loads(await self._process.stdout.readline()))

    async def until(self, calls: int, closed: int) -> Seen:
        """Wait until so many calls go on and so many are closed with their record kept."""
        async with asyncio.timeout(60):
            while (seen := await self.look()).calls != calls or seen.closed != closed:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return seen

    async def connect(self) -> Peer:
        """A new call, at its first command."""
        self._count += 1
        number = self._count
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            b"agi_network: yes\nagi_network_script: call?line=1\nagi_request: agi://127.0.0.1/call?line=1\n"
            b"agi_channel: PJSIP/trunk-%08x\nagi_language: zh\nagi_type: PJSIP\n"
            b"agi_uniqueid: 1700000000.%d\nagi_version: 22\nagi_callerid: 1380000%04d\n"
            b"agi_calleridname: unknown\nagi_dnid: 12315\nagi_context: flow\nagi_extension: begin\n\n"
            % (number, number, number % 10000)
        )
        peer = Peer(reader, writer)
        await peer.command()
        return peer


class Peer:
    """Asterisk's end of one FastAGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def command(self) -> bytes:
        """The next command; b"" when the gateway is done with the call."""
        return await asyncio.wait_for(self._reader.readline(), 20)

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        self._writer.write(b"200 result=%d endpos=4000\n" % ord(key))

    def well(self) -> None:
        """A command was done."""
        self._writer.write(b"200 result=0 endpos=4000\n")

    def hang_up(self) -> None:
        self._writer.write(b"HANGUP\n")
        self._writer.close()


async def walk(gateway: Gateway) -> None:
    """One call: a wrong key, the callers' menu for messages and back to a person; then it is over."""
    peer = await gateway.connect()
    for key in ("9", "5", "0"):
        peer.key(key)
        if b"EXEC" in (command := await peer.command()) or not command:
            break
    while command and b"EXEC" not in command:
        peer.well()
        command = await peer.command()
    peer.well()
    await peer.command()
    peer.hang_up()


async def hold(gateway: Gateway, count: int) -> Seen:
    """`count` calls in their first menu at once; how the gateway stands then."""
    peers = [await gateway.connect() for _ in range(count)]
    seen = await gateway.until(count, 0)
    for peer in peers:
        peer.hang_up()
    await gateway.until(0, count)
    return seen


async def pass_by(gateway: Gateway, count: int) -> None:
    """`count` calls, PARALLEL at once."""
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            await walk(gateway)

    async with asyncio.TaskGroup() as group:
        for _ in range(PARALLEL):
            group.create_task(caller())


async def _measure(var: Path, at_once: int, many: int, warm: int) -> Part:
    async with running(var) as gateway:
        before = await gateway.look()
        full = await hold(gateway, at_once)
        await pass_by(gateway, warm)
        closed = at_once + warm
        steps = [(await gateway.until(0, closed)).resident]
        for _ in range(5):
            await pass_by(gateway, many // 5)
            closed += many // 5
            steps.append((await gateway.until(0, closed)).resident)
    used = (full.resident - before.resident) / MEGABYTE
    slope = max(0.0, (steps[-1] - steps[0]) / many) / 1000
    what = f"growth over {many:,} calls after {warm:,}, a call"
    growth = at_most(what, slope, FLAT, "{:.2f} kB", f"{many:,} calls")
    shown = ", ".join(f"{step / MEGABYTE:.1f}" for step in steps)
    return Part(
        "memory",
        "Memory of the gateway's phone side, with SQLite",
        (
            Row("at rest, before the first call", f"{before.resident / MEGABYTE:.1f} MB"),
            at_most(f"{at_once} calls in their menus, all together", used, MOST, "{:.1f} MB"),
            Row("of these, a call", f"{used * 1000 / at_once:.1f} kB"),
            growth if warm >= WARM else Row(growth.what, growth.value, samples=growth.samples),
        ),
        (f"Resident after {warm:,} calls and after each fifth of the {many:,} that follow: {shown} MB.",),
    )


@asynccontextmanager
async def running(var: Path) -> AsyncIterator[Gateway]:
    """The gateway's process, ended by closing its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.memory_house",
        str(var),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout
    try:
        yield Gateway(process, int(await asyncio.wait_for(process.stdout.readline(), 30)))
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


def measure(var: Path, at_once: int = AT_ONCE, many: int = 10_000, warm: int = WARM) -> Part:
    """Hold `at_once` calls, then let `warm` and `many` go by; three minutes. `var` may be filled.

    With fewer than WARM the growth is told, but not judged.
    """
    return asyncio.run(_measure(var, at_once, many, warm))
