"""Telephones that send no sound: those that are there keep their calls, those that are gone lose them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.phone import Answer, Ignore
from tests.live.conftest import ROOT, Gateway, new_gateway, running, star
from tests.live.test_phone_lines import greeted
from tests.live.test_transfers import AGENT, CALLER, everybody_hears, talking

pytestmark = pytest.mark.live
SILENCE = 4  # seconds here; sixty by default
ANSWERS = 7  # seconds that SIP waits for an answer here; 32 by RFC 3261 (timer F)
ENDS = 2 * ANSWERS + 8  # until Asterisk has ended a leg: neither its question nor its BYE is answered


@pytest.fixture(scope="module")
def gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Its Asterisk waits 64 times 100 ms for an answer, instead of 64 times 500."""
    folder = tmp_path_factory.mktemp("silence")
    shutil.copytree(ROOT / "asterisk_conf", folder / "asterisk_conf")
    pjsip = folder / "asterisk_conf" / "pjsip.conf"
    text = pjsip.read_text("utf-8")
    assert "timer_t1 = 500\n" in text
    pjsip.write_text(text.replace("timer_t1 = 500\n", "timer_t1 = 100\ntimer_b = 6400\n"), "utf-8")
    yield from running(
        new_gateway(
            folder,
            GATEWAY_ASTERISK_CONF=pjsip.parent,
            GATEWAY_QUEUE_WRAP_UP_SECONDS=1,
            GATEWAY_ASTERISK_SILENCE_SECONDS=SILENCE,
        )
    )


async def test_who_waits_or_talks_without_a_sound_is_not_cut_off(gateway: Gateway) -> None:
    async with talking(gateway, "13912395001") as talk, gateway.phone("13912395002") as waiting:
        await star(talk.seat, "*62", "agent_paused")
        call = await greeted(waiting)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        for leg in (call, talk.call, talk.at_seat):
            leg.mute()
        await asyncio.sleep(ANSWERS + 3 * SILENCE)  # that nothing happens for so long
        assert not (call.over or talk.call.over or talk.at_seat.over)
        for leg in (talk.call, talk.at_seat):
            leg.mute(False)
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        await call.hang_up()


async def test_rtcp_alone_keeps_a_call(gateway: Gateway) -> None:
    """Whoever reports is there: he is not even asked, though he would not answer."""
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912395005") as phone:
        await star(seat, "*62", "agent_paused")
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        before = len(asked(gateway))
        phone.answer_with(Ignore())
        call.mute()
        for _ in range(4 * SILENCE):
            call.report()
            await asyncio.sleep(1)
        assert len(asked(gateway)) == before
        async with asyncio.timeout(4 * SILENCE):
            while len(asked(gateway)) == before:  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.1)
        phone.answer_with(Answer())
        await call.hang_up()


def asked(gateway: Gateway) -> list[str]:
    """Lines of the log about legs from which nothing came."""
    lines = gateway.log.read_text("utf-8").splitlines()
    return [line for line in lines if "nothing comes from PJSIP/trunk-in" in line]


async def test_a_caller_whose_telephone_is_gone_frees_the_line(gateway: Gateway) -> None:
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912395003") as phone:
        await star(seat, "*62", "agent_paused")
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        phone.answer_with(Ignore())
        call.mute()
        record = await gateway.call_of("13912395003", limit=ENDS + 3 * SILENCE)
        assert record["outcome"] == "gave_up"
        call.vanish()


async def test_a_telephone_of_a_seat_that_is_gone_loses_its_caller_to_the_queue(gateway: Gateway) -> None:
    async with gateway.seat("8001", "agent1", sign_in=False) as seat, gateway.phone("13912395004") as phone:
        seat.answer_with(Answer(0.1, AGENT))
        await star(seat, "*60", "agent_signed_in")
        call = await greeted(phone)
        await call.press("1")
        at_seat = await seat.incoming(15)
        await call.wait_tone(AGENT, 10)
        seat.answer_with(Ignore())
        at_seat.mute()
        await call.wait_prompt("queue_again", timeout=ENDS + 3 * SILENCE)
        at_seat.vanish()
        await call.hang_up()
        await asyncio.to_thread(gateway.api, "/api/v1/agents/agent1/state", {"state": "offline"})
