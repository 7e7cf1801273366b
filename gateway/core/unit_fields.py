"""What may stand in the fields of a unit, and units as rows of a table. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gateway.core.item import written
from gateway.core.unit import CENTRE, EDITABLE, Tree, Unit, UnitKind, place_fault
from gateway.errors import FieldFault

KIND_NAMES: Mapping[UnitKind, tuple[str, str]] = {
    UnitKind.CENTRE: ("中心", "centre"),
    UnitKind.DEPARTMENT: ("中心科室", "department"),
    UnitKind.BUREAU: ("县级局", "bureau"),
    UnitKind.STATION: ("监管所", "station"),
}
FIELD_NAMES: Mapping[str, tuple[str, str]] = {
    "id": ("编号", "Id"),
    "parent": ("上级", "Above it"),
    "kind": ("类别", "Kind"),
    "zh": ("名称", "Name"),
    "en": ("英文名", "English name"),
    "phones": ("值班电话", "Duty telephones"),
    "mail": ("邮箱", "Mail"),
    "leader_mail": ("负责人邮箱", "Leader's mail"),
    "fax": ("传真", "Fax"),
    "hours": ("工作时间", "Working hours"),
    "online": ("线上办理", "Works online"),
    "active": ("启用", "In use"),
    "area": ("辖区", "Area"),
    "places": ("地名", "Place names"),
    "verified": ("已核实", "Verified"),
}
"""The columns of a table of units, in its order; each in Chinese, which a head line may have, and English."""
YES, NO = ("是", "yes", "1", "true"), ("否", "no", "0", "false")
MOST_PHONES, MOST_PLACES = 5, 60
_LONGEST = {"zh": 60, "en": 120, "area": 500}
_PHONE = re.compile(r"\+?[0-9][0-9 -]{2,23}(?:转[0-9]{1,8})?")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)|([01]\d|2[0-3]):([0-5]\d)-24:00")
_PARTS = re.compile(r"[^\s,，、;；]+")
_PHONES = re.compile(r"[^,，、;；]+")


def spelled(unit: Unit) -> Unit:
    """The same unit with telephones and mail addresses in one spelling, and nothing twice."""
    return replace(
        unit,
        phones=tuple(dict.fromkeys(written.telephone_number(phone) for phone in unit.phones)),
        fax=written.telephone_number(unit.fax) if unit.fax else "",
        mail=written.one_mail_address(unit.mail),
        leader_mail=written.one_mail_address(unit.leader_mail),
        places=tuple(dict.fromkeys(unit.places)),
    )


def faults_of(unit: Unit) -> Iterator[FieldFault]:
    """What is wrong with the fields of a unit that has been `spelled`."""
    if not unit.zh:
        yield FieldFault("zh", "请填写名称", "a unit needs a name")
    for name, longest in _LONGEST.items():
        if len(getattr(unit, name)) > longest:
            yield FieldFault(name, f"最多 {longest} 字", f"has at most {longest} characters")
    for name, numbers in (("phones", unit.phones), ("fax", (unit.fax,) if unit.fax else ())):
        for number in numbers:
            if not _PHONE.fullmatch(number):
                yield FieldFault(name, f"“{number}”不是电话号码", f"`{number}` is no telephone number")
    for name in ("mail", "leader_mail"):
        address = getattr(unit, name)
        if address and not (_MAIL.fullmatch(address) and len(address) <= 254):
            yield FieldFault(name, f"“{address}”不是邮箱地址", f"`{address}` is no mail address")
    if len(unit.phones) > MOST_PHONES:
        yield FieldFault("phones", f"最多 {MOST_PHONES} 个", f"at most {MOST_PHONES}")
    if len(unit.places) > MOST_PLACES or any(len(place) > 40 for place in unit.places):
        yield FieldFault(
            "places", f"最多 {MOST_PLACES} 个，每个不超过 40 字", f"at most {MOST_PLACES} of 40 characters"
        )
    if not hours_are_right(unit.hours):
        yield FieldFault(
            *("hours", "格式如 08:00-12:00 14:30-18:00", "is written like 08:00-12:00 14:30-18:00")
        )


def hours_are_right(text: str) -> bool:
    """Spans of one day, each after the one before; nothing at all is right too."""
    spans = text.split()
    edges = [edge for span in spans if _SPAN.fullmatch(span) for edge in span.split("-")]
    rising = all(first < second for first, second in pairwise(edges))
    return len(edges) == 2 * len(spans) and rising


# ------------------------------------------------------------------ rows of a table


def row_of(unit: Unit) -> list[str]:
    """The cells of a unit, in the order of FIELD_NAMES."""
    return [_WRITERS.get(name, str)(getattr(unit, name)) for name in FIELD_NAMES]


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line of a table; `line` is 1 for the head."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The units that a table says, new or changed; or what is wrong with it, and then no units."""

    units: tuple[Unit, ...]
    faults: tuple[LineFault, ...]


def read_table(rows: Sequence[Sequence[str]], tree: Tree) -> Reading:
    """A table with a head line. A column that is left out leaves what is there as it is, and so does a unit
    that is not named."""
    if not rows:
        return Reading((), (LineFault(1, "文件是空的 / the file is empty"),))
    head, faults = _head(rows[0])
    lines = [(line, row) for line, row in enumerate(rows[1:], 2) if any(cell.strip() for cell in row)]
    units: dict[str, Unit] = {}
    for line, row in lines if not faults else ():
        unit, wrong = _line(head, row, Tree([*(u for u in tree if u.id not in units), *units.values()]))
        if unit and unit.id in units:
            wrong = [*wrong, f"单位 {unit.id} 在表中重复 / the unit {unit.id} stands in the table twice"]
        faults += [LineFault(line, text) for text in wrong]
        if unit:
            units[unit.id] = unit
    if not lines and not faults:
        faults = [LineFault(2, "表头下没有内容 / there is no line below the head")]
    return Reading(() if faults else tuple(units.values()), tuple(faults))


def _head(row: Sequence[str]) -> tuple[list[str], list[LineFault]]:
    """Names of fields by column, "" for one that is empty."""
    by_name = {name: field for field, names in FIELD_NAMES.items() for name in (field, *names)}
    cells = [cell.strip() for cell in row]
    head = [by_name.get(cell, "") for cell in cells]
    faults = [
        LineFault(1, f"没有“{c}”这一列 / the column `{c}` is not known")
        for c, field in zip(cells, head, strict=True)
        if c and not field
    ]
    named = [field for field in head if field]
    faults += [
        LineFault(1, f"“{FIELD_NAMES[field][0]}”列重复 / the column `{field}` stands there twice")
        for field in sorted({f for f in named if named.count(f) > 1})
    ]
    if "id" not in named:
        faults.append(LineFault(1, "缺少“编号”列 / there is no column `id`"))
    return head, faults


def _line(head: Sequence[str], row: Sequence[str], tree: Tree) -> tuple[Unit | None, list[str]]:
    """The unit of one line, and what is wrong with it; None when it cannot be told which unit it is."""
    if len(row) > len(head) and any(cell.strip() for cell in row[len(head) :]):
        cells_en = f"{len(row)} cells, and the head has {len(head)}"
        return None, [f"有 {len(row)} 格，表头只有 {len(head)} 格 / {cells_en}"]
    cells = {name: cell.strip().removeprefix("'") for name, cell in zip(head, row, strict=False) if name}
    values, wrong = _values(cells)
    before = tree.get(cells["id"]) if cells["id"] else None
    if before is None:
        return _new(cells["id"], values, wrong, tree)
    for name in ("kind", "parent"):
        if cells.get(name) and values.get(name) not in (None, getattr(before, name)):
            now = getattr(before, name)
            wrong.append(f"{name}: 不能修改，现为 {now} / cannot be changed, it is {now}")
    unit = spelled(replace(before, **{name: value for name, value in values.items() if name in EDITABLE}))
    return unit, [*wrong, *map(_said, faults_of(unit))]


def _new(id: str, values: dict[str, Any], wrong: list[str], tree: Tree) -> tuple[Unit | None, list[str]]:
    """A unit that is not there yet: kind and place follow from its id where they are not given."""
    if not id:
        return None, [*wrong, "id: 缺少编号 / is missing"]
    kind, parent = place_by_id(id)
    given = {name: value for name, value in values.items() if name in EDITABLE}
    named = {"zh": "", **given}
    unit = spelled(Unit(id, values.get("parent") or parent, values.get("kind") or kind, **named))
    place = place_fault(unit, tree)
    faults = [*([place] if place else []), *faults_of(unit)]
    return unit, [*wrong, *map(_said, faults)]


def _said(fault: FieldFault) -> str:
    return f"{fault.field}: {fault.zh} / {fault.en}"


def place_by_id(id: str) -> tuple[UnitKind, str]:
    """What a unit of this id is, and below which it stands."""
    if id.isdecimal() and len(id) == 8:
        return UnitKind.STATION, id[:6]
    return (UnitKind.BUREAU if id.isdecimal() else UnitKind.DEPARTMENT), CENTRE


def _values(cells: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    wrong = []
    for name, cell in cells.items():
        try:
            values[name] = _READERS.get(name, str)(cell)
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    return values, wrong


def _flag(cell: str) -> bool:
    if cell.lower() not in (*YES, *NO):
        raise ValueError(f"应为是或否 / yes or no, not `{cell}`")
    return cell.lower() in YES


def _kind(cell: str) -> UnitKind | None:
    kinds = {name: kind for kind, names in KIND_NAMES.items() for name in names}
    if cell and cell not in kinds:
        kinds_zh = "、".join(names[0] for names in KIND_NAMES.values())
        raise ValueError(f"应为以下之一：{kinds_zh} / one of {kinds_zh}, not `{cell}`")
    return kinds.get(cell)


def _split(pattern: re.Pattern[str]) -> Callable[[str], tuple[str, ...]]:
    return lambda cell: tuple(part.strip() for part in pattern.findall(cell) if part.strip())


_READERS: Mapping[str, Callable[[str], Any]] = {
    "kind": _kind,
    "phones": _split(_PHONES),
    "places": _split(_PARTS),
    **dict.fromkeys(("online", "active", "verified"), _flag),
}
_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "kind": lambda kind: KIND_NAMES[kind][0],
    **dict.fromkeys(("phones", "places"), "、".join),
    **dict.fromkeys(("online", "active", "verified"), lambda flag: (YES if flag else NO)[0]),
}
