"""`gateway files sweep`: shows attachments that no row of the database names; `--all` moves them to waste."""

from __future__ import annotations

import argparse
import asyncio

from gateway.cli.storage import opened
from gateway.settings.load import load
from gateway.settings.schema import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway files`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    sweep = actions.add_parser("sweep", help="files that no row names, and how many")
    sweep.add_argument(
        "--all", action="store_true", help="move them to var/waste, however many; kept there for 30 days"
    )


def run(arguments: argparse.Namespace) -> int:
    """0. Raises StorageDown, SetupError."""
    return asyncio.run(_run(load(), arguments.all))


async def _run(settings: Config, all_of_them: bool) -> int:
    async with opened(settings) as storage:
        named = await storage.items.files()
        nameless = await asyncio.to_thread(lambda: list(storage.files.sweep(named)))
        for path in nameless:
            print(path.relative_to(settings.var))
        print(f"{len(nameless)} 个文件未被任何记录引用 / files that no row names; {len(named)} are named")
        if all_of_them:
            swept = await storage.sweep(all_of_them=True)
            await storage.audit.note("files.sweep", detail={"moved": swept.moved})
            print(
                f"{swept.moved} 个文件已移入 / moved to {storage.files.waste}，保留 30 天 / kept for 30 days"
            )
        return 0
