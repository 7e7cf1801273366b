"""A SIP phone for tests, for the bench and for `gateway call`: it registers, dials and is rung.

    async with Phone("8001", sip_server="127.0.0.1:5060", password="...") as phone:
        await phone.register()
        call = await phone.dial("12315", caller="03571234567")
        await call.wait_prompt("welcome")
        await call.press("1")

One phone may have many calls at once; all share one SIP socket and one clock. Outcomes of a call
(busy, no answer, refused) are in call.status; only what a test waits for in vain raises (Late).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType

from gateway.errors import PbxDown
from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.dialog import Dialog, answering
from gateway.sip_phone.endpoint import Endpoint, Timers, new_branch, open_endpoint
from gateway.sip_phone.hear import Library, shipped
from gateway.sip_phone.leg import ALLOW, Leg, Login
from gateway.sip_phone.notices import Ended, Notice
from gateway.sip_phone.rtp import Clock, open_stream
from gateway.sip_phone.sdp import Media
from gateway.sip_phone.sip import (
    BadMessage,
    Headers,
    Request,
    Response,
    Target,
    address,
    answer,
    from_value,
    header,
    target_of,
)

_KEY_TYPE = 101
_ANY_PORT = (0,)
_QUESTIONS = ("OPTIONS", "NOTIFY", "INFO", "MESSAGE")


@dataclass(frozen=True, slots=True)
class Answer:
    """Take every call, `after` seconds of ringing; sound a tone of `tone` Hz (0: silence)."""

    after: float = 0.0
    tone: int = 0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse every call: 486 busy, 480 not available, 603 declined ..."""

    status: int = 486


@dataclass(frozen=True, slots=True)
class Forward:
    """Send every caller on to another SIP URI (302), as a telephone does whose user set a diversion."""

    uri: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring and never answer; the test may answer or refuse by hand."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Say nothing at all, not even that it is there, as a phone that is off."""


Policy = Answer | Refuse | Forward | Ring | Ignore


class Phone:
    """A phone at host:port (port 0: any). `sip_server` is host:port of where it registers and dials."""

    def __init__(
        self,
        user: str = "caller",
        host: str = "127.0.0.1",
        port: int = 0,
        sip_server: str = "127.0.0.1:5060",
        password: str | None = None,
        *,
        codecs: Sequence[str] = ("alaw", "ulaw"),
        rtp_ports: Sequence[int] = _ANY_PORT,
        library: Library | None = None,
        clock: Clock | None = None,
        timers: Timers | None = None,
    ) -> None:
        self.user = user
        self.calls: list[Call] = []  # those in progress
        self.policy: Policy = Answer()
        self._bind = (host, port)
        self._server = target_of(f"sip:{sip_server}")
        self._login = Login(user, password) if password is not None else None
        self._codecs = tuple(codecs)
        self._rtp_ports = tuple(rtp_ports)
        self._library: Callable[[], Library] = shipped if library is None else lambda: library
        self._clock = clock or Clock()
        self._timers = timers or Timers()
        self._legs: dict[tuple[str, str], Leg] = {}
        self._rung: asyncio.Queue[Call] = asyncio.Queue()
        self._answers: set[asyncio.TimerHandle] = set()
        self._registration: tuple[Dialog, asyncio.Task[None]] | None = None
        self._endpoint: Endpoint | None = None

    async def __aenter__(self) -> Phone:
        self._endpoint = await open_endpoint(*self._bind, self._on_request, self._timers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up every call, take the registration back, close."""
        for handle in self._answers:
            handle.cancel()
        try:
            await asyncio.gather(*(call.hang_up() for call in self.calls))
            await self._unregister()
        finally:
            for call in tuple(self.calls):
                call.vanish()
            self.endpoint.close()

    @property
    def endpoint(self) -> Endpoint:
        if self._endpoint is None:
            raise RuntimeError("use the phone within `async with`")
        return self._endpoint

    @property
    def at(self) -> str:
        """host:port under which this phone is rung."""
        return self.endpoint.sent_by

    # --- registering

    async def register(self, expires: int = 120) -> None:
        """Tell the server where this phone is, and go on telling it. Raises PbxDown when it will not."""
        server = self._server_uri()
        me = f"<sip:{self.user}@{server.removeprefix('sip:')}>"
        dialog = Dialog(_new_call_id(), f"{me};tag={_new_tag()}", me, server, self.at)
        dialog, response = await self._register(dialog, expires)
        if response.status != 200:
            raise PbxDown(f"registration of {self.user} refused: {response.status} {response.reason}")
        if self._registration:
            self._registration[1].cancel()
        task = asyncio.create_task(self._stay_registered(dialog, expires))
        self._registration = (dialog, task)

    def _server_uri(self) -> str:
        return f"sip:{self._server[0]}:{self._server[1]}"

    async def _register(self, dialog: Dialog, expires: int) -> tuple[Dialog, Response]:
        contact: Headers = (("Contact", f"<sip:{self.user}@{self.at}>"), ("Expires", str(expires)))
        dialog = dialog.next()
        request = dialog.request("REGISTER", new_branch(), contact)
        response = await self.endpoint.reply(request, self._server)
        if response.status in (401, 407) and self._login:
            with contextlib.suppress(BadMessage):
                proof = self._login.header(response, "REGISTER", dialog.contact)
                dialog = dialog.next()
                request = dialog.request("REGISTER", new_branch(), (*contact, proof))
                response = await self.endpoint.reply(request, self._server)
        return dialog, response

    async def _stay_registered(self, dialog: Dialog, expires: int) -> None:
        while True:
            await asyncio.sleep(0.7 * expires)
            dialog, _ = await self._register(dialog, expires)
            if self._registration:
                self._registration = (dialog, self._registration[1])

    async def _unregister(self) -> None:
        if self._registration:
            dialog, task = self._registration
            task.cancel()
            self._registration = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._register(dialog, 0), 1.0)

    # --- dialling

    def ring(
        self,
        number: str,
        *,
        caller: str | bytes | None = None,
        display: str | bytes | None = None,
        codecs: Sequence[str] | None = None,
        headers: Headers = (),
    ) -> Call:
        """Dial and return at once; `wait_answered` and `ended` of the call tell what comes of it.

        `caller` and `display` make the From header: text is escaped, bytes go out as they are.
        `number` is what a keypad can dial, or a whole SIP URI.
        """
        whole = number.startswith("sip:")
        uri = number if whole else f"sip:{number.replace('#', '%23')}@{self._server[0]}:{self._server[1]}"
        target = target_of(uri) if whole else self._server
        local = from_value(self.user if caller is None else caller, self._bind[0], _new_tag(), display)
        dialog = Dialog(_new_call_id(), local, f"<{uri}>", uri, self.at)
        call = self._new_call(number, dialog, target, tuple(codecs or self._codecs))
        call.note(f"dials {number} at {target[0]}:{target[1]}")
        call.leg.call(headers, self._login)
        return call

    async def dial(
        self,
        number: str,
        *,
        caller: str | bytes | None = None,
        display: str | bytes | None = None,
        codecs: Sequence[str] | None = None,
        headers: Headers = (),
        timeout: float = 30.0,
    ) -> Call:
        """Dial and wait until the call is answered or refused; after `timeout` seconds it is cancelled."""
        call = self.ring(number, caller=caller, display=display, codecs=codecs, headers=headers)
        try:
            await call.settled(timeout)
        except asyncio.CancelledError:
            call.leg.hang_up()
            raise
        if not call.answered:
            await call.hang_up()
        return call

    def _new_call(self, number: str, dialog: Dialog, target: Target, codecs: tuple[str, ...]) -> Call:
        stream = open_stream(self._bind[0], self._rtp_ports, self._clock, time.perf_counter())
        call = Call(number, stream, self._library)
        local = Media(self._bind[0], stream.port, codecs, _KEY_TYPE)
        key = (dialog.call_id, dialog.local_tag)

        def tell(notice: Notice) -> None:
            call.notice(notice)
            if isinstance(notice, Ended):
                self._legs.pop(key, None)
                self.calls.remove(call)

        call.attach(Leg(self.endpoint, dialog, target, local, tell))
        self._legs[key] = call.leg
        self.calls.append(call)
        return call

    # --- being rung

    def answer_with(self, policy: Policy) -> None:
        """What to do with calls from now on: Answer(), Refuse(), Forward(), Ring() or Ignore()."""
        self.policy = policy

    async def incoming(self, timeout: float = 10.0) -> Call:
        """The next call that comes in (already taken or refused, as the policy says). Raises Late."""
        try:
            return await asyncio.wait_for(self._rung.get(), timeout)
        except TimeoutError:
            raise Late(f"phone {self.user} at {self.at} was not rung within {timeout:g} s") from None

    def _on_request(self, request: Request, source: Target) -> None:
        if isinstance(self.policy, Ignore):
            return
        if leg := self._leg_of(request):
            leg.receive(request, source)
        elif request.method == "INVITE" and not address(header(request, "To")).tag:
            self._on_invite(request, source)
        elif request.method in _QUESTIONS and not address(header(request, "To")).tag:
            self.endpoint.respond(request, source, answer(request, 200, "OK", _new_tag(), (ALLOW,)))
        elif request.method != "ACK":
            response = answer(request, 481, "Call Does Not Exist", _new_tag())
            self.endpoint.respond(request, source, response)

    def _leg_of(self, request: Request) -> Leg | None:
        """The call a request belongs to: by its tags; a CANCEL has only the caller's."""
        call_id, caller = header(request, "Call-ID"), address(header(request, "From")).tag
        mine = address(header(request, "To")).tag
        if mine:
            leg = self._legs.get((call_id, mine))
            return leg if leg and leg.dialog.remote_tag == caller else None
        if request.method != "CANCEL":
            return None
        same = (
            leg for (its_call_id, _), leg in self._legs.items() if its_call_id == call_id and leg.incoming
        )
        return next((leg for leg in same if leg.dialog.remote_tag == caller), None)

    def _on_invite(self, request: Request, source: Target) -> None:
        dialog = answering(request, _new_tag(), self.at)
        call = self._new_call(address(f"<{request.uri}>").user, dialog, source, self._codecs)
        call.leg.called(request, source)
        call.note(f"rung by {call.caller or 'a caller without a number'}")
        match self.policy:
            case Refuse(status):
                call.refuse(status)
            case Forward(uri):
                call.forward(uri)
            case Answer(after, tone):
                call.tone(tone)
                call.ring()
                self._answer_later(call, after)
            case Ring():
                call.ring()
        self._rung.put_nowait(call)

    def _answer_later(self, call: Call, after: float) -> None:
        if after <= 0:
            call.answer()
            return

        def due() -> None:
            self._answers.discard(handle)
            call.answer()

        handle = asyncio.get_running_loop().call_later(after, due)
        self._answers.add(handle)


def _new_tag() -> str:
    return secrets.token_hex(5)


def _new_call_id() -> str:
    return secrets.token_hex(10)
