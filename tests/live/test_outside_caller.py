"""A caller by a SIP program that is none of ours (SIPp): the message is in the queue, whole."""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path

import pytest

from gateway.setup.workshop import tool
from tests.live.conftest import ROOT, Gateway, free_ports

pytestmark = pytest.mark.live
HERE = Path(__file__).parent


async def test_a_message_by_somebody_elses_telephone(gateway: Gateway, tmp_path: Path) -> None:
    shutil.copy(HERE / "sipp" / "message.xml", tmp_path)
    shutil.copy(ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav", tmp_path / "speech.wav")
    sip, media = free_ports(2, socket.SOCK_DGRAM)
    process = await asyncio.create_subprocess_exec(
        str(tool("sipp")),
        *(gateway.sip, "-sf", "message.xml", "-s", "12315", "-m", "1", "-nostdin", "-timeout", "40"),
        *("-i", "127.0.0.1", "-p", str(sip), "-mp", str(media)),
        cwd=tmp_path,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(process.wait(), 60) == 0
    record = await gateway.call_of("13900001234")
    assert (record["outcome"], record["recording_state"]) == ("message", "saved")
    assert [step["keys"] for step in record["path"]][:2] == ["open", "5"]
    item = next(item for item in gateway.queue() if item["number"] == record["number"])
    assert (item["task"], item["person"]["phone"]) == ("listen", "13900001234")
    assert item["attachments"][0]["size"] > 4 * 16000
