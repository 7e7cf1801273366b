"""`gateway person`: what is kept of one person, as a list, as a ZIP, and erasing it on request."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.channels.registry import REGISTRY
from gateway.cli import approval
from gateway.cli.storage import opened
from gateway.core.audit import at_the_keyboard
from gateway.core.item.contact import Kind
from gateway.errors import Problem, SetupError
from gateway.keeping import person
from gateway.keeping.backup import Backups
from gateway.keeping.retention import Terms
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.person_rows import Signs, Trace

SHORTEST = 4  # characters of a reason
OUTCOMES = {
    "erased": "已删除 / erased",
    "open": "未办结，保留 / has not ended, stays",
    "held": "已封存，保留 / is held, stays",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway person`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    find = actions.add_parser("find", help="items and calls of a person, and the backups that have them too")
    export = actions.add_parser("export", help="all of it as a ZIP: rows as JSON, files, recordings")
    export.add_argument("--out", required=True, metavar="FILE", help="a new file")
    approval.add_argument(export)
    for command in (find, export):
        for name in ("phone", "email", "id-number", "name"):
            command.add_argument(f"--{name}", default="")
        command.add_argument("--reports", action="store_true", help="also as a reporter; needs --reason")
        command.add_argument("--reason", default="", help="stands in the audit log")
    erase = actions.add_parser("erase", help="for good: items that have ended, calls that led to none")
    erase.add_argument("about", nargs="+", metavar="NUMBER", help="of an item, or a call's id")
    erase.add_argument("--reason", required=True, help="stands in the audit log")
    erase.add_argument("--yes", action="store_true", help="there is no way back")


def run(arguments: argparse.Namespace) -> int:
    """0. Raises StorageDown, SetupError."""
    settings = load()
    if (getattr(arguments, "reports", False) or arguments.action == "erase") and (
        len(arguments.reason.strip()) < SHORTEST
    ):
        raise SetupError("请用 --reason 写明理由 / --reason needs four characters at least")
    return asyncio.run(_run(arguments, settings))


async def _run(arguments: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        if arguments.action == "erase":
            return await _erase(storage, settings, arguments)
        signs = Signs(
            *(arguments.phone, arguments.email, arguments.id_number, arguments.name.strip()),
            reports=arguments.reports,
        )
        traces = await storage.persons.find(signs, settings.centre.area_code)
        approver = ""
        if arguments.action == "export":
            approver = await approval.approved(storage, settings, arguments.approved_by)
        kept = len([trace for trace in traces if trace.what == Kind.REPORT.value])
        detail = {"found": len(traces), "reports": kept, "reason": arguments.reason.strip()}
        detail |= {"approved_by": approver} if approver else {}
        await storage.audit.note(f"person.{arguments.action}", detail=detail)
        _list(traces, settings)
        if arguments.action == "export":
            await _export(storage, settings, traces, Path(arguments.out))
    return 0


def _list(traces: Sequence[Trace], settings: Config) -> None:
    for trace in traces:
        state = "已结束 / ended" if trace.ended else "未办结 / open"
        print(f"{trace.about}  {trace.what:18} {trace.at:%Y-%m-%d}  {state}")
    print(f"共 {len(traces)} 项 / in all")
    for line in _backups(traces, settings):
        print(line)


def _backups(traces: Sequence[Trace], settings: Config) -> list[str]:
    """Backups are never changed: they lose it when they are pruned."""
    if not traces or not settings.backup.folder:
        return []
    names = Backups(settings.root / settings.backup.folder).names()
    first = f"{min(trace.at for trace in traces):%Y%m%dT%H%M%S}"
    line = f"备份中也有，{settings.backup.keep} 份之后自动清除 / these backups have it too, until pruned"
    later = [name for name in names if name > first]
    return [f"{line}: {', '.join(later)}"] if later else []


async def _export(storage: Storage, settings: Config, traces: Sequence[Trace], out: Path) -> None:
    try:
        missing = await person.export(storage, settings.var, traces, out)
    except OSError as error:
        raise SetupError(Problem(str(out), 0, f"{error.strerror}")) from error
    print(f"已写入 / written to {out}")
    for file in missing:
        print(f"文件缺失 / a file is missing: {file}")


async def _erase(storage: Storage, settings: Config, arguments: argparse.Namespace) -> int:
    traces = await storage.persons.traces(arguments.about)
    unknown = sorted(set(arguments.about) - {trace.about for trace in traces})
    if unknown:
        raise SetupError(f"没有 / there is no {', '.join(unknown)}")
    _list(traces, settings)
    if not arguments.yes:
        raise SetupError("未删除。确认后加 --yes / not done; there is no way back: add --yes")
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    terms = Terms(storage, rules.retention, settings.var, lambda: datetime.now(settings.zone))
    done = await person.erase(terms, traces, at_the_keyboard().who, arguments.reason.strip())
    for about, outcome in done.items():
        print(f"{about}  {OUTCOMES[outcome]}")
    return 0
