"""Millions of broken mails, form bodies and fax files: each is read or refused, and none takes long.

The mutators and their seeds are the tests' own. One process a core, each with its own chance; a worker that
is silent for HANG seconds hangs, and the input that did it is named by its number.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.table import Part, Row, at_most
from gateway.channels.fax import worker
from gateway.errors import Refused, TooLarge
from tests.channels.fax import test_pages as faxes
from tests.mail import test_limits as mails
from tests.web import test_multipart as bodies

STEP = 500
HANG = 30.0
SLOW = 1.0  # seconds of CPU that one input may take: the workers give way to all others
FAULT = "读取程序出错"


@dataclass
class Found:
    """What became of the inputs."""

    fates: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)


def _quiet() -> None:
    """A worker gives way to all others, and the parsers keep what they think to themselves."""
    os.nice(15)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what C libraries print


def _some(seed: int) -> Found:
    """STEP inputs of each kind. Runs in a worker."""
    chance, found = random.Random(seed), Found()
    seeds = [path.read_bytes() for path in (*mails.SAMPLES, *mails.BROKEN)]
    for n in range(2 * STEP):
        began = time.process_time()
        try:
            fate = _mail(chance, seeds) if n % 2 else _body(chance)
        except Exception as error:
            fate = "crashed"
            found.faults.append(f"seed {seed}, input {n}: {type(error).__name__}")
        found.fates[fate] += 1
        found.slowest = max(found.slowest, time.process_time() - began)
    return found


def _some_faxes(seed: int) -> Found:
    """STEP fax files. Runs in a worker."""
    chance, found = random.Random(seed), Found()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        raw, file = faxes.small(folder), folder / "fuzzed.tif"
        for n in range(STEP):
            file.write_bytes(faxes.mutated(chance, raw))
            began = time.process_time()
            try:
                fate = "fax: read" if worker.pages(file, folder, 20)["pages"] else "fax: no page"
            except worker.BROKEN:
                fate = "fax: refused"
            except Exception as error:
                fate = "crashed"
                found.faults.append(f"seed {seed}, fax {n}: {type(error).__name__}")
            found.fates[fate] += 1
            found.slowest = max(found.slowest, time.process_time() - began)
    return found


def _mail(chance: random.Random, seeds: list[bytes]) -> str:
    message = mails.whole(mails.mutated(chance, chance.choice(seeds)))
    if message.unreadable == FAULT:
        raise RuntimeError(FAULT)
    return "mail: kept unread" if message.unreadable else "mail: read"


def _body(chance: random.Random) -> str:
    try:
        bodies.parts(bodies.read(bodies.mutated(chance), chance.choice((3, 17, 64, 4096))))
    except (Refused, TooLarge):
        return "form: refused"
    return "form: read"


def measure(inputs: int) -> Part:
    """So many mails and forms, and as many fax files, on every core, at the lowest priority."""
    rounds = max(1, inputs // (2 * STEP))
    whole, began = Found(), time.perf_counter()
    with multiprocessing.Pool(os.cpu_count(), _quiet) as pool:
        waiting = [pool.apply_async(_some, (seed,)) for seed in range(rounds)]
        waiting += [pool.apply_async(_some_faxes, (seed,)) for seed in range(2 * rounds)]
        for one in waiting:
            done = one.get(timeout=HANG * rounds)
            whole.fates += done.fates
            whole.slowest = max(whole.slowest, done.slowest)
            whole.faults += done.faults
    count = whole.fates.total()
    rows = [Row(fate, f"{number:,}") for fate, number in sorted(whole.fates.items())]
    rows += [
        at_most("crashes and hangs", float(len(whole.faults)), 0, "{:.0f}", f"{count:,}"),
        at_most("slowest input, of CPU", whole.slowest, SLOW, "{:.2f} s", f"{count:,}"),
        Row("inputs a second", f"{count / (time.perf_counter() - began):,.0f}"),
    ]
    return Part("fuzz", "Broken mails, form bodies and fax files", tuple(rows), tuple(whole.faults[:5]))
