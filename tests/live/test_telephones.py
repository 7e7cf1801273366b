"""What telephones do: hold, REFER, keys sent twice or cut off, single beeps, calls cancelled at once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.pbx.ami import Ami
from gateway.pbx.asterisk_tree import Asterisk
from gateway.settings.secrets import load_secrets
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer
from tests.live.conftest import Gateway, new_gateway, running, star
from tests.live.test_keys import hears_his_state, item_of
from tests.live.test_phone_lines import greeted
from tests.live.test_transfers import AGENT, CALLER, PARTNER, Talk, everybody_hears, hears, talking

pytestmark = pytest.mark.live
DTMF_RELAY = (("Content-Type", "application/dtmf-relay"),)


async def hears_music(call: Call, seconds: float) -> None:
    """For so long the call is up, and it is neither silent nor hears the agent or the partner."""
    since = call.seconds
    await asyncio.sleep(seconds)  # what is looked for is that nothing happens
    assert not call.over
    quiet = [
        span for span in call.silences(0.4) if span.end > since + 0.5 and span.start < call.seconds - 0.5
    ]
    assert quiet == [], call.history()
    spans = [span for found in call.tones((AGENT, PARTNER)).values() for span in found]
    assert not [span for span in spans if span.end - max(span.start, since + 0.5) > 0.6]


async def consulted_and_back(talk: Talk) -> None:
    """Agent and caller are together again after a private talk."""
    there = await talk.consult()
    await there.hang_up()
    await talk.state("back")
    await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})


async def test_a_caller_on_hold_hears_music_after_a_consult_too(gateway: Gateway) -> None:
    async with talking(gateway, "13912390001") as talk:
        assert await talk.at_seat.hold() == 200
        await hears_music(talk.call, 2)
        assert await talk.at_seat.hold(False) == 200
        await consulted_and_back(talk)
        assert await talk.at_seat.hold() == 200
        await hears_music(talk.call, 3)
        assert await talk.at_seat.hold(False) == 200
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})
        await talk.at_seat.hang_up()
        await talk.call.ended(5)
    assert (await gateway.call_of("13912390001"))["outcome"] == "talked"


async def test_a_caller_who_hangs_up_on_hold_lets_the_agent_go(gateway: Gateway) -> None:
    async with talking(gateway, "13912390002") as talk:
        await consulted_and_back(talk)
        await talk.at_seat.hold()
        await hears_music(talk.call, 2)
        await talk.call.hang_up()
        await talk.at_seat.ended(8)


async def test_a_telephones_own_transfer_is_refused_and_the_talk_goes_on(gateway: Gateway) -> None:
    async with talking(gateway, "13912390003") as talk:
        refer = (("Refer-To", f"<sip:12345@{gateway.sip}>"), ("Referred-By", f"<sip:8001@{gateway.sip}>"))
        began = talk.at_seat.seconds
        assert await talk.at_seat.ask("REFER", refer) == 603
        assert talk.at_seat.seconds - began < 1
        await everybody_hears({CALLER: talk.call, AGENT: talk.at_seat})


async def test_a_key_sent_both_with_the_sound_and_by_info_counts_once(gateway: Gateway) -> None:
    async with gateway.phone("13912390004") as phone:
        number, code = await item_of(gateway, phone)
        call = await greeted(phone)
        for key in f"4{number}":
            call.leg.ask("INFO", DTMF_RELAY, f"Signal={key}\r\nDuration=100\r\n".encode())
            await call.press(key)
        await call.wait_prompt("progress_ask_code", timeout=10)
        await call.press(code + "#")
        await hears_his_state(call)
        await call.hang_up()


@pytest.fixture
def info_keys(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that takes keys by SIP INFO."""
    yield from running(new_gateway(tmp_path, GATEWAY_ASTERISK_INFO_KEYS="true"))


async def test_where_keys_come_by_info_none_are_taken_with_the_sound(info_keys: Gateway) -> None:
    """So a telephone that can do both sends each key once."""
    async with info_keys.phone("13912390018") as phone:
        number, code = await item_of(info_keys, phone)
        call = await greeted(phone)
        with pytest.raises(RuntimeError, match="takes no keys"):
            await call.press("4")
        await info_presses(call, f"4{number}")
        await call.wait_prompt("progress_ask_code", timeout=10)
        await info_presses(call, code + "#")
        await hears_his_state(call)
        await call.hang_up()


@pytest.fixture
def info_seat(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    """As `info_keys`, with a seat whose telephone sends INFO."""
    more = {"GATEWAY_ASTERISK_INFO_KEYS": "true", "GATEWAY_ASTERISK_INFO_SEATS": "8001"}
    yield from running(new_gateway(tmp_path, **more, GATEWAY_QUEUE_WRAP_UP_SECONDS=1))


async def test_a_seats_telephone_that_sends_keys_both_ways_sends_each_once(
    info_seat: Gateway, asterisk_tree: Asterisk
) -> None:
    """Called as well as calling: it is offered no keys with the sound, so it sends INFO. Another seat's keys
    come with the sound as before."""
    asterisk_tree.console(info_seat.places.conf, "logger add channel keys dtmf")
    async with (
        info_seat.seat("8001", "agent1", sign_in=False) as both,
        info_seat.seat("8002", "agent2", sign_in=False) as sound,
    ):
        sound.answer_with(Answer(0.1))
        both.answer_with(Answer(0.1))
        for caller, other in ((both, "8002"), (sound, "8001")):
            at_caller = await caller.dial(other)
            at_other = await (sound if caller is both else both).incoming(10)
            await at_other.wait_answered(5)
            at_both, at_sound = (at_caller, at_other) if caller is both else (at_other, at_caller)
            for key in "159":
                await presses_both_ways(at_both, key)
                await at_sound.press(key)
            await at_caller.hang_up()
    log = (info_seat.places.root / "log" / "keys").read_text("utf-8")
    keys = Counter(re.findall(r"DTMF end '(.)' received on PJSIP/(800\d)", log))
    assert keys == {(key, seat): 2 for seat in ("8001", "8002") for key in "159"}


async def presses_both_ways(call: Call, key: str) -> None:
    """With the sound, where that is taken, and by INFO at the same moment."""
    pressing = asyncio.ensure_future(info_presses(call, key))
    with suppress(RuntimeError):
        await call.press(key)
    await pressing


async def info_presses(call: Call, keys: str) -> None:
    for key in keys:
        status = await call.ask("INFO", DTMF_RELAY, f"Signal={key}\r\nDuration=100\r\n".encode())
        assert status == 200


async def test_keys_whose_end_is_lost_count_once_each(gateway: Gateway) -> None:
    async with gateway.phone("13912390005") as phone:
        number, code = await item_of(gateway, phone)
        call = await greeted(phone)
        await call.press(f"4{number}", lose_end=True)
        await call.wait_prompt("progress_ask_code", timeout=10)
        await call.press(code, lose_end=True)
        await hears_his_state(call)
        await call.hang_up()


async def test_one_beep_is_no_fax_machine_and_two_are(gateway: Gateway) -> None:
    async with talking(gateway, "13912390006") as talk:
        talk.call.tone(1100)
        await asyncio.sleep(0.5)  # the length of a fax machine's beep
        talk.call.tone(CALLER)
        await hears(talk.at_seat, CALLER)
        await hears(talk.call, AGENT)
        await asyncio.sleep(2.5)  # with the beep, the 3 s after which a fax machine beeps again
        assert not talk.at_seat.over
        talk.call.tone(1100)
        await asyncio.sleep(0.5)  # the second beep
        talk.call.tone(0)
        await talk.at_seat.ended(5)
        await talk.call.hang_up()


async def beeps_twice(call: Call) -> None:
    """What a fax machine that calls sounds, in shorter turns."""
    for _ in range(2):
        call.tone(1100)
        await asyncio.sleep(0.5)
        call.tone(0)
        await asyncio.sleep(0.5)


@pytest.fixture
def short_ears(asterisk_tree: Asterisk, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that listens for fax machines for four seconds at a time."""
    ears = {"GATEWAY_FAX_DETECT_SECONDS": 4, "GATEWAY_QUEUE_WRAP_UP_SECONDS": 1}
    yield from running(new_gateway(tmp_path, **ears))


async def test_a_call_is_listened_to_for_a_fax_only_so_long_and_again_in_the_talk(
    short_ears: Gateway,
) -> None:
    async with talking(short_ears, "13912390016") as talk:
        await asyncio.sleep(4.5)
        await beeps_twice(talk.call)
        talk.call.tone(CALLER)
        await hears(talk.at_seat, CALLER)
        assert not talk.at_seat.over
        await talk.call.hang_up()
    async with short_ears.seat("8001", "agent1") as seat, short_ears.phone("13912390017") as phone:
        seat.answer_with(Answer(0.1, AGENT))
        await star(seat, "*62", "agent_paused")
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        await asyncio.sleep(4.5)
        await beeps_twice(call)
        (line,) = [one for one in short_ears.api("/api/v1/lines")["items"] if one["call_id"]]
        assert line["state"] == "queue"
        await star(seat, "*65", "agent_ready")
        at_seat = await seat.incoming(10)
        await call.wait_tone(AGENT, 10)
        await beeps_twice(call)
        await at_seat.ended(5)
        await call.hang_up()


async def test_calls_cancelled_while_they_are_looked_at_are_counted_and_hold_no_line(
    gateway: Gateway,
) -> None:
    """Every one that became a channel in Asterisk; one cancelled before that does not exist there."""
    channels: list[str] = []
    config = gateway.config
    secrets = load_secrets(config.var, [agent.id for agent in config.agents])
    ami = Ami(config.ami.host, config.ami.port, config.ami.user, secrets.ami)
    ami.subscribe(["Newchannel"], lambda event: channels.append(event.get("Uniqueid")))
    await ami.start()
    await ami.wait_ready(10)
    async with gateway.phone("13912390007") as phone:
        for wait in (0, 0, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05):
            call = phone.ring("12315")
            await asyncio.sleep(wait)
            await call.hang_up()
        await ami.action("Ping")  # its answer comes behind every event of those calls
        await gateway.call_of("13912390007", len(channels))
    await ami.close()
    async with asyncio.timeout(10):
        while [line for line in gateway.api("/api/v1/lines")["items"] if line["call_id"]]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    calls = [call for call in gateway.calls() if call["caller"] == "13912390007"]
    assert sorted(call["id"] for call in calls) == sorted(channels)
    assert len(calls) >= 5
    assert {(call["outcome"], call["dialled"]) for call in calls} == {("gave_up", "12315")}


async def test_an_asserted_identity_that_is_no_number_does_not_hide_the_caller(gateway: Gateway) -> None:
    for number in ("7" * 500, "13912390008"):
        async with gateway.phone("13912390009") as phone:
            identity = (("P-Asserted-Identity", f"<sip:{number}@carrier.example>"),)
            call = await greeted(phone, headers=identity)
            await call.hang_up()
        await gateway.call_of("13912390009" if len(number) > 20 else number)
