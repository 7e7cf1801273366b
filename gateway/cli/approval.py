"""A second person's approval of what takes personal data out of the system.

He types his own password beside whoever runs the command, so that one person alone cannot do it this way.
Whoever may read the database's files can still copy them: docs/operating/personal-data.md.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime

from gateway.accounts.accounts import Accounts
from gateway.core.roles import Role
from gateway.errors import OperatorError
from gateway.settings.schema import Config
from gateway.storage import Storage

APPROVERS = (Role.SUPERVISOR, Role.LEADER, Role.ADMIN)


def add_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--approved-by",
        default="",
        metavar="ACCOUNT",
        help="who approves it: a supervisor, leader or admin, who types his password (and code)",
    )


async def approved(storage: Storage, settings: Config, account_id: str) -> str:
    """The account that approved; "" where none was named and none is needed.

    Raises OperatorError, StorageDown.
    """
    if not account_id:
        if settings.accounts.exports_approved and not settings.demo.enabled:
            en = "an export needs a second person's approval: --approved-by ACCOUNT"
            raise OperatorError(f"导出须有第二人批准 / {en}")
        return ""
    accounts = Accounts(storage, settings.accounts, lambda: datetime.now(UTC))
    row = await accounts.get(account_id)
    if Role(row.role) not in APPROVERS or row.locked_at:
        raise OperatorError(f"{account_id} may not approve exports; {', '.join(APPROVERS)} may")
    password = _typed(f"password of {row.name}: ")
    code = _typed(f"one-time code of {row.name}: ") if row.totp else ""
    if not await accounts.proves(account_id, password, code):
        await storage.audit.note("export.refused", account_id)
        raise OperatorError(f"password or code of {account_id} is wrong")
    return account_id


def _typed(prompt: str) -> str:
    """Unseen at a terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")
