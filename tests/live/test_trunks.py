"""Real trunks, on a second Asterisk: registration, log-in, transports, encryption, NAT."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.live.carrier import ACCOUNT, PASSWORD, carrier, gateway_with, until
from tests.live.conftest import Gateway, running
from tests.live.raw_sip import ask, offer

pytestmark = pytest.mark.live


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_carrier_where_we_register_and_log_in(
    tmp_path: Path, asterisk_tree: Asterisk, transport: str
) -> None:
    with carrier(tmp_path / "carrier", asterisk_tree, "127.0.0.2", tls=transport == "tls") as far:
        gateway = gateway_with(
            tmp_path / "gateway",
            "",
            GATEWAY_TRUNK_FAR_END=far.address,
            GATEWAY_TRUNK_PEERS="192.0.2.9",  # its calls are known by the registration alone
            GATEWAY_TRUNK_USER=ACCOUNT,
            GATEWAY_TRUNK_FROM_USER=ACCOUNT,
            GATEWAY_TRUNK_DOMAIN="sip.carrier.test" if transport == "udp" else "",
            GATEWAY_TRUNK_PASSWORD_FILE=tmp_path / "password",
            GATEWAY_TRUNK_REGISTER="yes",
            GATEWAY_TRUNK_TRANSPORT=transport,
            GATEWAY_TRUNK_SRTP=transport == "tls",
            GATEWAY_ASTERISK_TLS_CA_FILE=tmp_path / "carrier" / "carrier.pem" if transport == "tls" else "",
        )
        (tmp_path / "password").write_text(PASSWORD + "\n")
        runs = running(gateway)
        await to_thread(next, runs)
        try:
            await to_thread(until, lambda: f"{ACCOUNT}/sip:12315@" in far.made.console("pjsip show contacts"))
            await to_thread(far.call)
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
