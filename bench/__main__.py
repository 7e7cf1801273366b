"""`python -m bench`: measure and print the tables; --write keeps them in docs/developing/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from bench import (
    cases,
    cpu,
    encrypted_files,
    fax_line,
    fax_reading,
    flow_rate,
    fuzz,
    http,
    kills,
    latency,
    mail,
    memory,
    pop,
    pop_floor,
    storage,
    transfers,
    uploads,
)
from bench.site import Site, site
from bench.table import Part, markdown
from gateway.errors import SetupError

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "developing" / "benchmarks.md"
RESULTS = re.compile(r"(?<=<!-- results -->\n).*(?=<!-- end of results -->)", re.DOTALL)
ON_ASTERISK = ("latency", "cpu")
FAX = ("fax-reading", "fax-line", "fax-kills")
OTHERS = ("cases", "http", "uploads", "encryption", "transfers", "mail", "kills", "fuzz", "pop", "pop-floor")
PARTS = (*ON_ASTERISK, "flows", "memory", "storage", *OTHERS, *FAX)
LINES = 60  # lines of the centre: 50 calls, and those that are just ending
BUSY = 0.5  # load above which a run is not worth much


def measure(wanted: Sequence[str], quick: bool, folder: Path, on: Sequence[str] = ()) -> Iterator[Part]:
    """The wanted parts, one after another; `cases` on databases that are there, if any are named."""
    if any(name in wanted for name in ON_ASTERISK):
        with site(folder / "site", LINES) as running:
            yield from _on_asterisk(wanted, quick, running)
    alone: dict[str, Callable[[], Part]] = {
        "flows": lambda: flow_rate.measure(0.2 if quick else 3.0),
        "memory": lambda: memory.measure(folder / "memory", *((50, 100, 0) if quick else ())),
        "cases": lambda: cases.measure(cases.QUICK if quick else cases.FULL, on),
        "storage": lambda: storage.measure(storage.QUICK if quick else storage.FULL),
        "transfers": lambda: transfers.measure(folder / "transfers", 3 if quick else 40),
        "mail": lambda: mail.measure(folder / "mail", 200 if quick else 2000),
        "fuzz": lambda: fuzz.measure(4_000 if quick else 1_000_000),
        "kills": lambda: kills.measure(folder / "kills", 10 if quick else 2000),
        "http": lambda: http.measure(folder / "http", *((200, 1) if quick else (3000,))),
        "pop": lambda: pop.measure(folder / "pop", 2 if quick else 40),
        "pop-floor": lambda: pop_floor.measure(folder / "floor", *((20, 1) if quick else (300, 8))),
        "fax-reading": lambda: fax_reading.measure(folder / "reading", 2 if quick else 20),
        "fax-line": lambda: fax_line.measure(folder / "fax", 6 if quick else 200),
        "fax-kills": lambda: fax_line.kills(folder / "fax-kills", 4 if quick else 200),
        "uploads": lambda: uploads.measure(folder / "uploads", 1 if quick else 5),
        "encryption": lambda: encrypted_files.measure(folder / "encryption", *((20, 1) if quick else ())),
    }
    for name in alone:
        if name in wanted:
            yield alone[name]()


def _on_asterisk(wanted: Sequence[str], quick: bool, running: Site) -> Iterator[Part]:
    if "latency" in wanted:
        yield latency.measure(running, latency.QUICK if quick else latency.FULL)
    if "cpu" in wanted:
        yield cpu.measure(running, cpu.QUICK if quick else cpu.FULL)


def circumstances(before: float, after: float) -> str:
    """Where and when this was measured, and the load before and after; nothing that names the machine."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8", "replace"))
    memory_kb = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return (
        f"Measured {date.today():%Y-%m-%d} on {os.cpu_count()} cores ({model[1] if model else 'unknown'}), "
        f"{int(memory_kb[1]) / 2**20 if memory_kb else 0:.0f} GB, Linux {platform.release()}, "
        f"Python {platform.python_version()}; load before the run {before:.2f}, "
        f"at its end {after:.2f} (the bench alone makes about 1).\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0, 1 when a target is missed, 2 when something that is needed is not there."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure speed and memory.")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    parser.add_argument("--quick", action="store_true", help="few samples: does it run, not how fast it is")
    parser.add_argument(
        "--on",
        action="append",
        default=[],
        metavar="URL=VAR",
        help="a filled database for cases, with its var/; may be given again",
    )
    parser.add_argument(
        "--write", action="store_true", help="put the tables into docs/developing/benchmarks.md"
    )
    chosen = parser.parse_args(arguments)
    if chosen.write and (chosen.only or chosen.quick):
        parser.error("--write keeps a whole run: without --only and --quick")
    wanted = chosen.only or PARTS
    load = os.getloadavg()[0]
    if load > BUSY and not chosen.quick:
        print(f"bench: this machine is busy (load {load:.2f}): the figures will be worse than they are")
    parts = []
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for part in measure(wanted, chosen.quick, Path(folder), chosen.on):
                print(markdown(part), flush=True)
                parts.append(part)
    except (SetupError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    if chosen.write:
        write(DOCUMENT, [circumstances(load, os.getloadavg()[0]), *map(markdown, parts)])
    missed = [f"{part.name}: {row.what} {row.value} ({row.target})" for part in parts for row in part.missed]
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed and not chosen.quick else 0


def write(document: Path, texts: Sequence[str]) -> None:
    """Replace the results in the document, between its two marks."""
    old = document.read_text("utf-8")
    document.write_text(RESULTS.sub(lambda _: "\n".join(texts) + "\n", old, count=1), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
