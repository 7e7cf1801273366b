"""`gateway token`: create, list and revoke the bearer tokens of the API.

A token is printed once, alone on standard output, so that a script can take it; what is kept of it
is a hash. The gateway may be running: it looks at each token anew, so a revoked one ends at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime

from gateway.accounts.program_tokens import ProgramTokens, state_of
from gateway.cli.storage import fill_units, opened
from gateway.core.roles import OF_UNITS, Role
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.tokens import TokenInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway token`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token and print it, this once")
    create.add_argument("--role", required=True, choices=[role.value for role in Role], help="what it may do")
    create.add_argument("--name", default="", help="whose it is, e.g. agent1; made up if not given")
    create.add_argument("--unit", default="", help="unit of a handler or unit_leader, e.g. 141002")
    create.add_argument("--days", type=int, metavar="N", help="let it run out after so many days")
    create.add_argument("--json", action="store_true", help="print name, role and end beside it")
    listing = actions.add_parser("list", help="every token there is, without its text")
    listing.add_argument("--json", action="store_true", help="for programs")
    revoke = actions.add_parser("revoke", help="take a token back, at once (exit 1 if there is none)")
    revoke.add_argument("id", type=int, metavar="ID", help="as `list` shows it")


def run(args: argparse.Namespace) -> int:
    """Carry out one `gateway token` action; gives the exit code. Raises OperatorError, StorageDown."""
    return asyncio.run(_run(args, load(), datetime.now(UTC)))


async def _run(args: argparse.Namespace, settings: Config, now: datetime) -> int:
    async with opened(settings) as storage:
        match args.action:
            case "create":
                return await _create(storage, settings, args, now)
            case "list":
                return _list(await storage.tokens.list(), args.json, now)
            case _:
                return await _revoke(storage, args.id, now)


async def _create(storage: Storage, settings: Config, args: argparse.Namespace, now: datetime) -> int:
    if args.role in OF_UNITS:
        await fill_units(storage, settings)
    tokens = ProgramTokens(storage, lambda: now)
    token = await tokens.create(Role(args.role), args.name, args.days, args.unit)
    if args.json:
        detail = {
            "name": token.name,
            "role": args.role,
            "unit": token.unit,
            "expires_at": _at(token.expires_at),
        }
        print(json.dumps({"token": token.text, **detail}))
    else:
        print(token.text)
    return 0


def _list(tokens: list[TokenInfo], as_json: bool, now: datetime) -> int:
    if as_json:
        print(json.dumps([_row(token, now) for token in tokens], ensure_ascii=False, indent=1))
        return 0
    print(f"{'ID':>5}  {'role':11}  {'unit':8}  {'name':20}  {'made':10}  {'ends':10}  state")
    for token in tokens:
        begin, end = (f"{at:%Y-%m-%d}" if at else "-" for at in (token.made_at, token.expires_at))
        state = state_of(token, now)
        print(
            f"{token.id:5}  {token.role:11}  {token.unit:8}  {token.name:20}  {begin:10}  {end:10}  {state}"
        )
    return 0


async def _revoke(storage: Storage, token_id: int, now: datetime) -> int:
    if await storage.tokens.revoke(token_id, now):
        print(f"token {token_id} is revoked")
        return 0
    print(f"there is no token {token_id}, or it is revoked already", file=sys.stderr)
    return 1


def _row(token: TokenInfo, now: datetime) -> dict[str, object]:
    return {
        "id": token.id,
        "role": token.role,
        "unit": token.unit,
        "name": token.name,
        "made_at": _at(token.made_at),
        "expires_at": _at(token.expires_at),
        "used_at": _at(token.used_at),
        "state": state_of(token, now),
    }


def _at(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None
