"""Units that handle orders: the centre, its departments, the bureaus and their stations. Pure.

A unit is named by its id: `centre`, a bureau by its division code (`141002`), a station by its code
(`14100201`), a department of the centre by an id that begins with a letter (`legal`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from gateway.core.item.catalogue import Division, Station
from gateway.core.roles import OF_UNITS, Role
from gateway.errors import FieldFault

CENTRE = "centre"
DEPARTMENT_ID = re.compile(r"[a-z][a-z0-9_-]{1,15}", re.ASCII)
STATION_ID = re.compile(r"(\d{6})\d{2}", re.ASCII)
BUREAU_ID = re.compile(r"\d{6}", re.ASCII)


class UnitKind(StrEnum):
    """What a unit is. A department and a bureau stand below the centre, a station below its bureau."""

    CENTRE = "centre"
    DEPARTMENT = "department"
    BUREAU = "bureau"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit. `parent` is "" for the centre alone.

    `phones` are duty telephones in the order in which they are tried; `mail` and `fax` take orders and
    notices, `leader_mail` takes what its leader has to know. `hours` are its working hours on workdays, as
    in "08:00-12:00 14:30-18:00". `online`: its people have accounts; otherwise orders go by mail or fax.
    `active` False: nothing is assigned to it any more. `area` says in words what it covers, `places` are
    names by which an address is known to be its. `verified` False: an example that nobody has confirmed.
    """

    id: str
    parent: str
    kind: UnitKind
    zh: str
    en: str = ""
    phones: tuple[str, ...] = ()
    mail: str = ""
    leader_mail: str = ""
    fax: str = ""
    hours: str = ""
    online: bool = True
    active: bool = True
    area: str = ""
    places: tuple[str, ...] = ()
    verified: bool = True

    @property
    def can_be_told(self) -> bool:
        """Is there any way to tell it something without its people's accounts?"""
        return bool(self.phones or self.mail or self.fax)


EDITABLE = tuple(field.name for field in fields(Unit) if field.name not in ("id", "parent", "kind"))
"""What of a unit may be changed once it is there."""


class Tree:
    """Units by their place. Iterates in the order of `sorted_units`: each unit before those below it."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units: Mapping[str, Unit] = {unit.id: unit for unit in sorted_units(units)}

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def __len__(self) -> int:
        return len(self._units)

    def __contains__(self, unit: object) -> bool:
        return unit in self._units

    def get(self, unit: str) -> Unit | None:
        """The unit of this id; "" is the centre."""
        return self._units.get(unit or CENTRE)

    def name(self, unit: str) -> str:
        """Its Chinese name; the id itself where there is no such unit."""
        entry = self.get(unit)
        return entry.zh if entry else unit

    def parent(self, unit: str) -> Unit | None:
        entry = self.get(unit)
        return self._units.get(entry.parent) if entry else None

    def children(self, unit: str) -> tuple[Unit, ...]:
        return tuple(entry for entry in self._units.values() if entry.parent == (unit or CENTRE))

    def ancestors(self, unit: str) -> tuple[Unit, ...]:
        """Those above it, the nearest first."""
        above = self.parent(unit)
        return (above, *self.ancestors(above.id)) if above else ()

    def within(self, unit: str, ancestor: str) -> bool:
        """Is it that unit, or below it? False when one of them is unknown."""
        if self.get(unit) is None or self.get(ancestor) is None:
            return False
        ids = {unit or CENTRE, *(above.id for above in self.ancestors(unit))}
        return (ancestor or CENTRE) in ids

    def below(self, unit: str) -> tuple[str, ...]:
        """The ids of a unit and all below it: whose orders its people see."""
        return tuple(entry.id for entry in self._units.values() if self.within(entry.id, unit))

    def bureau(self, unit: str) -> Unit | None:
        """The unit that answers for it to the centre: of a station its bureau, else itself."""
        entry = self.get(unit)
        return self.parent(unit) if entry and entry.kind is UnitKind.STATION else entry


def sorted_units(units: Iterable[Unit]) -> list[Unit]:
    """The centre, its departments, then each bureau with its stations behind it."""
    ranks = {UnitKind.CENTRE: 0, UnitKind.DEPARTMENT: 1, UnitKind.BUREAU: 2, UnitKind.STATION: 2}
    return sorted(units, key=lambda unit: (ranks[unit.kind], unit.id))


def units_of(centre: str, divisions: Sequence[Division], stations: Sequence[Station]) -> tuple[Unit, ...]:
    """The units that the lists of rules/ name. `centre` is the centre's Chinese name."""
    return (
        Unit(CENTRE, "", UnitKind.CENTRE, centre),
        *(Unit(d.code, CENTRE, UnitKind.BUREAU, *d.bureau, verified=d.official) for d in divisions),
        *(_station(station) for station in stations),
    )


def _station(station: Station) -> Unit:
    return Unit(
        *(station.code, station.county, UnitKind.STATION, station.name),
        phones=(station.phone,) if station.phone else (),
        area=station.area,
        places=station.places,
        verified=station.verified,
    )


def place_fault(unit: Unit, tree: Tree) -> FieldFault | None:
    """What is wrong with a unit's id and place in the tree."""
    if unit.kind is UnitKind.CENTRE:
        if (unit.id, unit.parent) == (CENTRE, ""):
            return None
        return FieldFault("id", "中心编号为 centre，无上级", "the centre's id is `centre`, with no parent")
    if unit.kind is UnitKind.STATION:
        return _station_fault(unit, tree)
    if unit.parent != CENTRE:
        return FieldFault("parent", f"上级应为 {CENTRE}", f"a {unit.kind} stands below `{CENTRE}`")
    pattern = BUREAU_ID if unit.kind is UnitKind.BUREAU else DEPARTMENT_ID
    if pattern.fullmatch(unit.id) and unit.id != CENTRE:
        return None
    if unit.kind is UnitKind.BUREAU:
        return FieldFault(
            "id", "县级局编号为 6 位区划代码", "a bureau's id is its division code of six digits"
        )
    zh = "科室编号为 2 至 16 位小写字母、数字、_ 或 -，以字母开头"
    return FieldFault("id", zh, "a department's id has 2 to 16 of a-z, 0-9, _ and -, a letter first")


def _station_fault(unit: Unit, tree: Tree) -> FieldFault | None:
    parent, right = tree.get(unit.parent), STATION_ID.fullmatch(unit.id)
    if parent is None or parent.kind is not UnitKind.BUREAU:
        zh = f"监管所的上级应为县级局，“{unit.parent}”不是"
        return FieldFault("parent", zh, f"a station stands below a bureau, and `{unit.parent}` is none")
    if right and right[1] == parent.id:
        return None
    zh = f"监管所编号为 {parent.id} 加 2 位数字"
    return FieldFault("id", zh, f"a station's id is {parent.id} and two digits")


def membership_fault(role: Role, unit: str, tree: Tree) -> FieldFault | None:
    """Why somebody of this role cannot belong to this unit."""
    if role not in OF_UNITS:
        if unit in ("", CENTRE):
            return None
        en = f"{role}: belongs to the centre; --unit is for {' and '.join(OF_UNITS)}"
        return FieldFault("unit", "该角色属于中心，不能指定单位", en)
    if not unit:
        en = f"{role}: needs --unit, the id of the unit he works for, e.g. 141002"
        return FieldFault("unit", "请指定所属单位", en)
    entry = tree.get(unit)
    if entry is None:
        en = f"there is no unit {unit!r}: `gateway units list` shows all"
        return FieldFault("unit", f"没有单位 {unit}", en)
    if entry.kind is UnitKind.CENTRE:
        en = f"{role}: belongs to a bureau, station or department, not to the centre"
        return FieldFault("unit", "该角色属于县级局、监管所或科室，不属于中心", en)
    return None if entry.active else FieldFault("unit", f"单位 {unit} 已停用", f"the unit {unit} is closed")
