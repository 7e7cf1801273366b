"""Fields of units, and units as rows of a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.unit import Tree, Unit, UnitKind
from gateway.core.unit_fields import FIELD_NAMES, faults_of, hours_are_right, read_table, row_of, spelled

BUREAU = Unit("141002", "centre", UnitKind.BUREAU, "尧都区局", phones=("0357-2025100",))
TREE = Tree((Unit("centre", "", UnitKind.CENTRE, "中心"), BUREAU))
HEAD = list(FIELD_NAMES)


@pytest.mark.parametrize(
    ("hours", "right"),
    [
        ("", True),
        ("08:00-12:00", True),
        ("08:00-12:00 14:30-18:00", True),
        ("00:00-24:00", True),
        ("8:00-12:00", False),
        ("12:00-08:00", False),
        ("08:00-12:00 11:00-18:00", False),
        ("08:00-25:00", False),
        ("daily", False),
    ],
)
def test_hours(hours: str, right: bool) -> None:
    assert hours_are_right(hours) == right


def test_what_is_written_is_read_again() -> None:
    unit = replace(BUREAU, places=("解放路", "辛寺街"), hours="08:00-12:00", online=False, verified=False)
    reading = read_table([list(FIELD_NAMES), row_of(unit)], TREE)
    assert (reading.units, reading.faults) == ((unit,), ())
    chinese = [names[0] for names in FIELD_NAMES.values()]
    assert read_table([chinese, row_of(unit)], TREE).units == (unit,)


def test_columns_left_out_stay_as_they_are() -> None:
    assert read_table([["id", "fax"], ["141002", "0357 2025200"]], TREE).units == (
        replace(BUREAU, fax="0357-2025200"),
    )


def test_new_units_are_placed_by_their_id() -> None:
    rows = [["id", "zh"], ["141024", "洪洞县局"], ["14102401", "甲所"], ["legal", "法规科"], ["", ""]]
    units = read_table(rows, TREE).units
    assert [(unit.kind, unit.parent) for unit in units] == [
        (UnitKind.BUREAU, "centre"),
        (UnitKind.STATION, "141024"),
        (UnitKind.DEPARTMENT, "centre"),
    ]


@pytest.mark.parametrize(
    ("rows", "line", "told"),
    [
        ([], 1, "empty"),
        ([["id"]], 2, "no line below"),
        ([["zh"], ["x"]], 1, "no column `id`"),
        ([["id", "colour"], ["141002", "red"]], 1, "`colour` is not known"),
        ([["id", "zh", "名称"], ["141002", "a", "b"]], 1, "twice"),
        ([["id", "zh"], ["", "a"]], 2, "id: 缺少编号 / is missing"),
        ([["id"], ["141002"], ["141002"]], 3, "twice"),
        ([["id"], ["141002", "more"]], 2, "2 cells"),
        ([["id", "zh"], ["14102401", "所"]], 2, "`141024` is none"),
        ([["id", "parent"], ["141002", "141024"]], 2, "cannot be changed"),
        ([["id", "kind"], ["141002", "部"]], 2, "not `部`"),
        ([["id", "online"], ["141002", "maybe"]], 2, "not `maybe`"),
        ([["id", "phones"], ["141002", "12"]], 2, "no telephone"),
        ([["id", "mail"], ["141002", "a@b"]], 2, "no mail address"),
        ([["id", "zh"], ["141002", ""]], 2, "needs a name"),
    ],
)
def test_faults_have_their_line_and_nothing_is_taken(rows: list[list[str]], line: int, told: str) -> None:
    reading = read_table(rows, TREE)
    assert reading.units == ()
    assert [(fault.line, told in fault.text) for fault in reading.faults] == [(line, True)]


def test_one_spelling() -> None:
    unit = spelled(
        replace(BUREAU, phones=("０３５７－２０２５１００", "0357-2025100"), mail=" A@Example.CN ")
    )
    assert unit.phones == ("0357-2025100",)
    assert list(faults_of(unit)) == []
