"""Every port of the gateway with its real listener behind it, as a stranger finds it.

`PORTS` names each with a function that opens it and gives the TCP port to connect to. For IMAP the
gateway is the client: there the stranger is the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.channels.email.listener import MailListener
from gateway.intake.intake import Intake
from gateway.pbx.agi import AgiServer, AgiSession
from gateway.storage import Storage
from gateway.web.http.connections import Connections, ConnectionsSite
from gateway.web.pages.phone import BrowserPhones
from tests.channels.email.conftest import House
from tests.mail.mails import INBOX
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in
from tests.web.real_site import real_site

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 20.0  # seconds to connect
TOKENS: dict[str, str] = {}
"""Of the site that was opened last."""
QUIET = 1.5  # seconds without a byte from the other side


@asynccontextmanager
async def web_site(var: Path) -> AsyncIterator[int]:
    """The web side, with a stand-in for Asterisk's WebSocket that reads whatever comes."""

    async def asterisk(request: web.Request) -> web.WebSocketResponse:
        link = web.WebSocketResponse(protocols=["sip"])
        await link.prepare(request)
        async for _ in link:
            await asyncio.sleep(0)
        return link

    app = web.Application()
    app.router.add_get("/ws", asterisk)
    async with TestServer(app) as pbx:
        phones = BrowserPhones(None, str(pbx.make_url("/ws")), "password")
        async with real_site(var / "site", phones=phones) as site:
            TOKENS["agent"] = site.tokens["agent"]
            runner = site.server.runner
            assert isinstance(runner, web.AppRunner)
            assert runner.server
            here = ConnectionsSite(runner, Connections(runner.server, 100, 50), "127.0.0.1", 0)
            await here.start()
            yield here.port


@asynccontextmanager
async def mail_in(var: Path) -> AsyncIterator[int]:
    storage = await Storage.open(await sqlite_in(var), var)
    rules = shipped_rules()
    house = House(storage, Intake(storage, rules, ZoneInfo("Asia/Shanghai")), var)
    reception = house.reception()
    listener = MailListener(reception, "127.0.0.1", 0, 30 << 20, "linfen.example", {INBOX})
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()
        reception.close()
        await storage.close()


@asynccontextmanager
async def fast_agi(var: Path) -> AsyncIterator[int]:
    async def answer(session: AgiSession) -> None:
        while True:
            await session.answer()

    server = AgiServer(port=0)
    server.route("call", answer)
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()


Open = Callable[[Path], AbstractAsyncContextManager[int]]
PORTS: dict[str, Open] = {"web": web_site, "mail": mail_in, "agi": fast_agi}


async def exchange(port: int, payload: bytes) -> bytes:
    """Send all of it, read until the other side ends or says no more, in threads. The last it said."""
    with socket.create_connection(("127.0.0.1", port), LONGEST) as link:
        sending = asyncio.create_task(asyncio.to_thread(_send, link, payload))
        said = await asyncio.to_thread(_read, link)
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)
        await sending
    return said


def _send(link: socket.socket, payload: bytes) -> None:
    with contextlib.suppress(OSError):
        link.sendall(payload)


def _read(link: socket.socket) -> bytes:
    said = bytearray()
    link.settimeout(QUIET)
    with contextlib.suppress(OSError):
        while piece := link.recv(1 << 16):
            said += piece
            del said[:-4000]
    return bytes(said)


class Mailbox:
    """A mail server in a thread that says `said` in answer to a search, and then hangs up."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self._link: socket.socket | None = None
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Mailbox:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        with contextlib.suppress(OSError):
            if self._link:
                self._link.shutdown(socket.SHUT_RDWR)
        self._thread.join(LONGEST)

    def _serve(self) -> None:
        link, _ = self._server.accept()
        self._link = link
        with link, contextlib.suppress(OSError):
            link.sendall(b"* OK ready\r\n")
            for line in link.makefile("rb"):
                tag, _, command = line.strip().partition(b" ")
                if b"SEARCH" in command:
                    link.sendall(self._said + b"\r\n" + tag + b" OK done\r\n")
                elif b"SELECT" in command:
                    link.sendall(b"* OK [UIDVALIDITY 1] ok\r\n" + tag + b" OK done\r\n")
                elif b"CAPABILITY" in command:
                    link.sendall(b"* CAPABILITY IMAP4rev1 IDLE\r\n" + tag + b" OK done\r\n")
                else:
                    link.sendall(tag + b" OK done\r\n")
