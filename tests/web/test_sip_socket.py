"""Who may come to Asterisk with a browser's telephone. Nothing listens there: who is let in hears 503."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.web.phone_page import BrowserPhones
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
