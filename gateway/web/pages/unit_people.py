"""/unit/people: the handlers of a unit and its stations, whose accounts their leader keeps. Plain forms that
work without JavaScript; a password that is made up is shown once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.core.unit import Unit
from gateway.errors import BadContact, NotFound
from gateway.storage.accounts import AccountRow
from gateway.web.http.auth import Gate
from gateway.web.pages.admin import ActResult
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import POLICY, WorkPage, words

PATH = "/unit/people"
Fields = Mapping[str, str]


class PeopleDesk(Protocol):
    """gateway/accounts/unit_people.py. Every method raises StorageDown."""

    async def units(self, leader: Account) -> Sequence[Unit]: ...
    async def kept(self, leader: Account) -> Sequence[AccountRow]: ...
    async def add(self, leader: Account, account: str, name: str, unit: str) -> str: ...
    async def reset(self, leader: Account, account: str) -> str: ...
    async def lock(self, leader: Account, account: str) -> None: ...
    async def unlock(self, leader: Account, account: str) -> None: ...


class UnitPeoplePage(WorkPage):
    """For leaders of units."""

    def __init__(self, pages: Pages, gate: Gate, desk: PeopleDesk) -> None:
        super().__init__(pages, gate, PATH, "unit_people.html", {}, Right.KEEP_HANDLERS)
        self._desk = desk

    def add(self, app: web.Application) -> None:
        super().add(app)
        self._pages.add(app, "POST", PATH, self.change, counted=False)

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        return await self._show(look, account)

    async def change(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Raises NotAllowed for a form that is not the session's own, NotFound for an account not his."""
        fields = await self._pages.fields(request)
        account = await self._sender(request, fields)
        if account is None:
            return web.Response(status=303, headers={"Location": "/desk"})
        try:
            result = await self._done(account, fields)
        except BadContact as bad:
            faults = {fault.field: look.t(fault.zh, fault.en) for fault in bad.faults}
            return await self._show(look, account, 422, kept=fields, faults=faults)
        return await self._show(look, account, told=result)

    async def _done(self, leader: Account, fields: Fields) -> ActResult:
        who = fields.get("account", "").strip().lower()
        match fields.get("act"):
            case "add":
                name = " ".join(fields.get("name", "").split())
                password = await self._desk.add(leader, who, name, fields.get("unit", ""))
                zh = f"已新建账号 {who}，初始密码仅显示这一次："
                return ActResult(zh, f"{who} is made; the password is shown this once:", once=password)
            case "password":
                password = await self._desk.reset(leader, who)
                zh = f"{who} 的新密码，仅显示这一次；原有登录已全部结束："
                return ActResult(zh, f"the new password of {who}, shown this once:", once=password)
            case "lock":
                await self._desk.lock(leader, who)
                undo = {"act": "unlock", "account": who}
                return ActResult(
                    f"{who} 已停用，登录已全部结束", f"{who} is disabled and signed out", undo=undo
                )
            case "unlock":
                await self._desk.unlock(leader, who)
                return ActResult(f"{who} 已启用", f"{who} is enabled", undo={"act": "lock", "account": who})
            case _:
                raise NotFound

    async def _show(
        self, look: Look, account: Account, status: int = 200, told: ActResult | None = None, **held: Any
    ) -> web.Response:
        units = await self._desk.units(account)
        people = sorted(await self._desk.kept(account), key=lambda row: (row.unit, row.locked_at is not None))
        return self._pages.show(
            look,
            "unit_people.html",
            status,
            {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
            account=account,
            words=words(self._pages, look, {}),
            zone=self._pages.zone,
            people=people,
            names={unit.id: unit.zh for unit in units},
            units=[(unit.id, unit.zh) for unit in units if unit.active],
            told=told,
            **{"kept": {}, "faults": {}, **held},
        )
