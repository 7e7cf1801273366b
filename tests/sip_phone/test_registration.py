"""Registering: the challenge answered, the wrong password told, the registration taken back at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.errors import PbxDown
from gateway.sip_phone.digest import challenge, credentials
from gateway.sip_phone.endpoint import Endpoint, Timers, open_endpoint
from gateway.sip_phone.phone import Phone
from gateway.sip_phone.sip import Request, Target, answer, header, parameter

CHALLENGE = 'Digest realm="hotline", nonce="n0", qop="auth", algorithm=MD5'


class Registrar:
    """A SIP server that takes 8001 with the password `secret`; it refuses calls without a log-in."""

    def __init__(self) -> None:
        self.bound: list[tuple[str, str]] = []  # (contact, seconds)
        self.calls = 0
        self.endpoint: Endpoint

    def take(self, request: Request, source: Target) -> None:
        name = "Proxy-Auth" if request.method == "INVITE" else "WWW-Auth"
        status = 407 if request.method == "INVITE" else 401
        if request.method == "ACK":
            return
        if not self.proven(request):
            told = answer(request, status, "Who?", "r", ((f"{name}enticate", CHALLENGE),))
        elif request.method == "INVITE":
            self.calls += 1
            told = answer(request, 404, "Not Found", "r")
        else:
            self.bound.append((header(request, "Contact"), header(request, "Expires")))
            told = answer(request, 200, "OK", "r")
        self.endpoint.respond(request, source, told)

    def proven(self, request: Request) -> bool:
        told = header(request, "Authorization") or header(request, "Proxy-Authorization")
        cnonce = parameter(";" + told.replace(",", ";"), "cnonce")
        asked = challenge(CHALLENGE)
        return told == credentials(asked, "8001", "secret", request.method, request.uri, cnonce)


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    server = Registrar()
    server.endpoint = await open_endpoint("127.0.0.1", 0, server.take, Timers())
    yield server
    server.endpoint.close()


def phone(server: Registrar, password: str | None) -> Phone:
    return Phone("8001", sip_server=server.endpoint.sent_by, password=password)


async def test_a_phone_registers_and_takes_it_back(registrar: Registrar) -> None:
    async with phone(registrar, "secret") as seat:
        await seat.register(expires=60)
        at = f"<sip:8001@{seat.at}>"
        assert registrar.bound == [(at, "60")]
    assert registrar.bound == [(at, "60"), (at, "0")]


@pytest.mark.parametrize("password", ["wrong", None])
async def test_a_wrong_password_is_told(registrar: Registrar, password: str | None) -> None:
    async with phone(registrar, password) as seat:
        with pytest.raises(PbxDown, match="8001 refused: 401"):
            await seat.register()
    assert registrar.bound == []


async def test_a_call_is_proven_once(registrar: Registrar) -> None:
    async with phone(registrar, "secret") as seat, phone(registrar, "wrong") as stranger:
        assert (await seat.dial("12345")).status == 404
        assert (await stranger.dial("12345")).status == 407
    assert registrar.calls == 1


async def test_a_server_that_is_away(registrar: Registrar) -> None:
    quick = Timers(t1=0.01, t2=0.05)
    registrar.endpoint.close()
    async with Phone("8001", sip_server="127.0.0.1:9", timers=quick) as seat:
        with pytest.raises(PbxDown, match="408"):
            await seat.register()
