"""`gateway units`: the units that handle orders as a table, out of the database and back into it.

An import is all or nothing: every fault of every line is told, and with one nothing is written.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import sys
import zipfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from gateway.cli.export import Column, CsvSheet, Sheet, XlsxSheet, target_of
from gateway.cli.storage import fill_units, opened
from gateway.core.audit import at_the_keyboard
from gateway.core.unit import Tree, Unit
from gateway.core.unit_fields import FIELD_NAMES, KIND_NAMES, read_table, row_of
from gateway.errors import OperatorError, Problem
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage

WIDTHS = {
    "zh": 30,
    "en": 40,
    "phones": 24,
    "mail": 24,
    "leader_mail": 24,
    "hours": 24,
    "area": 40,
    "places": 40,
}
LARGEST = 5_000_000  # bytes of a file
TABLE = tuple(Column(names[0], WIDTHS.get(name, 12), lambda *_: "") for name, names in FIELD_NAMES.items())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway units`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every unit")
    listing.add_argument("--json", action="store_true", help="for programs")
    export = actions.add_parser("export", help="every unit as a table that `import` reads")
    export.add_argument("--format", choices=["csv", "xlsx"], default="csv")
    export.add_argument("--out", metavar="FILE", help="where to; standard output when left out")
    taking = actions.add_parser("import", help="put units in, or change those that are there; all or nothing")
    taking.add_argument("file", help="CSV (UTF-8) or XLSX with a head line, as `export` writes it")
    taking.add_argument("--dry-run", action="store_true", help="tell what would change, and write nothing")


def run(arguments: argparse.Namespace) -> int:
    """0. Raises OperatorError, RuleError, StorageDown."""
    return asyncio.run(_run(arguments, load()))


async def _run(args: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        await fill_units(storage, settings)
        match args.action:
            case "list":
                _list(await storage.units.tree(), args.json)
            case "export":
                _export(await storage.units.tree(), args.format, args.out)
            case _:
                await _import(storage, Path(args.file), args.dry_run)
    return 0


def _list(tree: Tree, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(unit) for unit in tree], ensure_ascii=False, indent=1))
        return
    for unit in tree:
        way = ("" if unit.online else " 线下 / offline") + ("" if unit.active else " 停用 / closed")
        depth = "  " * len(tree.ancestors(unit.id))
        print(f"{unit.id:10} {depth}{unit.zh}（{KIND_NAMES[unit.kind][0]}）{way}")


def _export(tree: Tree, form: str, out: str | None) -> None:
    with ExitStack() as stack:
        target = target_of(out)
        if out:
            stack.callback(target.close)
        sheet: Sheet = CsvSheet(target) if form == "csv" else XlsxSheet(target)
        sheet.begin(TABLE)
        for unit in tree:
            sheet.add(row_of(unit))
        sheet.end()
    print(f"{len(tree)} units", file=sys.stderr)


async def _import(storage: Storage, path: Path, dry_run: bool) -> None:
    tree = await storage.units.tree()
    reading = read_table(rows_of(path), tree)
    if reading.faults:
        raise OperatorError(
            *(Problem(str(path), fault.line, fault.text) for fault in reading.faults),
            Problem(str(path), 0, "未导入任何单位 / nothing was imported"),
        )
    changed = [unit for unit in reading.units if tree.get(unit.id) != unit]
    for unit in changed:
        print(_said(tree.get(unit.id), unit))
    if not dry_run:
        await storage.units.keep(changed, at_the_keyboard().who, datetime.now(UTC))
    would = "would change, nothing was written" if dry_run else "changed"
    print(f"{len(changed)} of {len(reading.units)} units {would}", file=sys.stderr)


def _said(before: Unit | None, unit: Unit) -> str:
    if before is None:
        return f"+ {unit.id} {unit.zh}"
    pairs = zip(FIELD_NAMES, row_of(before), row_of(unit), strict=True)
    return f"~ {unit.id} {unit.zh}: " + "; ".join(
        f"{name} {a or '-'} → {b or '-'}" for name, a, b in pairs if a != b
    )


def rows_of(path: Path) -> list[list[str]]:
    """The cells of a CSV or XLSX file as texts. Raises OperatorError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError(Problem(str(path), 0, f"{error.strerror}")) from None
    if len(data) > LARGEST:
        raise OperatorError(Problem(str(path), 0, f"larger than {LARGEST // 1_000_000} MB"))
    return _xlsx(path, data) if data.startswith(b"PK") else _csv(path, data)


def _csv(path: Path, data: bytes) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        message = f'{path}: 不是 UTF-8 编码的 CSV / no CSV in UTF-8 (in a spreadsheet: "CSV UTF-8"): {error}'
        raise OperatorError(Problem(str(path), 0, message)) from None


def _xlsx(path: Path, data: bytes) -> list[list[str]]:
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [[_text(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError) as error:
        raise OperatorError(
            Problem(str(path), 0, f"不是可读的 XLSX / no XLSX file that can be read: {error}")
        ) from None


def _text(cell: object) -> str:
    """A number as it was typed: a division code is no 141002.0."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
