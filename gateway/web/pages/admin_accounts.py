"""The administrator's accounts of people and tokens of programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.accounts.accounts import ID, PEOPLE
from gateway.accounts.program_tokens import NAME, MadeToken, state_of
from gateway.accounts.unit_people import MADE
from gateway.calls.views import AgentView
from gateway.core.roles import OF_UNITS, Account, Role
from gateway.core.unit import Tree
from gateway.errors import NotFound
from gateway.settings.secrets import random_password
from gateway.storage.accounts import AccountRow
from gateway.storage.tokens import TokenInfo
from gateway.web.pages.admin import ActResult, Fields, refused
from gateway.web.pages.desk_words import SEAT_STATES
from gateway.web.pages.look import Look
from gateway.web.pages.navigation import ROLE_NAMES

MACHINES = {Role.PARTNER: ("协作单位系统", "a partner's program"), Role.DISPLAY: ("大屏", "a wallboard")}
TOKEN_STATES = {"valid": ("有效", "valid"), "revoked": ("已吊销", "revoked"), "over": ("已到期", "over")}


class AdminAccounts(Protocol):
    """gateway/accounts/accounts.py, as far as it is needed here. Raises OperatorError, StorageDown."""

    async def list(self) -> list[AccountRow]: ...
    async def add(self, account_id: str, name: str, role: Role, password: str, unit: str = "") -> None: ...
    async def set_role(self, account_id: str, role: Role, unit: str = "") -> None: ...
    async def set_password(self, account_id: str, password: str) -> None: ...
    async def ask_no_codes(self, account_id: str) -> None: ...
    async def sign_out(self, account_id: str) -> int: ...
    async def lock(self, account_id: str) -> None: ...
    async def unlock(self, account_id: str) -> None: ...
    async def get(self, account_id: str) -> AccountRow: ...


class TokenDesk(Protocol):
    """gateway/accounts/program_tokens.py. Raises OperatorError, StorageDown."""

    async def create(
        self, role: Role, name: str = "", days: int | None = None, unit: str = ""
    ) -> MadeToken: ...
    async def list(self) -> list[TokenInfo]: ...
    async def revoke(self, token_id: int) -> bool: ...


class Units(Protocol):
    """Of storage, the units."""

    async def tree(self) -> Tree: ...


class AccountsPart:
    """People, and the seats of gateway.toml with their telephones as they are now."""

    name, zh, en = "accounts", "账号", "Accounts"

    def __init__(
        self, accounts: AdminAccounts, units: Units, seats: Callable[[], Sequence[AgentView]]
    ) -> None:
        self._accounts = accounts
        self._units = units
        self._seats = seats

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        return {
            "rows": await self._accounts.list(),
            "seats": {view.id: view.seat for view in self._seats()},
            "telephones": self._seats(),
            "seat_states": {state.value: look.t(*words) for state, words in SEAT_STATES.items()},
            "roles": [(role.value, look.t(*ROLE_NAMES[role])) for role in PEOPLE],
            "units": await unit_choices(self._units),
        }

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        who = fields.get("account", "").strip().lower()
        if act == "add":
            return await self._add(who, fields)
        row = await self._accounts.get(who)
        if row.id == account.name and act in ("lock", "role"):
            return refused("不能停用自己的账号或修改自己的角色", "not one's own account")
        match act:
            case "lock":
                await self._accounts.lock(who)
                return _told(who, "已停用，登录已全部结束", "is disabled and signed out", "unlock")
            case "unlock":
                await self._accounts.unlock(who)
                return _told(who, "已启用", "is enabled", "lock")
            case "role":
                return await self._set_role(row, fields)
            case "password":
                return await self._new_password(who)
            case "no-codes":
                await self._accounts.ask_no_codes(who)
                return _told(who, "的动态验证码已停用，登录后可重新启用", "is asked for no codes any more")
            case "sign-out":
                ended = await self._accounts.sign_out(who)
                return _told(who, f"的 {ended} 个登录已结束", f"is signed out of {ended} sessions")
            case _:
                raise NotFound

    async def _add(self, who: str, fields: Fields) -> ActResult:
        if not ID.fullmatch(who):
            return refused(
                "账号须为 1 至 64 位小写字母、数字或 . _ @ -，以字母或数字开头",
                "an account has 1 to 64 of a-z, 0-9 and . _ @ -, a letter or digit first",
                "account",
            )
        if any(row.id == who for row in await self._accounts.list()):
            return refused(f"账号 {who} 已存在", f"there is an account {who} already", "account")
        role, unit = _role_and_unit(fields)
        if fault := _unit_fault(role, unit):
            return fault
        password = random_password(MADE)
        await self._accounts.add(who, fields.get("name", "").strip()[:64] or who, role, password, unit)
        zh, en = (
            f"已新建账号 {who}，初始密码仅显示这一次：",
            f"{who} is made; the password is shown this once:",
        )
        return ActResult(zh, en, once=password, undo={"act": "lock", "account": who})

    async def _set_role(self, row: AccountRow, fields: Fields) -> ActResult:
        role, unit = _role_and_unit(fields)
        if fault := _unit_fault(role, unit):
            return fault
        await self._accounts.set_role(row.id, role, unit)
        back = {"act": "role", "account": row.id, "role": row.role, "unit": row.unit}
        return ActResult(f"{row.id} 的角色已修改，须重新登录", f"{row.id} has another role now", undo=back)

    async def _new_password(self, who: str) -> ActResult:
        password = random_password(MADE)
        await self._accounts.set_password(who, password)
        zh = f"{who} 的新密码，仅显示这一次；原有登录已全部结束："
        return ActResult(zh, f"the new password of {who}, shown this once:", once=password)


class TokensPart:
    """Programs."""

    name, zh, en = "tokens", "令牌", "Tokens"

    def __init__(self, tokens: TokenDesk, units: Units, now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._units = units
        self._now = now

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        now = self._now()
        rows = [(row, state_of(row, now)) for row in reversed(await self._tokens.list())]
        names = {**{role.value: words for role, words in (ROLE_NAMES | MACHINES).items()}}
        return {
            "rows": sorted(rows, key=lambda row: row[1] != "valid"),
            "states": {state: look.t(*words) for state, words in TOKEN_STATES.items()},
            "roles": [(role, look.t(*words)) for role, words in names.items()],
            "units": await unit_choices(self._units),
        }

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        if act == "revoke":
            row = fields.get("id", "")
            if not row.isdecimal() or not await self._tokens.revoke(int(row)):
                return refused("没有这个令牌，或已经吊销", "there is no such token, or it is revoked already")
            return ActResult(f"令牌 {row} 已吊销，立即失效", f"token {row} is revoked")
        if act != "create":
            raise NotFound
        days = fields.get("days", "").strip()
        if days and not (days.isdecimal() and 1 <= int(days) <= 3650):
            return refused("有效期须为 1 至 3650 天，或留空", "1 to 3650 days, or none", "days")
        name = fields.get("name", "").strip()
        if name and not re.fullmatch(NAME, name):
            zh = "名称为 1 至 64 位字母、数字或 . _ @ -，不含空格"
            return refused(zh, "a name has 1 to 64 letters, digits and . _ @ -", "name")
        role, unit = _role_and_unit(fields, tuple(Role))
        if fault := _unit_fault(role, unit):
            return fault
        token = await self._tokens.create(role, name, int(days) if days else None, unit)
        zh = f"令牌 {token.name} 已新建，仅显示这一次，请立即保存："
        return ActResult(zh, f"token {token.name}, shown this once:", once=token.text)


async def unit_choices(units: Units) -> Sequence[tuple[str, str]]:
    """The units that people can belong to, beside the centre."""
    return [(unit.id, unit.zh) for unit in await units.tree() if unit.parent and unit.active]


def _role_and_unit(fields: Fields, roles: Sequence[Role] = PEOPLE) -> tuple[Role, str]:
    """Raises NotFound for a role that the form does not offer. The unit counts where the role has one."""
    role = next((role for role in roles if role.value == fields.get("role")), None)
    if role is None:
        raise NotFound
    return role, fields.get("unit", "") if role in OF_UNITS else ""


def _unit_fault(role: Role, unit: str) -> ActResult | None:
    if role in OF_UNITS and not unit:
        return refused("承办人和单位负责人须选择所在单位", "this role needs a unit", "unit")
    return None


def _told(who: str, zh: str, en: str, undo: str = "") -> ActResult:
    return ActResult(f"{who} {zh}", f"{who} {en}", undo={"act": undo, "account": who} if undo else None)
