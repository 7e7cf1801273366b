"""Accounts of handlers as the leader of a unit keeps them: of his unit and its stations, nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.accounts.accounts import ID, Accounts
from gateway.accounts.unit_desk import UnitDesk
from gateway.core.roles import Account, Role
from gateway.core.unit import Unit
from gateway.errors import BadContact, FieldFault, NotFound, OperatorError
from gateway.settings.secrets import random_password
from gateway.storage.accounts import AccountRow

MADE = 16
"""Letters of a password that is made up."""
LONGEST_NAME = 64


class UnitPeople:
    """Every method raises StorageDown, and NotFound where an account is none that `leader` keeps."""

    def __init__(self, accounts: Accounts, units: UnitDesk) -> None:
        self._accounts = accounts
        self._units = units

    async def units(self, leader: Account) -> tuple[Unit, ...]:
        """His unit, and those below it."""
        tree = await self._units.tree()
        own = tree.get(leader.unit) if leader.unit else None
        return tuple(unit for unit in tree if own and tree.within(unit.id, own.id))

    async def kept(self, leader: Account) -> tuple[AccountRow, ...]:
        """The handlers of these units."""
        units = {unit.id for unit in await self.units(leader)}
        return tuple(
            row for row in await self._accounts.list() if row.role == Role.HANDLER and row.unit in units
        )

    async def add(self, leader: Account, account: str, name: str, unit: str) -> str:
        """A new handler; his password. Raises BadContact."""
        units = [own for own in await self.units(leader) if own.active]
        account_ids = {row.id for row in await self._accounts.list()}
        if faults := tuple(_faults(account, name, unit, units, account_ids)):
            raise BadContact(*faults)
        password = random_password(MADE)
        try:
            await self._accounts.add(account, name, Role.HANDLER, password, unit)
        except OperatorError as error:  # somebody else has just taken this name
            raise BadContact(FieldFault("account", f"账号 {account} 无法新建", "cannot be made")) from error
        return password

    async def reset(self, leader: Account, account: str) -> str:
        """Another password, and every session ends."""
        await self._his(leader, account)
        password = random_password(MADE)
        await self._accounts.set_password(account, password)
        return password

    async def lock(self, leader: Account, account: str) -> None:
        await self._his(leader, account)
        await self._accounts.lock(account)

    async def unlock(self, leader: Account, account: str) -> None:
        await self._his(leader, account)
        await self._accounts.unlock(account)

    async def _his(self, leader: Account, account: str) -> None:
        if account not in {row.id for row in await self.kept(leader)}:
            raise NotFound


def _faults(
    account: str, name: str, unit: str, units: Sequence[Unit], taken_names: set[str]
) -> Iterator[FieldFault]:
    if not ID.fullmatch(account):
        yield FieldFault(
            "account",
            "1 至 64 位小写字母、数字或 . _ @ -，以字母或数字开头",
            "has 1 to 64 of a-z, 0-9 and . _ @ -, a letter or digit first",
        )
    elif account in taken_names:
        yield FieldFault("account", f"账号 {account} 已存在，请换一个", "is taken already")
    if not name:
        yield FieldFault("name", "必填", "is required")
    elif len(name) > LONGEST_NAME:
        yield FieldFault("name", f"最多 {LONGEST_NAME} 字", f"has at most {LONGEST_NAME} characters")
    if unit not in {known_unit.id for known_unit in units}:
        yield FieldFault("unit", "请选择本单位或下属所", "is your unit or one below it")
