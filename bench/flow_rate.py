"""How many calls a second a core can walk through the shipped main flow, without any telephone.

The callers are a mix of what people do there; each way is also shown alone, since a call that ends at
the first key is cheaper than one that keys in a number.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from pathlib import Path

from bench.table import Part, Row, at_least
from gateway.core.flow.file import FlowSet
from gateway.core.flow.simulation import Conditions, simulate
from gateway.flows.store import parse_folder

WANTED = 20_000  # calls a second
SHIPPED = Path(__file__).resolve().parents[1] / "ivr_flows"
EVERYBODY_THERE = Conditions()
NOBODY_THERE = Conditions(no_agent=True)
CALLS: tuple[tuple[str, tuple[str, ...], Conditions], ...] = (
    ("complaint, an agent answers", ("1",), EVERYBODY_THERE),
    ("no key, an agent answers", (), EVERYBODY_THERE),
    ("message", ("5",), EVERYBODY_THERE),
    ("wrong key, then question", ("9", "3"), EVERYBODY_THERE),
    ("progress by number and code", ("4", "261123000017", "482913", "hangup"), EVERYBODY_THERE),
    ("nobody signed in, call-back", ("2", "1"), NOBODY_THERE),
    ("gives up in the menu", ("hangup",), EVERYBODY_THERE),
)


def measure(seconds: float = 2.0) -> Part:
    """Walk calls for about `seconds` of CPU for the mix and a third of it for each way alone."""
    flows, faults = parse_folder(SHIPPED)
    if faults:
        raise ValueError(f"the shipped flows are not sound: {faults[0]}")
    everything = [(keys, world) for _, keys, world in CALLS]
    mixed, calls = _rate(flows, everything, seconds)
    rows = [at_least("simulated calls/s on one core, the mix", mixed, WANTED, "{:,.0f}", f"{calls:,} calls")]
    for name, keys, world in CALLS:
        rate, calls = _rate(flows, [(keys, world)], seconds / 3)
        rows.append(Row(f"of these alone: {name}", f"{rate:,.0f}", samples=f"{calls:,} calls"))
    return Part("flows", "Simulated calls through the shipped main flow", tuple(rows))


def _rate(
    flows: FlowSet, calls: Sequence[tuple[tuple[str, ...], Conditions]], seconds: float
) -> tuple[float, int]:
    """Calls a second of this thread's CPU, and how many were walked."""
    for keys, world in calls:
        simulate(flows, "main", keys, world)
    gc.collect()
    done = 0
    began = time.thread_time()
    while (took := time.thread_time() - began) < seconds:
        for _ in range(20):
            for keys, world in calls:
                simulate(flows, "main", keys, world)
        done += 20 * len(calls)
    return done / took, done
