"""Faxes over real lines and through kill -9: how many of those sent are right, and whether one is lost.

`measure` has a second Asterisk send letters, three at once: over T.38, as sound with T.38 refused, into the
menu of the hotline. `kills` ends the gateway at random moments while faxes that have just come lie in the
spool, some told of by the journal, some not.
"""

from __future__ import annotations

import asyncio
import base64
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.table import Part, Row, at_most
from gateway.settings.cache import cache_home
from gateway.setup.asterisk_tree import find_or_make
from tests.channels.fax.letters import letter
from tests.live import conftest
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.far_fax import FarFax, far_fax

NUMBER = "2025100"
AT_ONCE = 3
SOON = 1.0  # seconds from the last page to the item
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Way:
    """One way in, and how a letter is sent on it."""

    name: str
    dialled: str
    sound: bool
    after: float = 0.0


WAYS = (
    Way("T.38", NUMBER, sound=False),
    Way("sound, T.38 refused", NUMBER, sound=True),
    Way("T.38 into the menu of the hotline", "12315", sound=False, after=4),
)


@contextmanager
def _house(folder: Path) -> Iterator[tuple[Gateway, FarFax]]:
    """A gateway and the far end."""
    tree = find_or_make(cache_home(), print)
    made = new_gateway(folder, GATEWAY_FAX_NUMBER=NUMBER, GATEWAY_FAX_READING="false")
    conftest._next_rtp += conftest.RTP_PORTS
    for up in running(made):
        with far_fax(tree, folder / "far", made.far_end, made.sip, conftest._next_rtp) as far:
            yield up, far


def _faxes(gateway: Gateway) -> list[dict[str, Any]]:
    """Every fax that was told of, the newest first."""
    found: list[dict[str, Any]] = []
    last = ""
    while True:
        page = gateway.api(f"/api/v1/faxes?limit=200{f'&before={last}' if last else ''}")
        found += page["items"]
        last = page["next"] or ""
        if not last:
            return found


async def _sent(gateway: Gateway, far: FarFax, folder: Path, count: int) -> Counter[str]:
    """Send so many letters of one or two pages by turns; how they fared, by way."""
    fates: Counter[str] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)
    meant: dict[str, tuple[Way, int]] = {}

    async def one(number: int) -> None:
        way, pages = WAYS[number % len(WAYS)], 1 + number % 2
        caller = f"0357{3000000 + number}"
        async with gate:
            file = await asyncio.to_thread(
                letter, folder / f"{number}.tif", pages, f"第{number}件", fine=number % 4 > 0
            )
            told = await far.send(file, way.dialled, caller, sound=way.sound, after=way.after)
        if told.status == "SUCCESS":
            meant[caller] = way, pages
        else:
            fates[f"{way.name}: the line failed"] += 1

    await asyncio.gather(*(one(number) for number in range(count)))
    await asyncio.sleep(3)
    came: dict[str, list[dict[str, Any]]] = {}
    for fax in await asyncio.to_thread(_faxes, gateway):
        came.setdefault(fax["caller"], []).append(fax)
    for caller, (way, pages) in meant.items():
        there = came.get(caller, [])
        right = len(there) == 1 and (there[0]["status"], there[0]["received"]) == ("whole", pages)
        kind = "right" if right else "lost" if not there else "doubled" if len(there) > 1 else "half"
        fates[f"{way.name}: {kind}"] += 1
    items = [one for one in gateway.queue() if one["channel"] == "fax"] if count < 190 else []
    if items and len(items) != len(meant):
        fates["items that are too many or too few"] += abs(len(items) - len(meant))
    return fates


async def _soon(gateway: Gateway, far: FarFax, folder: Path, count: int) -> list[float]:
    """Seconds from the end of a fax, as Asterisk notes it, to its item."""
    waits = []
    for number in range(count):
        caller = f"0357{4000000 + number}"
        file = letter(folder / f"soon-{number}.tif", 1, f"快{number}")
        sending = asyncio.create_task(far.send(file, NUMBER, caller))
        while not (ended := _ended(gateway, caller)):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
        while caller not in await asyncio.to_thread(_newest, gateway):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        waits.append(datetime.now(UTC).timestamp() - ended)
        await sending
    return waits


def _newest(gateway: Gateway) -> set[str]:
    """The callers of the newest faxes."""
    return {one["caller"] for one in gateway.api("/api/v1/faxes?limit=5")["items"]}


def _ended(gateway: Gateway, caller: str) -> float:
    """When the journal says that a caller's fax was over; 0 before."""
    mine = base64.b64encode(f".{caller}".encode()).decode()
    calls = set()
    for file in sorted(gateway.places.journal.glob("*.log")):
        for line in file.read_text("ascii", "replace").splitlines():
            at, what, call, *rest = [*line.split("|"), "", ""][:7]
            if what == "began" and mine in rest:
                calls.add(call)
            if what == "fax_done" and call in calls:
                return datetime.strptime(at, "%Y%m%d%H%M%S.%f").replace(tzinfo=UTC).timestamp()
    return 0.0


def measure(folder: Path, count: int) -> Part:
    """`count` letters in all; about six seconds each on three lines."""
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with _house(folder) as (gateway, far):
        fates = asyncio.run(_sent(gateway, far, folder, count))
        waits = asyncio.run(_soon(gateway, far, folder, max(1, count // 20)))
    right = sum(number for fate, number in fates.items() if fate.endswith("right"))
    rows = [Row(fate, str(number)) for fate, number in sorted(fates.items())]
    took, middle = time.perf_counter() - began, statistics.median(waits)
    samples = f"{len(waits)}, median {middle:.2f} s"
    rows += [
        at_most("letters that are not right", float(count - right), 0, "{:.0f}", f"{count}, {took:.0f} s"),
        at_most("from the last page to the item", max(waits), SOON, "{:.2f} s", samples),
    ]
    return Part("fax-line", "Letters faxed by a second Asterisk, three at once", tuple(rows))


# ------------------------------------------------------------ kill -9


def _drop(gateway: Gateway, folder: Path, number: int, chance: random.Random) -> str:
    """A fax as Asterisk leaves it: in the spool, and for every second one in the journal. Its call's id."""
    call = f"1795{number:06}.{number}"
    caller = f"0357{5000000 + number}"
    file = letter(folder / f"{call}.tif", 1 + number % 3, f"第{number}件")
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S.%f")[:18]
    if chance.random() < 0.5:
        b64 = base64.b64encode(f".{caller}".encode()).decode()
        station = base64.b64encode(b".0357").decode()
        lines = (
            f"{now}|began|{call}|1|in|{b64}|{NUMBER}|",
            f"{now}|fax|{call}|{call}.tif|||",
            f"{now}|fax_done|{call}|SUCCESS|{1 + number % 3}|audio|9600|8031x7700|yes|{station}|",
            f"{now}|ended|{call}|16|fax||",
        )
        with (gateway.places.journal / f"{now[:8]}.log").open("a", encoding="ascii") as journal:
            journal.write("\n".join(lines) + "\n")
    file.rename(gateway.places.faxes / f"{call}.tif")
    return call


def _storm(gateway: Gateway, folder: Path, kills: int) -> list[str]:
    """What went wrong."""
    chance = random.Random(SEED)
    dropped: dict[str, int] = {}
    for life in range(kills):
        for _ in range(chance.randint(0, 2)):
            number = len(dropped)
            dropped[_drop(gateway, folder, number, chance)] = 1 + number % 3
        time.sleep(chance.uniform(0.0, 0.4))
        gateway.kill()
        number = len(dropped)
        dropped[_drop(gateway, folder, number, chance)] = 1 + number % 3
        gateway.start(wait=life % 2 == 0)
        time.sleep(chance.uniform(0.0, 1.5 if life % 2 else 0.4))
    if gateway.process and gateway.process.poll() is None:
        gateway.kill()
    gateway.start()
    until = time.monotonic() + 120
    while any(gateway.places.faxes.glob("*.tif")) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1)
    return list(_faults(gateway, dropped))


def _faults(gateway: Gateway, dropped: dict[str, int]) -> Iterator[str]:
    faxes = _faxes(gateway)
    there = Counter(one["id"] for one in faxes)
    pages = {one["id"]: one["received"] for one in faxes}
    numbers = Counter(one["number"] for one in faxes if one["number"])
    for call, meant in dropped.items():
        if there[call] != 1:
            yield f"{call} is there {there[call]} times"
        elif pages[call] != meant:
            yield f"{call} has {pages[call]} pages of {meant}"
    for number, times in numbers.items():
        if times != 1:
            yield f"{number} stands for {times} faxes"
        item = gateway.api(f"/api/v1/queue/{number}")
        if item["channel"] != "fax" or not item["attachments"]:
            yield f"{number} is no whole fax item"
    left = [file.name for file in gateway.places.faxes.glob("*.tif")]
    if left:
        yield f"{len(left)} files are still in the spool"


def kills(folder: Path, count: int) -> Part:
    """`count` kills; about three seconds each."""
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    find_or_make(cache_home(), print)
    made = new_gateway(folder, GATEWAY_FAX_NUMBER=NUMBER, GATEWAY_FAX_READING="false")
    faults: list[str] = []
    for up in running(made):
        faults = _storm(up, folder, count)
    rows = (
        Row("gateways killed", str(count), samples=f"{time.perf_counter() - began:.0f} s"),
        at_most("faxes lost, doubled or half there", float(len(faults)), 0, "{:.0f}"),
    )
    return Part("fax-kills", "kill -9 around the end of faxes", rows, tuple(faults[:5]))
