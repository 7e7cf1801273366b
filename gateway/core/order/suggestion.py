"""Which unit an item most likely belongs to, and why: candidates with reasons, for a person to judge.

Nothing is assigned here. Signs are the county that was registered, place names in the respondent's address
and name, the units that had earlier matters of the same respondent, and the table of categories in
rules/dispatch.yaml. Most addresses do not name one unit: then the suggestion says so and why. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.core.item.contact import Kind
from gateway.core.item.duplicates import place_names
from gateway.core.reason import Reason
from gateway.core.unit import Tree, Unit, UnitKind

# Points. A candidate is clear with CLEAR points, when no other bureau has more than half as many.
COUNTY = 60
ADDRESS = 50
ADDRESS_SHORT = 35
STATION = 40
NAME = 20
CATEGORY = 40
EARLIER = 20
EARLIER_EACH = 5
EARLIER_MOST = 4
"""Earlier matters beyond which more of them say nothing new."""
CLEAR = 35
MOST = 5
"""Candidates that are shown at most."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A unit that an item may be assigned to. `bureau` is the bureau that answers for it, its own id for a
    bureau and a department. `places` are names of what it covers, the first that of its county."""

    id: str
    bureau: str
    zh: str
    en: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DispatchRules:
    """rules/dispatch.yaml. `to_stations`: of a bureau and its station that both fit, the station comes first.
    `problems` and `subjects` map ids of categories to units; `automatic` are the kinds of which a clear
    suggestion is assigned without anybody."""

    to_stations: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    automatic: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Signs:
    """What of an item tells its unit. `problem` and `subject` are ids of categories, each behind those above
    it; `earlier` counts earlier matters of the same respondent by the unit that had them."""

    county: str = ""
    address: str = ""
    respondent: str = ""
    problem: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    earlier: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit with what speaks for it, the weightiest first; `points` of its bureau are counted in."""

    unit: str
    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Candidates, the likeliest first. `clear`: the first may be taken after a look; else `doubt_zh` and
    `doubt_en` tell why it cannot be told."""

    candidates: tuple[Candidate, ...]
    clear: bool
    doubt_zh: str = ""
    doubt_en: str = ""


# ---------------------------------------------------------------- names of places

_ROAD = re.compile("[东西南北中]?(?:路|街(?!道)|大街|大道|巷|胡同|桥)")
_SUFFIXES = ("街道办事处", "街道办", "街道", "镇", "乡", "社区", "村")
_OFFICES = ("市场监督管理局", "市场监督管理所", "市场监管局", "市场监管所", "市监所", "所")
_BETWEEN = re.compile(r"[、,，;；/\s]+")
_ZONE = "经济开发区"


@dataclass(frozen=True, slots=True)
class _Alias:
    """A name by which a unit's area may be written. `short` names may also be a road's: they do not count
    before one."""

    text: str
    unit: Covered
    station: bool
    short: bool


@dataclass(frozen=True, slots=True)
class _Match:
    alias: _Alias
    begin: int

    @property
    def end(self) -> int:
        return self.begin + len(self.alias.text)


class Gazetteer:
    """The names of all units' areas, made once for many items."""

    def __init__(self, units: Iterable[Covered]) -> None:
        self.units = {unit.id: unit for unit in units}
        self._aliases = tuple(alias for unit in self.units.values() for alias in _aliases(unit))

    def named(self, text: str) -> list[_Match]:
        """Names in a text; one inside a longer one does not count."""
        aliases = [alias for alias in self._aliases if alias.text in text]
        matches = [match for alias in aliases for match in _occurrences(alias, text)]
        return [match for match in matches if not any(_inside(match, other) for other in matches)]


def gazetteer_of(tree: Tree) -> Gazetteer:
    """The places of all units to which something may be assigned."""
    units = [unit for unit in tree if unit.active and unit.kind is not UnitKind.CENTRE]
    return Gazetteer(_covered(unit) for unit in units)


def _covered(unit: Unit) -> Covered:
    station = unit.kind is UnitKind.STATION
    bureau = unit.parent if station else unit.id
    listed = () if unit.kind is UnitKind.DEPARTMENT else places_of(unit.zh, unit.area)
    places = (*unit.places, *listed) if station else (*listed, *unit.places)
    return Covered(unit.id, bureau, unit.zh, unit.en or unit.zh, tuple(dict.fromkeys(places)))


def places_of(name: str, area: str) -> tuple[str, ...]:
    """Names of what a unit covers: its own without its office, and those listed in `area`."""
    own = name
    for office in _OFFICES:
        own = own.removesuffix(office)
    return tuple(dict.fromkeys(place for place in (own, *_BETWEEN.split(area)) if len(place) > 1))


def _aliases(unit: Covered) -> Iterator[_Alias]:
    station = unit.id != unit.bureau
    for place in unit.places:
        for text, short in _spellings(place, station):
            yield _Alias(text, unit, station, short)


def _spellings(place: str, station: bool) -> Iterator[tuple[str, bool]]:
    yield place, station and not place.endswith(_SUFFIXES) and not _ROAD.search(place)
    if station:
        stem = next((place.removesuffix(s) for s in _SUFFIXES if place.endswith(s)), "")
        if len(stem) > 1:
            yield stem, True
    elif place.endswith(_ZONE):
        city = place.removesuffix(_ZONE)
        yield from ((f"{city}{mark}", False) for mark in ("市经济开发区", "经开区", "市经开区", "开发区"))
        yield from ((mark, False) for mark in (_ZONE, "经开区"))
    else:
        yield from ((name, True) for name in place_names([place])[1:])


def _occurrences(alias: _Alias, text: str) -> Iterator[_Match]:
    begin = text.find(alias.text)
    while begin >= 0:
        match = _Match(alias, begin)
        if not (alias.short and _ROAD.match(text, match.end)):
            yield match
        begin = text.find(alias.text, begin + 1)


def _inside(match: _Match, other: _Match) -> bool:
    longer = len(other.alias.text) > len(match.alias.text)
    return longer and other.begin <= match.begin and match.end <= other.end


# ---------------------------------------------------------------- signs


def suggest(signs: Signs, gazetteer: Gazetteer, rules: DispatchRules) -> Suggestion:
    """The likely units of one item."""
    reasons: dict[str, list[Reason]] = {}
    for unit, reason in _all(signs, gazetteer, rules):
        if unit in gazetteer.units and reason.what not in {r.what for r in reasons.setdefault(unit, [])}:
            reasons[unit].append(reason)
    reasons = {unit: of_unit for unit, of_unit in reasons.items() if of_unit}
    candidates = _ranked(reasons, gazetteer, rules)
    clear, zh, en = _doubt(candidates, signs, gazetteer)
    return Suggestion(tuple(candidates[:MOST]), clear, zh, en)


def _all(signs: Signs, gazetteer: Gazetteer, rules: DispatchRules) -> Iterator[tuple[str, Reason]]:
    yield from _county(signs, gazetteer)
    yield from _address(signs, gazetteer)
    yield from _name(signs, gazetteer)
    yield from _earlier(signs, gazetteer)
    yield from _category(signs, rules)


def _county(signs: Signs, gazetteer: Gazetteer) -> Iterator[tuple[str, Reason]]:
    unit = gazetteer.units.get(signs.county)
    if unit:
        place = unit.places[0] if unit.places else unit.zh
        yield unit.id, Reason("county", COUNTY, f"登记的县区是{place}", f"the county registered is {place}")


def _address(signs: Signs, gazetteer: Gazetteer) -> Iterator[tuple[str, Reason]]:
    matches = gazetteer.named(signs.address)
    bureaus = {m.alias.unit.bureau for m in matches if not m.alias.station} or {signs.county}
    for match in matches:
        alias = match.alias
        if not alias.station:
            points = ADDRESS_SHORT if alias.short else ADDRESS
            zh, en = f"地址中有“{alias.text}”", f"the address says “{alias.text}”"
            yield alias.unit.id, Reason("address", points, zh, en)
        elif alias.unit.bureau in bureaus or bureaus == {""}:
            # A town's name stands in several counties: where the county is known, its own alone count.
            zh, en = f"地址中的“{alias.text}”属于该所辖区", f"“{alias.text}” in the address is in its area"
            yield alias.unit.id, Reason("station", STATION, zh, en)


def _name(signs: Signs, gazetteer: Gazetteer) -> Iterator[tuple[str, Reason]]:
    for match in gazetteer.named(signs.respondent):
        if not match.alias.station:
            text = match.alias.text
            yield match.alias.unit.id, Reason("name", NAME, f"名称中有“{text}”", f"its name says “{text}”")


def _earlier(signs: Signs, gazetteer: Gazetteer) -> Iterator[tuple[str, Reason]]:
    total = sum(signs.earlier.values())
    for unit, count in signs.earlier.items():
        points = (EARLIER + EARLIER_EACH * min(count, EARLIER_MOST)) * count // total
        zh = f"同一对象最近 {total} 件中有 {count} 件由该单位办理"
        en = f"it had {count} of the last {total} matters of the same respondent"
        yield unit, Reason("earlier", points, zh, en)


def _category(signs: Signs, rules: DispatchRules) -> Iterator[tuple[str, Reason]]:
    for table, path in ((rules.problems, signs.problem), (rules.subjects, signs.subject)):
        unit = next((table[id] for id in reversed(path) if id in table), "")
        if unit:
            zh, en = "按分类派单表由该单位办理", "the table of categories names it"
            yield unit, Reason("category", CATEGORY, zh, en)


# ---------------------------------------------------------------- ranking


def _ranked(
    reasons: Mapping[str, list[Reason]], gazetteer: Gazetteer, rules: DispatchRules
) -> list[Candidate]:
    """By the points of the bureau with its stations; a bureau stands there as soon as its station does."""
    by_bureau: dict[str, list[str]] = {}
    for unit in reasons:
        by_bureau.setdefault(gazetteer.units[unit].bureau, []).append(unit)
    groups = [_group(bureau, units, reasons, rules) for bureau, units in by_bureau.items()]
    groups.sort(key=lambda group: (-max(c.points for c in group), group[0].unit))
    return [candidate for group in groups for candidate in group]


def _group(
    bureau: str, units: list[str], reasons: Mapping[str, list[Reason]], rules: DispatchRules
) -> list[Candidate]:
    own = reasons.get(bureau, [])
    stations = sorted(
        (_candidate(unit, [*reasons[unit], *own]) for unit in units if unit != bureau), key=_best
    )
    if not stations:
        return [_candidate(bureau, own)]
    # What lies in a station's area lies in its bureau's.
    below = [reason for unit in units if unit != bureau for reason in reasons[unit]]
    first = _candidate(bureau, [*own, max(below, key=lambda reason: reason.points)])
    only = len(stations) == 1
    return [*stations, first] if rules.to_stations and only else [first, *stations]


def _candidate(unit: str, reasons: list[Reason]) -> Candidate:
    weightiest = sorted(reasons, key=lambda reason: -reason.points)
    return Candidate(unit, sum(reason.points for reason in reasons), tuple(weightiest))


def _best(candidate: Candidate) -> tuple[int, str]:
    return -candidate.points, candidate.unit


def _doubt(candidates: list[Candidate], signs: Signs, gazetteer: Gazetteer) -> tuple[bool, str, str]:
    """Is the first clear? Else why not, Chinese and English."""
    if not candidates:
        zh = "没有县区，地址也对不上任何单位" if signs.address else "没有县区，也没有地址"
        en = "no county, and the address names no unit" if signs.address else "no county and no address"
        return False, f"{zh}，请人工确定", f"{en}: to be decided by hand"
    first, bureau = candidates[0], gazetteer.units[candidates[0].unit].bureau
    others = [c for c in candidates if gazetteer.units[c.unit].bureau != bureau]
    if others and others[0].points * 2 > first.points:
        names = [gazetteer.units[c.unit] for c in (first, others[0])]
        zh = f"线索指向不同单位：{'、'.join(unit.zh for unit in names)}，请核对"
        return False, zh, f"signs for different units: {', '.join(unit.en for unit in names)}; please check"
    if first.points < CLEAR:
        return False, "依据不足，请核对", "the signs are weak, please check"
    return True, "", ""
