"""Who asks, and whether he may: a program by its bearer token, a person by his session's cookie.

Tokens and sessions are kept hashed by storage, which also knows what has run out or was taken back.
Browsers cannot set a header on a WebSocket, so a token may come as the subprotocol `bearer.<token>`
there; it is never taken from the address, which ends up in logs. What a cookie asks to be changed must
bear the session's CSRF token as well: a page elsewhere can make a browser send the cookie, not that.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from typing import Protocol

from aiohttp import web

from gateway.core.audit import ASKER, Asker
from gateway.core.rights import Right, holders
from gateway.core.roles import OF_CENTRE as OF_CENTRE
from gateway.core.roles import Account, Role
from gateway.errors import NotAllowed, NoToken
from gateway.web.http.addresses import address_of
from gateway.web.http.rates import Flooded, Rates
from gateway.web.http.request_log import WHO

LEADERS = holders(Right.LEAD_SHIFT)
SUBPROTOCOL = "bearer."
COOKIE = "session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
_BEARER = re.compile(r"Bearer +([\x21-\x7e]{1,200})", re.IGNORECASE)
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_SAFE = ("GET", "HEAD", "OPTIONS")


class Tokens(Protocol):
    """The ledger of tokens."""

    async def account(self, token: str) -> Account | None:
        """Whose token it is; None when there is none such, or none any more. Raises StorageDown."""


class Sessions(Protocol):
    """The sessions of people who logged in."""

    async def account(self, cookie: str) -> Account | None:
        """Whose session it is; None when it is none, or over. Raises StorageDown."""


class Gate:
    """Lets a request in or not. A credential is looked up before any limit of its address counts.

    So nobody can use up the right of others at the same address: a right session is never refused for a
    rate, a right token only for its own. An address is charged for wrong credentials alone.
    """

    def __init__(self, tokens: Tokens, rates: Rates, sessions: Sessions | None = None) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self.rates = rates

    async def pass_in(self, request: web.Request, roles: Collection[Role]) -> Account:
        """Who asks. Raises NoToken, NotAllowed, TooMany, StorageDown."""
        address = address_of(request)
        account = await self._account(request)
        if account is None:
            wrong = token_of(request) or cookie_of(request)
            self.rates.failed(address) if wrong else self.rates.asked(address)
            raise NoToken
        self._count(account)
        request[WHO] = account.name
        ASKER.set(Asker(account.name, address))
        if account.csrf:
            _not_from_elsewhere(request, account)
        if account.role not in roles:
            raise NotAllowed(f"需要角色 / needs the role: {', '.join(roles)}")
        return account

    async def admit(self, request: web.Request, form: bool = False) -> None:
        """A request that needs no credential, counted by its address; `form`: one that hands something in.

        Raises Flooded, but not for who bears a right session or token all the same, and NotAllowed for
        what a page of another site loads, which is not counted either.
        """
        if loaded_from_elsewhere(request):
            raise NotAllowed("不允许从其他网站载入 / pages of other sites may not load this")
        try:
            self.rates.asked(address_of(request))
            if form:
                self.rates.submitted(address_of(request))
        except Flooded:
            account = await self._account(request)
            if account is None:
                raise
            self._count(account)

    def _count(self, account: Account) -> None:
        """A program has a rate of its own, a person who logged in has none. Raises Flooded."""
        if not account.csrf:
            self.rates.let_in(account.name)

    async def still(self, request: web.Request, roles: Collection[Role]) -> bool:
        """Does what let a request in still hold? Asked now and then on long connections."""
        account = await self._account(request)
        return account is not None and account.role in roles

    async def person(self, request: web.Request) -> Account | None:
        """Who is logged in with this browser; None when nobody is. Raises StorageDown."""
        cookie = cookie_of(request)
        account = await self._sessions.account(cookie) if cookie and self._sessions else None
        if account:
            request[WHO] = account.name
            ASKER.set(Asker(account.name, address_of(request)))
        return account

    async def _account(self, request: web.Request) -> Account | None:
        """A token that was given counts alone, with or without a cookie beside it."""
        token = token_of(request)
        if token:
            return await self._tokens.account(token)
        cookie = cookie_of(request)
        if cookie and self._sessions and "Authorization" not in request.headers:
            return await self._sessions.account(cookie)
        return None


def loaded_from_elsewhere(request: web.Request) -> bool:
    """Does a browser say that a page of another site loads this? A link that is followed is not meant."""
    headers = request.headers
    return (
        headers.get("Sec-Fetch-Site", "").lower() == "cross-site"
        and headers.get("Sec-Fetch-Dest", "").lower() != "document"
    )


def _not_from_elsewhere(request: web.Request, account: Account) -> None:
    """A request with a cookie comes from a page of ours. Raises NotAllowed."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        if "Origin" not in request.headers:  # what stands there is held against our own address later
            raise NotAllowed("缺少来源 / a browser says where a WebSocket comes from")
        return
    if request.method not in _SAFE and not bears(account, request.headers.get(CSRF_HEADER, "")):
        raise NotAllowed(f"缺少或错误的 {CSRF_HEADER} / {CSRF_HEADER} is missing or wrong: reload the page")


def bears(account: Account, csrf: str) -> bool:
    """Is this the session's CSRF token?"""
    return bool(account.csrf) and hmac.compare_digest(account.csrf.encode(), csrf.encode("utf-8", "replace"))


def cookie_of(request: web.Request) -> str:
    """The session's cookie, or "" when there is none that can be one."""
    given = request.cookies.get(COOKIE, "")
    return given if _COOKIE.fullmatch(given) else ""


def token_of(request: web.Request) -> str:
    """The token of a request, or ""."""
    given = request.headers.getall("Authorization", [])
    if given:
        match = _BEARER.fullmatch(given[0].strip()) if len(given) == 1 else None
        return match[1] if match else ""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return ""
    return next((p.removeprefix(SUBPROTOCOL) for p in subprotocols(request) if is_bearer(p)), "")


def subprotocols(request: web.Request) -> list[str]:
    """What a WebSocket client offers, in its order."""
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", []))
    return [name.strip() for name in offered.split(",") if name.strip()]


def is_bearer(name: str) -> bool:
    return name.startswith(SUBPROTOCOL)
