"""Bearer tokens: who asks, and whether he may.

Tokens are kept hashed by storage, which also knows what has run out or was taken back. Browsers
cannot set a header on a WebSocket, so it may come as the subprotocol `bearer.<token>` there; it is
never taken from the address, which ends up in logs.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Protocol

from aiohttp import web

from gateway.errors import NotAllowed, NoToken
from gateway.web.addresses import address_of
from gateway.web.ports import Account, Role
from gateway.web.rates import Rates
from gateway.web.request_log import WHO

HOUSE = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
"""Everybody of the centre itself."""
WATCHERS = (*HOUSE, Role.DISPLAY)
"""Who may see the wallboard."""
LEADERS = (Role.SUPERVISOR, Role.ADMIN)
SUBPROTOCOL = "bearer."
_BEARER = re.compile(r"Bearer +([\x21-\x7e]{1,200})", re.IGNORECASE)


class Tokens(Protocol):
    """The ledger of tokens."""

    async def account(self, token: str) -> Account | None:
        """Whose token it is; None when there is none such, or none any more. Raises StorageDown."""


class Gate:
    """Lets a request in or not. Who tries many wrong tokens waits, as does a token that asks too often."""

    def __init__(self, tokens: Tokens, rates: Rates) -> None:
        self._tokens = tokens
        self.rates = rates

    async def pass_in(self, request: web.Request, roles: Collection[Role]) -> Account:
        """Who asks. Raises NoToken, NotAllowed, TooMany, StorageDown."""
        token, address = token_of(request), address_of(request)
        self.rates.may_try(address)
        account = await self._tokens.account(token) if token else None
        if account is None:
            self.rates.failed(address)
            raise NoToken
        self.rates.let_in(account.name)
        request[WHO] = account.name
        if account.role not in roles:
            raise NotAllowed(f"需要角色 / needs the role: {', '.join(roles)}")
        return account

    async def still(self, token: str, roles: Collection[Role]) -> bool:
        """Does a token that was let in still hold? Asked now and then on long connections."""
        account = await self._tokens.account(token)
        return account is not None and account.role in roles


def token_of(request: web.Request) -> str:
    """The token of a request, or ""."""
    given = request.headers.getall("Authorization", [])
    if given:
        found = _BEARER.fullmatch(given[0].strip()) if len(given) == 1 else None
        return found[1] if found else ""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return ""
    return next((p.removeprefix(SUBPROTOCOL) for p in subprotocols(request) if is_bearer(p)), "")


def subprotocols(request: web.Request) -> list[str]:
    """What a WebSocket client offers, in its order."""
    offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", []))
    return [name.strip() for name in offered.split(",") if name.strip()]


def is_bearer(name: str) -> bool:
    return name.startswith(SUBPROTOCOL)
