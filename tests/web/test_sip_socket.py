"""Who may come to Asterisk with a browser's telephone. Nothing listens there: who is let in hears 503."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.core.roles import Role
from gateway.web.pages.phone import BrowserPhones
from tests.web.real_site import RealSite, real_site

NOWHERE = "ws://127.0.0.1:1/ws"  # port 1: refused at once


async def status(site: RealSite, **headers: str) -> int:
    """What the request for a WebSocket is answered with."""
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": "sip",
    }
    async with site.client.get("/ws", headers=asked | headers) as response:
        return response.status


@pytest.mark.parametrize(
    ("role", "expected"), [("agent", 503), ("supervisor", 403), ("display", 403), (None, 401), ("wrong", 401)]
)
async def test_without_the_demo_only_a_seat_may_call(tmp_path: Path, role: str | None, expected: int) -> None:
    async with real_site(tmp_path, phones=BrowserPhones(None, NOWHERE)) as site:
        site.tokens["wrong"] = "not-a-token"
        assert await status(site, **(site.bearer(role) if role else {})) == expected


async def test_a_visitor_may_call_while_the_demo_is_on(tmp_path: Path) -> None:
    async with real_site(tmp_path, phones=BrowserPhones(None, NOWHERE, "password")) as site:
        assert await status(site) == 503


async def test_a_page_elsewhere_may_not_call(tmp_path: Path) -> None:
    async with real_site(tmp_path, phones=BrowserPhones(None, NOWHERE)) as site:
        assert await status(site, **site.bearer("agent"), Origin="https://elsewhere.example") == 403


@asynccontextmanager
async def asterisk() -> AsyncIterator[str]:
    """A WebSocket that takes telephones and says nothing."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        link = web.WebSocketResponse(protocols=["sip"])
        await link.prepare(request)
        async for _ in link:
            pass
        return link

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/ws"))


async def test_telephones_of_one_visitor_leave_room_for_the_seats(tmp_path: Path) -> None:
    async with asterisk() as url, real_site(tmp_path, phones=BrowserPhones(None, url, "password")) as site:
        open_ = [await site.client.ws_connect("/ws", protocols=["sip"]) for _ in range(6)]
        assert await status(site) == 429
        agent = await site.client.ws_connect("/ws", protocols=["sip"], headers=await session(site))
        for one in (*open_, agent):
            await one.close()
        again = await site.client.ws_connect("/ws", protocols=["sip"])
        await again.close()


async def session(site: RealSite) -> dict[str, str]:
    """The headers of an agent's browser."""
    await site.accounts.add("agent1", "坐席1", Role.AGENT, "correct horse 12315")
    made = await site.accounts.log_in("agent1", "correct horse 12315", "127.0.0.1")
    assert made
    return {"Cookie": f"session={made.cookie}", "Origin": site.url().rstrip("/")}
