"""`gateway export`: items of some days as CSV or XLSX, in the columns that the national platform asks for.

A row an item, written as it is read, so memory stays flat. Cells that a spreadsheet would take for a
formula are made plain text. A reporter's identity is left out unless it is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import re
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from gateway.channels.registry import REGISTRY
from gateway.cli import approval
from gateway.cli.storage import opened
from gateway.core.item.catalogue import name_of
from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import Rules
from gateway.core.item.item import Item
from gateway.core.item.states import KIND_NAMES, STATE_NAMES
from gateway.errors import OperatorError
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.reports import Reported

PAGE = 500
LONGEST = 32_000  # characters of a cell; a spreadsheet holds 32,767
_FORMULA = re.compile(r"^[\s]*[=+\-@＝＋－＠]|^[\t\r\n]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Setting:
    """What the cells are made with."""

    rules: Rules
    zone: ZoneInfo


Value = Callable[[Reported, Setting], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, its width in characters, and how a cell of it is made."""

    head: str
    width: int
    value: Value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway export`."""
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first day of receipt")
    parser.add_argument(
        "--to", dest="last", required=True, metavar="DAY", help="last day of receipt, included"
    )
    parser.add_argument("--format", choices=["csv", "xlsx"], default="csv")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], help="items of this kind only")
    parser.add_argument("--out", metavar="FILE", help="where to; standard output when left out")
    approval.add_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the export; exit code 0. Raises OperatorError, StorageDown."""
    settings = load()
    first, last = _day(args.first, "--from"), _day(args.last, "--to")
    if last < first:
        raise OperatorError(f"--to {last} lies before --from {first}")
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    setting = Setting(rules, settings.zone)
    kind = Kind(args.kind) if args.kind else None
    return asyncio.run(_run(settings, setting, first, last, kind, args))


async def _run(
    settings: Config,
    setting: Setting,
    first: date,
    last: date,
    kind: Kind | None,
    args: argparse.Namespace,
) -> int:
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(opened(settings))
        approver = await approval.approved(storage, settings, args.approved_by)
        target = target_of(args.out)
        if args.out:
            stack.callback(target.close)
        sheet: Sheet = CsvSheet(target) if args.format == "csv" else XlsxSheet(target)
        details = {"from": f"{first}", "to": f"{last}", "kind": kind or "", "as": args.format}
        details |= {"approved_by": approver} if approver else {}
        await storage.audit.note("export", detail=details)
        count = await write(sheet, rows_of(storage, setting.zone, first, last, kind), setting)
    print(f"{count} items", file=sys.stderr)
    return 0


async def write(sheet: Sheet, reported: AsyncIterator[Reported], setting: Setting) -> int:
    """Head and rows into a sheet; how many rows there were."""
    sheet.begin(COLUMNS)
    count = 0
    async for report in reported:
        sheet.add([_clean(column.value(report, setting)) for column in COLUMNS])
        count += 1
    sheet.end()
    return count


async def rows_of(
    storage: Storage, zone: ZoneInfo, first: date, last: date, kind: Kind | None
) -> AsyncIterator[Reported]:
    """Every item received from the first to the last day, both included, in order of arrival."""
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(last + timedelta(days=1), time(), zone)
    after: Item | None = None
    while page := await storage.reports.page(since, until, kind, after, PAGE):
        for report in page:
            yield report
        after = page[-1].item


# ------------------------------------------------------------------ columns


def _platform_channel(report: Reported, setting: Setting) -> str:
    return setting.rules.channels.platform(report.item.channel)


def _division(report: Reported, setting: Setting) -> str:
    names = {division.code: division.zh for division in setting.rules.divisions}
    return names.get(report.item.county, report.item.county)


def _division_code(report: Reported, setting: Setting) -> str:
    return report.item.county if re.fullmatch(r"\d{6}", report.item.county) else ""


def _claims(report: Reported, setting: Setting) -> str:
    names = {claim.id: claim.zh for claim in setting.rules.claims}
    return "、".join(names.get(claim, claim) for claim in report.item.claims)


def _ground(report: Reported, setting: Setting) -> str:
    return f"第（{report.ground}）项（{report.basis}）" if report.ground else ""


def _clocks(report: Reported, setting: Setting) -> str:
    names = {clock.name: clock.zh for rules in setting.rules.sets for clock in rules.clocks}
    return "；".join(
        f"{names.get(due.clock, due.clock)} {due.on}{'（暂定）' if due.provisional else ''}"
        for due in report.item.due
    )


def _of_person(name: str) -> Value:
    """Who turned to us; nothing of a reporter, nor of anybody who is anonymous."""

    def value(report: Reported, setting: Setting) -> str:
        hidden = report.item.anonymous or report.item.kind is Kind.REPORT
        return "" if hidden else str(getattr(report.item.person, name))

    return value


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else ("是" if value else "否")


def _amount(fen: int | None) -> str:
    return "" if fen is None else f"{fen // 100}.{fen % 100:02}"


COLUMNS: tuple[Column, ...] = (
    Column("登记编号", 14, lambda reported, s: reported.item.number),
    Column("平台编号", 20, lambda reported, s: reported.external_no),
    Column("业务类别", 10, lambda reported, s: KIND_NAMES[reported.item.kind][0]),
    Column("来源渠道", 12, _platform_channel),
    Column(
        "登记时间",
        18,
        lambda reported, s: f"{reported.item.received_at.astimezone(s.zone):%Y-%m-%d %H:%M:%S}",
    ),
    Column("投诉人/举报人姓名", 16, _of_person("name")),
    Column("联系电话", 16, _of_person("phone")),
    Column("证件类型", 12, _of_person("id_type")),
    Column("证件号码", 22, _of_person("id_number")),
    Column("联系地址", 30, _of_person("address")),
    Column("电子邮箱", 24, _of_person("email")),
    Column("是否匿名", 10, lambda reported, s: _yes_or_no(reported.item.anonymous)),
    Column("是否同意公示", 12, lambda reported, s: _yes_or_no(reported.item.publish_consent)),
    Column("是否同意委托调解", 14, lambda reported, s: _yes_or_no(reported.item.mediation_consent)),
    Column("被投诉/举报人名称", 28, lambda reported, s: reported.item.respondent.name),
    Column("被投诉/举报人地址", 30, lambda reported, s: reported.item.respondent.address),
    Column("被投诉/举报人电话", 16, lambda reported, s: reported.item.respondent.phone),
    Column("投诉/举报内容", 60, lambda reported, s: reported.item.content),
    Column(
        "商品/服务类别", 16, lambda reported, s: name_of(s.rules.categories.subjects, reported.item.subject)
    ),
    Column("问题类别", 16, lambda reported, s: name_of(s.rules.categories.problems, reported.item.problem)),
    Column("投诉请求", 20, _claims),
    Column("涉及金额（元）", 14, lambda reported, s: _amount(reported.item.amount)),
    Column(
        "发生日期",
        12,
        lambda reported, s: reported.item.occurred_on.isoformat() if reported.item.occurred_on else "",
    ),
    Column("处理单位", 16, _division),
    Column("处理单位代码", 12, _division_code),
    Column("办理状态", 12, lambda reported, s: STATE_NAMES[reported.item.state][0]),
    Column("不予受理理由", 30, _ground),
    Column("办理期限", 40, _clocks),
    Column("关联编号", 20, lambda reported, s: "、".join(reported.same)),
    Column("并入编号", 14, lambda reported, s: reported.item.merged_into),
    Column("附件数", 8, lambda reported, s: str(reported.item.attachments)),
)


# ------------------------------------------------------------------ sheets


class Sheet(Protocol):
    """Where the rows go, each as it comes."""

    def begin(self, columns: Sequence[Column]) -> None: ...

    def add(self, cells: Sequence[str]) -> None: ...

    def end(self) -> None: ...


class CsvSheet:
    """UTF-8 with a byte order mark, for spreadsheets that would guess otherwise; lines end in CR LF."""

    def __init__(self, target: BinaryIO) -> None:
        self._text = io.TextIOWrapper(target, "utf-8-sig", errors="replace", newline="", write_through=False)
        self._rows = csv.writer(self._text)

    def begin(self, columns: Sequence[Column]) -> None:
        self._rows.writerow([column.head for column in columns])

    def add(self, cells: Sequence[str]) -> None:
        self._rows.writerow([guarded(cell) for cell in cells])

    def end(self) -> None:
        self._text.flush()
        self._text.detach()


class XlsxSheet:
    """One sheet, every cell a text: long numbers stay whole, and nothing is a formula."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("12315")

    def begin(self, columns: Sequence[Column]) -> None:
        self._sheet.freeze_panes = "B2"
        for place, column in enumerate(columns, 1):
            self._sheet.column_dimensions[get_column_letter(place)].width = column.width
        self.add([column.head for column in columns])

    def add(self, cells: Sequence[str]) -> None:
        self._sheet.append([self._cell(text) for text in cells])

    def end(self) -> None:
        self._book.save(self._target)
        self._target.flush()

    def _cell(self, text: str) -> WriteOnlyCell | None:
        if not text:
            return None
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"
        return cell


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before one that begins like it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _clean(text: str) -> str:
    """Without characters that no cell may have, and not longer than a cell."""
    plain = _UNSEEN.sub("", text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def target_of(out: str | None) -> BinaryIO:
    """Where a table goes; standard output when nothing is named. Raises OperatorError."""
    if out is None:
        return sys.stdout.buffer
    try:
        return Path(out).open("wb")
    except OSError as error:
        raise OperatorError(f"--out {out}: {error.strerror}") from error


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{name} {text!r} is no day like 2026-11-24") from None
