"""The likely unit of an item: each sign with its reason, what outweighs what, and when it cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.item.catalogue import Station
from gateway.core.order.suggestion import (
    CLEAR,
    DispatchRules,
    Gazetteer,
    Signs,
    Suggestion,
    gazetteer_of,
    places_of,
    suggest,
)
from gateway.core.unit import CENTRE, Tree, Unit, UnitKind, units_of
from tests.shipped_rules import shipped_rules

ROOT = Path(__file__).resolve().parents[3]
STATIONS = {
    "14100201": ("鼓楼市场监督管理所", "鼓楼西街街道、解放路"),
    "14100202": ("屯里市场监督管理所", "屯里镇、乔李镇"),
    "14102401": ("大槐树市场监督管理所", "大槐树镇"),
    "14102402": ("赵城市场监督管理所", "赵城镇"),
    "14108201": ("赵城北市场监督管理所", "赵城镇"),  # a town's name that stands in two counties
}


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    divisions = shipped_rules().divisions
    stations = [Station(code, name, "", code[:6], area) for code, (name, area) in STATIONS.items()]
    food = Unit("food", CENTRE, UnitKind.DEPARTMENT, "食品科")
    closed = Unit("14102499", "141024", UnitKind.STATION, "旧所", area="大槐树镇", active=False)
    return gazetteer_of(Tree([*units_of("临汾12315", divisions, stations), food, closed]))


def of(gazetteer: Gazetteer, rules: DispatchRules | None = None, **signs: object) -> Suggestion:
    return suggest(Signs(**signs), gazetteer, rules or DispatchRules())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "units"),
    [
        ("临汾市尧都区解放路12号", ["141002", "14100201"]),
        ("洪洞县大槐树镇槐荫街", ["141024", "14102401"]),
        ("洪洞大槐树", ["141024", "14102401"]),
        ("乔李镇南街", ["141002", "14100202"]),
        ("洪洞赵城镇", ["141024", "14102402"]),  # the county decides between two towns of one name
        ("临汾市尧都区洪洞路8号", ["141002"]),  # a road has the name of another county
        ("鼓楼北大街3号", []),  # a road, and nothing else
        ("侯马市经济开发区", ["141072"]),
        ("侯马市府西路", ["141081"]),
        ("临汾经开区河汾路", ["141071"]),
        ("古县岳阳镇", ["141025"]),
    ],
)
def test_places_in_an_address(gazetteer: Gazetteer, address: str, units: list[str]) -> None:
    suggestion = of(gazetteer, address=address)
    assert [candidate.unit for candidate in suggestion.candidates] == units
    assert suggestion.clear == bool(units)
    assert all(reason.zh and reason.en for c in suggestion.candidates for reason in c.reasons)


@pytest.mark.parametrize(
    ("signs", "doubt"),
    [
        ({}, "没有县区，也没有地址"),
        ({"address": "平阳北街23号"}, "没有县区，地址也对不上任何单位"),
        ({"county": "141002", "address": "洪洞县城关"}, "线索指向不同单位"),
        ({"address": "赵城镇东街"}, "线索指向不同单位"),
        ({"address": "经济开发区创业路"}, "线索指向不同单位"),
        ({"respondent": "尧都区福满超市"}, "依据不足"),
        ({"earlier": {"141002": 1, "141024": 1}}, "线索指向不同单位"),
        ({"county": "999999"}, "没有县区"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_reason(
    gazetteer: Gazetteer, signs: dict[str, object], doubt: str
) -> None:
    suggestion = of(gazetteer, **signs)
    assert not suggestion.clear and doubt in suggestion.doubt_zh and suggestion.doubt_en


def test_the_county_comes_before_earlier_matters_and_both_stand_as_reasons(gazetteer: Gazetteer) -> None:
    suggestion = of(gazetteer, county="141002", earlier={"141002": 3, "141024": 1})
    first, second = suggestion.candidates
    assert suggestion.clear and first.unit == "141002" and second.unit == "141024"
    assert [reason.what for reason in first.reasons] == ["county", "earlier"]
    assert "4 件中有 3 件" in first.reasons[1].zh
    assert of(gazetteer, earlier={"141002": 3}).clear


def test_a_category_names_its_unit_and_a_station_comes_first_where_the_rules_say_so(
    gazetteer: Gazetteer,
) -> None:
    table = DispatchRules(subjects={"food": "food", "nothing": "gone"}, to_stations=True)
    assert [c.unit for c in of(gazetteer, table, subject=("food", "drink")).candidates] == ["food"]
    assert of(gazetteer, table, subject=("nothing",)).candidates == ()
    station, bureau = of(gazetteer, table, address="洪洞县大槐树镇").candidates
    assert (station.unit, bureau.unit) == ("14102401", "141024") and station.points > CLEAR


def test_a_units_places_are_its_own_and_those_listed() -> None:
    assert places_of("鼓楼市场监督管理所", "鼓楼西街街道、解放路") == ("鼓楼", "鼓楼西街街道", "解放路")
    assert places_of("尧都区市场监督管理局", "") == ("尧都区",)
