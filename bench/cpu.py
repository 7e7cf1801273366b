"""CPU of a short call: two prompts, each cut by a key, then the hotline hangs up; 20 calls a second.

Asterisk's and the gateway's user and system time over a burst, all threads, less what they use when idle.
A process AGI's own time counts as Asterisk's, whose children those processes are.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.callers import Job
from bench.dialplan import ARI, BARE, BARE_FASTAGI, GATEWAY, NATIVE_MENU, PROCESS, SERVED, Variant
from bench.site import Site, Usage
from bench.table import Part, Row, at_most

VARIANTS = (NATIVE_MENU, GATEWAY, SERVED, BARE_FASTAGI, PROCESS, ARI, BARE)
RATE = 20.0  # calls a second
STARTED = 25.0  # seconds after the start: the figures of earlier days are counted until then
SETTLE = 2.0  # seconds after the last call: what is done behind the call belongs to it
RATIO = 1.40  # Asterisk + gateway, of the native dialplan's Asterisk, at most
OWN_WITH_ITEM, OWN_WITHOUT = 3.0, 1.5  # ms of the gateway a call, at most


@dataclass(frozen=True, slots=True)
class Burst:
    """`seconds` of calls in each of `rounds` rounds."""

    seconds: float
    rounds: int


# Short bursts in many rounds: within ten seconds a shared machine gets faster or slower by more than the
# ways of serving a call differ.
FULL = Burst(2.5, 8)
QUICK = Burst(2.0, 1)
IDLE = 10.0  # seconds in which idle use is measured


@dataclass(slots=True)
class Cost:
    """CPU seconds of all rounds of one way, and the calls they were for."""

    calls: int = 0
    asterisk: float = 0.0
    children: float = 0.0
    gateway: float = 0.0
    ari: float = 0.0
    bare: float = 0.0
    failed: int = 0

    def add(self, used: Usage, idle: Usage, share: float, calls: int, failed: int) -> None:
        """Take a burst in; `share` is its length as a multiple of the time in which `idle` was used."""
        self.calls += calls
        self.failed += failed
        self.asterisk += used.asterisk.own - idle.asterisk.own * share
        self.children += used.asterisk.children
        self.gateway += used.gateway.total - idle.gateway.total * share
        self.ari += used.ari.total - idle.ari.total * share
        self.bare += used.bare.total - idle.bare.total * share

    def a_call(self, seconds: float) -> float:
        """ms a call."""
        return seconds * 1000 / self.calls


def measure(site: Site, burst: Burst = FULL) -> Part:
    """Run all bursts; about five minutes for FULL."""
    if burst is not QUICK:
        time.sleep(STARTED)
    idle_seconds = burst.seconds if burst is QUICK else IDLE
    idle = _idle(site, idle_seconds)
    costs = {variant: Cost() for variant in VARIANTS}
    generator = 0.0
    for number in range(burst.rounds):
        turn = number % len(VARIANTS)
        for variant in (*VARIANTS[turn:], *VARIANTS[:turn]):
            before, began = site.usage(), time.monotonic()
            count = round(burst.seconds * RATE)
            result = site.calls(Job(variant.number, count, RATE, short=True, seed=number))
            time.sleep(SETTLE)
            took = time.monotonic() - began
            used = site.usage() - before
            costs[variant].add(used, idle, took / idle_seconds, result.done, len(result.failed))
            generator = max(generator, result.cpu / result.took)
    return Part(
        "cpu", f"CPU of a short call at {RATE:.0f} calls/s", tuple(_rows(costs)), (_note(costs, generator),)
    )


def _idle(site: Site, seconds: float) -> Usage:
    before = site.usage()
    time.sleep(seconds)
    return site.usage() - before


def _rows(costs: dict[Variant, Cost]) -> Iterator[Row]:
    for variant, cost in costs.items():
        served_by = _served_by(variant, cost)
        own = f" + {cost.a_call(served_by):.2f}" if served_by else ""
        yield Row(
            f"{variant.name}: Asterisk{' + ' + _name(variant) if served_by else ''}",
            f"{cost.a_call(cost.asterisk):.2f}{own} ms",
            samples=f"{cost.calls} calls",
        )
    native = _all(NATIVE_MENU, costs[NATIVE_MENU])
    for variant in (GATEWAY, SERVED):
        ratio = _all(variant, costs[variant]) / native
        yield at_most(f"{variant.name} : native", ratio, RATIO, "{:.2f}")
    for variant in (BARE_FASTAGI, PROCESS, ARI, BARE):
        yield Row(f"{variant.name} : native", f"{_all(variant, costs[variant]) / native:.2f}")
    owns = ((GATEWAY, "with an item", OWN_WITH_ITEM), (SERVED, "without an item", OWN_WITHOUT))
    for variant, what, most in owns:
        cost = costs[variant]
        yield at_most(f"gateway's own part, {what}", cost.a_call(cost.gateway), most, "{:.2f} ms")
    floor = costs[BARE_FASTAGI].a_call(costs[BARE_FASTAGI].bare)
    for variant, what, _ in owns:
        own = costs[variant].a_call(costs[variant].gateway)
        yield Row(f"gateway's own part, {what} : bare FastAGI server", f"{own / floor:.1f}" if floor else "")


def _served_by(variant: Variant, cost: Cost) -> float:
    """CPU beside Asterisk of the process that serves the menu. The gateway keeps the record of every
    call; that part is left out where another serves the menu."""
    if variant in (GATEWAY, SERVED):
        return cost.gateway
    if variant is PROCESS:
        return cost.children
    return {ARI.name: cost.ari, BARE_FASTAGI.name: cost.bare}.get(variant.name, 0.0)


def _name(variant: Variant) -> str:
    names = {PROCESS.name: "processes", ARI.name: "application", BARE_FASTAGI.name: "server"}
    return names.get(variant.name, "gateway")


def _all(variant: Variant, cost: Cost) -> float:
    return cost.a_call(cost.asterisk + _served_by(variant, cost))


def _note(costs: dict[Variant, Cost], generator: float) -> str:
    failed = sum(cost.failed for cost in costs.values())
    records = costs[NATIVE_MENU]
    return (
        f"The callers used at most {generator * 100:.0f} % of a core. Calls that failed: {failed}. Behind a "
        f"native call the gateway used {records.a_call(records.gateway):.2f} ms for record and item, "
        "which is not counted there."
    )
