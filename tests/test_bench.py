"""The bench runs and tells what it should. How fast anything is, no test says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import dialplan, flow_rate, latency, memory
from bench.__main__ import PARTS, circumstances, main, measure, write
from bench.table import Part, Row, at_least, at_most, markdown, percentile
from gateway.pbx.asterisk_tree import Asterisk

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.live
def test_a_quick_run_on_a_real_asterisk(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    (part,) = measure(["latency"], True, tmp_path)
    table = markdown(part)
    for variant in latency.VARIANTS:
        assert re.search(
            rf"^\| {re.escape(variant.name)}, 5 calls: p50 / p99 / longest .* 30 +\|$", table, re.M
        )
    assert "Calls that failed: 0." in table


@pytest.mark.parametrize("name", ["storage", "http", "encryption", "uploads"])
def test_a_quick_run_of_a_part_without_asterisk(name: str, tmp_path: Path) -> None:
    """Each opens databases or a gateway of its own: what the product refuses breaks the bench unseen."""
    (part,) = measure([name], True, tmp_path)
    assert part.rows
    assert all(re.search(r"\d", row.value) for row in part.rows)


def test_simulated_calls_are_counted() -> None:
    part = flow_rate.measure(0.02)
    assert [row.what for row in part.rows if row.target] == ["simulated calls/s on one core, the mix"]
    assert len(part.rows) == 1 + len(flow_rate.CALLS)


def test_memory_of_calls_in_flows(tmp_path: Path) -> None:
    part = memory.measure(tmp_path / "var", at_once=20, many=40, warm=0)
    assert [row.met for row in part.rows] == [None, True, None, None]


def test_the_shipped_dialplan_has_what_the_bench_takes_from_it() -> None:
    shipped = (ROOT / "asterisk_conf" / "extensions.conf").read_text("utf-8")
    added = dialplan.additions(shipped, ("python", "script"), 4000)
    assert "[bench-hotline]" in added
    assert "Gosub(take-line,s,1(1,line))" in added
    assert "AGI(python,script)" in added
    with pytest.raises(ValueError, match=r"no \[hotline\]"):
        dialplan.additions(shipped.replace("[hotline]", "[other]"), ("python",), 4000)


def test_a_table_says_what_missed_its_target() -> None:
    rows = (Row("plain", "3"), at_most("slow", 2.0, 1.5, "{:.1f} ms"), at_least("many", 9.0, 5.0, "{:.0f}"))
    part = Part("name", "Title", rows, ("A note.",))
    assert [row.what for row in part.missed] == ["slow"]
    assert markdown(part) == (
        "### Title\n\n"
        "| what  | measured | target   | met    | samples |\n"
        "|-------|----------|----------|--------|---------|\n"
        "| plain | 3        |          |        |         |\n"
        "| slow  | 2.0 ms   | ≤ 1.5 ms | **no** |         |\n"
        "| many  | 9        | ≥ 5      | yes    |         |\n"
        "\nA note.\n"
    )


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentiles_are_values_that_were_measured(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_results_are_written_between_their_marks(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n", "utf-8")
    write(document, [circumstances(0.1, 1.2), "new \\1"])
    text = document.read_text("utf-8")
    assert text.startswith("before\n<!-- results -->\nMeasured ")
    assert text.endswith("new \\1\n<!-- end of results -->\nafter\n")


def test_the_page_names_every_part_and_has_its_marks() -> None:
    page = (ROOT / "docs" / "developing" / "benchmarks.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in PARTS)
    assert page.index("<!-- results -->") < page.index("<!-- end of results -->")


def test_a_part_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "nothing"])
    assert ended.value.code == 2
    assert "nothing" in capsys.readouterr().err
