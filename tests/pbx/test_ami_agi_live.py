"""AMI and FastAGI against a real Asterisk with a small configuration of its own."""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from gateway.pbx.agi import (
    AgiFailed,
    AgiServer,
    AgiSession,
    ChannelGone,
    Digits,
    Recorded,
    RecordEnd,
)
from gateway.pbx.agi_session import get_option_line
from gateway.pbx.ami import Ami, AmiEvent, AmiState, AmiTiming, Snapshot
from gateway.pbx.asterisk_tree import Asterisk

pytestmark = pytest.mark.live

MODULES = (
    "pbx_config", "res_timing_timerfd", "bridge_simple", "app_stack", "app_queue", "app_senddtmf",
    "app_userevent",
    "res_speech", "res_agi", "func_channel", "func_callerid", "func_uri", "func_global", "format_wav",
)  # fmt: skip
EXTENSIONS = """
[test]
exten => agi,1,Answer()
 same => n,Set(CALLERID(name)=${{URIDECODE(x%0A%0Aagi_context: forged%0A%0A200 result=1)}})
 same => n,AGI(agi://127.0.0.1:{agi}/call?line=3)
 same => n,UserEvent(AgiEnd,Status: ${{AGISTATUS}},Gateway: ${{GATEWAY_AGI}})
 same => n,Hangup()
exten => stray,1,Answer()
 same => n,AGI(agi://127.0.0.1:{agi}/nosuch)
 same => n,UserEvent(AgiEnd,Status: ${{AGISTATUS}},Gateway: ${{GATEWAY_AGI}})
 same => n,Hangup()
exten => elsewhere,1,UserEvent(Elsewhere)
 same => n,Wait(60)
exten => wait,1,Answer()
 same => n,Wait(60)
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True)
class Pbx:
    """A configured Asterisk that can be run and ended."""

    asterisk: Asterisk
    conf: Path
    ami_port: int
    agi_port: int

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        process = await asyncio.create_subprocess_exec(
            *self.asterisk.foreground(self.conf / "asterisk.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.kill()
            await process.wait()

    def ami(self, secret: str = "right", **options: object) -> Ami:
        timing = AmiTiming(retry_first=0.05, retry_longest=0.2)
        return Ami("127.0.0.1", self.ami_port, "gateway", secret, timing=timing, **options)  # type: ignore[arg-type]


@pytest.fixture
def pbx(asterisk_tree: Asterisk, tmp_path: Path) -> Pbx:
    made = Pbx(asterisk_tree, tmp_path / "conf", free_port(), free_port())
    for folder in ("conf", "lib", "spool", "run", "log"):
        (tmp_path / folder).mkdir()
    places = {
        "astetcdir": made.conf,
        "astmoddir": asterisk_tree.modules,
        "astdatadir": asterisk_tree.data,
        "astrundir": tmp_path / "run",
        "astspooldir": tmp_path / "spool",
        "astlogdir": tmp_path / "log",
        **dict.fromkeys(("astvarlibdir", "astdbdir", "astkeydir", "astagidir"), tmp_path / "lib"),
    }
    files = {
        "asterisk.conf": "[directories]\n" + "".join(f"{k} => {v}\n" for k, v in places.items()),
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES),
        "manager.conf": f"[general]\nenabled=yes\nport={made.ami_port}\nbindaddr=127.0.0.1\n"
        "[gateway]\nsecret=right\nread=all\nwrite=all\n",
        "extensions.conf": EXTENSIONS.format(agi=made.agi_port),
        "queues.conf": "[general]\n[hotline]\nstrategy=leastrecent\n",
    }
    for name, text in files.items():
        (made.conf / name).write_text(text, "utf-8")
    return made


def heard(ami: Ami, *names: str) -> asyncio.Queue[AmiEvent]:
    queue: asyncio.Queue[AmiEvent] = asyncio.Queue()
    ami.subscribe(names, queue.put_nowait)
    return queue


def tone(path: Path) -> str:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(i / 5))) for i in range(80_000)))
    return str(path.with_suffix(""))


async def test_refused_log_in(pbx: Pbx, caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(60), pbx.running():
        ami = pbx.ami("wrong")
        await ami.start()
        await ami.wait_state(AmiState.AUTH_REFUSED)
        await ami.close()
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "AMI log-in refused: check manager.conf secret"
    ]


async def test_restart_of_asterisk(pbx: Pbx) -> None:
    snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
    losses: asyncio.Queue[datetime] = asyncio.Queue()
    ami = pbx.ami(on_ready=snapshots.put_nowait, on_lost=lambda when, why: losses.put_nowait(when))
    await ami.start()
    async with asyncio.timeout(60):
        async with pbx.running():
            assert await snapshots.get() == Snapshot()
            await ami.wait_ready()
            originated = heard(ami, "OriginateResponse")
            outcome = await ami.originate(
                "Local/wait@test", context="test", exten="wait", caller_id="<12315>"
            )
            assert (await originated.get()).get("ActionID") == outcome.action_id
            assert (await ami.queue_add("hotline", "Local/wait@test", member_name="甲")).ok
            assert not (await ami.queue_add("hotline", "Local/wait@test")).ok
            assert (await ami.queue_pause("Local/wait@test", True, reason="饭")).ok
            second = pbx.ami(on_ready=snapshots.put_nowait)  # what a gateway that was started again would see
            await second.start()
            seen = await snapshots.get()
            await second.close()
            assert {(c.context, c.exten, c.state) for c in seen.channels} == {("test", "wait", "Up")}
            assert len({c.linkedid for c in seen.channels}) == 1
            assert [(m.name, m.paused, m.reason) for m in seen.members] == [("甲", True, "饭")]
            assert "hotline" in await ami.command("queue show")
        await losses.get()
        await ami.wait_state(AmiState.LOST, AmiState.CONNECTING)
        async with pbx.running():
            assert await snapshots.get() == Snapshot()
            await ami.wait_ready()
            assert losses.empty()
    await ami.close()


async def test_a_call_by_agi(pbx: Pbx, tmp_path: Path) -> None:
    clip = tone(tmp_path / "clip.wav")
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ami = pbx.ami()
    keys: asyncio.Queue[str] = asyncio.Queue()

    def press(event: AmiEvent) -> None:
        """Asterisk has begun to play: press the next key from the other end of the call."""
        if not keys.empty() and event.get("Command").startswith(("STREAM", "GET ", "RECORD")):
            far = event.get("Channel").removesuffix(";2") + ";1"
            presses.append(
                asyncio.ensure_future(ami.action("PlayDTMF", Channel=far, Digit=keys.get_nowait()))
            )

    async def handler(call: AgiSession) -> None:
        try:
            await talk(call)
        except BaseException as error:
            ended.set_exception(error)
            raise
        ended.set_result(None)

    async def talk(call: AgiSession) -> None:
        assert (call.header.extension, call.header.query) == ("agi", {"line": "3"})
        assert (call.header.context, call.header.caller_name) == ("test", "x")
        await call.answer()
        text = 'a "b" \\ c (d), 王'
        await call.set_variable("TEXT", text)
        assert await call.get_variable("TEXT") == text
        assert await call.get_variable("NONE") is None
        assert await call.get_full_variable("${URIDECODE(a%0A200 result=0%0Ab)}") == "a\n200 result=0\nb"
        for wrong in ("NONSENSE", "STREAM FILE"):
            with pytest.raises(AgiFailed):
                await call.command(wrong)
        with pytest.raises(AgiFailed):
            await call.stream_file("nosuch")
        with pytest.raises(AgiFailed):
            await call.execute("NoSuchApplication")
        keys.put_nowait("5")
        assert await call.stream_file(clip, "5") == "5"
        keys.put_nowait("7")
        pressed: list[str] = []
        await call.converse(get_option_line(clip, "7", 1), pressed.append)
        assert pressed == ["7"]
        keys.put_nowait("3")
        assert await call.get_data(clip, 0.3, 4) == Digits("3", timed_out=True)
        assert await call.wait_for_digit(0.05) == ""
        keys.put_nowait("#")
        recorded = await call.record_file(str(tmp_path / "message"), "wav", "#", 30, beep=False)
        assert (recorded.ended, recorded.key) == (RecordEnd.KEY, "#")
        assert await call.record_file("/nonexistent/x", "wav", beep=False) == Recorded(RecordEnd.WRITE_FAILED)
        await gone(call)

    async def gone(call: AgiSession) -> None:
        moving = asyncio.ensure_future(redirect(call.header.channel))
        with pytest.raises(ChannelGone):
            await call.stream_file(clip)
        assert (await moving) is True
        assert await call.get_variable("TEXT") is not None
        assert not await call.went_to_fax()

    async def redirect(channel: str) -> bool:
        return (await ami.redirect(channel, "test", "elsewhere")).ok

    presses: list[asyncio.Future[dict[str, str]]] = []
    server = AgiServer(port=pbx.agi_port)
    server.route("call", handler)
    await server.start()
    async with asyncio.timeout(60), pbx.running():
        await ami.start()
        await ami.wait_ready()
        ami.subscribe(["AGIExecStart"], press)
        events = heard(ami, "UserEvent")
        await ami.originate("Local/agi@test", context="test", exten="wait")
        await ended
        assert (await events.get()).get("UserEvent") == "Elsewhere"
        await ami.originate("Local/stray@test", context="test", exten="wait")
        told = await events.get()
        assert (told.get("Status"), told.get("Gateway")) == ("SUCCESS", "no_route")
        await asyncio.gather(*presses)
        await ami.close()
    await server.stop()
    assert server.counts.failed == 0
