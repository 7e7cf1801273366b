"""`gateway backup`: one more backup, a look at those there are, or one of them tried by restoring it."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from gateway.cli.storage import opened
from gateway.errors import GatewayError, Problem, SetupError
from gateway.keeping import manifest, restore
from gateway.keeping.backup import BackupRequest, Backups
from gateway.keeping.last import tell_checked, tell_failed, tell_made
from gateway.settings.load import load
from gateway.settings.schema import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway backup`."""
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where backups lie (backup.folder)")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="restore the newest into a scratch folder")
    action.add_argument("--list", action="store_true", help="the backups there are, the oldest first")
    parser.add_argument("--name", default="", help="with --check: this backup, not the newest")
    parser.add_argument("--keep", type=int, metavar="N", help="backups that stay (backup.keep)")
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """What `backup` and `restore` have in common."""
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--passphrase-file", metavar="FILE", help="seals keys and passwords (backup.passphrase_file)"
    )
    secret.add_argument(
        "--without-secrets", action="store_true", help="keys and passwords are kept elsewhere by you"
    )


def passphrase(arguments: argparse.Namespace, settings: Config | None) -> str | None:
    """None without secrets. Raises SetupError when none is named or it cannot be read."""
    if arguments.without_secrets:
        return None
    named = arguments.passphrase_file
    if not named and settings and settings.backup.passphrase_file:
        named = str(settings.root / settings.backup.passphrase_file)
    if not named:
        raise SetupError(
            "请用 --passphrase-file 或 backup.passphrase_file 指定口令文件 / name a file with a passphrase by"
            " --passphrase-file or backup.passphrase_file; --without-secrets leaves keys and passwords out"
        )
    try:
        return Path(named).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Problem(named, 0, f"无法读取 / cannot be read: {error}")) from error


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when a backup that was tried is not whole. Raises SetupError, StorageDown."""
    settings = load()
    folder = arguments.folder or settings.backup.folder
    if not folder:
        raise SetupError("请指定备份目录 / name a folder, or set backup.folder")
    backups = Backups((settings.root / folder) if not arguments.folder else Path(folder).resolve())
    try:
        if arguments.list:
            return _list(backups)
        if arguments.check:
            return asyncio.run(_check(backups, arguments, settings))
        return asyncio.run(_make(backups, arguments, settings))
    except OSError as error:
        raise SetupError(Problem(str(error.filename or backups.folder), 0, str(error.strerror))) from error


def _list(backups: Backups) -> int:
    for name in backups.names():
        kept = manifest.read(backups.place(name))
        secrets = "" if kept.secrets else "  不含密钥 / without secrets"
        print(f"{name}  {kept.files:7} 个文件 / files  {kept.bytes / 1e6:10.1f} MB{secrets}")
    return 0


async def _check(backups: Backups, arguments: argparse.Namespace, settings: Config) -> int:
    word = passphrase(arguments, settings)
    secrets = {} if word is None else restore.secrets_of(backups, arguments.name, word)
    wrong = await restore.check(backups, arguments.name, secrets, settings)
    for line in wrong:
        print(line)
    name = backups.place(arguments.name).name
    print(f"{name}: " + (f"{len(wrong)} 处有误 / faults" if wrong else "完好 / is whole"))
    if not wrong:
        tell_checked(settings.var)
    return 1 if wrong else 0


async def _make(backups: Backups, arguments: argparse.Namespace, settings: Config) -> int:
    toml = Path(os.environ.get("GATEWAY_CONFIG", "gateway.toml"))
    keep = max(1, arguments.keep or settings.backup.keep)
    try:
        word = passphrase(arguments, settings)
        name, backup = await backups.make(BackupRequest(settings, toml, word, keep))
    except (GatewayError, OSError) as error:
        tell_failed(settings.var, str(error))
        raise
    tell_made(settings.var, backups.folder, name)
    async with opened(settings) as storage:
        await storage.audit.note("backup.made", name, {"files": backup.files, "bytes": backup.bytes})
    print(
        f"{name}  {backup.files} 个文件 / files, {backup.bytes / 1e6:.1f} MB, "
        f"新增 / new {backup.fresh_bytes} B"
    )
    for sha256 in backup.missing:
        print(f"附件在备份前已缺失 / an attachment was missing before: {sha256}")
    for path in backup.left_out:
        print(f"不在备份内，请自行保管 / not in the backup, keep it yourself: {path}")
    return 0
