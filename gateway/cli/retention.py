"""`gateway retention`: what is over its term, taking it out, putting it back, and items that stay."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from gateway.channels.registry import REGISTRY
from gateway.cli.storage import opened
from gateway.core.audit import at_the_keyboard
from gateway.errors import SetupError
from gateway.keeping.retention import Terms
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage

LISTED = 20  # of each rule, unless --all asks for more


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway retention`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="what a run would take; changes nothing")
    show.add_argument("--all", action="store_true", help=f"every number, not {LISTED} of each kind")
    run_ = actions.add_parser("run", help="take what is over its term to waste, for 30 days")
    run_.add_argument("--all", action="store_true", help="also when it is more than a hundredth of all")
    actions.add_parser("gone", help="what went lately and can be put back")
    undo = actions.add_parser("undo", help="put an item or a call back")
    undo.add_argument("number", help="the item's number, or the call's id")
    hold = actions.add_parser("hold", help="an item stays whatever its term")
    hold.add_argument("number")
    hold.add_argument("--reason", required=True, help="stands in the audit log")
    go = actions.add_parser("let-go", help="an item is not held any more")
    go.add_argument("number")
    actions.add_parser("holds", help="items that are held")


def run(arguments: argparse.Namespace) -> int:
    """0. Raises StorageDown, SetupError, NotFound, Conflict."""
    return asyncio.run(_run(arguments, load()))


async def _run(arguments: argparse.Namespace, settings: Config) -> int:
    rules = load_rules(settings.root / settings.rules.folder, REGISTRY)
    async with opened(settings) as storage:
        terms = Terms(storage, rules.retention, settings.var, lambda: datetime.now(settings.zone))
        does: Mapping[str, Callable[[], Awaitable[None]]] = {
            "show": lambda: _show(terms, arguments.all),
            "run": lambda: _take(terms, arguments.all),
            "gone": lambda: _gone(storage),
            "undo": lambda: terms.undo(arguments.number, _who()),
            "hold": lambda: _hold(storage, arguments.number, arguments.reason),
            "let-go": lambda: storage.retention.let_go(arguments.number, _who(), datetime.now(UTC)),
            "holds": lambda: _holds(storage),
        }
        await does[arguments.action]()
    return 0


def _who() -> str:
    return at_the_keyboard().who


async def _show(terms: Terms, every: bool) -> None:
    for due in await terms.due():
        rule, day = due.rule, due.before.date()
        print(f"{rule.zh} / {rule.en}: {len(due.abouts)}，{rule.months} 个月 / months, {day} 以前 / before")
        for about in due.abouts if every else due.abouts[:LISTED]:
            print(f"  {about}")
        if len(due.abouts) > LISTED and not every:
            print(f"  … {len(due.abouts) - LISTED}")
    for year in await terms.years():
        print(f"审计日志 {year} 年将移出数据库 / the audit log of {year} is to leave the database")


async def _take(terms: Terms, every: bool) -> None:
    ran = await terms.run(_who(), all_of_them=every)
    for year in ran.years:
        print(f"审计日志 {year} 年已移入 var/audit / the audit log of {year} was moved into var/audit")
    for what, count in ran.went.items():
        print(f"{what}: {count} 件已移出，保留 30 天 / went to waste for 30 days")
    print(f"{ran.ended} 件已彻底删除 / ended for good")
    if ran.held_back:
        text = "超过总数的 1%，未移出，请先核对 / are more than 1 % of all and stay: look at `retention show`"
        print(f"{ran.held_back} 件{text}, then --all")


async def _gone(storage: Storage) -> None:
    for row in await storage.retention.gone_lately():
        print(f"{row.at:%Y-%m-%d %H:%M}  {row.what:18} {row.about}  {row.who}")


async def _hold(storage: Storage, number: str, reason: str) -> None:
    if len(reason.strip()) < 4:
        raise SetupError("请写明理由 / --reason needs four characters at least")
    await storage.retention.hold(number, _who(), reason.strip(), datetime.now(UTC))


async def _holds(storage: Storage) -> None:
    for row in await storage.retention.holds():
        print(f"{row.number}  {row.at:%Y-%m-%d}  {row.who}  {row.reason}")
