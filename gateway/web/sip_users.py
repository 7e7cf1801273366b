"""As which SIP users a browser may come to Asterisk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.core.rights import Right, holders
from gateway.errors import NotAllowed
from gateway.web.http.auth import Gate
from gateway.web.http.sip_guard import VISITOR
from gateway.web.parts import WebParts

SipUsers = Callable[[web.Request], Awaitable[set[str]]]


def sip_users(parts: WebParts, gate: Gate) -> SipUsers:
    """As which SIP users a browser may come to Asterisk: its account's seat.

    Only while the demo is on may somebody who is not logged in come, as the visitor."""
    visitor = bool(parts.phones and parts.phones.visitor)

    async def users_of(request: web.Request) -> set[str]:
        if visitor:
            await gate.admit(request)
            account, users = await gate.person(request), {VISITOR}
        else:
            account, users = await gate.pass_in(request, holders(Right.WORK_CALLS)), set()
        seats = [view.seat for view in parts.board.agents() if account and view.id == account.name]
        users |= {f"{seat}-web" for seat in seats}
        if not users:
            raise NotAllowed("该账号没有坐席 / this account has no seat")
        return users

    return users_of
