"""/desk/account: one's own password, one-time codes and sessions. Plain forms that work without JavaScript.

Each change asks for the present password (and code), and after four wrong ones for a longer and longer pause.
Every session ends with it, but for a new one of this browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

import segno
from aiohttp import web

from gateway.accounts import totp
from gateway.accounts.accounts import Session, password_fault
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.web.http.addresses import address_of
from gateway.web.http.auth import Gate
from gateway.web.http.pauses import Pauses
from gateway.web.http.rates import Flooded
from gateway.web.pages.log_in import FREE_BY_ACCOUNT, LONGEST_BY_ACCOUNT, give_cookie
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.work_page import POLICY, WorkPage, words

ACCOUNT = "/desk/account"
_SECRET = re.compile(r"[A-Z2-7]{32}")
_WRONG = ("密码或验证码不正确", "password or code is wrong")
_FROM_OUTSIDE = (
    "从单位网络以外登录时不能停用动态验证码",
    "codes cannot be switched off from outside the centre's networks",
)
Fault = tuple[str, tuple[str, str]]  # the field, and what is wrong with it


class OwnAccount(Protocol):
    """gateway/accounts/accounts.py. Every method raises StorageDown."""

    def codes_wanted(self, address: str) -> bool: ...

    async def proves(self, account_id: str, password: str, code: str = "") -> bool: ...

    async def has_codes(self, account_id: str) -> tuple[bool, int]: ...

    async def set_password(self, account_id: str, password: str) -> None: ...

    async def ask_codes(self, account_id: str, secret: str = "") -> tuple[str, tuple[str, ...]]: ...

    async def ask_no_codes(self, account_id: str) -> None: ...

    async def sign_out(self, account_id: str) -> int: ...

    async def anew(self, account_id: str) -> Session: ...


class AccountPage(WorkPage):
    """For everybody who logs in."""

    def __init__(self, pages: Pages, gate: Gate, accounts: OwnAccount, centre: str) -> None:
        super().__init__(pages, gate, ACCOUNT, "account.html", {}, Right.OWN_ACCOUNT)
        self._accounts = accounts
        self._centre = centre
        self._pauses = Pauses(FREE_BY_ACCOUNT, LONGEST_BY_ACCOUNT)

    def add(self, app: web.Application) -> None:
        super().add(app)
        for act in ("password", "codes", "no-codes", "sign-out"):
            self._pages.add(app, "POST", f"{ACCOUNT}/{act}", self.change)

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        return await self._show(look, account)

    async def change(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Raises NotAllowed for a form that is not the session's own."""
        fields = await self._pages.fields(request)
        account = await self._sender(request, fields)
        if account is None:
            return web.Response(status=303, headers={"Location": "/desk"})
        act = request.path.rpartition("/")[2]
        if act == "no-codes" and self._accounts.codes_wanted(address_of(request)):
            return await self._show(look, account, 422, act=act, fault=("old", _FROM_OUTSIDE))
        fault = await self._fault(account, act, fields)
        if fault:
            secret = fields.get("secret", "") if act == "codes" else ""
            return await self._show(look, account, 422, act=act, fault=fault, secret=secret)
        recovery = await self._do(account, act, fields)
        session = await self._accounts.anew(account.name)
        response = await self._show(look, session.account, done=act, recovery=recovery)
        give_cookie(response, session, self._pages.is_safe(request))
        return response

    async def _fault(self, account: Account, act: str, fields: Mapping[str, str]) -> Fault | None:
        """What is wrong with a form; the password is looked at last, since each wrong one counts."""
        if act == "password":
            new = fields.get("new", "")
            if fault := password_fault(account.name, new):
                return "new", fault
            if new != fields.get("again", ""):
                return "again", ("两次输入的新密码不一致", "the two new passwords differ")
        if act == "codes" and not self._scanned(fields):
            return "first", (
                "验证码不正确，请确认手机时间准确",
                "the code is wrong",
            )
        return await self._unproved(account, fields)

    def _scanned(self, fields: Mapping[str, str]) -> bool:
        """Does the first code of the authenticator fit the secret that it was shown?"""
        secret = fields.get("secret", "")
        code = fields.get("first", "").replace(" ", "")
        return bool(_SECRET.fullmatch(secret)) and totp.step_of(secret, code, self._pages.now(), 0) > 0

    async def _unproved(self, account: Account, fields: Mapping[str, str]) -> Fault | None:
        try:
            self._pauses.look(account.name)
        except Flooded as error:
            zh, en = f"尝试次数过多，请 {error.wait} 秒后再试", f"too many tries: wait {error.wait} s"
            return "old", (zh, en)
        self._pauses.wrong(account.name)
        if not await self._accounts.proves(account.name, fields.get("old", ""), fields.get("code", "")):
            return "old", _WRONG
        self._pauses.right(account.name)
        return None

    async def _do(self, account: Account, act: str, fields: Mapping[str, str]) -> tuple[str, ...]:
        """Recovery codes, where there are new ones."""
        match act:
            case "password":
                await self._accounts.set_password(account.name, fields["new"])
            case "codes":
                return (await self._accounts.ask_codes(account.name, fields["secret"]))[1]
            case "no-codes":
                await self._accounts.ask_no_codes(account.name)
            case _:
                await self._accounts.sign_out(account.name)
        return ()

    async def _show(
        self, look: Look, account: Account, status: int = 200, secret: str = "", **held: Any
    ) -> web.Response:
        has_codes, left = await self._accounts.has_codes(account.name)
        if not _SECRET.fullmatch(secret):
            secret = totp.new_secret()
        return self._pages.show(
            look,
            "account.html",
            status,
            {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
            account=account,
            words=words(self._pages, look, {}),
            secret=secret,
            qr=self._drawn(secret, account.name),
            has_codes=has_codes,
            left=left,
            **{"act": "", "done": "", "recovery": (), "fault": None, **held},
        )

    def _drawn(self, secret: str, account: str) -> str:
        address = totp.address(secret, account, self._centre)
        return str(segno.make(address).svg_inline(scale=4, border=3, dark="#000", light="#fff"))
