"""However a carrier writes the number, it is ours; and a call that is refused leaves a trace."""

from __future__ import annotations

import asyncio
import urllib.request

import pytest

from gateway.core.call.journal import EntryType
from gateway.pbx.journal import read_journal
from tests.live.conftest import Gateway
from tests.live.raw_sip import ask, offer

pytestmark = pytest.mark.live

OURS = {
    "sip:12315{at}": "12315",
    "sip:12315;phone-context=+86{at}": "12315",
    "sip:12315;npdi;rn=+8613010000{at}": "12315",
    "sip:+8612315{at}": "12315",
    "sip:12315%23{at}": "12315",
    "sip:12315{at};user=phone": "12315",
    "tel:12315": "12315",
    "sip:+8635712315{at}": "035712315",
    "sip:8635712315{at}": "035712315",
    "sip:008635712315{at}": "035712315",
    "sip:35712315{at}": "035712315",
    "sip:%2B86-357-12315{at}": "035712315",
    "tel:+86-357-12315;phone-context=+86": "035712315",
}
NOBODYS = ("sip:99999{at}", "sip:hello{at}", "sip:{at}", "sip:12315%26Local%2Fs{at}", "sip:123150{at}")
SAVP = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"


@pytest.mark.parametrize("uri", OURS)
async def test_every_spelling_of_our_number_is_taken(gateway: Gateway, uri: str) -> None:
    caller = f"1391299{list(OURS).index(uri):04}"
    port = gateway.config.asterisk.sip_port
    status, _ = await ask(port, uri.format(at=f"@127.0.0.1:{port}"), caller=f"+86{caller}", body=offer())
    assert status == 200
    record = await gateway.call_of(caller)
    assert (record["caller"], record["dialled"]) == (caller, OURS[uri])


async def test_a_carrier_that_asks_whether_we_are_there_is_answered(gateway: Gateway) -> None:
    port = gateway.config.asterisk.sip_port
    for user in ("", "12315@", "ping@", "12315;phone-context=+86@", "+8635712315@"):
        assert (await ask(port, f"sip:{user}127.0.0.1:{port}", "OPTIONS"))[0] == 200, user


@pytest.mark.parametrize(
    ("uri", "body", "status"),
    [
        *((uri, offer(), 404) for uri in NOBODYS),
        ("sip:12315{at}", offer("18"), 488),
        ("sip:12315{at}", offer("97", more="a=rtpmap:97 AMR/8000\r\n"), 488),
    ],
)
async def test_a_refused_call_leaves_a_line_and_counts(
    gateway: Gateway, uri: str, body: str, status: int
) -> None:
    port = gateway.config.asterisk.sip_port
    caller = f"139123801{status}"[:11]
    before = await asyncio.to_thread(refused, gateway)
    got, _ = await ask(
        port, uri.format(at=f"@127.0.0.1:{port}").replace("sip:@", "sip:"), caller=caller, body=body
    )
    assert got == status
    record = await gateway.call_of(caller)
    assert (record["outcome"], record["number"], record["line"]) == ("refused", None, 0)
    notes = [n for n in read_journal(gateway.places.journal) if n.call == record["id"]]
    assert [(n.what, n.arg(0)) for n in notes] == [(EntryType.REFUSED, str(status))]
    async with asyncio.timeout(5):
        while await asyncio.to_thread(refused, gateway) != before + 1:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_encrypted_sound_is_taken_where_the_carrier_offers_it(gateway: Gateway) -> None:
    port = gateway.config.asterisk.sip_port
    uri = f"sip:12315@127.0.0.1:{port}"
    status, answer = await ask(port, uri, caller="13912390000", body=offer("8", "RTP/SAVP", SAVP))
    assert (status, "RTP/SAVP 8" in answer, "a=crypto:1" in answer) == (200, True, True)
    status, answer = await ask(port, uri, caller="13912390001", body=offer("18 8 0"))
    assert (status, "m=audio" in answer and "RTP/AVP 8" in answer) == (200, True), "one coding, ours"
    await gateway.call_of("13912390001")


def refused(gateway: Gateway) -> int:
    """Refused calls since the start, as /metrics counts them."""
    with urllib.request.urlopen(gateway.url("/metrics"), timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(
        float(next(x for x in lines if x.startswith('gateway_calls_total{outcome="refused"}')).split()[1])
    )
