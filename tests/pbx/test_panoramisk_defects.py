"""What panoramisk 1.4 does bare, and the same input through ours (docs/developing/panoramisk.md).

When a test of the bare library fails after an update, a defect has gone: look whether our
subclass is still needed there. Hangs are shown within a short time box.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.call_manager import CallManager
from panoramisk.fast_agi import Application, Request
from panoramisk.message import Message
from panoramisk.utils import parse_agi_result

from gateway.pbx.agi import AgiFailed, AgiLimits, AgiServer, AgiSession, ChannelGone, Digits
from gateway.pbx.ami import Ami, AmiLost, AmiState, AmiTimeout, AmiTiming
from gateway.pbx.ami_frames import AmiFrames, fields_of
from tests.pbx.pbx_peers import AgiPeer, AmiPeer, error, frame, header, silence, success

BOX = 0.2  # seconds given to something that never comes
QUICK = AmiTiming(retry_first=0.01, retry_longest=0.02)

BareHandler = Callable[[Request], Awaitable[None]]
OurHandler = Callable[[AgiSession], Awaitable[None]]


@asynccontextmanager
async def bare_agi(handler: BareHandler, script: bytes = b"call") -> AsyncIterator[tuple[Application, int]]:
    app = Application(loop=asyncio.get_running_loop())
    app.add_route(script.decode(), handler)
    server = await asyncio.start_server(app.handler, "127.0.0.1", 0)
    yield app, server.sockets[0].getsockname()[1]
    server.close()


@asynccontextmanager
async def our_agi(handler: OurHandler, **options: Any) -> AsyncIterator[AgiServer]:
    server = AgiServer(port=0, **options)
    server.route("call", handler)
    await server.start()
    yield server
    await server.stop()


async def bare_answers(raw: bytes, *commands: str, box: float = 20) -> list[Any]:
    """What the bare library makes of bytes that Asterisk says after the first command."""
    got: asyncio.Queue[Any] = asyncio.Queue()

    async def handler(request: Request) -> None:
        for command in commands:
            got.put_nowait(await request.send_command(command))
        got.put_nowait(None)

    async with bare_agi(handler) as (_, port):
        return await exchange(port, raw, got, box)


async def our_answers(raw: bytes, *commands: str) -> list[Any]:
    got: asyncio.Queue[Any] = asyncio.Queue()

    async def handler(call: AgiSession) -> None:
        for command in commands:
            try:
                got.put_nowait(await call.command(command))
            except (AgiFailed, ChannelGone, ValueError) as error:
                got.put_nowait(type(error))
        got.put_nowait(None)

    async with our_agi(handler) as server:
        return await exchange(server.port, raw, got, 20)


async def exchange(port: int, raw: bytes, got: asyncio.Queue[Any], box: float) -> list[Any]:
    peer = await AgiPeer.connect(port)
    await peer.hear()
    peer.say(raw)
    found: list[Any] = []
    try:
        while (one := await asyncio.wait_for(got.get(), box)) is not None:
            found.append(one)
    except TimeoutError:
        found.append("waits")
    await peer.close()
    return found


async def never(awaitable: Awaitable[Any]) -> bool:
    try:
        await asyncio.wait_for(awaitable, BOX)
    except TimeoutError:
        return True
    return False


# ---------------------------------------------------------------- FastAGI

PORT_CHECK = """
import asyncio, signal
from panoramisk.fast_agi import Application
from gateway.pbx.agi import AgiServer

async def bare():
    app = Application(loop=asyncio.get_running_loop())
    server = await asyncio.start_server(app.handler, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]

async def ours():
    server = AgiServer(port=0)
    await server.start()
    return server.port

async def main(serve, box):
    print("begun", flush=True)
    signal.alarm(box)
    reader, writer = await asyncio.open_connection("127.0.0.1", await serve())
    writer.close()
    for _ in range(100):
        await asyncio.sleep(0.001)
    print("alive")
"""


@pytest.mark.parametrize(("which", "box", "said"), [("bare", 1, "begun\n"), ("ours", 20, "begun\nalive\n")])
def test_connect_and_close_stops_the_process(which: str, box: int, said: str) -> None:
    code = f"{PORT_CHECK}\nasyncio.run(main({which}, {box}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == said
    assert done.returncode == (0 if "alive" in said else -signal.SIGALRM)


async def test_no_limit_on_the_header() -> None:
    begun = asyncio.Event()

    async def handler(call: object) -> None:
        begun.set()

    async with bare_agi(handler) as (_, port):
        silent = await AgiPeer.connect(port, b"agi_network: yes\n")
        assert await never(silent.reader.read())
        silent.say(b"agi_x: y\n" * 20_000 + b"agi_network_script: call\n\n")
        await asyncio.wait_for(begun.wait(), 20)
        await silent.close()
    begun.clear()
    async with our_agi(handler, limits=AgiLimits(header_seconds=0.05)) as server:
        for block in (b"agi_network: yes\n", b"agi_x: y\n" * 20_000 + b"agi_network_script: call\n\n"):
            peer = await AgiPeer.connect(server.port, block)
            assert await peer.rest() == b""
            await peer.close()
        assert (server.counts.bad_header, begun.is_set()) == (2, False)


async def test_lost_connection_is_a_value_error() -> None:
    got: asyncio.Queue[type[BaseException]] = asyncio.Queue()

    async def handler(call: Any) -> None:
        try:
            await call.send_command("NOOP")
        except Exception as error:
            got.put_nowait(type(error))

    async with bare_agi(handler) as (_, port):
        await (await AgiPeer.connect(port)).close()
        assert await got.get() is ValueError
    async with our_agi(handler) as server:
        await (await AgiPeer.connect(server.port)).close()
        assert await got.get() is ChannelGone


async def test_hangup_line_is_taken_for_an_answer() -> None:
    raw = b"HANGUP\n511 dead\n200 result=1 (late)\n"
    bare = await bare_answers(raw, "STREAM FILE a", "GET VARIABLE B")
    assert [answer.get("status_code") for answer in bare] == [None, 511]  # B's answer is A's
    got: list[object] = []

    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.stream_file("a")
        got.append(await call.get_variable("B"))

    async with our_agi(handler) as server:
        peer = await AgiPeer.connect(server.port)
        await peer.answer(b"HANGUP\n511 dead\n")
        await peer.answer(b"200 result=1 (true)\n")
        await peer.rest()
        await peer.close()
    assert got == ["true"]


async def test_usage_texts() -> None:
    single = b"520 Invalid command syntax.  Proper usage not available.\n"
    assert await bare_answers(single, "STREAM FILE", box=BOX) == ["waits"]
    assert await our_answers(single, "STREAM FILE") == [AgiFailed]
    block = b"520-Invalid command syntax.\n Usage: X\n more\n520 End of proper usage.\n200 result=1\n"
    bare = await bare_answers(block, "STREAM FILE", "NOOP", box=BOX)
    assert bare[1] == "waits" or bare[1]["result"] != ("1", "")  # the text is taken for NOOP's answer
    assert await our_answers(block, "STREAM FILE") == [AgiFailed]


async def test_timeout_without_digits_is_lost() -> None:
    assert parse_agi_result("200 result= (timeout)")["result"] == ("", "")
    got: list[Digits] = []

    async def handler(call: AgiSession) -> None:
        got.append(await call.get_data("number", 3, 12))

    async with our_agi(handler) as server:
        peer = await AgiPeer.connect(server.port)
        await peer.answer(b"200 result= (timeout)\n")
        await peer.rest()
        await peer.close()
    assert got == [Digits("", timed_out=True)]


async def test_a_value_hangup_counts_as_a_hangup() -> None:
    raw = b"200 result=1 (hangup)\n"
    (bare,) = await bare_answers(raw, "GET VARIABLE REASON")
    assert bare["error"] == "AGIResultHangup"
    (ours,) = await our_answers(raw, "GET VARIABLE REASON")
    assert (ours.result, ours.data) == ("1", "hangup")


async def test_a_line_end_makes_a_second_command() -> None:
    async def bare(request: Request) -> None:
        await request.send_command('SET VARIABLE A "x"\nEXEC System evil')

    async with bare_agi(bare) as (_, port):
        peer = await AgiPeer.connect(port)
        assert [await peer.hear(), await peer.hear()] == ['SET VARIABLE A "x"', "EXEC System evil"]
        peer.say(b"200 result=1\n")
        await peer.close()

    async def ours(call: AgiSession) -> None:
        with pytest.raises(ValueError):
            await call.set_variable("A", 'x"\nEXEC System evil')
        await call.answer()

    async with our_agi(ours) as server:
        peer = await AgiPeer.connect(server.port)
        assert await peer.answer(b"200 result=0\n") == "ANSWER"
        await peer.close()


async def test_a_gbk_name_loses_the_call(caplog: pytest.LogCaptureFixture) -> None:
    names: asyncio.Queue[str] = asyncio.Queue()

    async def bare(request: Request) -> None:
        names.put_nowait(request.headers["agi_calleridname"])

    async def ours(call: AgiSession) -> None:
        names.put_nowait(call.header.caller_name)

    block = header(name="王小明".encode("gbk"))
    failed = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failed.set())
    async with bare_agi(bare) as (_, port):
        peer = await AgiPeer.connect(port, block)
        await failed.wait()
        assert names.empty()
        await peer.close()
    async with our_agi(ours) as server:
        peer = await AgiPeer.connect(server.port, block)
        assert await names.get() == "王小明"
        await peer.close()


async def test_a_query_string_finds_no_route() -> None:
    got: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def bare(request: Request) -> None:
        got.put_nowait({})

    async def ours(call: AgiSession) -> None:
        got.put_nowait(dict(call.header.query))

    async with bare_agi(bare) as (_, port):
        peer = await AgiPeer.connect(port, header(b"call?line=3"))
        assert await peer.rest() == b""
        assert got.empty()
        await peer.close()
    async with our_agi(ours) as server:
        peer = await AgiPeer.connect(server.port, header(b"call?line=3"))
        assert await got.get() == {"line": "3"}
        await peer.close()


async def test_cancellation_is_swallowed() -> None:
    begun = asyncio.Event()

    async def handler(call: object) -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    async def run(app: Application, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        task = asyncio.ensure_future(app.handler(reader, writer))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    app = Application(loop=asyncio.get_running_loop())
    app.add_route("call", handler)
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.set_result(await run(app, reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer = await AgiPeer.connect(server.sockets[0].getsockname()[1])
    assert await ended is False
    await peer.close()
    server.close()

    begun.clear()
    async with our_agi(handler) as ours:
        peer = await AgiPeer.connect(ours.port)
        await begun.wait()
        (task,) = ours._tasks
        await ours.stop()
        assert task.cancelled()
        await peer.close()


async def test_a_plain_function_as_handler() -> None:
    with pytest.raises(AttributeError):
        Application(loop=asyncio.get_running_loop()).add_route("call", lambda request: None)


# ---------------------------------------------------------------- AMI


@asynccontextmanager
async def bare_ami(peer: AmiPeer, **config: Any) -> AsyncIterator[Manager]:
    """The library as its documentation shows it, tamed at the end so that it lets go of the loop."""
    settings = {"username": "u", "secret": "s", "reconnect_timeout": 0} | config
    manager = Manager(host="127.0.0.1", port=peer.port, loop=asyncio.get_running_loop(), **settings)
    await manager.connect()
    await peer.wait_asked("Login")
    try:
        yield manager
    finally:
        manager.connect = lambda: None
        manager.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def our_ami(peer: AmiPeer, **timing: float) -> AsyncIterator[Ami]:
    ami = Ami(
        "127.0.0.1", peer.port, "u", "s", timing=AmiTiming(retry_first=0.01, retry_longest=0.02, **timing)
    )
    await ami.start()
    await ami.wait_ready(20)
    yield ami
    await ami.close()


async def test_an_exception_in_a_callback_closes_the_link() -> None:
    def faulty(*_: object) -> None:
        raise LookupError("a fault of the consumer")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with AmiPeer() as peer, bare_ami(peer) as manager:
        manager.register_event("Hangup", faulty)
        peer.say(frame("Event: Hangup"))
        await peer.wait_connections(2)
    async with AmiPeer() as peer, our_ami(peer) as ami:
        ami.subscribe(["Hangup"], faulty)
        peer.say(frame("Event: Hangup"))
        await ami.action("Ping")
        assert peer.connections == 1


async def test_originate_without_async_closes_the_link() -> None:
    queued = success("Originate successfully queued")
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with AmiPeer() as peer, bare_ami(peer) as manager:
        peer.answers["Originate"] = queued
        manager.send_action({"Action": "Originate", "Channel": "Local/1@x"})
        await peer.wait_connections(2)
    async with AmiPeer() as peer, our_ami(peer) as ami:
        peer.answers["Originate"] = queued
        assert (await ami.action("Originate", Channel="Local/1@x"))["Response"] == "Success"
        assert peer.connections == 1


async def test_an_unanswered_originate_is_sent_again() -> None:
    """The second call to 110."""
    async with AmiPeer() as peer, bare_ami(peer) as manager:
        peer.answers["Originate"] = silence
        manager.send_action({"Action": "Originate", "Channel": "PJSIP/110@trunk", "Async": "true"})
        await peer.wait_asked("Originate")
        peer.drop()
        await peer.wait_asked("Originate", 2)
    async with AmiPeer() as peer, our_ami(peer) as ami:
        peer.answers["Originate"] = silence
        calling = asyncio.ensure_future(ami.action("Originate", Channel="PJSIP/110@trunk"))
        await peer.wait_asked("Originate")
        peer.drop()
        with pytest.raises(AmiLost):
            await calling
        await ami.wait_ready(20)
        await ami.action("Ping")
        assert (peer.connections, peer.asked("Originate")) == (2, 1)


async def test_an_action_waits_for_ever() -> None:
    async with AmiPeer() as peer, bare_ami(peer) as manager:
        peer.answers["Slow"] = silence
        assert await never(manager.send_action({"Action": "Slow"}))
    async with AmiPeer() as peer, our_ami(peer) as ami:
        peer.answers["Slow"] = silence
        with pytest.raises(AmiTimeout):
            await ami.action("Slow", limit=0.01)


async def test_a_refused_list_waits_for_ever() -> None:
    async with AmiPeer() as peer, bare_ami(peer) as manager:
        peer.answers["QueueStatus"] = error("Invalid/unknown command")
        assert await never(manager.send_action({"Action": "QueueStatus"}, as_list=True))


async def test_pings_are_never_checked() -> None:
    async with AmiPeer() as peer:
        peer.answers["Ping"] = silence
        async with bare_ami(peer, ping_delay=0, ping_interval=0):
            await peer.wait_asked("Ping", 20)
            assert peer.connections == 1
    async with AmiPeer() as peer, our_ami(peer, ping_every=0.01, ping_limit=0.02):
        peer.answers["Ping"] = silence
        await peer.wait_connections(2)


async def test_close_reconnects() -> None:
    """Closed while the link is down, the library comes back all the same."""
    async with AmiPeer() as peer:
        down = asyncio.Event()
        async with bare_ami(peer, on_disconnect=lambda manager, exc: (manager.close(), down.set())):
            peer.drop()
            await down.wait()
            await peer.wait_connections(2)
    async with AmiPeer() as peer, our_ami(peer) as ami:
        peer.drop()
        await ami.wait_state(AmiState.LOST, limit=20)
        await ami.close()
        async with our_ami(peer):  # by now ours would have come back
            assert peer.connections == 2


def test_no_back_off() -> None:
    assert Manager(reconnect_timeout=0.3).reconnect_timeout == 0
    ami = Ami("127.0.0.1", 1, "u", "s", chance=lambda: 0.0)
    assert [ami._pause(), ami._pause()] == [0.2, 0.4]


def test_a_character_split_over_two_segments_vanishes() -> None:
    raw = "Event: NewCallerid\r\nCallerIDName: 王\r\n\r\n".encode()
    cut = raw.index("王".encode()) + 1
    seen: list[Message] = []
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.encoding = "utf8"
    protocol.handle_message = seen.append
    protocol.data_received(raw[:cut])
    protocol.data_received(raw[cut:])
    assert "王" not in seen[0].calleridname
    frames = AmiFrames()
    assert frames.feed(b"Asterisk Call Manager/11.0.0\r\n" + raw[:cut]) == []
    assert fields_of(frames.feed(raw[cut:])[0])["CallerIDName"] == "王"


async def test_a_line_end_makes_a_second_action() -> None:
    evil = "x\r\n\r\nAction: Originate\r\nChannel: Local/1@x"
    assert "\r\n\r\nAction: Originate" in str(Action({"Action": "Setvar", "Value": evil}))
    async with AmiPeer() as peer, our_ami(peer) as ami:
        with pytest.raises(ValueError):
            await ami.action("Setvar", Value=evil)
        await ami.action("Ping")
        assert (peer.asked("Setvar"), peer.asked("Originate")) == (0, 0)


async def test_calls_of_one_second_are_mixed() -> None:
    calls = CallManager()
    for uniqueid in ("1763900000.1", "1763900000.2"):
        calls.handle_calls(calls, Message({"Event": "Newchannel", "Uniqueid": uniqueid}))
    assert len(calls.calls_queues) == 1
    async with AmiPeer() as peer, our_ami(peer) as ami:
        seen: set[str] = set()
        ami.subscribe(["Newchannel"], lambda event: seen.add(event.get("Uniqueid")))
        for uniqueid in ("1763900000.1", "1763900000.2"):
            peer.say(frame("Event: Newchannel", f"Uniqueid: {uniqueid}"))
        await ami.action("Ping")
        assert len(seen) == 2


async def test_a_refused_log_in_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    refused = error("Authentication failed")
    async with AmiPeer() as peer:
        peer.answers["Login"] = refused
        async with bare_ami(peer) as manager:
            await asyncio.wait_for(asyncio.shield(manager.authenticated_future), 20)
            assert "auth" not in caplog.text.lower()
    async with AmiPeer() as peer:
        peer.answers["Login"] = refused
        ami = Ami("127.0.0.1", peer.port, "u", "s", timing=QUICK)
        await ami.start()
        await ami.wait_state(AmiState.AUTH_REFUSED, limit=20)
        await ami.close()
    assert "AMI log-in refused: check manager.conf secret" in caplog.text
