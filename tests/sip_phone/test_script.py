"""`gateway call` against a phone that answers like an exchange: what it prints and how it judges."""

from __future__ import annotations

import argparse
import asyncio
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import OperatorError
from gateway.sip_phone import script
from gateway.sip_phone.call import Call, Late
from gateway.sip_phone.phone import Answer, Phone, Refuse
from tests.sip_phone.conftest import SOUNDS

MADE = SOUNDS / "made"


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    script.add_arguments(parser)
    return parser.parse_args(words)


async def call(phone: Phone, *words: str) -> int:
    return await asyncio.to_thread(script.run, arguments("12315", "--server", phone.at, *words))


@pytest.fixture
async def exchange() -> AsyncIterator[Phone]:
    """Plays please_hold; at a key beep and menu_nothing; at a second key it thanks and hangs up."""
    async with Phone("12315") as phone:
        serving = asyncio.create_task(serve(phone))
        yield phone
        serving.cancel()


async def serve(phone: Phone) -> None:
    call = await phone.incoming(30)
    await call.say(MADE / "please_hold.wav")
    if await pressed(call, 1):
        await call.say(MADE / "beep.wav")
        await call.say(MADE / "menu_nothing.wav")
    if await pressed(call, 2):
        await call.say(MADE / "thank_you.wav")
        await call.hang_up()


async def pressed(call: Call, count: int) -> bool:
    try:
        await call._until(lambda: len(call.keys) >= count or None, 30, "be sent a key")
    except Late:
        return False
    return True


async def test_a_whole_call(exchange: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    expected = "please_hold,beep,menu_nothing,thank_you"
    code = await call(exchange, "--keys", "wait,5,prompt:menu_nothing,wait,6", "--expect", expected)
    lines = capsys.readouterr().out.splitlines()
    told = [line.split(maxsplit=1)[1] for line in lines[:-1]]
    assert code == 0, "\n".join(lines)
    assert lines[-1] == "as expected"
    assert [text.split()[1] for text in told if text.startswith("heard")][:3] == expected.split(",")[:3]
    assert told.index("pressed 5") < told.index("pressed 6")


async def test_an_expectation_that_does_not_hold(exchange: Phone, capsys: pytest.CaptureFixture[str]) -> None:
    code = await call(exchange, "--expect", "please_hold,goodbye", "--for", "2.5")
    out = capsys.readouterr().out
    assert code == 1
    assert "not as expected: heard please_hold, expected please_hold, goodbye" in out
    assert "time is up (2.5 s)" in out


async def test_json_and_a_saved_sound(
    exchange: Phone, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "heard.wav"
    code = await call(exchange, "--keys", "wait,hangup", "--json", "--save", str(file), "--codec", "ulaw")
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [one["prompt"] for one in told["heard"]] == ["please_hold"]
    assert (told["status"], told["held"], told["codec"], told["ended_by"]) == (200, True, "ulaw", "us")
    with wave.open(str(file)) as saved:
        assert saved.getframerate() == 8000
        assert saved.getnframes() > 8000


async def test_a_plan_that_cannot_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    async with Phone("12315") as phone:
        phone.answer_with(Answer())
        calling = asyncio.create_task(call(phone, "--keys", "wait:60,1"))
        taken = await phone.incoming()
        await taken.wait_answered(2)
        await taken.hang_up()
        assert await calling == 1
    assert "the call was over before" in capsys.readouterr().out


@pytest.mark.parametrize(("expected", "code"), [("486", 0), ("200", 1)])
async def test_a_busy_line(expected: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    async with Phone("12315") as phone:
        phone.answer_with(Refuse(486))
        assert await call(phone, "--keys", "1,wait", "--expect-status", expected) == code
    assert "486 Busy Here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["12315", "--server", "192.0.2.1:5060"], "--anywhere it rings a real line"),
        (["12315", "--server", "127.0.0.1:99999"], "no such address"),
        (["12315", "--server", "127.0.0.1", "--for", "601"], "at most 600"),
        (["12315", "--server", "127.0.0.1", "--for", "nan"], "at most 600"),
        (["12315", "--server", "127.0.0.1", "--expect", "welcom"], "did you mean welcome"),
        (["12315", "--server", "127.0.0.1", "--say", "nowhere.wav"], "no such file"),
        (["1 2", "--server", "127.0.0.1"], "cannot be dialled"),
        (["12315", "--expect-status", "100"], "200 to 699"),
    ],
)
def test_arguments_that_cannot_be_meant(words: list[str], fault: str) -> None:
    with pytest.raises(OperatorError, match=fault):
        script.run(arguments(*words))
