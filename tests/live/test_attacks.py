"""What a stranger, a program on the same machine, or a seat's telephone tries against the service."""

from __future__ import annotations

import asyncio

import pytest

from gateway.caller.call import Late
from gateway.caller.phone import Forward
from tests.live.conftest import ROOT, Gateway
from tests.pbx.pbx_peers import AgiPeer, header

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"


async def test_a_program_on_this_machine_is_no_call(gateway: Gateway) -> None:
    """It knows all that Asterisk would say but the secret; a caller at the same time is served."""
    begun = header(b"call?line=1")
    for block in (begun, begun[:-1] + b"agi_arg_1: guessed\n\n"):
        peer = await AgiPeer.connect(gateway.config.agi.port, block)
        assert await peer.rest() == b""
        await peer.close()
    async with gateway.phone("13912370001") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.hang_up()
    assert "without the right secret" in gateway.log.read_text("utf-8")


async def test_no_other_user_of_the_machine_can_read_what_a_call_leaves(gateway: Gateway) -> None:
    """A message and its recording, journal, database, queue log, Asterisk's own state."""
    async with gateway.phone("13912370002") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("5")
        await call.wait_prompt("beep", timeout=20)
        await call.say(SPEECH)
        await call.hang_up()
    await gateway.call_of("13912370002")
    var = gateway.config.var
    opened = [
        path for path in (var, *var.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert opened == []


@pytest.mark.parametrize("to", ["913800138000", "PJSIP%2F13800138000%40trunk", "8003"])
async def test_a_diversion_set_on_a_seats_telephone_is_not_followed(gateway: Gateway, to: str) -> None:
    """The caller reaches the next seat, nothing is dialled, and the seat is paused and told why."""
    async with (
        gateway.phone("carrier", port=gateway.far_end) as carrier,
        gateway.seat("8003", "agent3", sign_in=False) as other,
        gateway.seat("8001", "agent1") as seat,
        gateway.phone("13912370003") as caller,
    ):
        seat.answer_with(Forward(f"sip:{to}@127.0.0.1"))
        call = await caller.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await seat.incoming()
        await until_state(gateway, "agent1", ("paused", "forward"))
        async with gateway.seat("8002", "agent2") as second:
            await second.incoming()
            await call.hang_up()
        assert not carrier.calls
        assert not other.calls
        with pytest.raises(Late):
            await seat.incoming(timeout=0.01)


async def until_state(gateway: Gateway, agent: str, wanted: tuple[str, str]) -> None:
    """Wait until the API tells this state and reason of an agent's seat."""
    async with asyncio.timeout(5):
        while True:
            agents = await asyncio.to_thread(gateway.api, "/api/v1/agents")
            row = next(row for row in agents["items"] if row["id"] == agent)
            if (row["state"], row["reason"]) == wanted:
                return
            await asyncio.sleep(0.05)
