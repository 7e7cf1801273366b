"""Real trunks, on a second Asterisk: registration, log-in, transports, encryption, NAT."""

from __future__ import annotations

import socket
import ssl
from asyncio import to_thread
from pathlib import Path

import pytest

from gateway.core.call.journal import EntryType
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.journal import read_journal
from gateway.settings.cache import cache_home
from gateway.setup.asterisk_tree import find_or_make
from gateway.sip_phone.phone import Answer, Phone, Refuse
from tests.live.carrier import ACCOUNT, PASSWORD, Carrier, carrier, certificate, gateway_with, until
from tests.live.conftest import Gateway, free_ports, running
from tests.live.raw_sip import SECURE, ask, ask_by_tls, offer
from tests.live.test_doctor import doctor

pytestmark = pytest.mark.live


@pytest.mark.parametrize("transport", ["udp", pytest.param("tcp", marks=pytest.mark.soak), "tls", "proxy"])
async def test_a_carrier_where_we_register_and_log_in(
    tmp_path: Path, asterisk_tree: Asterisk, transport: str
) -> None:
    """`proxy`: through an outbound proxy to a far end that is reached in no other way, with a realm."""
    proxied = transport == "proxy"
    with carrier(tmp_path / "carrier", asterisk_tree, "127.0.0.2", tls=transport == "tls") as far:
        far_end = "127.0.0.9:5999" if proxied else far.address
        gateway = gateway_with(
            tmp_path / "gateway",
            "",
            GATEWAY_TRUNK_FAR_END=far_end,
            GATEWAY_TRUNK_PROXY=far.address if proxied else "",
            GATEWAY_TRUNK_REALM="asterisk" if proxied else "",
            GATEWAY_TRUNK_PEERS="192.0.2.9",  # its calls are known by the registration alone
            GATEWAY_TRUNK_USER=ACCOUNT,
            GATEWAY_TRUNK_FROM_USER=ACCOUNT,
            GATEWAY_TRUNK_DOMAIN="sip.carrier.test" if transport in ("udp", "proxy") else "",
            GATEWAY_TRUNK_PASSWORD_FILE=tmp_path / "password",
            GATEWAY_TRUNK_REGISTER="yes",
            GATEWAY_TRUNK_TRANSPORT="udp" if proxied else transport,
            GATEWAY_TRUNK_SRTP=transport == "tls",
            GATEWAY_ASTERISK_TLS_CA_FILE=tmp_path / "carrier" / "carrier.pem" if transport == "tls" else "",
        )
        (tmp_path / "password").write_text(PASSWORD + "\n")
        runs = running(gateway)
        await to_thread(next, runs)
        try:
            await to_thread(until, lambda: f"{ACCOUNT}/sip:12315@" in far.made.console("pjsip show contacts"))
            _, found = await to_thread(doctor, gateway)
            seen = f"trunk ({far_end}): is not asked (ask_seconds), registered"
            assert found[seen] == ("ok", ""), found
            await to_thread(far.call, "12315", "+8613800138000")
            assert await to_thread(callers, gateway) == ["13800138000"]
            far.made.console("channel request hangup all")
            record = await gateway.call_of("13800138000")
            assert (record["dialled"], record["outcome"]) == ("12315", "gave_up")

            async with gateway.seat("8001", "agent1", sign_in=False) as seat:
                call = await seat.dial("913912340000")
                assert call.answered, call.status
                secure = "1" if transport == "tls" else "0"
                await to_thread(until, far.heard)
                assert far.heard() == [f"13912340000 {ACCOUNT} {secure}"]
                await call.hang_up()
            assert (await gateway.call_of("13912340000"))["outcome"] == "talked"
        finally:
            await to_thread(runs.close)  # type: ignore[attr-defined]


def callers(gateway: Gateway) -> list[str]:
    """Who is on a line, once somebody is."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [row["caller"] for row in gateway.api("/api/v1/lines")["items"] if row["caller"]]
        return bool(found)

    until(there)
    return found


async def test_behind_nat_the_outside_address_is_told_to_whoever_is_outside(
    tmp_path: Path, asterisk_tree: Asterisk
) -> None:
    outside = "203.0.113.7"
    gateway = gateway_with(
        tmp_path / "gateway",
        "",
        GATEWAY_TRUNK_PEERS="127.0.0.1,127.0.0.2",
        GATEWAY_ASTERISK_EXTERNAL_HOST=outside,
        GATEWAY_ASTERISK_LOCAL_NETS="127.0.0.1/32",
    )
    runs = running(gateway)
    await to_thread(next, runs)
    try:
        port = gateway.config.asterisk.sip_port
        for host, told in (("127.0.0.1", "127.0.0.1"), ("127.0.0.2", outside)):
            status, answer = await ask(port, f"sip:12315@127.0.0.1:{port}", body=offer(), host=host)
            assert status == 200
            assert f"c=IN IP4 {told}\r\n" in answer, host
            assert f"Contact: <sip:{told}:{port}>" in answer, host
    finally:
        await to_thread(runs.close)  # type: ignore[attr-defined]


GATEWAY_AND_CARRIER = """
[[trunks]]
id = "fxo"
far_end = "{fxo}"
called_as = "12315"
caller_prefix = "9"
own_area = false
prefix = "0"

[[numbers]]
number = "2025100"
flow = "direct"
"""


async def test_an_analog_gateway_beside_a_carrier_takes_over_when_the_carrier_is_away(
    tmp_path: Path, asterisk_tree: Asterisk
) -> None:
    port = free_ports(1, socket.SOCK_DGRAM)[0]
    ours = f"127.0.0.1:{port}"
    with (
        carrier(tmp_path / "carrier", asterisk_tree, "127.0.0.2", contact=ours, register=False) as far,
        carrier(tmp_path / "fxo", asterisk_tree, "127.0.0.3", contact=ours, register=False) as fxo,
    ):
        gateway = gateway_with(
            tmp_path / "gateway",
            GATEWAY_AND_CARRIER.format(fxo=fxo.address),
            GATEWAY_TRUNK_FAR_END=far.address,
            GATEWAY_TRUNK_PEERS="127.0.0.2",
            GATEWAY_TRUNK_NUMBER_FORM="plus",
            GATEWAY_TRUNK_ASK_SECONDS=1,
            GATEWAY_ASTERISK_SIP_PORT=port,
        )
        runs = running(gateway)
        await to_thread(next, runs)
        try:
            # In: from the carrier as dialled, from the gateway's ports as the hotline whatever they send.
            for side, number, caller, dialled, flow in (
                (far, "+863572025100", "13800138000", "03572025100", "direct"),
                (fxo, "1001", "13900139000", "12315", "main"),
            ):
                await to_thread(side.call, number, "9013900139000" if side is fxo else "+8613800138000")
                assert await to_thread(callers, gateway) == [caller]
                await to_thread(until, lambda: "AGI(" in console(gateway, "core show channels"))
                side.made.console("channel request hangup all")
                record = await gateway.call_of(caller)
                assert (record["dialled"], record["flow"].partition("@")[0]) == (dialled, flow)

            async with gateway.seat("8001", "agent1", sign_in=False) as seat:
                await to_thread(until, lambda: not away(gateway, "trunk"))
                await called(seat, "903572025200", far)
                assert (far.heard()[0].split()[0], fxo.heard()) == ("+863572025200", [])
                far.end()
                await to_thread(until, lambda: away(gateway, "trunk"))
                code, found = await to_thread(doctor, gateway)
                assert found[f"trunk ({far.address}): does not answer"][0] == "bad", found
                assert found[f"trunk-fxo ({fxo.address}): answers"] == ("ok", "") and code == 1
                await called(seat, "903572025201", fxo)
                assert fxo.heard()[0].split()[0] == "02025201"
        finally:
            await to_thread(runs.close)  # type: ignore[attr-defined]


def away(gateway: Gateway, trunk: str) -> bool:
    return "Unavail" in console(gateway, f"pjsip show endpoint {trunk}")


def console(gateway: Gateway, command: str) -> str:
    return find_or_make(cache_home(), print).console(gateway.places.conf, command)


async def called(seat: Phone, number: str, side: Carrier) -> None:
    """A call of the seat that this side answers, and notes."""
    call = await seat.dial(number)
    assert call.answered, call.status
    await to_thread(until, side.heard)
    await call.hang_up()


@pytest.mark.parametrize(("status", "reached"), [(503, True), (404, False), (486, False)])
async def test_only_a_trunk_that_fails_is_passed_over(
    tmp_path: Path, asterisk_tree: Asterisk, status: int, reached: bool
) -> None:
    """503: all ports of a gateway are busy. A number that is none, or busy, is so everywhere."""
    first, second = free_ports(2, socket.SOCK_DGRAM)
    gateway = gateway_with(
        tmp_path / "gateway",
        f'[[trunks]]\nid = "b"\nfar_end = "127.0.0.1:{second}"\nask_seconds = 3600\npeers = ["127.0.0.9"]\n',
        GATEWAY_TRUNK_FAR_END=f"127.0.0.1:{first}",
        GATEWAY_TRUNK_ASK_SECONDS=5,
    )
    runs = running(gateway)
    async with Phone("a", "127.0.0.1", port=first) as a, Phone("b", "127.0.0.1", port=second) as b:
        a.answer_with(Refuse(status))
        b.answer_with(Answer(0.1))
        await to_thread(next, runs)
        try:
            for name in ("trunk", "trunk-b"):
                await to_thread(
                    until, lambda name=name: "Avail" in console(gateway, f"pjsip show aor {name}")
                )
            async with gateway.seat("8001", "agent1", sign_in=False) as seat:
                call = await seat.dial("913912340000")
                assert call.answered is reached
                await call.hang_up()
            outcome = (await gateway.call_of("13912340000"))["outcome"]
            assert outcome == ("talked" if reached else "not_reached")
            failed = [
                n.rest[0] for n in read_journal(gateway.places.journal) if n.what is EntryType.WAY_FAILED
            ]
            assert failed == (["trunk"] if reached else [])
        finally:
            await to_thread(runs.close)  # type: ignore[attr-defined]


async def test_a_carrier_that_opens_tls_to_us_sees_our_certificate(
    tmp_path: Path, asterisk_tree: Asterisk
) -> None:
    """Its calls are taken on the connection that it opened, with encrypted sound alone."""
    certificate(tmp_path, "127.0.0.1")
    port, away = free_ports(2)
    gateway = gateway_with(
        tmp_path / "gateway",
        "",
        GATEWAY_ASTERISK_TLS_PORT=port,
        GATEWAY_ASTERISK_TLS_CERT_FILE=tmp_path / "carrier.pem",
        GATEWAY_ASTERISK_TLS_KEY_FILE=tmp_path / "carrier.key",
        GATEWAY_TRUNK_TRANSPORT="tls",
        GATEWAY_TRUNK_SRTP="yes",
        GATEWAY_TRUNK_PEERS="127.0.0.2",
        GATEWAY_TRUNK_FAR_END=f"127.0.0.2:{away}",
    )
    runs = running(gateway)
    await to_thread(next, runs)
    try:
        uri, trusted = f"sip:12315@127.0.0.1:{port};transport=tls", tmp_path / "carrier.pem"
        secure = offer(profile="RTP/SAVP", more=SECURE)
        status, answer = await ask_by_tls(port, uri, trusted, body=secure, host="127.0.0.2")
        assert status == 200, answer
        assert "RTP/SAVP" in answer and "a=crypto:1 AES_CM_128_HMAC_SHA1_80" in answer
        record = await gateway.call_of("13800138000")
        assert (record["dialled"], record["outcome"]) == ("12315", "gave_up")
        status, _ = await ask_by_tls(port, uri, trusted, body=offer(), host="127.0.0.2")
        assert status == 488, "sound in clear"
        status, _ = await ask_by_tls(port, uri, trusted, body=secure, host="127.0.0.4")
        assert status == 401
        shown = await to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
        assert shown.strip() == trusted.read_text().strip()
    finally:
        await to_thread(runs.close)  # type: ignore[attr-defined]


async def test_sound_is_wanted_at_the_media_address(tmp_path: Path, asterisk_tree: Asterisk) -> None:
    gateway = gateway_with(tmp_path / "gateway", "", GATEWAY_ASTERISK_MEDIA_HOST="127.0.0.3")
    runs = running(gateway)
    await to_thread(next, runs)
    try:
        port = gateway.config.asterisk.sip_port
        status, answer = await ask(port, f"sip:12315@127.0.0.1:{port}", body=offer())
        assert status == 200
        assert "c=IN IP4 127.0.0.3\r\n" in answer
    finally:
        await to_thread(runs.close)  # type: ignore[attr-defined]
