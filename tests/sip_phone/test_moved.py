"""Within a call: hold, another address, an offer that comes late, questions, and what nobody knows."""

from __future__ import annotations

import asyncio

import pytest

from gateway.sip_phone import sdp
from gateway.sip_phone.call import Call
from gateway.sip_phone.endpoint import new_branch
from gateway.sip_phone.phone import Answer, Phone
from gateway.sip_phone.sdp import Media
from gateway.sip_phone.sip import Headers, Response


async def ask(
    phone: Phone, call: Call, method: str, body: bytes = b"", number: int | None = None
) -> Response:
    """Send a request within a call; the answer, acknowledged when it must be."""
    leg = call.leg
    leg.dialog = leg.dialog.next()
    more: Headers = (("Contact", f"<sip:near@{phone.at}>"),)
    request = leg.dialog.request(method, new_branch(), more, body)
    target = leg.dialog.next_hop(("127.0.0.1", 9))
    response = await phone.endpoint.reply(request, target)
    if method == "INVITE" and response.status < 300:
        phone.endpoint.send(leg.dialog.request("ACK", new_branch()), target)
    return response


def wish(call: Call, direction: str = "sendrecv", host: str = "127.0.0.1") -> bytes:
    return sdp.compose(Media(host, call.rtp_port, ("alaw",), 101, direction), 2)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_hold_and_back(method: str) -> None:
    async with Phone("near") as near, Phone("far") as far:
        far.answer_with(Answer(tone=600))
        call = await near.dial(f"sip:far@{far.at}")
        await call.wait_tone(600, 3)
        held = await ask(near, call, method, wish(call, "sendonly"))
        assert sdp.parse(held.body).direction == "recvonly"
        await call.wait_silence(0.3, 3)
        back = await ask(near, call, method, wish(call))
        assert sdp.parse(back.body).direction == "sendrecv"
        await call.wait_tone(600, 3)


async def test_sound_follows_to_another_address() -> None:
    async with Phone("near") as near, Phone("far") as far, Phone("other") as other:
        far.answer_with(Answer(tone=600))
        call = await near.dial(f"sip:far@{far.at}")
        taken = await far.incoming()
        there = other.ring("sip:nobody@127.0.0.1:9")
        await ask(near, call, "INVITE", wish(there))
        there._stream.connect(("127.0.0.1", taken.rtp_port), "alaw", 101, True)
        there.tone(900)
        await asyncio.gather(there.wait_tone(600, 3), taken.wait_tone(900, 3))
        there.vanish()


async def test_an_offer_may_come_late() -> None:
    """An INVITE without a description: ours is the offer, theirs comes with the ACK."""
    async with Phone("near") as near, Phone("far") as far:
        call = await near.dial(f"sip:far@{far.at}")
        response = await ask(near, call, "INVITE")
        offer = sdp.parse(response.body)
        assert set(offer.codecs) == {"alaw", "ulaw"}
        assert offer.key_type == 101


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", 200), ("INFO", 200), ("NOTIFY", 200), ("UPDATE", 200), ("REFER", 501)]
)
async def test_questions_within_a_call(method: str, status: int) -> None:
    async with Phone("near") as near, Phone("far") as far:
        call = await near.dial(f"sip:far@{far.at}")
        assert (await ask(near, call, method)).status == status
        assert not call.over


async def test_a_description_we_cannot_speak_changes_nothing() -> None:
    async with Phone("near") as near, Phone("far") as far:
        far.answer_with(Answer(tone=600))
        call = await near.dial(f"sip:far@{far.at}")
        assert (await ask(near, call, "INVITE", b"v=0\r\nm=audio 9 RTP/SAVPF 111\r\n")).status == 488
        await call.wait_tone(600, 3)


async def test_questions_outside_a_call() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call = await near.dial(f"sip:far@{far.at}")
        await call.hang_up()
        assert (await ask(near, call, "BYE")).status == 481
