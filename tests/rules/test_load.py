"""rules/ as shipped is whole and sound; every kind of fault is told with its file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channels.registry import REGISTRY
from gateway.core.item.catalogue import Station
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Rules
from gateway.errors import Problem, RuleError
from gateway.rules.load import load_rules

SHIPPED = Path(__file__).resolve().parents[2] / "rules"
ORDER_20 = "clocks/2020-01-01-order-20.yaml"
ORDER_121 = "clocks/2026-04-15-order-121.yaml"


BETWEEN_FILES = ("overlaps", "begins on 2026-04-15")  # no line of one file alone is at fault


@pytest.fixture(scope="module")
def shipped() -> Rules:
    return load_rules(SHIPPED, REGISTRY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rules to spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "rules"))


def faults(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(RuleError) as failed:
        load_rules(folder, REGISTRY)
    return failed.value.problems


def test_the_orders_in_force(shipped: Rules) -> None:
    assert [str(rules.in_force_from) for rules in shipped.sets] == ["2020-01-01", "2026-04-15"]
    old, new = shipped.sets
    assert (len(old.non_acceptance.entries), len(old.ending_mediation.entries)) == (6, 7)
    assert (len(new.non_acceptance.entries), len(new.ending_mediation.entries)) == (7, 8)
    ground = new.non_acceptance.numbered(6)
    assert ground is not None
    assert "核实身份" in ground.zh
    assert new.non_acceptance.numbered(8) is None


def test_what_is_recalled_says_so(shipped: Rules) -> None:
    unsure = {clock.name for clock in shipped.sets[1].clocks if not clock.verified}
    assert unsure == {"check_report", "check_report_extended", "decide_case", "decide_case_extended"}
    assert all(clock.source and clock.basis for rules in shipped.sets for clock in rules.clocks)


def test_the_page_names_all_that_is_not_verified(shipped: Rules) -> None:
    page = (
        (SHIPPED.parent / "docs/operating/rules.md")
        .read_text("utf-8")
        .partition("## What is not verified")[2]
    )
    unsure = [clock.name for rules in shipped.sets for clock in rules.clocks if not clock.verified]
    unsure += [entry.what for entry in shipped.retention if not entry.verified]
    assert [name for name in unsure if f"`{name}`" not in page] == []


def test_the_page_shows_a_real_trace(shipped: Rules) -> None:
    (due,) = shipped.due(Kind.COMPLAINT, date(2026, 9, 24))
    assert "\n".join(due.trace) in (SHIPPED.parent / "docs/operating/rules.md").read_text("utf-8")


def test_the_lists(shipped: Rules) -> None:
    assert len([d for d in shipped.divisions if d.official]) == 17
    assert [d.zh for d in shipped.divisions if not d.official] == ["临汾经济开发区", "侯马经济开发区"]
    assert list(shipped.channels) == list(REGISTRY)
    assert {kind.value for kind in Kind} < {entry.what for entry in shipped.retention}
    assert {claim.id for claim in shipped.claims} >= {"refund", "repair", "other"}
    assert len(shipped.stations) == 64
    assert not any(station.verified for station in shipped.stations)
    assert {station.county for station in shipped.stations} == {d.code for d in shipped.divisions}
    trees = shipped.categories
    assert all(len(tree) > 10 for tree in (trees.problems, trees.goods, trees.services))
    assert "药品" in [node.zh for top in trees.goods for node in top.walk()]


def test_years_have_their_notices(shipped: Rules) -> None:
    assert sorted(shipped.calendar.years) == [2024, 2025, 2026]
    assert all(year.notice.startswith("国办发明电") for year in shipped.calendar.years.values())
    assert len(shipped.calendar.years[2026].makeup) == 6


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (ORDER_121, "    count: 7\n", "    cuont: 7\n", "unknown key `cuont`; did you mean `count`?"),
        (ORDER_121, "count: 60", "count: sixty", "`count` must be a whole number from 1 to 366"),
        (ORDER_121, "count: 60", "count: 0", "`count` must be a whole number from 1 to 366"),
        (ORDER_121, "count: 60", "count: true", "`count` must be a whole number from 1 to 366"),
        (ORDER_121, "unit: calendar", "unit: calender", "cannot be `calender`; did you mean `calendar`?"),
        (ORDER_121, "kinds: [report]", "kinds: [reports]", "cannot be `reports`; did you mean `report`?"),
        (ORDER_121, "kinds: [report]", "kinds: []", "it is for no kind"),
        (ORDER_121, "kinds: [report]", "kinds: report", "`kinds` must be a list"),
        (ORDER_121, "met_by: [parties_told]", "met_by: [told]", "`met_by` cannot be `told`"),
        (ORDER_121, "starts_from: accepted", "starts_from: acepted", "did you mean `accepted`?"),
        (ORDER_121, "extends: check_report", "extends: chek_report", "no clock above is `chek_report`"),
        (ORDER_121, "extends: check_report", "extends: end_mediation", "is for other kinds"),
        (
            ORDER_121,
            "verified: false\n    source",
            "verified: perhaps\n    source",
            "`verified` must be true or false",
        ),
        (
            ORDER_121,
            "source: read in a summary; the approval by the head as in Article 27 of Order 121",
            "source:",
            "`source` must be text",
        ),
        (ORDER_121, "  end_mediation:\n", "  End-Mediation:\n", "`End-Mediation` is no id"),
        (ORDER_121, "  end_mediation:\n", "  decide_acceptance:\n", "a second time"),
        (ORDER_121, "in_force_from: 2026-04-15", "in_force_from: 2026-04-31", "`2026-04-31` is no day"),
        (ORDER_121, "in_force_from: 2026-04-15", "in_force_from: 15.4.2026", "`15.4.2026` is no day"),
        (ORDER_121, "in_force_from: 2026-04-15", "in_force_from: 2026-04-16", "must begin with 2026-04-16"),
        (ORDER_121, "    7: {zh", "    9: {zh", "grounds are numbered 1, 2, 3"),
        (ORDER_121, "    7: {zh", "    vii: {zh", "`vii` is no id"),
        (ORDER_20, "in_force_until: 2026-04-14", "in_force_until: 2019-12-31", "before it begins"),
        (ORDER_20, "in_force_until: 2026-04-14", "in_force_until: 2026-04-15", "overlaps"),
        (ORDER_20, "in_force_until: 2026-04-14", "in_force_until: 2026-04-01", "begins on 2026-04-15"),
        (ORDER_20, "in_force_until: 2026-04-14", "until: 2026-04-14", "unknown key `until`"),
        ("calendars/2026.yaml", "year: 2026", "year: 2027", "`year` must be 2026"),
        ("calendars/2026.yaml", "to: 2026-01-03", "to: 2027-01-03", "2027-01-03 is a day of another year"),
        ("calendars/2026.yaml", "to: 2026-01-03", "to: 2026-01-00", "`2026-01-00` is no day"),
        ("calendars/2026.yaml", "to: 2026-02-23", "to: 2026-02-14", "before it begins"),
        ("calendars/2026.yaml", "from: 2026-04-04", "from: 2026-02-20", "is not after the holiday before"),
        ("calendars/2026.yaml", "[2026-01-04,", "[2026-01-05,", "2026-01-05 is no weekend"),
        ("calendars/2026.yaml", "[2026-01-04,", "[2025-01-04,", "2025-01-04 is a day of another year"),
        ("calendars/2026.yaml", "[2026-01-04,", "[2026-01-03,", "among the holidays as well"),
        ("calendars/2026.yaml", "[2026-01-04,", "[2026-02-14,", "2026-02-14 stands here twice"),
        ("calendars/2026.yaml", "makeup_workdays:", "makeup_days:", "did you mean `makeup_workdays`?"),
        ("calendars/2026.yaml", "notice: 国办发明电〔2025〕7号", "notice: ''", "`notice` must be text"),
        ("calendars/statutory.yaml", "[01-01,", "[13-01,", "`13-01` is no month and day"),
        ("calendars/statutory.yaml", "2027-04-05", "2027-04-0x", "`2027-04-0x` is no day"),
        ("area_codes.yaml", '"0357": {', '"1357": {', "`1357`"),
        ("claims.yaml", "repair: {", "Repair: {", "`Repair` is no id"),
        ("claims.yaml", "redo: {zh: 重作, en: do the work again}", "redo: 重作", "must be a table"),
        ("divisions.yaml", '"141002": {', '"14102": {', "`14102` is no id (a number)"),
        (
            "divisions.yaml",
            "Zone, official: false",
            "Zone, official: nein",
            "`official` must be true or false",
        ),
        ("retention.yaml", "months: 6,", "months: 0,", "from 1 to 1200"),
        ("categories.yaml", "  safety: {zh", "  quality: {zh", "a second time"),
        ("categories.yaml", "      false_advertising: {zh", "      fake: {zh", "stands in this tree twice"),
        ("categories.yaml", "goods:\n", "wares:\n", "unknown key `wares`"),
        ("supervision.yaml", "hours: 08:30-12:00", "hours: 18:00-08:30", "ends before it begins"),
        ("supervision.yaml", "      days: 6", "      days: 1", "`red` comes after `orange`"),
        ("supervision.yaml", "    red: #", "    reed: #", "did you mean `red`?"),
        ("supervision.yaml", "第 {serial} 号", "第 1 号", "needs {year} and {serial}"),
        ("supervision.yaml", "to: [unit]", "to: [units]", "did you mean `unit`?"),
        ("supervision.yaml", '"2026-04-15"', '"2026-04-31"', "is no day"),
        ("claims.yaml", "repair: {", "repair: [", "not YAML"),
    ],
)
def test_a_fault_names_file_and_line(folder: Path, file: str, old: str, new: str, told: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    line = text.count("\n", 0, text.index(old)) + 1
    found = [problem for problem in faults(folder) if told in problem.text]
    assert found, faults(folder)
    assert {problem.file for problem in found} <= {str(folder / file), str(folder / ORDER_121)}
    if told not in BETWEEN_FILES:
        assert line in [problem.line for problem in found]


def test_a_missing_field_is_named_at_its_table(folder: Path) -> None:
    path = folder / ORDER_121
    path.write_text(
        path.read_text("utf-8").replace("    basis: 《消费者权益保护法》第四十六条\n", ""), "utf-8"
    )
    (problem,) = faults(folder)
    assert problem.text == "the clock `decide_acceptance`: `basis` is missing"
    assert problem.line == path.read_text("utf-8").splitlines().index("  decide_acceptance:") + 2


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "claims.yaml").write_text("repair: {zh: 修理}\nredo: {en: again}\n", "utf-8")
    (folder / "divisions.yaml").unlink()
    (folder / "calendars/2026.yaml").write_text("", "utf-8")
    assert {Path(problem.file).name for problem in faults(folder)} == {
        "claims.yaml",
        "divisions.yaml",
        "2026.yaml",
    }
    assert len([p for p in faults(folder) if p.file.endswith("claims.yaml")]) == 2


def two_orders_of_one_day(folder: Path) -> None:
    shutil.copy(folder / ORDER_121, folder / "clocks/2026-04-15-again.yaml")


def an_end_without_successor(folder: Path) -> None:
    path = folder / ORDER_121
    text = path.read_text("utf-8")
    path.write_text(text.replace("clocks:", "in_force_until: 2030-01-01\nclocks:", 1), "utf-8")


def no_order(folder: Path) -> None:
    shutil.rmtree(folder / "clocks")


def a_stray_file(folder: Path) -> None:
    (folder / "divisons.yaml").write_text("", "utf-8")


def another_ending(folder: Path) -> None:
    (folder / "calendars/2027.yml").write_text("", "utf-8")


def a_calendar_without_year(folder: Path) -> None:
    (folder / "calendars/next.yaml").write_text("", "utf-8")


def no_guess(folder: Path) -> None:
    (folder / "calendars/statutory.yaml").unlink()


def an_unknown_channel(folder: Path) -> None:
    (folder / "channels.yaml").write_text("desk: {zh: 前台}\n", "utf-8")


def a_misspelt_name_of_a_channel(folder: Path) -> None:
    (folder / "channels.yaml").write_text("letter: {platfrom: 信件}\n", "utf-8")


def gbk(folder: Path) -> None:
    (folder / "claims.yaml").write_bytes("repair: {zh: 修理, en: repair}\n".encode("gbk"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (two_orders_of_one_day, "both are in force on 2026-04-15"),
        (an_end_without_successor, "no order follows"),
        (no_order, "no order is here"),
        (a_stray_file, "did you mean `divisions.yaml`?"),
        (another_ending, "only .yaml files are read here"),
        (a_calendar_without_year, "named by its year"),
        (no_guess, "is missing"),
        (an_unknown_channel, "the channel `desk` is not known"),
        (a_misspelt_name_of_a_channel, "did you mean `platform`?"),
        (gbk, "not UTF-8"),
    ],
)
def test_faults_of_the_folder(folder: Path, spoil: Callable[[Path], None], told: str) -> None:
    spoil(folder)
    assert [problem for problem in faults(folder) if told in problem.text]


def test_a_centre_may_name_its_channels(folder: Path) -> None:
    (folder / "channels.yaml").write_text("letter: {platform: 信件}\n", "utf-8")
    channels = load_rules(folder, REGISTRY).channels
    assert (channels["letter"].zh, channels["letter"].platform) == ("来函", "信件")
    assert channels["fax"] == REGISTRY["fax"]


def test_a_new_year_is_one_file(folder: Path) -> None:
    (folder / "calendars/2027.yaml").write_text(
        "year: 2027\nnotice: 测试\nholidays:\n"
        "  - {name: {zh: 元旦, en: New Year}, from: 2027-01-01, to: 2027-01-03}\n"
        "makeup_workdays: [2027-01-09]\n",
        "utf-8",
    )
    before, after = load_rules(SHIPPED, REGISTRY), load_rules(folder, REGISTRY)
    received = date(2026, 12, 30)
    (guess,), (sure,) = before.due(Kind.COMPLAINT, received), after.due(Kind.COMPLAINT, received)
    assert (guess.on, guess.provisional) == (date(2027, 1, 11), True)
    assert (sure.on, sure.provisional) == (date(2027, 1, 9), False)


FILES = sorted(path.relative_to(SHIPPED) for path in SHIPPED.rglob("*.yaml"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_spoilt_file_ends_otherwise_than_in_a_rule_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A piece of any file replaced by anything: rules come of it, or a RuleError, never a crash."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("spoilt") / "rules"))
    path = folder / data.draw(st.sampled_from(FILES))
    text = path.read_text("utf-8")
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(len(text), first + 60)))
    junk = data.draw(st.one_of(st.just(""), st.sampled_from(["- ", "{", ": ", "[1]", "~", "\n"]), st.text()))
    path.write_bytes((text[:first] + junk + text[last:]).encode("utf-8", "surrogatepass"))
    with suppress(RuleError):
        load_rules(folder, REGISTRY)
    shutil.rmtree(folder)


HEAD = "code,name,phone,county,area\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_stations_are_read(folder: Path, mark: str) -> None:
    rows = '14100201, 示例所 ,0357-0000000,141002,"甲街道,乙镇"\n\n'
    (folder / "stations.csv").write_text(mark + HEAD + rows, "utf-8")
    assert load_rules(folder, REGISTRY).stations == (
        Station("14100201", "示例所", "0357-0000000", "141002", "甲街道,乙镇"),
    )


def test_stations_with_their_places(folder: Path) -> None:
    rows = "14100201,示例所,,141002,,甲街道、乙镇 丙村,no\n14100202,所,,141002,,,\n"
    (folder / "stations.csv").write_text(f"{HEAD.strip()},places,verified\n{rows}", "utf-8")
    first, second = load_rules(folder, REGISTRY).stations
    assert (first.places, first.verified) == (("甲街道", "乙镇", "丙村"), False)
    assert (second.places, second.verified) == ((), True)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 1, "the head line must be"),
        (HEAD.strip() + ",verified\n", 1, "the head line must be"),
        (HEAD.strip() + ",places,verified\n14100201,所,,141002,,,maybe\n", 2, "yes or no, not `maybe`"),
        ("name;code\n", 1, "the head line must be"),
        (HEAD + "14100201,所,,141002\n", 2, "4 cells instead of 5"),
        (HEAD + "14100201,所,,141009,\n", 2, "`141009` is no division"),
        (HEAD + "1410020,所,,141002,\n", 2, "must be 141002 and two digits"),
        (HEAD + "14102101,所,,141002,\n", 2, "must be 141002 and two digits"),
        (HEAD + "14100201,,,141002,\n", 2, "needs a name"),
        (HEAD + "14100201,甲,,141002,\n14100201,乙,,141002,\n", 3, "stands in line 2 already"),
    ],
)
def test_faults_of_the_station_list(folder: Path, text: str, line: int, told: str) -> None:
    (folder / "stations.csv").write_text(text, "utf-8")
    (problem,) = faults(folder)
    assert (Path(problem.file).name, problem.line) == ("stations.csv", line)
    assert told in problem.text


def test_a_station_list_saved_as_gbk_is_refused(folder: Path) -> None:
    (folder / "stations.csv").write_bytes((HEAD + "14100201,所,,141002,\n").encode("gbk"))
    (problem,) = faults(folder)
    assert "UTF-8" in problem.text


def test_a_row_of_the_dispatch_table_names_a_category_and_a_unit_that_are_there(folder: Path) -> None:
    rows = ("{problem: prce, unit: food}", "{subject: food, unit: '141099'}", "{unit: food}")
    (folder / "dispatch.yaml").write_text("categories:\n" + "".join(f"  - {row}\n" for row in rows), "utf-8")
    assert [problem.line for problem in faults(folder)] == [4, 2, 3]  # what one row alone shows comes first
