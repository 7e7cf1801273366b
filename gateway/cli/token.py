"""`gateway token`: create, list and revoke the bearer tokens of the API.

A token is printed once, alone on standard output, so that a script can take it; what is kept of it
is a hash. The gateway may be running: it looks at each token anew, so a revoked one ends at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import sys
from datetime import UTC, datetime, timedelta

from gateway.cli.storage import fill_units, opened
from gateway.core.roles import OF_UNITS, Role
from gateway.core.unit import CENTRE, membership_fault
from gateway.errors import OperatorError
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage
from gateway.storage.tokens import TokenInfo

NAME = r"[\w.@-]{1,64}"


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
    name = args.name or f"{args.role}-{secrets.token_hex(2)}"
    if not re.fullmatch(NAME, name):
        raise OperatorError(f"--name {name!r}: 1 to 64 letters, digits, and . _ @ -")
    if args.days is not None and not 1 <= args.days <= 3650:
        raise OperatorError(f"--days {args.days}: 1 to 3650")
    end = now + timedelta(days=args.days) if args.days else None
    unit = await _unit_of(storage, settings, args)
    token = await storage.tokens.create(args.role, name, now, end, unit)
    if args.json:
        told = {"name": name, "role": args.role, "unit": unit, "expires_at": _at(end)}
        print(json.dumps({"token": token, **told}))
    else:
        print(token)
    return 0


async def _unit_of(storage: Storage, settings: Config, args: argparse.Namespace) -> str:
    """The unit as it is kept, "" for the centre. Raises OperatorError."""
    if args.role in OF_UNITS:
        await fill_units(storage, settings)
    if fault := membership_fault(Role(args.role), args.unit, await storage.units.tree()):
        raise OperatorError(fault)
    return "" if args.unit == CENTRE else str(args.unit)


def _list(tokens: list[TokenInfo], as_json: bool, now: datetime) -> int:
    if as_json:
        print(json.dumps([_row(token, now) for token in tokens], ensure_ascii=False, indent=1))
        return 0
    print(f"{'ID':>5}  {'role':11}  {'unit':8}  {'name':20}  {'made':10}  {'ends':10}  state")
    for token in tokens:
        begin, end = (f"{at:%Y-%m-%d}" if at else "-" for at in (token.made_at, token.expires_at))
        state = _state(token, now)
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
        "state": _state(token, now),
    }


def _state(token: TokenInfo, now: datetime) -> str:
    if token.revoked_at:
        return "revoked"
    return "over" if token.expires_at and token.expires_at <= now else "valid"


def _at(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None
