"""`gateway restore FOLDER`: puts a backup in place where nothing is; a living installation is refused."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from gateway.cli.backup import add_passphrase, passphrase
from gateway.errors import Problem, SetupError
from gateway.keeping import restore
from gateway.keeping.backup import Backups
from gateway.pbx.preflight import gateway_pid
from gateway.settings.load import load
from gateway.settings.schema import Config

TOML = "house/gateway.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway restore`."""
    parser.add_argument("folder", metavar="FOLDER", help="the folder that `gateway backup` wrote to")
    parser.add_argument("--name", default="", help="this backup, not the newest")
    add_passphrase(parser)


def run(arguments: argparse.Namespace) -> int:
    """0. Raises SetupError, StorageDown."""
    backups = Backups(Path(arguments.folder).resolve())
    toml = Path(os.environ.get("GATEWAY_CONFIG", "gateway.toml"))
    settings = load() if toml.exists() else None
    word = passphrase(arguments, settings)
    secrets = {} if word is None else restore.secrets_of(backups, arguments.name, word)
    try:
        _lay_settings(toml, secrets)
        return asyncio.run(_restore(backups, arguments.name, settings or load(), secrets))
    except OSError as error:
        raise SetupError(Problem(str(error.filename or backups.folder), 0, str(error.strerror))) from error


def _lay_settings(toml: Path, secrets: Mapping[str, bytes]) -> None:
    """The settings come first: they name var/ and the database."""
    if not toml.exists() and TOML in secrets:
        toml.write_bytes(secrets[TOML])
        toml.chmod(0o600)


async def _restore(backups: Backups, name: str, settings: Config, secrets: Mapping[str, bytes]) -> int:
    if pid := gateway_pid(settings.var):
        raise SetupError(f"网关正在运行 / the gateway runs on {settings.var}, pid {pid}: stop it first")
    target = restore.Target(settings.root, settings.var, settings.database_url)
    done = await restore.restore(backups, name, target, secrets)
    print(f"{done.name}: {done.files} 个文件已恢复 / files are back in {settings.var}")
    for path in done.differing:
        print(f"已有且不同，未改动 / there already, different, left alone: {path}")
    if not secrets:
        print("密钥未恢复：请先放回 var/secrets 再启动 / put var/secrets in place before the start")
    return 0
