"""What a stranger, a program on the same machine, or a seat's telephone tries against the service."""

from __future__ import annotations

import pytest

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
