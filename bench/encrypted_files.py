"""Files kept and read encrypted beside the same ones clear, and what the event loop feels of it meanwhile."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.table import Part, Row, at_least, at_most
from gateway.storage.encrypted_files import FileCipher
from gateway.storage.files import PIECE, Files

MB = 1 << 20
HELD_UP = 100.0  # ms, at most
SHARE = 0.25  # of the speed of clear files, at least
BEAT = 0.001  # seconds


def measure(folder: Path, size: int = 200, rounds: int = 5) -> Part:
    """`size` in MB of one file."""
    folder.mkdir(parents=True)
    key = secrets.token_bytes(32)
    kinds = {
        "clear": Files(folder / "clear" / "files", FileCipher(key, encrypts=False)),
        "encrypted": Files(folder / "encrypted" / "files", FileCipher(key, encrypts=True)),
    }
    source = folder / "source"
    source.write_bytes(os.urandom(MB) * size)
    kept: dict[str, list[float]] = {kind: [] for kind in kinds}
    read: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):  # in turns: another's work on the machine meets both
        for kind, files in kinds.items():
            kept[kind].append(_speed(lambda files=files: _put(files, source), size))
            read[kind].append(_speed(lambda files=files: _read(files), size))
    late = asyncio.run(_converting(kinds["clear"], rounds))
    samples = f"{rounds} × {size} MB"
    return Part(
        "encryption",
        "Encrypted files beside clear ones",
        (
            *_speeds("kept, with its SHA-256 and on the disk", kept, samples),
            at_least("kept: encrypted to clear", _ratio(kept), SHARE, "{:.2f}"),
            *_speeds("read", read, samples),
            Row("read: encrypted to clear", f"{_ratio(read):.2f}"),
            at_most("the event loop was held up by encrypting, at most", late, HELD_UP, "{:.1f} ms", samples),
        ),
        (
            "The file that is read lies in the page cache: clear, that is copying memory. A player takes"
            " 16 kB a second. A gap of the loop is the shorter of wall time and processor time.",
        ),
    )


def _speeds(what: str, speeds: dict[str, list[float]], samples: str) -> Iterator[Row]:
    for kind, values in speeds.items():
        yield Row(f"{what}, {kind}", f"{statistics.median(values):.0f} MB/s", samples=samples)


def _ratio(speeds: dict[str, list[float]]) -> float:
    return statistics.median(speeds["encrypted"]) / statistics.median(speeds["clear"])


def _speed(work: Callable[[], None], size: int) -> float:
    began = time.perf_counter()
    work()
    return size / (time.perf_counter() - began)


def _put(files: Files, source: Path) -> None:
    for path in files.folder.glob("??/*"):
        path.unlink()
    files.put(source)


def _read(files: Files) -> None:
    with files.open(next(files.folder.glob("??/*"))) as source:
        while source.read(PIECE):
            pass


async def _converting(files: Files, rounds: int) -> float:
    """The longest that the loop was late, in ms, while a file was encrypted and decrypted again."""
    path, late = next(files.folder.glob("??/*")), [0.0]

    async def beat() -> None:
        while True:
            wall, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(BEAT)
            late.append(min(time.perf_counter() - wall, time.process_time() - worked))

    beating = asyncio.create_task(beat())
    for _ in range(rounds):
        for encrypt in (True, False):
            await asyncio.to_thread(files.convert, path, encrypt=encrypt)
    beating.cancel()
    return max(late) * 1000
