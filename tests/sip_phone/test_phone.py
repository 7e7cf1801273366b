"""Two phones call each other over loopback: every way a call begins, goes and ends."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest

from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.endpoint import Timers
from gateway.sip_phone.hear import Library
from gateway.sip_phone.notices import Side
from gateway.sip_phone.phone import Answer, Ignore, Phone, Policy, Refuse, Ring
from gateway.sip_phone.sound import Span
from tests.sip_phone.conftest import SOUNDS
from tests.sip_phone.lossy_line import LossyLine

QUICK = Timers(t1=0.02, t2=0.1)
BYE_OF_A_STRANGER = (
    b"BYE sip:near SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:c@d>;tag=2\r\nCall-ID: %s\r\nCSeq: 1 BYE\r\n\r\n"
)


async def connect(near: Phone, far: Phone, policy: Policy | None = None) -> tuple[Call, Call]:
    far.answer_with(policy or Answer())
    call = await near.dial(f"sip:far@{far.at}", caller="03571234567")
    return call, await far.incoming()


async def test_a_call_from_dialling_to_hanging_up(library: Library) -> None:
    async with Phone("near", library=library) as near, Phone("far", library=library) as far:
        call, taken = await connect(near, far)
        assert (call.answered, call.status, call.codec) == (True, 200, "alaw")
        assert taken.caller == "03571234567"
        assert await taken.say(SOUNDS / "made" / "beep.wav")
        beep = await call.wait_prompt("beep", 3)
        assert beep.start > (call.answered_at or 0)
        await call.hang_up()
        await taken.ended(1)
        assert (call.ended_by, taken.ended_by) == (Side.US, Side.THEM)
        assert near.calls == far.calls == []


@pytest.mark.parametrize("codec", ["alaw", "ulaw"])
async def test_each_hears_the_others_tone_and_keys(codec: str) -> None:
    async with Phone("near", codecs=[codec]) as near, Phone("far") as far:
        call, taken = await connect(near, far, Answer(tone=600))
        call.tone(900)
        await asyncio.gather(call.wait_tone(600, 3), taken.wait_tone(900, 3))
        assert call.codec == taken.codec == codec
        pressed = await call.press("19*#")
        await taken.wait_keys("19*#", 1)
        assert [one.key for one in pressed] == list("19*#")
        assert all(one.down < one.up for one in pressed)
        assert taken.tones([600, 900])[600] == []


async def test_a_held_key_is_one_key_and_the_same_key_again_is_another() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far)
        await call.press("5", hold=0.3)
        await call.press("5")
        await taken.wait_keys("55", 1)
        assert taken.keys == "55"


@pytest.mark.parametrize("status", [480, 486, 603])
async def test_a_refused_call(status: int) -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far, Refuse(status))
        assert (call.answered, call.status, call.ended_by) == (False, status, Side.THEM)
        assert taken.status == status
        with pytest.raises(Late, match=f"(?s)the call is over.*{status}"):
            await call.wait_answered(1)


async def test_a_call_that_rings_is_cancelled() -> None:
    async with Phone("near") as near, Phone("far") as far:
        far.answer_with(Ring())
        call = near.ring(f"sip:far@{far.at}")
        taken = await far.incoming()
        await call.hang_up()
        await taken.ended(1)
        assert (call.status, taken.status) == (487, 487)
        assert call.rang_at is not None


async def test_dialling_gives_up_in_time() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect_in(near, far, Ring(), 0.1)
        await taken.ended(1)
        assert (call.answered, call.status) == (False, 487)


async def connect_in(near: Phone, far: Phone, policy: Policy, timeout: float) -> tuple[Call, Call]:
    far.answer_with(policy)
    call = await near.dial(f"sip:far@{far.at}", timeout=timeout)
    return call, await far.incoming()


async def test_a_phone_that_is_off() -> None:
    async with Phone("near", timers=QUICK) as near, Phone("far") as far:
        far.answer_with(Ignore())
        call = await near.dial(f"sip:far@{far.at}", timeout=5)
        assert (call.answered, call.status) == (False, 408)
        with pytest.raises(Late, match="was not rung"):
            await far.incoming(0.01)


async def test_ringing_answered_and_refused_by_hand() -> None:
    async with Phone("near") as near, Phone("far") as far:
        far.answer_with(Ring())
        first, second = near.ring(f"sip:far@{far.at}"), near.ring(f"sip:far@{far.at}")
        (await far.incoming()).answer()
        (await far.incoming()).refuse(486)
        await first.wait_answered(1)
        await second.ended(1)
        assert (first.status, second.status) == (200, 486)


async def test_ringing_for_a_while() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far, Answer(after=0.2))
        assert call.answered
        assert call.rang_at is not None
        assert call.answered_at is not None
        assert call.rang_at < call.answered_at
        assert taken.answered


async def test_who_is_rung_can_hang_up_too() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far)
        await taken.hang_up()
        await call.ended(1)
        assert call.ended_by is Side.THEM


async def test_a_phone_that_vanishes_says_nothing() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far)
        await taken.wait_answered(1)
        call.vanish()
        assert call.over
        with pytest.raises(Late, match="be over, but not within"):
            await taken.ended(0.2)


async def test_no_common_coding() -> None:
    async with Phone("near", codecs=["ulaw"]) as near, Phone("far", codecs=["alaw"]) as far:
        call, _ = await connect(near, far)
        assert call.status == 488


@pytest.mark.parametrize(
    ("caller", "display"),
    [
        ("", None),
        ("12 34", 'quoted "name"; x=<sip:y>'),
        (b"123", "张三".encode("gbk")),
        ("1%0d%0aX: y", "😀" * 50),
        ("9" * 200, "n" * 2000),
    ],
)
async def test_strange_callers(caller: str | bytes, display: str | bytes | None) -> None:
    async with Phone("near") as near, Phone("far") as far:
        call = await near.dial(f"sip:far@{far.at}", caller=caller, display=display)
        taken = await far.incoming()
        assert call.answered
        shown = taken.display.encode("utf-8", "surrogateescape")
        assert shown == (display.encode() if isinstance(display, str) else display or b"")


async def test_many_calls_of_one_phone_do_not_mix() -> None:
    async with Phone("near") as near, Phone("far") as far:
        calls = [await connect(near, far) for _ in range(8)]
        for number, (call, _) in enumerate(calls):
            call.tone(400 + 200 * number)
        await asyncio.gather(*(taken.wait_tone(400 + 200 * n, 3) for n, (_, taken) in enumerate(calls)))
        every = [400.0 + 200 * n for n in range(8)]
        for number, (_, taken) in enumerate(calls):
            heard = taken.tones(every)
            assert [hertz for hertz in every if heard[hertz]] == [400 + 200 * number]


async def test_silence_is_heard_when_nothing_is_sent() -> None:
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far, Answer(tone=600))
        await call.wait_tone(600, 3)
        taken.tone(0)
        quiet = await call.wait_silence(0.3, 3)
        assert isinstance(quiet, Span)
        assert quiet.start < quiet.end


async def test_what_is_waited_for_in_vain_tells_its_history(library: Library) -> None:
    async with Phone("near", library=library) as near, Phone("far") as far:
        call, taken = await connect(near, far)
        await taken.say(SOUNDS / "made" / "please_hold.wav")
        await call.wait_prompt("please_hold", 2, whole=True)
        await call.press("7")
        with pytest.raises(Late) as late:
            await call.wait_prompt("goodbye", 0.1)
        text = str(late.value)
        assert "hear the prompt goodbye, but not within 0.1 s" in text
        assert text.index("answered, alaw") < text.index("heard please_hold") < text.index("pressed 7")


async def test_prompts_are_waited_for_in_order(library: Library) -> None:
    async with Phone("near", library=library) as near, Phone("far") as far:
        call, taken = await connect(near, far)
        saying = asyncio.gather(
            *(taken.say(SOUNDS / "made" / f"{name}.wav") for name in ("beep", "please_hold", "beep"))
        )
        first = await call.wait_prompt("beep", 3)
        second = await call.wait_any_prompt(["beep", "please_hold"], 3)
        third = await call.wait_prompt("beep", 3)
        await saying
        assert [first.prompt, second.prompt, third.prompt] == ["beep", "please_hold", "beep"]
        assert first.start < second.start < third.start
        assert (await call.wait_prompt("beep", 1, since=0)).start == first.start


async def test_a_call_that_ends_does_not_leave_speakers_hanging(library: Library) -> None:
    async with Phone("near") as near, Phone("far", library=library) as far:
        call, taken = await connect(near, far)
        saying = asyncio.create_task(call.say(SOUNDS / "made" / "menu_main.wav"))
        await taken.wait_prompt("menu_main", 3)
        pressing = asyncio.create_task(call.press("1234567890"))
        await taken.hang_up()
        assert await saying is False
        with pytest.raises(Late, match="the call ended while"):
            await pressing


async def test_garbage_in_the_middle_of_a_call(library: Library) -> None:
    """Hostile datagrams at both ports of a phone: the call does not notice."""
    dice = random.Random(1)
    async with Phone("near") as near, Phone("far") as far:
        call, taken = await connect(near, far)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rude:
            host, port = near.at.split(":")
            for _ in range(200):
                data = dice.randbytes(dice.randrange(200))
                rude.sendto(data, (host, int(port)))
                rude.sendto(data, (host, call.rtp_port))
            rude.sendto(BYE_OF_A_STRANGER % call.leg.dialog.call_id.encode(), (host, int(port)))
        taken.tone(600)
        await call.wait_tone(600, 3)
        assert not call.over
        assert near.endpoint.garbage > 0


@pytest.mark.parametrize(
    "loses", [["INVITE", "ACK", "BYE"], ["100", "180", "200"], ["INVITE", "180", "200", "ACK", "BYE"]]
)
async def test_what_is_lost_is_sent_again(loses: list[str]) -> None:
    def lost(data: bytes, count: int) -> bool:
        line = data.partition(b"\r\n")[0].decode().removeprefix("SIP/2.0 ").split()[0]
        return line in loses and count <= 2

    async with Phone("near", timers=QUICK) as near, Phone("far", timers=QUICK) as far:
        far.answer_with(Answer(after=0.05))
        async with LossyLine(far.endpoint.address, lost) as line:
            call = await near.dial(f"sip:far@{line.address}")
            taken = await far.incoming()
            assert call.answered
            taken.tone(600)
            await call.wait_tone(600, 3)
            assert not taken.over
            await call.hang_up()
            await taken.ended(1)
            assert set(loses) <= set(line.lost) | {"100"}
            assert len(far.calls) == 0


async def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    def lost(data: bytes, count: int) -> bool:
        return data.startswith(b"ACK")

    async with (
        Phone("near", timers=QUICK) as near,
        Phone("far", timers=QUICK) as far,
        LossyLine(far.endpoint.address, lost) as line,
    ):
        await near.dial(f"sip:far@{line.address}")
        taken = await far.incoming()
        await taken.ended(5)
        assert taken.ended_by is Side.US
