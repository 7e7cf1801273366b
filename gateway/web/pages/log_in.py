"""/desk: the log-in form for whoever is not in, the desk for whoever is; and the way out.

Plain HTML that works without JavaScript. A cookie is new at each log-in, is read by no script, and is
never sent from another site's pages. What is wrong is told in one way, whatever it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from gateway.accounts.accounts import Session
from gateway.core.roles import Account
from gateway.errors import NotAllowed
from gateway.web.http.addresses import address_of
from gateway.web.http.auth import COOKIE, CSRF_FIELD, Gate, bears, cookie_of
from gateway.web.http.pauses import Pauses
from gateway.web.http.rates import Flooded
from gateway.web.pages.look import Look
from gateway.web.pages.navigation import ROLE_NAMES
from gateway.web.pages.pages import Pages

DESK = "/desk"
FREE_BY_ACCOUNT, LONGEST_BY_ACCOUNT = 4, 60.0  # short, or anybody could keep an agent out
FREE_BY_ADDRESS, LONGEST_BY_ADDRESS = 20, 900.0


class LogIns(Protocol):
    """gateway/accounts/accounts.py, as far as the page needs it."""

    async def log_in(
        self, account_id: str, password: str, address: str, old: str = "", code: str = ""
    ) -> Session | None:
        """None when it does not fit. Raises StorageDown."""

    def codes_wanted(self, address: str) -> bool:
        """Does whoever comes from this address need one-time codes?"""

    async def log_out(self, cookie: str) -> None: ...

    async def account(self, cookie: str) -> Account | None: ...


Shown = Callable[[web.Request, Look, Account], Awaitable[web.StreamResponse]]


class LogInPage:
    """The log-in page. `desk` shows the page behind it."""

    def __init__(self, pages: Pages, gate: Gate, accounts: LogIns, desk: Shown | None = None) -> None:
        self._pages = pages
        self._gate = gate
        self._accounts = accounts
        self._desk = desk or self._plain
        self._by_account = Pauses(FREE_BY_ACCOUNT, LONGEST_BY_ACCOUNT)
        self._by_address = Pauses(FREE_BY_ADDRESS, LONGEST_BY_ADDRESS)

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", DESK, self.show)
        self._pages.add(app, "POST", f"{DESK}/login", self.log_in)
        self._pages.add(app, "POST", f"{DESK}/logout", self.log_out)

    async def show(self, request: web.Request, look: Look) -> web.StreamResponse:
        account = await self._gate.person(request)
        if account is None:
            return self._ask(request, look)
        return await self._desk(request, look, account)

    async def log_in(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A new session and on to the desk, or the form once more."""
        fields = await self._pages.fields(request)
        self._pages.speak(look, fields)
        name, address = fields.get("account", "").strip().lower()[:64], address_of(request)
        try:
            self._by_address.look(address)
            self._by_account.look(name)
        except Flooded as error:
            return self._ask(request, look, name, wait=error.wait)
        # counted before the password is looked at: tries at the same time do not get round the pause
        self._by_address.wrong(address)
        self._by_account.wrong(name)
        session = await self._accounts.log_in(
            name, fields.get("password", ""), address, cookie_of(request), fields.get("code", "")
        )
        if session is None:
            return self._ask(request, look, name, wrong=True)
        self._by_address.right(address)
        self._by_account.right(name)
        response = _to_desk()
        give_cookie(response, session, self._pages.is_safe(request))
        return response

    async def log_out(self, request: web.Request, look: Look) -> web.StreamResponse:
        """Raises NotAllowed for a form that is not the session's own."""
        fields = await self._pages.fields(request)
        account = await self._gate.person(request)
        if account:
            if not bears(account, fields.get(CSRF_FIELD, "")):
                raise NotAllowed
            await self._accounts.log_out(cookie_of(request))
        response = _to_desk()
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
        return response

    def _ask(
        self, request: web.Request, look: Look, name: str = "", wrong: bool = False, wait: int = 0
    ) -> web.Response:
        outside = self._accounts.codes_wanted(address_of(request))
        status = 429 if wait else 403 if wrong else 200
        headers = {"Retry-After": str(wait)} if wait else {}
        return self._pages.show(
            look, "log_in.html", status, headers, name=name, wrong=wrong, wait=wait, outside=outside
        )

    async def _plain(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        role = look.t(*ROLE_NAMES[account.role])
        return self._pages.show(look, "desk.html", account=account, role=role)


def give_cookie(response: web.Response, session: Session, secure: bool) -> None:
    """Kept until the browser is closed; how long it holds is the session's to say."""
    response.set_cookie(COOKIE, session.cookie, path="/", httponly=True, samesite="Strict", secure=secure)


def _to_desk() -> web.Response:
    return web.Response(status=303, headers={"Location": DESK})
