"""GET /api/v1/events: who may listen, what is told, and that a slow client hinders nobody."""

from __future__ import annotations

import asyncio
import base64
import os
import socket

import aiohttp
import pytest

from gateway.web.api import events
from gateway.web.site import FEED
from tests.web.conftest import House

EVENTS = "/api/v1/events"
AGENT = {"Authorization": "Bearer agent"}


async def until(house: House, clients: int) -> None:
    """Let everything run until so many listen."""
    async with asyncio.timeout(10):
        while house.app[FEED].clients != clients:  # noqa: ASYNC110 - the feed tells nobody who comes
            await asyncio.sleep(0)


async def test_what_the_board_tells_is_told(house: House) -> None:
    async with house.client.ws_connect(EVENTS, headers=AGENT) as listener:
        house.board.tell("call.ringing", id="17.1", line=1, caller="13835700000")
        house.app[FEED].publish("item.new", {"number": "261124000010"})
        first, second = await listener.receive_json(timeout=5), await listener.receive_json(timeout=5)
    assert first["name"] == "call.ringing"
    assert first["data"] == {"id": "17.1", "line": 1, "caller": "13835700000"}
    assert first["at"] == "2026-11-24T01:30:00.000Z"
    assert set(first) == {"id", "at", "name", "data"}
    assert second["name"] == "item.new"
    assert int(second["id"].split("-")[1]) == int(first["id"].split("-")[1]) + 1


async def test_every_listener_is_told_in_order(house: House) -> None:
    listeners = [await house.client.ws_connect(EVENTS, headers=AGENT) for _ in range(5)]
    await until(house, 5)
    for n in range(50):
        house.board.tell("queue.changed", waiting=n)
    for listener in listeners:
        got = [(await listener.receive_json(timeout=5))["data"]["waiting"] for _ in range(50)]
        assert got == list(range(50))
        await listener.close()
    await until(house, 0)


@pytest.mark.parametrize(
    ("protocols", "answered"),
    [
        (("bearer.agent",), "bearer.agent"),
        (("hotline.events", "bearer.agent"), "hotline.events"),
        (("bearer.agent", "hotline.events"), "hotline.events"),
    ],
)
async def test_browsers_send_the_token_as_a_subprotocol(
    house: House, protocols: tuple[str, ...], answered: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with house.client.ws_connect(EVENTS, protocols=protocols) as listener:
        assert listener.protocol == answered
        await until(house, 1)
        house.board.tell("agent.state", id="agent1")
        assert (await listener.receive_json(timeout=5))["name"] == "agent.state"
    assert "bearer." not in caplog.text, "a token is never logged"


@pytest.mark.parametrize(
    ("path", "headers", "protocols", "status"),
    [
        (EVENTS, {}, (), 401),
        (f"{EVENTS}?token=agent", {}, (), 401),
        (f"{EVENTS}?token=agent", AGENT, (), 422),
        (EVENTS, {}, ("bearer.nonsense",), 401),
        (EVENTS, {}, ("bearer.partner",), 403),
        (EVENTS, AGENT | {"Origin": "https://evil.example"}, (), 403),
        (EVENTS, AGENT | {"Origin": "null"}, (), 403),
    ],
)
async def test_who_may_not_listen(
    house: House, path: str, headers: dict[str, str], protocols: tuple[str, ...], status: int
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.client.ws_connect(path, headers=headers, protocols=protocols)
    assert refused.value.status == status
    assert house.app[FEED].clients == 0


async def test_pages_of_our_own_may_listen(house: House) -> None:
    for origin in (str(house.server.make_url("/").origin()), "https://12315.example"):
        async with house.client.ws_connect(EVENTS, headers=AGENT | {"Origin": origin}) as listener:
            assert not listener.closed


async def test_a_plain_request_is_told_to_use_a_websocket(house: House) -> None:
    status, problem = await house.told("GET", EVENTS, "agent")
    assert (status, problem["code"]) == (400, "refused")


async def test_a_token_taken_back_ends_the_listening(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RECHECK", 0.01)
    async with house.client.ws_connect(EVENTS, headers=AGENT) as listener:
        house.tokens.revoked.add("agent")
        message = await listener.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION
    await until(house, 0)


async def test_storage_that_is_away_ends_no_listening(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RECHECK", 0.01)
    async with house.client.ws_connect(EVENTS, headers=AGENT) as listener:
        house.tokens.away = True
        looks = house.tokens.looks
        async with asyncio.timeout(5):
            while house.tokens.looks < looks + 2:  # noqa: ASYNC110 - nobody tells of a look
                await asyncio.sleep(0)
        house.board.tell("queue.changed", waiting=1)
        assert (await listener.receive_json(timeout=5))["name"] == "queue.changed"


def deaf_client(house: House) -> socket.socket:
    """A client that shakes hands and then never reads again, with the smallest of buffers."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.connect(("127.0.0.1", house.server.port))
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        f"GET {EVENTS} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        "Authorization: Bearer agent\r\n\r\n".encode()
    )
    return sock


async def test_a_client_that_does_not_read_is_dropped_and_hinders_nobody(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    deaf = deaf_client(house)
    await until(house, 1)
    async with house.client.ws_connect(EVENTS, headers=AGENT) as listener:
        await until(house, 2)
        told = 0
        while house.app[FEED].clients == 2:
            house.board.tell("queue.changed", waiting=told, text="x" * 20_000)
            assert (await listener.receive_json(timeout=5))["data"]["waiting"] == told
            told += 1
            assert told < 5000, "the deaf client was never dropped"
        assert told > events.BOUND
        assert "does not read its events" in caplog.text
        house.board.tell("queue.changed", waiting=told)
        assert (await listener.receive_json(timeout=5))["data"]["waiting"] == told
    deaf.close()
    await until(house, 0)


async def test_the_end_of_the_gateway_is_told(house: House) -> None:
    listener = await house.client.ws_connect(EVENTS, headers=AGENT)
    await until(house, 1)
    closing = asyncio.create_task(house.server.close())
    message = await listener.receive(timeout=5)
    assert message.data == aiohttp.WSCloseCode.GOING_AWAY
    await closing
    assert house.board.told == []


async def test_a_client_that_talks_too_much_is_let_go(house: House) -> None:
    async with house.client.ws_connect(EVENTS, headers=AGENT) as listener:
        await listener.send_str("hello")
        await listener.send_str("x" * 10_000)
        message = await listener.receive(timeout=5)
        assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await until(house, 0)
