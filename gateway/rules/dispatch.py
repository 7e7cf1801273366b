"""rules/dispatch.yaml: what the suggestion of a unit goes by beside places. There need not be such a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.core.item.catalogue import Categories, Category, Division, Station
from gateway.core.item.contact import Kind
from gateway.core.order.suggestion import DispatchRules
from gateway.core.yaml_tree import Faults, nearest
from gateway.errors import Problem
from gateway.rules.yaml_models import Flag, Id, Table, Tables, Text, read_file

UnitId = Annotated[Text, Field(pattern=r"^(?:[0-9]{6}|[0-9]{8}|[a-z][a-z0-9_-]{1,15})$")]


class CategoryRow(Table):
    """A category, as a problem or a subject, and the unit that handles all of it."""

    WHAT = "a row of `categories`"
    problem: Id | None = None
    subject: Id | None = None
    unit: UnitId

    def check(self, faults: Faults) -> None:
        if (self.problem is None) == (self.subject is None):
            faults.at(self.line_of(), f"{self.what} needs `problem` or `subject`, not both")


class DispatchFile(Table):
    WHAT = "the dispatch rules"
    to_stations: Flag = False
    automatic: frozenset[Kind] = frozenset()
    categories: Tables[CategoryRow] = ()

    def check(self, faults: Faults) -> None:
        if Kind.UNSORTED in self.automatic:
            faults.at(
                self.line_of("automatic"), f"{self.what}: what is unsorted is not assigned automatically"
            )

    def built(self) -> DispatchRules:
        return DispatchRules(
            to_stations=self.to_stations,
            problems={row.problem: row.unit for row in self.categories if row.problem},
            subjects={row.subject: row.unit for row in self.categories if row.subject},
            automatic=self.automatic,
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a row may name, by the other files of rules/."""

    categories: Categories
    divisions: tuple[Division, ...]
    stations: tuple[Station, ...]

    def fault(self, row: CategoryRow) -> str:
        """What a row names that is not there; "" when all is."""
        if row.problem and (fault := _unknown(row.problem, self.categories.problems)):
            return fault
        if row.subject and (fault := _unknown(row.subject, self.categories.subjects)):
            return fault
        units = {d.code for d in self.divisions} | {s.code for s in self.stations}
        # A department of the centre stands in the database alone.
        return f"`{row.unit}` is no bureau and no station" if _no_unit(row.unit, units) else ""


def load_dispatch(path: Path, names: Known | None, problems: list[Problem]) -> DispatchRules:
    """The rules of a sound file, else those that go by places alone. `names` None: what rows name is not
    looked up."""
    table = read_file(DispatchFile, path, problems) if path.is_file() else None
    if table is None:
        return DispatchRules()
    faults = Faults(str(path))
    for row in table.categories if names else ():
        if names and (fault := names.fault(row)):
            faults.at(row.line_of(), f"{row.what}: {fault}")
    problems.extend(faults.found)
    return table.built()


def _no_unit(unit: str, units: Collection[str]) -> bool:
    return unit[0].isdigit() and unit not in units


def _unknown(id: str, tree: tuple[Category, ...]) -> str:
    ids = [node.id for top in tree for node in top.walk()]
    return "" if id in ids else f"no category `{id}` is here{nearest(id, ids)}"
