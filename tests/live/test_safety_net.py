"""The gateway is killed, hangs, or comes back; Asterisk is killed. Nobody is lost and nobody doubled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone
from tests.live.conftest import ROOT, Gateway

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"


async def greeted(phone: Phone) -> Call:
    call = await phone.dial("12315")
    await call.wait_prompt("welcome", timeout=10)
    return call


async def leaves_a_message(call: Call) -> None:
    """Hears the apology, speaks after the tone, hangs up."""
    await call.wait_prompt("sorry_system", timeout=15)
    await call.wait_prompt("beep", timeout=30)
    await call.say(SPEECH)
    await call.hang_up()


def items_of(gateway: Gateway, caller: str) -> list[dict[str, Any]]:
    return [item for item in gateway.queue() if item["person"]["phone"] == caller]


async def test_killed_in_the_menu(own_gateway: Gateway) -> None:
    """The caller in the menu goes on, the next one is answered; both messages are there once afterwards."""
    gateway = own_gateway
    async with gateway.phone("13912350001") as one, gateway.phone("13912350002") as two:
        first = await greeted(one)
        gateway.kill()
        second = await two.dial("12315")
        await asyncio.gather(leaves_a_message(first), leaves_a_message(second))
    for _ in range(2):
        gateway.start()
        for caller in ("13912350001", "13912350002"):
            record = await gateway.call_of(caller)
            assert record["outcome"] == "message" and record["recording"]
            found = items_of(gateway, caller)
            assert [item["number"] for item in found] == [record["number"]]
            assert found[0]["attachments"]
        gateway.kill()
    assert not list(gateway.places.messages.iterdir())


async def test_stopped_process_loses_its_callers_to_the_queue(own_gateway: Gateway) -> None:
    """A gateway that hangs is as good as dead, until it goes on."""
    gateway = own_gateway
    async with gateway.seat("8001", "agent1", sign_in=True) as seat, gateway.phone("13912350003") as one:
        call = await greeted(one)
        assert gateway.process
        os.kill(gateway.process.pid, signal.SIGSTOP)
        seat.answer_with(Answer(0.2, 440))
        await call.wait_prompt("sorry_system", timeout=10)
        rung = await seat.incoming(20)
        await call.wait_tone(440, timeout=10)
        async with gateway.phone("13912350004") as two:
            second = await two.dial("12315")
            await second.wait_prompt("sorry_system", timeout=10)
            os.kill(gateway.process.pid, signal.SIGCONT)
            await rung.hang_up()
            await call.ended(10)
            await second.hang_up()
        assert (await gateway.call_of("13912350003"))["outcome"] == "talked"
        await gateway.call_of("13912350004")
        async with gateway.phone("13912350005") as three:  # and the flows are back
            await (await greeted(three)).hang_up()


async def test_a_talk_outlives_the_gateway(own_gateway: Gateway) -> None:
    gateway = own_gateway
    async with gateway.seat("8001", "agent1", sign_in=True) as seat, gateway.phone("13912350006") as one:
        seat.answer_with(Answer(0.2, 440))
        call = await greeted(one)
        await call.press("1")
        rung = await seat.incoming(15)
        await call.wait_tone(440, timeout=10)
        gateway.kill()
        await asyncio.sleep(1)  # Asterisk sees that its links are gone; nothing may happen to the talk
        rung.tone(880)
        await call.wait_tone(880, timeout=10)
        gateway.start()
        rung.tone(523)
        await call.wait_tone(523, timeout=10)
        await rung.hang_up()
        await call.ended(10)
        record = await gateway.call_of("13912350006")
        assert (record["outcome"], record["agent"]) == ("talked", "agent1")
        assert len(items_of(gateway, "13912350006")) == 1


async def test_asterisk_killed_every_caller_is_owed_a_call(own_gateway: Gateway) -> None:
    gateway = own_gateway
    async with gateway.phone("13912350007") as one, gateway.phone("13912350008") as two:
        await greeted(one)
        await greeted(two)
        os.kill(gateway.asterisk_pid(), signal.SIGKILL)
        for caller in ("13912350007", "13912350008"):
            record = await gateway.call_of(caller, limit=30)
            assert record["outcome"] == "cut_off"
            assert [item["task"] for item in items_of(gateway, caller)] == ["gave_up"]
    await asyncio.to_thread(gateway.wait_healthy)
    async with gateway.phone("13912350009") as three:
        await (await greeted(three)).hang_up()


async def test_a_clean_end_leaves_nothing_behind(own_gateway: Gateway) -> None:
    pid = own_gateway.asterisk_pid()
    assert own_gateway.stop() == 0
    assert not Path(f"/proc/{pid}").exists()
    own_gateway.start()


async def test_garbage_on_the_agi_port_disturbs_nobody(gateway: Gateway) -> None:
    address = ("127.0.0.1", gateway.config.agi.port)
    socks = [socket.create_connection(address) for _ in range(3)]
    socks[1].sendall(b"agi_network: yes\nhalf")
    with contextlib.suppress(OSError):  # closed in the middle of it
        socks[2].sendall(b"x" * 1_000_000)
    async with gateway.phone("13912350010") as phone:
        await (await greeted(phone)).hang_up()
    for sock in socks:
        sock.close()
    assert (await gateway.call_of("13912350010"))["outcome"] == "gave_up"


async def test_nothing_listens_beyond_loopback(gateway: Gateway) -> None:
    """Every socket of the gateway and of Asterisk is bound to 127.0.0.1, but for the two from which
    Asterisk's SIP stack asks the name servers: one for IPv4, one for IPv6, on ports of no meaning."""
    assert gateway.process
    ours = {port for name, port in gateway.environment.items() if name.endswith("_PORT")}
    beyond = []
    for pid in (gateway.process.pid, gateway.asterisk_pid()):
        for address in bound(pid):
            if not address.startswith("0100007F:"):
                beyond.append(address)
    assert len(beyond) <= 2
    assert not {str(int(address.rpartition(":")[2], 16)) for address in beyond} & ours


def bound(pid: int) -> list[str]:
    """Local addresses (hex) of a process's listening TCP and bound UDP sockets."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(fd.readlink())
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = []
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            parts = row.split()
            if parts[9] in inodes and parts[3] == state:
                found.append(parts[1])
    return found
