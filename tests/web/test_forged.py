"""WebSockets that are not what they seem: refused, whichever address they try, and each stands in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.core.roles import Role
from gateway.settings.schema import RateSettings
from gateway.web.pages.phone import BrowserPhones
from gateway.web.site import FEED
from tests.web.real_site import RealSite, real_site

PASSWORD = "correct horse 12315"
EVIL = "https://evil.example"
SOCKETS = ("/api/v1/events", "/ws")
NOWHERE = BrowserPhones(None, "ws://127.0.0.1:1/ws")  # outside the demo; nothing listens there


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path / "var", phones=NOWHERE) as running:
        await running.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        yield running


async def refused(site: RealSite, path: str, **headers: str) -> int:
    """The status that a WebSocket from there is refused with."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as no:
        await site.client.ws_connect(path, headers=headers, protocols=["sip"])
    assert site.server.app[FEED].clients == 0
    return no.value.status


async def log_in(site: RealSite) -> None:
    form = {"account": "agent1", "password": PASSWORD}
    async with site.client.post("/desk/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303


@pytest.mark.parametrize("path", SOCKETS)
async def test_another_sites_page_with_our_cookie(
    site: RealSite, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    await log_in(site)
    caplog.set_level(logging.INFO)
    assert await refused(site, path, Origin=EVIL) == 403
    assert f"{path} 403" in caplog.text and "evil.example" in caplog.text


@pytest.mark.parametrize("origin", ["null", "https://[", "x", "https://127.0.0.1@evil.example"])
async def test_an_origin_that_is_none(site: RealSite, origin: str) -> None:
    await log_in(site)
    assert await refused(site, SOCKETS[0], Origin=origin) == 403


@pytest.mark.parametrize("path", SOCKETS)
async def test_our_cookie_without_saying_from_where(site: RealSite, path: str) -> None:
    await log_in(site)
    assert await refused(site, path) == 403


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Cookie": f"session={'x' * 43}"}]
)
async def test_nobody_we_know(
    site: RealSite, path: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert await refused(site, path, Origin=str(site.server.make_url("/").origin()), **headers) == 401
    assert f"{path} 401" in caplog.text


async def test_an_origin_cannot_write_lines_into_the_log(
    site: RealSite, caplog: pytest.LogCaptureFixture
) -> None:
    assert await refused(site, "/ws", Origin=f"https://{'e' * 4000}.example") == 403
    assert max(len(record.getMessage()) for record in caplog.records) < 400


async def test_telephones_from_one_address_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rates = RateSettings(address_burst=2, address_per_minute=1)
    async with real_site(tmp_path / "var", phones=NOWHERE, rates=rates) as site:
        assert [await refused(site, "/ws") for _ in range(3)] == [401, 401, 429]
    assert "/ws 429" in caplog.text
