"""`gateway installation`: do this var/ and this database belong together, and what to do when they should."""

from __future__ import annotations

import argparse
import asyncio

from gateway.errors import SetupError
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage.database import Database
from gateway.storage.installation import KEYS, Installation, Tie


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway installation`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("show", help="the ids of var/ and database, and whether each key is the right one")
    adopt = actions.add_parser("adopt", help="let this var/ and this database belong together from now on")
    adopt.add_argument("--yes", action="store_true", help="without it only shows what it would tie")
    key = actions.add_parser(
        "accept-key", help="go on with the key that lies under var/secrets, or a new one"
    )
    key.add_argument("key", choices=[key_file.name for key_file in KEYS])
    key.add_argument("--yes", action="store_true", help="what only the old key reads is lost for good")


def run(arguments: argparse.Namespace) -> int:
    """0. Raises StorageDown, SetupError."""
    return asyncio.run(_run(arguments, load()))


async def _run(arguments: argparse.Namespace, settings: Config) -> int:
    database = Database(settings.database_url)
    await database.open()
    try:
        installation = Installation(database, settings.var, settings.files_key)
        _show(settings, await installation.tie())
        if arguments.action == "adopt":
            _agreed(
                arguments.yes, "ties the two: files that this database does not name count as nameless then"
            )
            print(f"installation {await installation.adopt()}")
        elif arguments.action == "accept-key":
            lost = next(key_file.lost for key_file in KEYS if key_file.name == arguments.key)
            _agreed(arguments.yes, f"restore var/secrets instead if there is a backup; else {lost}")
            await installation.accept_key(arguments.key)
            print(f"{arguments.key}: accepted")
    finally:
        await database.close()
    return 0


def _agreed(yes: bool, text: str) -> None:
    if not yes:
        raise SetupError(f"not done: {text}. 确认后加 --yes / add --yes if that is meant")


def _show(settings: Config, tie: Tie) -> None:
    none = "无 / none"
    print(f"var       {tie.var_id or none}  {settings.var}  {'有附件 / has files' if tie.files else ''}")
    print(
        f"database  {tie.database_id or none}  {'有事项 / has items' if tie.items else '无事项 / no items'}"
    )
    for name, state in tie.keys.items():
        print(f"key       {name:<12}{state}")
