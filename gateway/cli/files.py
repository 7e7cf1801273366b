"""`gateway files`: attachments that no row of the database names, and encryption of all files.

`sweep` shows what no row names, `--all` moves it to waste. `encrypt` and `decrypt` convert what is there,
while the gateway runs or not; broken off, the same command goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from gateway.cli.storage import opened
from gateway.errors import SetupError
from gateway.keeping.encryption import Progress, RecordingEncryption, convert_all, look
from gateway.pbx.conf import Places
from gateway.settings.load import load
from gateway.settings.schema import Config

UNLIMITED = 1e9  # seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway files`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    sweep = actions.add_parser("sweep", help="files that no row names, and how many")
    sweep.add_argument(
        "--all", action="store_true", help="move them to var/waste, however many; kept there for 30 days"
    )
    actions.add_parser("status", help="how many files are encrypted and how many are clear")
    actions.add_parser("encrypt", help="encrypt what is there already (storage.encrypt_files is on)")
    actions.add_parser("decrypt", help="make all files clear again (storage.encrypt_files is off)")


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when a file could not be converted. Raises StorageDown, SetupError."""
    settings = load()
    match arguments.action:
        case "sweep":
            return asyncio.run(_sweep(settings, arguments.all))
        case "status":
            return asyncio.run(_status(settings))
        case action:
            return asyncio.run(_convert(settings, encrypt=action == "encrypt"))


async def _sweep(settings: Config, all_of_them: bool) -> int:
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


async def _status(settings: Config) -> int:
    async with opened(settings) as storage:
        looked = await asyncio.to_thread(look, storage.files, Places(settings.var).recordings, UNLIMITED)
    state = "开 / on" if settings.storage.encrypt_files else "关 / off"
    print(f"storage.encrypt_files {state}    密钥 / key {settings.files_key}")
    print(f"已加密 / encrypted {looked.encrypted}    未加密 / clear {looked.clear}")
    return 0


async def _convert(settings: Config, *, encrypt: bool) -> int:
    if settings.storage.encrypt_files != encrypt:
        wanted = "true" if encrypt else "false"
        raise SetupError(
            f"请先设置 storage.encrypt_files = {wanted} 并重启网关 / set it and restart the gateway first:"
            " else what comes meanwhile is stored the other way"
        )
    async with opened(settings) as storage:
        recordings = RecordingEncryption(storage.files, storage.calls, Places(settings.var).recordings)
        progress = await convert_all(recordings, _tell, encrypt=encrypt)
        detail = {"converted": progress.converted, "failed": len(progress.failed)}
        await storage.audit.note("files.encrypted" if encrypt else "files.decrypted", detail=detail)
    for line in progress.failed:
        print(f"未能转换 / not converted: {line}", file=sys.stderr)
    done = "已加密 / encrypted" if encrypt else "已解密 / decrypted"
    print(f"{done}: {progress.converted}，共 / of {progress.total} 个文件 / files")
    return 1 if progress.failed else 0


def _tell(progress: Progress) -> None:
    print(
        f"{progress.seen} / {progress.total} 个文件 / files, {progress.converted} 已转换 / converted",
        file=sys.stderr,
        flush=True,
    )
