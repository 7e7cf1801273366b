"""`gateway audit verify | list`: is the audit log whole, and what stands in it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.cli.storage import opened
from gateway.core.audit import Row
from gateway.errors import OperatorError
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway audit`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("verify", help="hold every row against the one before it (exit 1: the log is broken)")
    listing = actions.add_parser("list", help="what was looked at and changed, the newest first")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="rows (50)")
    listing.add_argument("--before", type=int, default=0, metavar="SEQ", help="only rows before this one")
    listing.add_argument("--who", default="", help="only what this account or token did")
    listing.add_argument("--about", default="", help="only what was done about this number, call or account")
    listing.add_argument("--year", type=int, metavar="YYYY", help="a year that was moved out, oldest first")
    listing.add_argument("--json", action="store_true", help="a JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when the log is broken. Raises StorageDown."""
    return asyncio.run(_run(arguments, load()))


async def _run(arguments: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        if arguments.action == "verify":
            return await _verify(storage)
        limit = max(1, arguments.limit)
        if arguments.year:
            rows = _of_year(storage, arguments)
        else:
            rows = await storage.audit.page(arguments.before, limit, arguments.who, arguments.about)
        _list(rows, arguments.json)
        await storage.audit.note("audit.view", detail={"rows": len(rows)})
        return 0


def _of_year(storage: Storage, arguments: argparse.Namespace) -> list[Row]:
    """Raises OperatorError for a year that has no file."""
    segments = storage.audit.segments
    try:
        return [
            row
            for row in segments.rows_of(arguments.year)
            if arguments.who in ("", row.who) and arguments.about in ("", row.about)
        ]
    except FileNotFoundError as error:
        raise OperatorError(f"the audit log of {arguments.year} is not in {segments.folder}") from error


async def _verify(storage: Storage) -> int:
    verdict = await storage.audit.verify()
    if verdict.broken:
        print(f"row {verdict.broken}: {verdict.why}", file=sys.stderr)
        return 1
    print(f"the audit log is whole: {verdict.rows} rows")
    return 0


def _list(rows: Sequence[Row], as_json: bool) -> None:
    for row in rows:
        at = datetime.fromtimestamp(row.at / 1000, UTC).isoformat(timespec="milliseconds")
        if as_json:
            shown = {"seq": row.seq, "at": at, "who": row.who, "address": row.address, "what": row.what}
            print(json.dumps({**shown, "about": row.about, "detail": row.detail}, ensure_ascii=False))
        else:
            detail = "" if row.detail == "{}" else row.detail
            print(f"{row.seq:7} {at} {row.who:16} {row.what:20} {row.about:14} {row.address} {detail}")
