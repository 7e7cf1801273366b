"""Messages of callers who simply stop speaking, and what becomes of them when the disk is full."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Phone
from tests.live.conftest import ROOT, Gateway
from tests.live.test_bad_input import small_disk
from tests.live.test_phone_lines import sound_of

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"


async def spoken(phone: Phone) -> Call:
    """A call that leaves a message and then says nothing more, without a key and without hanging up."""
    call = await phone.dial("12315")
    await call.wait_prompt("welcome", timeout=10)
    await call.press("5")
    await call.wait_prompt("beep", timeout=20)
    await call.say(SPEECH)
    return call


async def test_a_message_that_ends_by_silence_is_saved(gateway: Gateway) -> None:
    async with gateway.phone("13912380001") as phone:
        call = await spoken(phone)
        said = call.seconds
        heard = await call.wait_any_prompt(("message_saved", "message_failed"), timeout=15)
        assert heard.prompt == "message_saved"
        assert 6 < heard.start - said < 12  # the flow's eight seconds of silence
        await call.ended(15)
    record = await gateway.call_of("13912380001")
    assert (record["outcome"], record["recording_state"]) == ("message", "saved")
    item = await gateway.item_of(record["number"])
    assert item["task"] == "listen"
    assert [a["role"] for a in item["attachments"]] == ["message"]
    assert sound_of(gateway, record["id"]) > 4


@pytest.mark.soak
async def test_a_full_disk_is_told_after_silence_too_and_the_promised_call_is_the_task(
    own_gateway: Gateway,
) -> None:
    gateway = own_gateway
    with small_disk(gateway.places.messages):
        async with gateway.phone("13912380002") as phone:
            call = await spoken(phone)
            heard = await call.wait_any_prompt(("message_saved", "message_failed"), timeout=15)
            assert heard.prompt == "message_failed"
            await call.wait_prompt("callback_booked", timeout=40)
            await call.ended(20)
        record = await gateway.call_of("13912380002")
    item = await gateway.item_of(record["number"])
    assert item["task"] == "call_back"
    assert "要求回电" in item["content"]
    began = datetime.fromisoformat(record["started_at"])
    assert datetime.now(UTC) - began < timedelta(minutes=2)
