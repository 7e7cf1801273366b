"""One call as SIP sees it: rung, answered, moved, ended, from either side. No sound in here.

What happens is told as a Notice (`notices`). Made by Phone, one for each call; Call listens to its notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, replace

from gateway.sip_phone import sdp
from gateway.sip_phone.dialog import Dialog, cancel
from gateway.sip_phone.digest import challenge, credentials
from gateway.sip_phone.endpoint import Endpoint, new_branch
from gateway.sip_phone.notices import Answered, Ended, Ringing, Side, Sound, State, Tell
from gateway.sip_phone.sdp import Media
from gateway.sip_phone.sip import (
    Address,
    BadMessage,
    Headers,
    Request,
    Response,
    Target,
    address,
    answer,
    header,
)

ALLOW = ("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, NOTIFY")
_SDP = ("Content-Type", "application/sdp")
_REASONS = {
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    488: "Not Acceptable Here",
    500: "Server Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


@dataclass(frozen=True, slots=True)
class Login:
    """User and password that answer a server's challenge."""

    user: str
    password: str

    def header(self, response: Response, method: str, uri: str) -> tuple[str, str]:
        """The header that answers the challenge in a 401 or 407. Raises BadMessage."""
        proxy = response.status == 407
        question = challenge(header(response, "Proxy-Authenticate" if proxy else "WWW-Authenticate"))
        proof = credentials(question, self.user, self.password, method, uri, secrets.token_hex(8))
        return ("Proxy-Authorization" if proxy else "Authorization", proof)


def reason_of(status: int) -> str:
    """The usual words for a status."""
    return _REASONS.get(status, "Refused")


class Leg:
    """Our end of one call. `local` is what we offer or answer with; its codecs are what we can speak."""

    def __init__(self, endpoint: Endpoint, dialog: Dialog, target: Target, local: Media, tell: Tell) -> None:
        self.dialog = dialog
        self.state = State.CALLING
        self.invite: Request | None = None
        self._endpoint = endpoint
        self._target = target
        self._local = local
        self._tell = tell
        self._login: Login | None = None
        self._more: Headers = ()
        self._version = 1
        self._rung = False
        self._incoming: tuple[Request, Target] | None = None
        self._ack: Request | None = None
        self._awaits_answer = True
        self._gone = asyncio.Event()

    @property
    def incoming(self) -> bool:
        return self._incoming is not None

    def _to_hop(self) -> Target:
        try:
            return self.dialog.next_hop(self._target)
        except BadMessage:
            return self._target

    def _contact(self) -> tuple[str, str]:
        return ("Contact", f"<sip:{address(self.dialog.local).user or 'call'}@{self._endpoint.sent_by}>")

    def _describe(self, codecs: tuple[str, ...], direction: str, key_type: int | None) -> bytes:
        self._version += 1
        mine = replace(self._local, codecs=codecs, direction=direction, key_type=key_type)
        return sdp.compose(mine, self._version)

    def _end(self, status: int, reason: str, by: Side) -> None:
        if self.state is not State.ENDED:
            self.state = State.ENDED
            self._gone.set()
            self._tell(Ended(status, reason, by))

    async def gone(self, seconds: float) -> None:
        """Wait until the call is over on both sides, but no longer than `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), seconds)

    def vanish(self) -> None:
        """Forget the call without a word to the other end, as a phone does that loses its power."""
        heeded = self._rung or self.incoming
        self._end(487 if heeded else 408, "vanished" if heeded else "nobody answers SIP there", Side.US)

    # --- calling

    def call(self, more: Headers, login: Login | None) -> None:
        """Send the INVITE; everything else follows by itself."""
        self._login, self._more = login, more
        self._send_invite(())

    def _send_invite(self, proof: Headers) -> None:
        self.dialog = self.dialog.next()
        body = sdp.compose(self._local, self._version)
        more = (self._contact(), ALLOW, *self._more, *proof, _SDP)
        self.invite = self.dialog.request("INVITE", new_branch(), more, body)
        self._endpoint.ask(self.invite, self._target, self._on_response)

    def _on_response(self, response: Response) -> None:
        if not response.final:
            self._on_progress(response)
        elif response.status < 300:
            self._on_accepted(response)
        elif self._can_prove(response):
            self._prove(response)
        else:
            by = Side.US if self.state is State.LEAVING else Side.THEM
            self._end(response.status, response.reason or reason_of(response.status), by)

    def _on_progress(self, response: Response) -> None:
        first, self._rung = not self._rung, True
        if self.state is State.LEAVING:
            if first:
                self._send_cancel()
            return
        self._tell(Ringing(response.status))
        if response.body:
            self._hear_answer(response.body)

    def _can_prove(self, response: Response) -> bool:
        return response.status in (401, 407) and self._login is not None and self.state is State.CALLING

    def _prove(self, response: Response) -> None:
        login, self._login = self._login, None
        assert login is not None
        try:
            self._send_invite((login.header(response, "INVITE", self.dialog.contact),))
        except BadMessage as fault:
            self._end(response.status, str(fault), Side.THEM)

    def _on_accepted(self, response: Response) -> None:
        if self._ack is None:
            self.dialog = self.dialog.confirmed(response)
            self._ack = self.dialog.request("ACK", new_branch())
            self._endpoint.send(self._ack, self._to_hop())
        else:  # our ACK was lost
            self._endpoint.send(self._ack, self._to_hop())
            return
        if self.state in (State.LEAVING, State.ENDED):  # the answer and our CANCEL crossed
            self._bye()
        elif self._hear_answer(response.body):
            self.state = State.ANSWERED
            self._tell(Answered())
        else:
            self.state = State.ANSWERED
            self.hang_up()

    def _hear_answer(self, body: bytes) -> bool:
        """Take the other end's answer to our offer; False when we cannot speak with it."""
        try:
            media = sdp.parse(body)
        except BadMessage:
            return False
        codec = next((codec for codec in media.codecs if codec in self._local.codecs), None)
        if codec is None:
            return False
        self._tell(Sound(media, codec))
        return True

    # --- being called

    def called(self, request: Request, source: Target) -> None:
        """This leg is the answer to an INVITE that came in."""
        self.invite = request
        self._incoming = (request, source)

    def _respond(self, status: int, more: Headers = (), body: bytes = b"") -> None:
        assert self._incoming is not None
        request, source = self._incoming
        reason = {100: "Trying", 180: "Ringing"}.get(status) or reason_of(status)
        response = answer(request, status, reason, self.dialog.local_tag, more, body)
        self._endpoint.respond(request, source, response, self._unacknowledged)

    def ring(self) -> None:
        """Tell the caller that it rings here (180)."""
        self._respond(180, (self._contact(),))

    def accept(self) -> None:
        """Answer the call (200), or refuse it (488) when we cannot speak with the caller."""
        if self.state is not State.CALLING or self._incoming is None:
            return
        request = self._incoming[0]
        answered = self._answer_to(request.body)
        if answered is None:
            self.refuse(488)
            return
        self.state = State.ANSWERED
        self._respond(200, (self._contact(), ALLOW, _SDP), answered)
        self._tell(Answered())

    def refuse(self, status: int, more: Headers = ()) -> None:
        """Do not take the call."""
        if self.state is State.CALLING and self._incoming is not None:
            self._respond(status, more)
            self._end(status, reason_of(status), Side.US)

    def _answer_to(self, offer: bytes) -> bytes | None:
        """Our description for an offer, ours as an offer when there is none; None: nothing in common."""
        self._awaits_answer = not offer
        if not offer:
            return self._describe(self._local.codecs, "sendrecv", self._local.key_type)
        try:
            media = sdp.parse(offer)
        except BadMessage:
            return None
        codec = next((codec for codec in media.codecs if codec in self._local.codecs), None)
        if codec is None:
            return None
        self._tell(Sound(media, codec))
        return self._describe((codec,), media.answering, media.key_type)

    def _unacknowledged(self) -> None:
        if self.state is State.ANSWERED:
            self.hang_up()

    # --- both

    def hang_up(self) -> None:
        """End the call: BYE, CANCEL or 603, as its state wants it."""
        if self.state is State.ANSWERED:
            self.state = State.LEAVING
            self._bye()
        elif self.state is State.CALLING and self.incoming:
            self.refuse(603)
        elif self.state is State.CALLING:
            self.state = State.LEAVING
            if self._rung:
                self._send_cancel()

    def _send_cancel(self) -> None:
        assert self.invite is not None
        self._endpoint.ask(cancel(self.invite), self._target, lambda response: None)

    def _bye(self) -> None:
        self.dialog = self.dialog.next()

        def told(response: Response) -> None:
            if response.final:
                self._end(200, "hung up", Side.US)

        self._endpoint.ask(self.dialog.request("BYE", new_branch()), self._to_hop(), told)

    def receive(self, request: Request, source: Target) -> None:
        """A request of the other end within this call."""
        self.dialog = self.dialog.refreshed(request)
        match request.method:
            case "BYE":
                self._simply(request, source, 200)
                self._end(200, "hung up", Side.THEM)
            case "CANCEL":
                self._cancelled(request, source)
            case "INVITE" | "UPDATE" if request.method == "INVITE" or request.body:
                self._moved(request, source)
            case "ACK":
                if self._awaits_answer and request.body and self.state is State.ANSWERED:
                    self._hear_answer(request.body)
            case "UPDATE" | "INFO" | "NOTIFY" | "OPTIONS" | "MESSAGE":
                self._simply(request, source, 200)
            case _:
                self._simply(request, source, 501)

    def ask(self, method: str, more: Headers = (), body: bytes = b"") -> asyncio.Future[Response]:
        """Send a request within this call (INFO, REFER ...); the future has its final answer."""
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def told(response: Response) -> None:
            if response.final and not answered.done():
                answered.set_result(response)

        self.dialog = self.dialog.next()
        request = self.dialog.request(method, new_branch(), (self._contact(), *more), body)
        self._endpoint.ask(request, self._to_hop(), told)
        return answered

    async def hold(self, on: bool) -> int:
        """Put the other end on hold or take it back by a re-INVITE; the status of its answer."""
        codecs, key_type = self._local.codecs, self._local.key_type
        body = self._describe(codecs, "sendonly" if on else "sendrecv", key_type)
        response = await self.ask("INVITE", (ALLOW, _SDP), body)
        if response.status < 300:
            self._endpoint.send(self.dialog.request("ACK", new_branch()), self._to_hop())
        return response.status

    def _simply(
        self, request: Request, source: Target, status: int, more: Headers = (), body: bytes = b""
    ) -> None:
        reason = reason_of(status) if status != 501 else "Not Implemented"
        response = answer(request, status, reason, self.dialog.local_tag, more, body)
        self._endpoint.respond(request, source, response)

    def _cancelled(self, request: Request, source: Target) -> None:
        self._simply(request, source, 200)
        if self.state is State.CALLING and self._incoming is not None:
            invite, caller = self._incoming
            response = answer(invite, 487, "Request Terminated", self.dialog.local_tag)
            self._endpoint.respond(invite, caller, response)
            self._end(487, "cancelled", Side.THEM)

    def _moved(self, request: Request, source: Target) -> None:
        """Another description in the middle of a call: hold, direct media, another codec."""
        answered = self._answer_to(request.body) if self.state is State.ANSWERED else None
        if answered is None:
            self._simply(request, source, 488)
        else:
            self._simply(request, source, 200, (self._contact(), ALLOW, _SDP), answered)

    def header(self, name: str) -> str:
        """A header of the INVITE that began the call, "" when it has none."""
        return header(self.invite, name) if self.invite else ""

    @property
    def caller(self) -> Address:
        """Who calls: the From of the INVITE."""
        return address(self.header("From") or "<sip:>")
