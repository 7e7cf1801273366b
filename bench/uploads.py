"""Memory and speed of a form with 200 MB of files, through HTTP to real storage.

`python -m bench.uploads VAR` is the web side in a process of its own, without telephone: it prints its port
and runs until standard input ends. `measure` starts it and sends.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import uvloop

from bench.table import Part, Row, at_most
from gateway.calls.board import StoreView, TokenLedger
from gateway.calls.views import AgentView, BoardCounts, LineView, PartHealth, WaitingView
from gateway.channels.registry import REGISTRY
from gateway.intake.faults import faults
from gateway.intake.intake import Intake
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.storage import Storage
from gateway.web.ports import EventListener
from gateway.web.site import WebParts, listen, make_app

ROOT = Path(__file__).resolve().parents[1]
MB = 1 << 20
FILES, EACH = 10, 20  # files, and MB of each
GROWTH = 20.0  # MB, at most
PNG = b"\x89PNG\r\n\x1a\n"


class NoPhone:
    """A board without a telephone."""

    def lines(self) -> Sequence[LineView]:
        return ()

    def agents(self) -> Sequence[AgentView]:
        return ()

    def waiting(self) -> Sequence[WaitingView]:
        return ()

    async def set_agent(self, agent_id: str, state: str, reason: str = "") -> None: ...

    def health(self) -> Mapping[str, PartHealth]:
        return {}

    def counts(self) -> BoardCounts:
        return BoardCounts({})

    def listen(self, told: EventListener) -> Callable[[], None]:
        return lambda: None


async def house(var: Path) -> None:
    """Serve until standard input ends."""
    settings = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(var)})
    var.mkdir(parents=True, exist_ok=True)
    storage = await Storage.open(settings.database_url, settings.var)
    intake = Intake(storage, load_rules(settings.root / settings.rules.folder, REGISTRY), settings.zone)
    parts = WebParts(
        *(intake, storage.calls, TokenLedger(storage), StoreView(storage), NoPhone()),
        *(settings.zone, settings.var, settings.centre.name),
        missing=faults,
        files=storage.files,
    )
    runner = await listen(make_app(parts), settings.web.model_copy(update={"host": "127.0.0.1", "port": 0}))
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    await storage.close()


def measure(var: Path, forms: int = 5) -> Part:
    """Send `forms` forms, each with 200 MB. Raises RuntimeError when one is not taken."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.uploads", str(var)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout
    try:
        port = int(process.stdout.readline())
        asyncio.run(_send(port, 1, 1, 0))  # what is loaded once does not count
        before = _peak(process.pid)
        began = time.perf_counter()
        for n in range(forms):
            asyncio.run(_send(port, FILES, EACH, n + 1))
        seconds = (time.perf_counter() - began) / forms
        grown = (_peak(process.pid) - before) / 1000
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
    size = FILES * EACH
    return Part(
        "uploads",
        "A form with large files, with SQLite",
        (
            at_most(f"growth of the most that was resident, for {size} MB", grown, GROWTH, "{:.1f} MB"),
            Row(f"time until the receipt, {size} MB", f"{seconds:.2f} s", samples=f"{forms} forms"),
        ),
    )


async def _send(port: int, files: int, each: int, n: int) -> None:
    """One form whose files differ in their first bytes from all before."""
    head = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
        for pair in ((b"kind", b"question"), (b"content", b"x"), (b"anonymous", b"true"))
    )
    part = b'--B\r\nContent-Disposition: form-data; name="evidence"; filename="a.png"\r\n\r\n'
    size = each * MB
    length = len(head) + files * (len(part) + size + 2) + 7
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /api/v1/intake HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\n\r\n" % length
    )
    writer.write(head)
    piece = bytes(MB)
    for file in range(files):
        mark = b"%08d%08d" % (n, file)
        writer.write(part + PNG + mark + piece[len(PNG) + len(mark) :])
        for _ in range(each - 1):
            writer.write(piece)
            await writer.drain()
        writer.write(b"\r\n")
    writer.write(b"--B--\r\n")
    status = await reader.readline()
    writer.close()
    if b" 201 " not in status:
        raise RuntimeError(f"an upload was not taken: {status.decode('latin-1').strip()}")


def _peak(pid: int) -> int:
    """The most that was resident, in kB."""
    found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


if __name__ == "__main__":
    uvloop.run(house(Path(sys.argv[1])))
