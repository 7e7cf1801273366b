"""GET /api/v1/events: what happens now, told to whoever listens over a WebSocket.

Each client has a queue of its own with a bound. Who does not read in time is dropped and comes back
by itself; nobody waits for him. Events are hints to look again, so none is kept for later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, web

from gateway.core.rights import Right, holders
from gateway.core.roles import Role
from gateway.errors import NotAllowed, Refused, Unavailable
from gateway.web.api.figure_models import EventsAsked, Only
from gateway.web.http.auth import Gate, is_bearer, subprotocols
from gateway.web.http.masks import masked
from gateway.web.http.route import ApiRequest
from gateway.web.http.socket_reading import messages
from gateway.web.http.writing import encoded

log = logging.getLogger(__name__)

NAMES = (
    "call.ringing",
    "call.answered",
    "call.fax",
    "call.ended",
    "queue.changed",
    "item.new",
    "agent.state",
    "transfer.state",
    "figures.changed",
    "call.pop",
    "call.draft",
    "desk.phone",
)
ADDRESSED = ("call.pop", "call.draft", "desk.phone")
"""For the agent alone whose id is its `agent`."""
GATHERED = ("item.new", "queue.changed")
"""A desk is told the last of each a few times a second: it only looks again."""
NOT_AT_A_DESK = ("call.ringing", "call.answered", "call.fax", "agent.state", "figures.changed")
"""Unless they are about its own agent: fifty desks need not hear of each other all the time."""
BOARD_NAMES = ("board.now", "board.figures")
"""For wallboards alone: whole, with masked numbers."""
PROTOCOL = "hotline.events"
HEARTBEAT = 20.0  # seconds between pings
RECHECK = 60.0  # seconds between looks whether token or session still holds
GATHER = 0.25  # seconds
BOUND = 256  # events that may wait for one client


def _nothing() -> None:
    """Nobody shows a wallboard."""


@dataclass(eq=False, slots=True)
class Client:
    """One listener. `board`: it shows the wallboard; `over` tells that it was dropped.

    `agent` is its account's name when an agent listens: of others' calls he learns no caller. `page` is
    an open desk; `person` looks at some page, where callers' numbers are masked.
    """

    queue: asyncio.Queue[str]
    drop: Callable[[], None]
    board: bool = False
    name: str = ""
    agent: str = ""
    page: str = ""
    person: bool = False
    over: bool = False


@dataclass(slots=True)
class EventFeed:
    """Fans events out. `publish` never waits; `on_change` is called at whatever may change the wallboard.

    `agents` are those who sit at a seat.
    """

    gate: Gate
    now: Callable[[], datetime]
    public_url: str = ""
    bound: int = BOUND
    on_change: Callable[[], None] = _nothing
    agents: frozenset[str] = frozenset()
    _clients: set[Client] = field(default_factory=set)
    _sockets: set[web.WebSocketResponse] = field(default_factory=set)
    _run: str = field(default_factory=lambda: secrets.token_hex(4))
    _count: int = 0
    _gathered: dict[tuple[str, bool], dict[str, object]] = field(default_factory=dict)
    item_changes: int = 0

    def publish(self, name: str, data: dict[str, object]) -> None:
        """Tell whom it is for. Ids grow within one run of the gateway."""
        board = name in BOARD_NAMES
        if not board:
            self.on_change()
        gathers = name in GATHERED
        self.item_changes += gathers and "waiting" not in data
        if not self._clients:  # every note of every call comes here
            return
        clients = [
            client for client in self._clients if client.board is board and _is_for(client, name, data)
        ]
        self._tell(name, data, [client for client in clients if not (gathers and client.page)])
        if gathers and any(client.page for client in clients):
            if not self._gathered:
                asyncio.get_running_loop().call_later(GATHER, self._tell_gathered)
            self._gathered[name, "waiting" in data] = data

    def _tell_gathered(self) -> None:
        gathered, self._gathered = self._gathered, {}
        for (name, _), data in gathered.items():
            self._tell(name, data, [client for client in self._clients if client.page and not client.board])

    def _tell(self, name: str, data: dict[str, object], clients: Sequence[Client]) -> None:
        if not clients:
            return
        self._count += 1
        event = {"id": f"{self._run}-{self._count}", "at": self.now(), "name": name, "data": data}
        texts: dict[str, str] = {}  # by the caller that is told: each is written once
        for client in clients:
            caller = _caller_for(client, name, data)
            if caller not in texts:
                message = {**event, "data": {**data, "caller": caller}} if "caller" in data else event
                texts[caller] = encoded(message).decode()
            try:
                client.queue.put_nowait(texts[caller])
            except asyncio.QueueFull:
                self._drop(client)

    @property
    def clients(self) -> int:
        return len(self._clients)

    def shows(self, name: str, page: str) -> bool:
        """Is this account's desk page open and listening?"""
        return any(client.name == name and client.page == page for client in self._clients)

    @property
    def boards(self) -> int:
        """How many of them show the wallboard."""
        return sum(client.board for client in self._clients)

    def _drop(self, client: Client) -> None:
        log.warning("a client that does not read its events is dropped")
        self._clients.discard(client)
        client.over = True
        client.drop()

    async def serve(self, call: ApiRequest) -> web.StreamResponse:
        """One client's connection, until either side ends it."""
        request = call.http
        if not web.WebSocketResponse(protocols=_protocols(request)).can_prepare(request):  # else it logs them
            raise Refused("请用 WebSocket 连接 / connect with a WebSocket")
        check_origin(request, self.public_url)
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT,
            protocols=_protocols(request),
            max_msg_size=4096,
            compress=False,
            autoping=False,
        )
        await socket.prepare(request)
        wall = call.account.role is Role.DISPLAY or call.query_as(EventsAsked).only is Only.BOARD
        page = call.query_as(EventsAsked).page
        who = call.account
        agent = who.name if who.role is Role.AGENT and (who.csrf or who.name in self.agents) else ""
        client = Client(
            asyncio.Queue(self.bound), _aborter(request), wall, who.name, agent, page, bool(who.csrf)
        )
        self._clients.add(client)
        self._sockets.add(socket)
        self.on_change()
        try:
            await self._serve(socket, client, request)
        finally:
            self._clients.discard(client)
            self._sockets.discard(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse, client: Client, request: web.Request) -> None:
        """Write until the reader sees the end; what the client says is not asked for."""
        writer = asyncio.create_task(self._write(socket, client, request), name="events writer")
        writer.add_done_callback(partial(_drop_with, client))
        try:
            async for _ in messages(socket):
                pass
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer

    async def _write(self, socket: web.WebSocketResponse, client: Client, request: web.Request) -> None:
        loop = asyncio.get_running_loop()
        look = loop.time() + RECHECK
        while True:
            try:
                async with asyncio.timeout_at(look):
                    text = await client.queue.get()
            except TimeoutError:
                if not await self._still(request):
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"token")
                    return
                look = loop.time() + RECHECK
            else:
                await socket.send_str(text)

    async def _still(self, request: web.Request) -> bool:
        """Does its token or session still hold? While storage is away it does."""
        try:
            return await self.gate.still(request, holders(Right.WATCH_BOARD))
        except Unavailable:
            return True

    async def close(self) -> None:
        """The gateway ends: every client is told, and comes back later."""
        for socket in tuple(self._sockets):
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart")


def _is_for(client: Client, name: str, data: dict[str, object]) -> bool:
    """Some events are for one agent, most are not for desks, all others for everybody."""
    if name in ADDRESSED or (client.page and client.agent and name in NOT_AT_A_DESK):
        return client.name == data.get("id" if name == "agent.state" else "agent")
    return True


def _caller_for(client: Client, name: str, data: Mapping[str, object]) -> str:
    """The caller's number as this client may learn it; "" when the event has none."""
    caller = str(data.get("caller", ""))
    if name in ADDRESSED:
        return caller
    if client.agent and client.agent != data.get("agent"):
        return ""
    return masked(caller) if client.person else caller


def check_origin(request: web.Request, public_url: str) -> None:
    """A browser's page may connect only from our own address. Raises NotAllowed."""
    origin = request.headers.get("Origin")
    if origin is None:
        return
    ours = {request.host.lower()}
    if public_url:
        ours.add(_host(public_url))
    if _host(origin) not in ours - {""}:
        log.warning("a WebSocket from the pages of %r is refused", origin[:100])
        raise NotAllowed("不允许的来源 / this origin is not allowed")


def _host(url: str) -> str:
    """Host and port; "" of what is no address."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _drop_with(client: Client, writer: asyncio.Task[None]) -> None:
    """Disconnect a client whose writer failed, so that it connects again."""
    if not writer.cancelled() and writer.exception() is not None:
        client.drop()


def _protocols(request: web.Request) -> list[str]:
    """What is answered: our own name if it is offered, else the token's, which browsers want back."""
    offered = subprotocols(request)
    if PROTOCOL in offered:
        return [PROTOCOL]
    return [name for name in offered if is_bearer(name)][:1] or offered[:1]


def _aborter(request: web.Request) -> Callable[[], None]:
    def abort() -> None:
        if request.transport is not None:
            request.transport.abort()

    return abort
