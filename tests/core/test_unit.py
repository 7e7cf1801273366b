"""The tree of units, and who may belong to which."""

from __future__ import annotations

import pytest

from gateway.core.item.catalogue import Division, Station
from gateway.core.roles import Role
from gateway.core.unit import Tree, Unit, UnitKind, membership_fault, place_fault, units_of

DIVISIONS = (Division("141002", "尧都区", "Yaodu District"), Division("141024", "洪洞县", "Hongtong County"))
STATIONS = (
    Station("14100201", "解放路所", "0357-0000001", "141002", "解放路街道", ("解放路",), False),
    Station("14102401", "大槐树所", "", "141024", ""),
)
LEGAL = Unit("legal", "centre", UnitKind.DEPARTMENT, "法规科")
TREE = Tree((LEGAL, *units_of("临汾市12315热线", DIVISIONS, STATIONS)))


def test_the_tree_follows_the_lists() -> None:
    assert [unit.id for unit in TREE] == ["centre", "legal", "141002", "14100201", "141024", "14102401"]
    station = TREE.get("14100201")
    assert station
    assert (station.phones, station.places, station.verified) == (("0357-0000001",), ("解放路",), False)
    assert TREE.name("141002") == "尧都区市场监督管理局"
    assert TREE.name("141099") == "141099"


def test_parents_children_and_what_is_within() -> None:
    assert [unit.id for unit in TREE.children("141002")] == ["14100201"]
    assert [unit.id for unit in TREE.children("")] == ["legal", "141002", "141024"]
    assert [unit.id for unit in TREE.ancestors("14100201")] == ["141002", "centre"]
    assert TREE.below("141002") == ("141002", "14100201")
    assert TREE.within("14100201", "141002")
    assert TREE.within("14100201", "")
    assert not TREE.within("14100201", "141024")
    assert not TREE.within("141002", "14100201")
    assert not TREE.within("nobody", "centre")
    assert TREE.bureau("14100201") == TREE.bureau("141002") == TREE.get("141002")
    assert TREE.bureau("legal") == LEGAL
    assert TREE.parent("centre") is None


@pytest.mark.parametrize(
    ("role", "unit", "told"),
    [
        (Role.HANDLER, "141002", ""),
        (Role.UNIT_LEADER, "14100201", ""),
        (Role.HANDLER, "legal", ""),
        (Role.AGENT, "", ""),
        (Role.LEADER, "centre", ""),
        (Role.HANDLER, "", "needs --unit"),
        (Role.HANDLER, "141099", "there is no unit '141099'"),
        (Role.UNIT_LEADER, "centre", "not to the centre"),
        (Role.AGENT, "141002", "belongs to the centre"),
        (Role.PARTNER, "141002", "belongs to the centre"),
    ],
)
def test_who_belongs_where(role: Role, unit: str, told: str) -> None:
    fault = membership_fault(role, unit, TREE)
    assert (fault is None) == (told == "")
    if fault:
        assert told in fault.en and " / " not in fault.zh + fault.en


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        (LEGAL, ""),
        (Unit("14100299", "141002", UnitKind.STATION, "所"), ""),
        (Unit("141025", "centre", UnitKind.BUREAU, "局"), ""),
        (Unit("14102402", "141002", UnitKind.STATION, "所"), "141002 and two digits"),
        (Unit("14100299", "legal", UnitKind.STATION, "所"), "`legal` is none"),
        (Unit("1410", "centre", UnitKind.BUREAU, "局"), "six digits"),
        (Unit("1legal", "centre", UnitKind.DEPARTMENT, "科"), "a letter first"),
        (Unit("legal2", "141002", UnitKind.DEPARTMENT, "科"), "stands below `centre`"),
        (Unit("other", "", UnitKind.CENTRE, "中心"), "the centre's id"),
    ],
)
def test_a_unit_s_place(unit: Unit, told: str) -> None:
    fault = place_fault(unit, TREE)
    assert (fault is None) == (told == "")
    if fault:
        assert told in fault.en and " / " not in fault.zh + fault.en
