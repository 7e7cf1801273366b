"""rules/clocks/: one file an order, with its time limits and the grounds of its decisions."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.core.item.catalogue import Ground, Grounds
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Clock, Milestone, RuleSet, Unit
from gateway.core.yaml_tree import Faults, nearest
from gateway.errors import Problem
from gateway.rules.yaml_models import (
    Day,
    Entries,
    Flag,
    Id,
    Names,
    Table,
    Text,
    Whole,
    read_file,
    sound,
)

GroundNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]?$")]


class ClockEntry(Table):
    WHAT = "the clock `{}`"
    name: Names
    kinds: frozenset[Kind]
    count: Annotated[Whole, Field(ge=1, le=366)]
    unit: Unit
    starts_from: Milestone
    met_by: frozenset[Milestone] = frozenset()
    extends: Text = ""
    restarts_from: Milestone | None = None
    not_counted: Text = ""
    basis: Text
    verified: Flag
    source: Text

    def check(self, faults: Faults) -> None:
        if not self.kinds:
            faults.at(self.line_of("kinds"), f"{self.what}: it is for no kind")

    def built(self, name: str) -> Clock:
        fields = dict(self) | {"name": name, "zh": self.name.zh, "en": self.name.en}
        return Clock(**fields)


class GroundEntry(Table):
    WHAT = "the ground {}"
    zh: Text
    en: Text


class GroundsPart(Table):
    WHAT = "the order: `{}`"
    basis: Text
    verified: Flag
    source: Text
    grounds: Entries[GroundNumber, GroundEntry]

    def check(self, faults: Faults) -> None:
        """Grounds are numbered from 1 without a gap."""
        for place, number in enumerate(self.grounds, 1):
            if int(number) != place:
                line = self.line_of("grounds", number)
                faults.at(line, f"the ground {number}: grounds are numbered 1, 2, 3 …")

    def built(self) -> Grounds:
        entries = tuple(Ground(int(number), g.zh, g.en) for number, g in self.grounds.items())
        return Grounds(self.basis, self.verified, self.source, entries)


class OrderFile(Table):
    WHAT = "the order"
    in_force_from: Day
    in_force_until: Day | None = None
    name: Names
    weekend_reading: Names | None = None
    clocks: Entries[Id, ClockEntry]
    non_acceptance: GroundsPart
    ending_mediation: GroundsPart

    def check(self, faults: Faults) -> None:
        begins, until = self.in_force_from, self.in_force_until
        if not Path(faults.file).name.startswith(str(begins)):
            faults.at(self.line_of("in_force_from"), f"the file's name must begin with {begins}")
        if until and until < begins:
            faults.at(self.line_of("in_force_until"), f"it ends on {until}, before it begins")
        above = list(self.clocks)
        for name, clock in sound(self.clocks).items():
            if clock.extends:
                self._check_extension(clock, above[: above.index(name)], faults)

    def _check_extension(self, clock: ClockEntry, above: list[str], faults: Faults) -> None:
        """A clock extends one above it, and for no kinds that the other is not for."""
        other = self.clocks.get(clock.extends)
        if clock.extends not in above:
            hint = nearest(clock.extends, above)
            faults.at(clock.line_of("extends"), f"{clock.what}: no clock above is `{clock.extends}`{hint}")
        elif other and not clock.kinds <= other.kinds:
            faults.at(clock.line_of("extends"), f"{clock.what}: `{clock.extends}` is for other kinds")

    def built(self, id: str) -> RuleSet:
        return RuleSet(
            id=id,
            zh=self.name.zh,
            en=self.name.en,
            in_force_from=self.in_force_from,
            clocks=tuple(clock.built(name) for name, clock in self.clocks.items()),
            non_acceptance=self.non_acceptance.built(),
            ending_mediation=self.ending_mediation.built(),
            weekend_reading=(reading.zh, reading.en) if (reading := self.weekend_reading) else None,
        )


def load_orders(folder: Path, problems: list[Problem]) -> tuple[RuleSet, ...]:
    """The orders by their days; each must end the day before the next begins, if it says when."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        problems.append(Problem(str(folder), 0, "no order is here (*.yaml)"))
    orders = [(order, path) for path in files if (order := read_file(OrderFile, path, problems))]
    orders.sort(key=lambda pair: pair[0].in_force_from)
    if len(orders) == len(files):  # one that cannot be read would be missed
        _check_succession(orders, problems)
    return () if problems else tuple(order.built(path.stem) for order, path in orders)


def _check_succession(orders: list[tuple[OrderFile, Path]], problems: list[Problem]) -> None:
    for (order, file), (after, other) in pairwise(orders):
        until, begins = order.in_force_until, after.in_force_from
        if order.in_force_from == begins or (until and until >= begins):
            problems.append(Problem(str(other), 0, f"overlaps {file}: both are in force on {begins}"))
        elif until and until + timedelta(days=1) < begins:
            problems.append(Problem(str(file), 0, f"ends on {until}, but {other} begins on {begins}"))
    if orders and (until := orders[-1][0].in_force_until):
        problems.append(Problem(str(orders[-1][1]), 0, f"ends on {until}, and no order follows"))
