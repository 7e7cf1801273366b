"""A SIP socket with transactions: what is asked is asked until answered, what is answered once stays so.

Retransmission and time limits follow RFC 3261, 17 (timers A, B, E, F, G, H) over UDP. It knows no
calls: requests that are new go to `on_request`, answers to whoever asked. Garbage is counted and dropped.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from gateway.sip_phone.dialog import refused_ack
from gateway.sip_phone.sip import (
    BadMessage,
    Request,
    Response,
    Target,
    answer,
    branch,
    compose,
    cseq,
    header,
    parse,
)

OnRequest = Callable[[Request, Target], None]
OnResponse = Callable[[Response], None]


@dataclass(frozen=True, slots=True)
class Timers:
    """T1 and T2 of RFC 3261 in seconds; nothing is waited for longer than 64 T1."""

    t1: float = 0.5
    t2: float = 4.0

    @property
    def limit(self) -> float:
        return 64 * self.t1


class _Repeated:
    """A datagram that is sent again and again, ever more slowly, until stopped or given up."""

    def __init__(self, send: Callable[[], None], timers: Timers, slowest: float) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._slowest = slowest
        self._pause = timers.t1
        self._until = self._loop.time() + timers.limit
        self._give_up: Callable[[], None] | None = None
        self._handle: asyncio.TimerHandle | None = None
        send()

    def start(self, give_up: Callable[[], None]) -> None:
        self._give_up = give_up
        self._wait()

    def slow_down(self) -> None:
        self._pause = self._slowest

    def stop(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None

    def _again(self) -> None:
        if self._loop.time() >= self._until:
            self._handle = None
            if self._give_up:
                self._give_up()
            return
        self._send()
        self._pause = min(2 * self._pause, self._slowest)
        self._wait()

    def _wait(self) -> None:
        left = self._until - self._loop.time()
        self._handle = self._loop.call_later(max(0.0, min(self._pause, left)), self._again)


@dataclass(slots=True)
class _Asked:
    """A request of ours and who waits for its answer."""

    request: Request
    target: Target
    tell: OnResponse
    sending: _Repeated
    final: bool = False


@dataclass(slots=True)
class _Served:
    """A request of the other end and what it was answered with."""

    response: bytes = b""
    target: Target = ("", 0)
    sending: _Repeated | None = field(default=None)


def new_branch() -> str:
    """A branch as RFC 3261 wants it, unique for ever."""
    return "z9hG4bK" + secrets.token_hex(8)


class Endpoint(asyncio.DatagramProtocol):
    """One UDP socket for SIP. Made by `open_endpoint`, ended by `close`."""

    def __init__(self, on_request: OnRequest, timers: Timers) -> None:
        self.timers = timers
        self.garbage = 0
        self._on_request = on_request
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._served: dict[tuple[str, str], _Served] = {}
        self._unacked: dict[tuple[str, int], _Served] = {}
        self._expiry: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def address(self) -> Target:
        """Host and port of the socket."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    @property
    def sent_by(self) -> str:
        host, port = self.address
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop every repetition and close the socket; nobody is told any more."""
        for transaction in self._asked.values():
            transaction.sending.stop()
        for served in self._served.values():
            if served.sending:
                served.sending.stop()
        for handle in self._expiry:
            handle.cancel()
        if self._transport:
            self._transport.close()

    def send(self, message: Request | Response, target: Target) -> None:
        """Send once, for example an ACK."""
        self._put(compose(message), target)

    def _put(self, data: bytes, target: Target) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data, target)

    def _later(self, seconds: float, deed: Callable[[], object]) -> None:
        def due() -> None:
            self._expiry.discard(handle)
            deed()

        handle = self._loop.call_later(seconds, due)
        self._expiry.add(handle)

    # --- our requests

    def ask(self, request: Request, target: Target, tell: OnResponse) -> None:
        """Send until answered; `tell` gets every response, a 408 of our own making after 64 T1.

        Each 2xx to an INVITE is told, repeated ones too: whoever asked must ACK it each time.
        """
        key = (branch(request), request.method)
        data = compose(request)
        slowest = float("inf") if request.method == "INVITE" else self.timers.t2
        sending = _Repeated(lambda: self._put(data, target), self.timers, slowest)
        self._asked[key] = _Asked(request, target, tell, sending)
        sending.start(lambda: self._unanswered(key))

    async def reply(self, request: Request, target: Target) -> Response:
        """Send a request that is no INVITE and wait for its final response (408 after 64 T1)."""
        final: asyncio.Future[Response] = self._loop.create_future()

        def told(response: Response) -> None:
            if response.final and not final.done():
                final.set_result(response)

        self.ask(request, target, told)
        return await final

    def _unanswered(self, key: tuple[str, str]) -> None:
        transaction = self._asked.pop(key)
        transaction.tell(answer(transaction.request, 408, "No answer"))

    def _take_response(self, response: Response) -> None:
        key = (branch(response), cseq(response)[1])
        transaction = self._asked.get(key)
        if transaction is None:
            return
        invite = transaction.request.method == "INVITE"
        if not response.final:
            transaction.sending.stop() if invite else transaction.sending.slow_down()
        else:
            transaction.sending.stop()
            if invite and response.status >= 300:
                self.send(refused_ack(transaction.request, response), transaction.target)
            if not transaction.final:
                self._later(self.timers.limit, lambda: self._asked.pop(key, None))
        earlier, transaction.final = transaction.final, transaction.final or response.final
        if not earlier or (invite and response.status < 300 and response.final):
            transaction.tell(response)

    # --- the other end's requests

    def respond(
        self,
        request: Request,
        target: Target,
        response: Response,
        unacknowledged: Callable[[], None] = lambda: None,
    ) -> None:
        """Answer a request; a final answer to INVITE is repeated until its ACK comes."""
        served = self._served.get(_served_key(request)) or _Served()
        served.response, served.target = compose(response), target
        if request.method != "INVITE" or not response.final:
            self._put(served.response, target)
            return
        if served.sending:
            served.sending.stop()
        number = (header(request, "Call-ID"), cseq(request)[0])
        served.sending = _Repeated(lambda: self._put(served.response, target), self.timers, self.timers.t2)

        def give_up() -> None:
            self._unacked.pop(number, None)
            unacknowledged()

        served.sending.start(give_up)
        self._unacked[number] = served

    def _take_request(self, request: Request, source: Target) -> None:
        if request.method == "ACK":
            served = self._unacked.pop((header(request, "Call-ID"), cseq(request)[0]), None)
            if served and served.sending:
                served.sending.stop()
                self._on_request(request, source)
            return
        key = _served_key(request)
        if answered := self._served.get(key):
            if answered.response:
                self._put(answered.response, answered.target)
            return
        self._served[key] = _Served()
        self._later(self.timers.limit, lambda: self._served.pop(key, None))
        self._on_request(request, source)

    def datagram_received(self, data: bytes, addr: Target) -> None:
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._take_request(message, addr)
            else:
                self._take_response(message)
        except BadMessage:
            self.garbage += 1

    def error_received(self, exc: Exception) -> None:
        """An ICMP error: the repetition goes on, its limit decides."""


def _served_key(request: Request) -> tuple[str, str]:
    return f"{branch(request)} {header(request, 'Via').partition(';')[0]}", request.method


async def open_endpoint(host: str, port: int, on_request: OnRequest, timers: Timers) -> Endpoint:
    """Bind host:port (0: any free port). Raises OSError when it is taken."""
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_datagram_endpoint(
        lambda: Endpoint(on_request, timers), local_addr=(host, port)
    )
    return endpoint
