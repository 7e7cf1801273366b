"""Bad callers, bad files, a full disk: a clear word, and everything else goes on."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.sip_phone.phone import Answer
from tests.live.conftest import ROOT, Gateway, new_gateway

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"
NAMES = {
    "GBK": "举报人".encode("gbk"),
    "quotes": '"; agi_x: 1 \\"',
    "controls": b"a\x01\x7fb",
    "long": b"x" * 300,
    "nothing": b"",
}


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_a_caller_is_called_the_call_goes_through(gateway: Gateway, name: str) -> None:
    number = f"1391236{list(NAMES).index(name):04}"
    async with gateway.phone(number) as phone:
        call = await phone.dial("12315", display=NAMES[name])
        await call.wait_prompt("welcome", timeout=10)
        await call.hang_up()
    record = await gateway.call_of(number)
    assert (record["caller"], record["outcome"]) == (number, "gave_up")


async def test_a_caller_without_a_number_can_leave_one(own_gateway: Gateway) -> None:
    gateway = own_gateway
    async with gateway.phone("anonymous") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("5")
        await call.wait_prompt("message_or_callback", timeout=10)
        await call.press("1")
        await call.wait_prompt("callback_ask_number", timeout=10)
        await call.press("13912369999#")
        await call.wait_prompt("callback_booked", timeout=10)
        await call.hang_up()
    async with asyncio.timeout(10):
        while not (found := [i for i in gateway.queue() if i["person"]["phone"] == "13912369999"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [item["task"] for item in found] == ["call_back"]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A folder on a disk of 16 kB; without the right to mount one, a folder in which nothing can be made."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        folder.symlink_to("/proc/self")
    try:
        yield
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_costs_the_recording_not_the_call(own_gateway: Gateway) -> None:
    gateway = own_gateway
    with small_disk(gateway.places.recordings):
        async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912360100") as phone:
            seat.answer_with(Answer(0.1, 440))
            call = await phone.dial("12315")
            await call.wait_prompt("welcome", timeout=10)
            await call.press("1")
            rung = await seat.incoming(15)
            await call.wait_tone(
                440, timeout=20, lasting=3
            )  # 48 kB of sound, three times what the disk holds
            await rung.hang_up()
            await call.ended(10)
            record = await gateway.call_of("13912360100")
    assert (record["outcome"], record["recording_state"]) == ("talked", "failed")
    assert (await gateway.item_of(record["number"]))["task"] == "talk"


async def test_a_message_the_disk_refuses_is_said_and_a_call_back_offered(own_gateway: Gateway) -> None:
    gateway = own_gateway
    with small_disk(gateway.places.messages):
        async with gateway.phone("13912360200") as phone:
            call = await phone.dial("12315")
            await call.wait_prompt("welcome", timeout=10)
            await call.press("5")
            await call.wait_prompt("beep", timeout=20)
            await call.say(SPEECH)
            await call.press("#")
            await call.wait_prompt("message_failed", timeout=10)
            await call.hang_up()
        record = await gateway.call_of("13912360200")
    assert record["number"]


async def test_a_broken_flow_is_refused_and_the_running_version_stays(own_gateway: Gateway) -> None:
    """Published flows are what runs; a draft with a fault gets its file and line, and exit code 2."""
    gateway = own_gateway
    drafts = gateway.config.var / "drafts"
    shutil.copytree(ROOT / "ivr_flows", drafts, ignore=shutil.ignore_patterns("16k"))
    main = drafts / "main.yaml"
    main.write_text(main.read_text("utf-8").replace("next: person", "next: nowhere"), "utf-8")
    done = await asyncio.to_thread(
        subprocess.run,
        [*gateway.argv(), "flow", "publish", "main"],
        env={**os.environ, **gateway.environment, "GATEWAY_FLOWS_FOLDER": str(drafts)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "main.yaml:" in done.stderr and "nowhere" in done.stderr
    async with gateway.phone("13912360300") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        await call.hang_up()
    assert (await gateway.call_of("13912360300"))["flow"] == "main@1"


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("GATEWAY_WEB_PORT", "abc", "GATEWAY_WEB_PORT"),
        ("GATEWAY_CENTRE_TIMEZONE", "Asia/Linfen", "timezone"),
        ("GATEWAY_FLOWS_FOLDER", "no_such_folder", "no_such_folder"),
        ("GATEWAY_RULES_FOLDER", "no_such_folder", "no_such_folder"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_2(tmp_path: Path, name: str, value: str, word: str) -> None:
    made = new_gateway(tmp_path)
    done = subprocess.run(
        [*made.argv(), "run"],
        env={**os.environ, **made.environment, name: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert word in done.stderr
    assert "Traceback" not in done.stderr
