"""The export: every item once, the platform's words, secrets kept, and no cell that does anything."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from gateway.cli import export as export_command
from gateway.cli.export import COLUMNS, CsvSheet, Setting, XlsxSheet, guarded, rows_of, write
from gateway.cli.main import main
from gateway.core.item.contact import Channel, Kind, Person, Respondent
from gateway.core.item.matter import PLATFORM
from gateway.core.item.states import Event
from gateway.intake.decisions import Act
from gateway.intake.splits import Split
from tests.intake.matters.conftest import House
from tests.storage.databases import MONDAY, ROOT, ZONE, rules

DAY = date(2026, 3, 2)
WICKED = ["=1+1", "+86 138", "-2", "@x", "\t=1", "\r=1", " =1", "＝1+1", "=cmd|' /C calc'!A1"]


async def exported(
    house: House, first: date = DAY, last: date = DAY, kind: Kind | None = None
) -> list[dict[str, str]]:
    target = io.BytesIO()
    found = rows_of(house.storage, ZONE, first, last, kind)
    count = await write(CsvSheet(target), found, Setting(rules(), ZONE))
    text = target.getvalue().decode("utf-8-sig")
    assert target.getvalue().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == count
    return rows


async def test_a_row_has_the_platforms_words(house: House) -> None:
    number = await house.held(
        channel=Channel.LETTER,
        claims=("return_goods", "赔礼道歉"),
        occurred_on=date(2026, 3, 1),
        county="141081",
    )
    other = await house.number("web:2")
    await house.matters.link(number, other, "agent1", "同一件")
    await house.matters.set_external(number, PLATFORM, "LF-0007", "agent1")
    await house.matters.set_external(number, "12345", "X-1", "agent1")
    await house.act(number, Act(Event.REFUSE_ACCEPTANCE, ground=1))
    row = next(row for row in await exported(house) if row["登记编号"] == number)
    assert row | {"x": ""} == row | {
        "x": "",
        "平台编号": "LF-0007",
        "业务类别": "投诉",
        "来源渠道": "来函",
        "登记时间": "2026-03-02 09:30:00",
        "投诉人/举报人姓名": "张三",
        "联系电话": "13835700000",
        "被投诉/举报人名称": "某电器商行",
        "投诉/举报内容": "商家拒绝退款",
        "投诉请求": "退货、赔礼道歉",
        "涉及金额（元）": "199.90",
        "发生日期": "2026-03-01",
        "处理单位": "侯马市",
        "处理单位代码": "141081",
        "办理状态": "不予受理",
        "关联编号": other,
        "附件数": "0",
    }
    assert row["不予受理理由"].startswith("第（1）项（")


async def test_a_refusal_that_was_taken_back_is_none(house: House) -> None:
    number = await house.held()
    await house.act(number, Act(Event.REFUSE_ACCEPTANCE, ground=1))
    await house.act(number, Act(Event.REOPEN, {"reason": "有误"}))
    (row,) = await exported(house)
    assert (row["不予受理理由"], row["办理状态"]) == ("", "办理中")
    assert "决定是否受理并告知 2026-03-11" in row["办理期限"]


async def test_a_reporter_stays_unknown(house: House) -> None:
    complaint = await house.number("web:1")
    await house.matters.split(complaint, Split(Kind.REPORT), "agent1")
    await house.number("web:2", kind=Kind.REPORT, person=Person("王五", "13700000000"), anonymous=True)
    plain = await exported(house)
    assert [row["投诉人/举报人姓名"] for row in plain] == ["张三", "", ""]
    assert [row["联系电话"] for row in plain] == ["13835700000", "", ""]
    assert all(row["关联编号"] == "" for row in plain), "a complaint does not tell of the report in it"


async def test_days_are_those_of_the_centre_and_both_included(house: House) -> None:
    for n, at in enumerate(
        (
            datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 1, 16, 0, tzinfo=UTC),
            datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC),
            datetime(2026, 3, 3, 16, 0, tzinfo=UTC),
        )
    ):
        await house.number(f"web:{n}", received_at=at)
    rows = await exported(house, date(2026, 3, 2), date(2026, 3, 3))
    assert [row["登记时间"] for row in rows] == ["2026-03-02 00:00:00", "2026-03-03 23:59:59"]
    assert await exported(house, date(2026, 3, 2), date(2026, 3, 3), Kind.REPORT) == []


async def test_every_item_once_over_many_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_command, "PAGE", 3)
    numbers = [
        await house.number(f"web:{n}", received_at=MONDAY + timedelta(minutes=n // 4)) for n in range(14)
    ]
    assert [row["登记编号"] for row in await exported(house)] == sorted(numbers)


@pytest.mark.parametrize("text", WICKED)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "13835700000", "a=b", "商家-甲", "\n内容", "2026-03-02"])
def test_other_cells_are_left_alone(text: str) -> None:
    assert guarded(text) in (text, f"'{text}")
    assert (guarded(text) == text) == (not text.startswith("\n"))


async def test_xlsx_has_texts_alone(house: House) -> None:
    await house.number(
        respondent=Respondent('=HYPERLINK("http://x")', "+1", "@1"),
        content="第一行\n第二行\x0b\x00" + "长" * 40_000,
        person=Person("=1+1", "13835700000", id_number="14102519900101123X"),
    )
    target = io.BytesIO()
    await write(XlsxSheet(target), rows_of(house.storage, ZONE, DAY, DAY, None), Setting(rules(), ZONE))
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None
    head, row = sheet.iter_rows()
    assert [cell.value for cell in head] == [column.head for column in COLUMNS]
    assert {cell.data_type for cell in row if cell.value is not None} == {"s"}
    by_head = dict(zip((cell.value for cell in head), (cell.value for cell in row), strict=True))
    assert by_head["被投诉/举报人名称"] == '=HYPERLINK("http://x")'
    assert by_head["投诉人/举报人姓名"] == "=1+1"
    assert by_head["证件号码"] == "14102519900101123X"
    content = by_head["投诉/举报内容"]
    assert content.startswith("第一行\n第二行长")
    assert len(content) == export_command.LONGEST


def test_heads_are_unique() -> None:
    heads = [column.head for column in COLUMNS]
    assert len(heads) == len(set(heads))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gateway.toml of its own beside a database that the command opens by itself."""
    file = tmp_path / "gateway.toml"
    file.write_text(f"[rules]\nfolder = {json.dumps(str(ROOT / 'rules'))}\n", "utf-8")
    monkeypatch.setenv("GATEWAY_CONFIG", str(file))
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path))
    return tmp_path


def test_the_command(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = settings / "out.xlsx"
    days = ["--from", "2026-03-01", "--to", "2026-03-31"]
    assert main(["export", *days, "--format", "xlsx", "--kind", "report", "--out", str(out)]) == 0
    assert openpyxl.load_workbook(out).active is not None
    assert main(["export", *days, "--out", str(settings / "out.csv")]) == 0
    assert (settings / "out.csv").read_bytes().decode("utf-8-sig").startswith("登记编号,平台编号,")
    assert "0 items" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--from", "yesterday", "--to", "2026-03-31"],
        ["--from", "2026-04-01", "--to", "2026-03-31"],
        ["--from", "2026-03-01", "--to", "2026-03-31", "--out", "nowhere/at/all.csv"],
    ],
)
def test_what_an_operator_gets_wrong(settings: Path, wrong: list[str]) -> None:
    assert main(["export", *wrong]) == 2


def test_an_export_needs_a_second_person(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DEMO_ENABLED", "false")
    out = settings / "out.csv"
    command = ["export", "--from", "2026-03-01", "--to", "2026-03-31", "--out", str(out)]

    def typed(text: str, *more: str) -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return main([*more])

    for account, role in (("zhang.san", "supervisor"), ("li.si", "agent")):
        assert typed("correct horse 12315\n", "user", "add", account, "--role", role, "--stdin") == 0
    assert typed("", *command) == 2
    assert typed("wrong\n", *command, "--approved-by", "zhang.san") == 2
    assert typed("correct horse 12315\n", *command, "--approved-by", "li.si") == 2
    assert not out.exists()
    assert typed("correct horse 12315\n", *command, "--approved-by", "zhang.san") == 0
    assert out.exists()
    capsys.readouterr()
    assert main(["audit", "list", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["what"] for row in told if row["what"].startswith("export")] == ["export", "export.refused"]
    assert "zhang.san" in next(row for row in told if row["what"] == "export")["detail"]
