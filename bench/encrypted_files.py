"""Files kept and read encrypted beside the same ones clear, and what the event loop feels of it meanwhile."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Callable
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
            *_rows("kept, with its SHA-256 and on the disk", kept, samples),
            *_rows("read", read, samples),
            at_most("the event loop was held up by encrypting, at most", late, HELD_UP, "{:.1f} ms", samples),
        ),
        ("Kept and read in a thread, as the gateway does it. The file that is read lies in the page cache.",),
    )


def _rows(what: str, speeds: dict[str, list[float]], samples: str) -> tuple[Row, ...]:
    clear, encrypted = (statistics.median(speeds[kind]) for kind in ("clear", "encrypted"))
    return (
        Row(f"{what}, clear", f"{clear:.0f} MB/s", samples=samples),
        Row(f"{what}, encrypted", f"{encrypted:.0f} MB/s", samples=samples),
        at_least(f"{what}: encrypted to clear", encrypted / clear, SHARE, "{:.2f}"),
    )


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
            before = time.perf_counter()
            await asyncio.sleep(BEAT)
            late.append(time.perf_counter() - before - BEAT)

    beating = asyncio.create_task(beat())
    for _ in range(rounds):
        for encrypt in (True, False):
            await asyncio.to_thread(files.convert, path, encrypt=encrypt)
    beating.cancel()
    return max(late) * 1000
