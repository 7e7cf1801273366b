"""`gateway user`: people's accounts; the seats' passwords of phone and desk.

Passwords that the set-up made are shown by `show`, until somebody sets another: that one is kept as a
hash alone. What is done here stands in the audit log as done by the system's own user.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import segno

from gateway.accounts import totp
from gateway.accounts.accounts import PEOPLE, Accounts
from gateway.accounts.seed_accounts import ensure_accounts, forget_password, people_of
from gateway.cli.storage import fill_units, opened
from gateway.core.roles import OF_UNITS, Role
from gateway.errors import OperatorError
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.settings.secrets import load_secrets, random_password
from gateway.storage.accounts import AccountRow

MADE = 16  # letters of a password that is made up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway user`."""
    what = parser.add_subparsers(dest="what", required=True, metavar="ACTION")
    show = what.add_parser("show", help="one account; of a seat with the passwords of phone and desk")
    show.add_argument("account")
    show.add_argument("--json", action="store_true", help="for programs")
    listing = what.add_parser("list", help="every account")
    listing.add_argument("--json", action="store_true", help="for programs")
    add = what.add_parser("add", help="make an account and print its password, this once")
    add.add_argument("account", help="what is typed at the log-in, e.g. li.hong")
    add.add_argument("--role", required=True, choices=[role.value for role in PEOPLE])
    add.add_argument("--name", default="", help="name on screens")
    add.add_argument("--unit", default="", help="unit of a handler or unit_leader, e.g. 141002")
    move = what.add_parser("move", help="let a handler or unit_leader work for another unit; signs out")
    move.add_argument("account")
    move.add_argument("--unit", required=True, help="as `gateway units list` shows it")
    password = what.add_parser("password", help="set another password; signs out everywhere")
    password.add_argument("account")
    for command in (add, password):
        command.add_argument("--stdin", action="store_true", help="read the password from standard input")
    totp = what.add_parser(
        "totp", help="ask for one-time codes as well; prints QR code and recovery codes, once"
    )
    totp.add_argument("account")
    totp.add_argument("--off", action="store_true", help="ask for none any more")
    for name, does in (
        ("lock", "let nobody in with it, and sign it out everywhere"),
        ("unlock", "let it in again"),
        ("sign-out", "sign it out everywhere"),
    ):
        what.add_parser(name, help=does).add_argument("account")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0. Raises OperatorError, StorageDown."""
    settings = load()
    if arguments.what == "show" and arguments.account in people_of(settings):
        return _show_made(settings, arguments.account, arguments.json)
    return asyncio.run(_run(arguments, settings))


def _show_made(settings: Config, account: str, as_json: bool) -> int:
    """An account of the set-up, from its files alone: the database need not be there."""
    person = people_of(settings)[account]
    secrets = load_secrets(settings.var, [a.id for a in settings.agents], people_of(settings))
    shown: dict[str, str] = {"id": account, "name": person.name, "role": person.role.value}
    if person.seat:
        shown |= {"sip_user": person.seat, "sip_password": secrets.seats[account].sip}
        shown["web_password"] = secrets.seats[account].web
    else:
        shown["web_password"] = secrets.people[account]
    _print(shown, as_json)
    return 0


async def _run(arguments: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        accounts = Accounts(storage, settings.accounts, lambda: datetime.now(UTC))
        await ensure_accounts(accounts, settings)
        if arguments.what == "move" or getattr(arguments, "role", "") in OF_UNITS:
            await fill_units(storage, settings)
        return await _do(arguments, settings, accounts)


async def _do(arguments: argparse.Namespace, settings: Config, accounts: Accounts) -> int:
    match arguments.what:
        case "show":
            _print(_row(await accounts.get(arguments.account)), arguments.json)
        case "list":
            _list(await accounts.list(), arguments.json)
        case "add":
            password = _password(arguments.stdin)
            role = Role(arguments.role)
            name = arguments.name or arguments.account
            await accounts.add(arguments.account, name, role, password, arguments.unit)
            _tell(password, arguments.stdin)
        case "move":
            await accounts.move(arguments.account, arguments.unit)
            print(f"{arguments.account} works for {arguments.unit}")
        case "password":
            password = _password(arguments.stdin)
            await accounts.set_password(arguments.account, password)
            forget_password(settings, arguments.account)
            _tell(password, arguments.stdin)
        case "totp" if arguments.off:
            await accounts.ask_no_codes(arguments.account)
            print(f"{arguments.account}: the password is enough")
        case "totp":
            secret, recovery = await accounts.ask_codes(arguments.account)
            segno.make(totp.address(secret, arguments.account, settings.centre.name)).terminal(compact=True)
            print("\n".join([f"secret: {secret}", "recovery codes, each once:", *recovery]))
        case "lock":
            await accounts.lock(arguments.account)
            print(f"{arguments.account} is locked")
        case "unlock":
            await accounts.unlock(arguments.account)
            print(f"{arguments.account} is not locked")
        case _:
            ended = await accounts.sign_out(arguments.account)
            print(f"{arguments.account}: {ended} sessions ended")
    return 0


def _password(stdin: bool) -> str:
    """Raises OperatorError when there is nothing to read."""
    if not stdin:
        return random_password(MADE)
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise OperatorError("--stdin: there is no password on standard input")
    return given


def _tell(password: str, stdin: bool) -> None:
    print("the password is set" if stdin else password)


def _list(accounts: list[AccountRow], as_json: bool) -> None:
    if as_json:
        print(json.dumps([_row(account) for account in accounts], ensure_ascii=False, indent=1))
        return
    print(f"{'account':20}  {'role':11}  {'unit':8}  {'state':7}  name")
    for account in accounts:
        state = "locked" if account.locked_at else "open"
        print(f"{account.id:20}  {account.role:11}  {account.unit:8}  {state:7}  {account.name}")


def _row(account: AccountRow) -> dict[str, object]:
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "unit": account.unit,
        "locked": account.locked_at is not None,
        "totp": bool(account.totp),
        "made_at": account.made_at.isoformat(timespec="seconds"),
        "password_set_at": account.changed_at.isoformat(timespec="seconds"),
    }


def _print(shown: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print("\n".join(f"{key}: {value}" for key, value in shown.items()))
