"""From a key's release to the first packet of the next prompt, for each way to run the same menu.

The ways take turns within every round, each round in another order, so that what else happens on the
machine hits all alike. The numbers of a way are those of all its rounds together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.callers import Job
from bench.dialplan import ARI, BARE_FASTAGI, GATEWAY, NATIVE_MENU, PROCESS, Variant
from bench.site import Site
from bench.table import Part, Row, at_most, percentile

VARIANTS = (NATIVE_MENU, GATEWAY, BARE_FASTAGI, PROCESS, ARI)
RATIO = 1.15  # of the bare FastAGI server at most, at p50 and p99


@dataclass(frozen=True, slots=True)
class Load:
    """`at_once` calls of `keys` keys each, in `rounds` rounds."""

    at_once: int
    keys: int
    rounds: int


FULL = (Load(5, 16, 6), Load(50, 16, 2))
QUICK = (Load(5, 6, 1),)


@dataclass(slots=True)
class Measured:
    """All rounds of one way at one load. Seconds."""

    cut: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        return self.cut + self.quiet


@dataclass(slots=True)
class Generator:
    """How well the callers kept time."""

    lateness: list[float] = field(default_factory=list)
    cpu: float = 0.0
    took: float = 0.0
    most: int = 0
    failed: list[str] = field(default_factory=list)


def measure(site: Site, loads: tuple[Load, ...] = FULL) -> Part:
    """Run all loads; six minutes for FULL."""
    rows: list[Row] = []
    notes = []
    for load in loads:
        measured, generator = _rounds(site, load)
        rows += _rows(load, measured)
        notes.append(_note(load, generator))
    return Part("latency", "Key up to first packet of the next prompt", tuple(rows), tuple(notes))


def _rounds(site: Site, load: Load) -> tuple[dict[Variant, Measured], Generator]:
    measured = {variant: Measured() for variant in VARIANTS}
    generator = Generator()
    for number in range(load.rounds):
        turn = number % len(VARIANTS)
        for variant in (*VARIANTS[turn:], *VARIANTS[:turn]):
            rate = max(10.0, load.at_once / 1.5)
            result = site.calls(Job(variant.number, load.at_once, rate, load.keys, seed=number))
            into = measured[variant]
            into.cut += result.cut
            into.quiet += result.quiet
            into.first += result.first
            generator.lateness += result.lateness
            generator.cpu += result.cpu
            generator.took += result.took
            generator.most = max(generator.most, result.most)
            generator.failed += [f"{variant.name}: {why}" for why in result.failed]
    return measured, generator


def _rows(load: Load, measured: dict[Variant, Measured]) -> Iterator[Row]:
    native = measured[NATIVE_MENU]
    for variant, found in measured.items():
        yield Row(
            f"{variant.name}, {load.at_once} calls: p50 / p99 / longest",
            " / ".join(f"{_ms(found.all, share):.2f}" for share in (0.5, 0.99, 1.0)) + " ms",
            samples=str(len(found.all)),
        )
    for share in (0.5, 0.99):
        at = f"{load.at_once} calls, p{share * 100:.0f}"
        for variant in VARIANTS[1:]:
            ratio = _ms(measured[variant].all, share) / _ms(native.all, share)
            yield Row(f"{variant.name} : native, {at}", f"{ratio:.2f}")
        ratio = _ms(measured[GATEWAY].all, share) / _ms(measured[BARE_FASTAGI].all, share)
        yield at_most(f"{GATEWAY.name} : {BARE_FASTAGI.name}, {at}", ratio, RATIO, "{:.2f}")
    for variant, found in measured.items():
        yield Row(
            f"{variant.name}, {load.at_once} calls: key into the prompt / behind its end, p50",
            f"{_ms(found.cut, 0.5):.2f} / {_ms(found.quiet, 0.5):.2f} ms",
            samples=f"{len(found.cut)} / {len(found.quiet)}",
        )
    for variant, found in measured.items():
        yield Row(
            f"{variant.name}, {load.at_once} calls: dialled to first packet, p50 / p99",
            f"{_ms(found.first, 0.5):.1f} / {_ms(found.first, 0.99):.1f} ms",
            samples=str(len(found.first)),
        )


def _ms(values: list[float], share: float) -> float:
    return percentile(values, share) * 1000


def _note(load: Load, generator: Generator) -> str:
    late = [percentile(generator.lateness, share) * 1000 for share in (0.5, 0.99, 1.0)]
    failed = "; ".join(sorted(set(generator.failed))[:3])
    return (
        f"The load generator at {load.at_once} calls (at most {generator.most} at once): its clock was late "
        f"by {late[0]:.2f} ms at p50, {late[1]:.2f} ms at p99, {late[2]:.1f} ms at worst; it used "
        f"{generator.cpu / generator.took * 100:.0f} % of a core. Calls that failed: {len(generator.failed)}"
        + (f" ({failed})." if failed else ".")
    )
