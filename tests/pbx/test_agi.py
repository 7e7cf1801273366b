"""The FastAGI server and session against a scripted Asterisk, on both event loops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.pbx.agi import (
    AgiFailed,
    AgiLimits,
    AgiServer,
    AgiSession,
    AgiTimeout,
    ChannelGone,
    Digits,
    Recorded,
    RecordEnd,
    quote,
)
from gateway.pbx.agi_link import Line
from gateway.pbx.agi_session import get_option_line, stream_file_line
from tests.pbx.pbx_peers import AgiPeer, header

Handler = Callable[[AgiSession], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, **options: object) -> AsyncIterator[AgiServer]:
    server = AgiServer(port=0, **options)  # type: ignore[arg-type]
    server.route("/call/", handler)
    await server.start()
    try:
        async with asyncio.timeout(20):
            yield server
    finally:
        await server.stop()


@asynccontextmanager
async def one_call(handler: Handler, block: bytes | None = None) -> AsyncIterator[AgiPeer]:
    """A call whose handler's outcome is asserted at the end: an exception in it fails the test."""
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def watched(session: AgiSession) -> None:
        try:
            await handler(session)
        except BaseException as error:
            outcome.set_exception(error)
            raise
        outcome.set_result(None)

    async with serving(watched) as server:
        peer = await AgiPeer.connect(server.port, block)
        yield peer
        await outcome
        assert await peer.rest() == b""
        await peer.close()


# ---------------------------------------------------------------- verbs


async def test_verbs_and_their_lines() -> None:
    said: list[object] = []

    async def handler(call: AgiSession) -> None:
        assert (call.header.extension, call.header.query) == ("12315", {"line": "3"})
        await call.answer()
        said.append(await call.stream_file("hotline/hello", "12"))
        said.append(await call.stream_file("hotline/hello"))
        said.append(await call.wait_for_digit(1))
        said.append(await call.get_data("hotline/number", 3.0, 12))
        said.append(await call.get_data("hotline/number", 3.0, 12))
        await call.set_variable("NAME", 'a "b" \\ 中')
        said.append(await call.get_variable("NAME"))
        said.append(await call.get_variable("NONE"))
        said.append(await call.get_full_variable("${CHANNEL(state)}"))
        said.append(await call.execute("Queue", "hotline", "c", "", "60"))
        await call.hangup()

    async with one_call(handler, header(b"call?line=3")) as peer:
        script = [
            ("ANSWER", b"200 result=0\n"),
            ('STREAM FILE "hotline/hello" "12"', b"200 result=50 endpos=800\n"),
            ('STREAM FILE "hotline/hello" ""', b"200 result=0 endpos=8000\n"),
            ("WAIT FOR DIGIT 1000", b"100 Trying\n200 result=51\n"),
            ('GET DATA "hotline/number" 3000 12', b"200 result=123 (timeout)\n"),
            ('GET DATA "hotline/number" 3000 12', b"200 result=123456\n"),
            ('SET VARIABLE "NAME" "a \\"b\\" \\\\ 中"', b"200 result=1\n"),
            ('GET VARIABLE "NAME"', "200 result=1 (中)\n".encode()),
            ('GET VARIABLE "NONE"', b"200 result=0\n"),
            ('GET FULL VARIABLE "${CHANNEL(state)}"', b"200 result=1 (Up)\n"),
            ('EXEC "Queue" "hotline,c,,60"', b"200 result=0\n"),
            ("HANGUP", b"200 result=1\n"),
        ]
        for command, answer in script:
            assert await peer.answer(answer) == command
    assert said == ["2", "", "3", Digits("123", True), Digits("123456"), "中", None, "Up", 0]


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([b"200 result=35 (dtmf) endpos=16000\n"], Recorded(RecordEnd.KEY, "#", 16000)),
        ([b"200 result=0 (timeout) endpos=99\n"], Recorded(RecordEnd.TIMEOUT, "", 99)),
        ([b"200 result=-1 (hangup) endpos=77\nHANGUP\n"], Recorded(RecordEnd.HANGUP, "", 77)),
        (
            [b"200 result=-1 (hangup) endpos=77\n", b"HANGUP\n200 result=0\n"],
            Recorded(RecordEnd.HANGUP, "", 77),
        ),
        ([b"200 result=-1 (writefile)\n"], Recorded(RecordEnd.WRITE_FAILED)),
        ([b"200 result=-1 (randomerror) endpos=0\n", b"200 result=0\n"], Recorded(RecordEnd.ERROR)),
        ([b"200 result=35 (randomerror) endpos=0\n"], Recorded(RecordEnd.KEY, "#", 0)),
    ],
)
async def test_how_a_recording_ends(answers: list[bytes], outcome: Recorded) -> None:
    async def handler(call: AgiSession) -> None:
        assert await call.record_file("message/1", "wav", "#", 180, silence=8) == outcome

    async with one_call(handler) as peer:
        assert await peer.answer(answers[0]) == 'RECORD FILE "message/1" "wav" "#" 180000 BEEP s=8'
        for more in answers[1:]:
            assert await peer.answer(more) == "NOOP"


async def test_a_missing_clip_is_not_a_hangup() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(AgiFailed):
            await call.stream_file("nosuch")
        assert await call.stream_file("hotline/hello") == ""

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=-1 endpos=0\n")
        assert await peer.answer(b"200 result=0\n") == "NOOP"
        await peer.answer(b"200 result=0 endpos=8000\n")


async def test_refusals_leave_the_session_usable() -> None:
    async def handler(call: AgiSession) -> None:
        for wrong in ("NONSENSE", "STREAM FILE", "STREAM"):
            with pytest.raises(AgiFailed):
                await call.command(wrong)
        with pytest.raises(AgiFailed):
            await call.execute("NoSuchApp")
        assert (await call.command("NOOP")).result == "0"

    async with one_call(handler) as peer:
        await peer.answer(b"510 Invalid or unknown command\n")
        await peer.answer(b"520-Invalid command syntax.\n Usage: text\n\n520 End of proper usage.\n")
        await peer.answer(b"520 Invalid command syntax.  Proper usage not available.\n")
        await peer.answer(b"200 result=-2\n")
        await peer.answer(b"200 result=0\n")


@pytest.mark.parametrize("bad", ["a\nHANGUP", "a\rb", "a\0b"])
async def test_no_second_line(bad: str) -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ValueError):
            quote(bad)
        with pytest.raises(ValueError):
            await call.command(bad)
        with pytest.raises(ValueError):
            await call.set_variable("NAME", bad)
        with pytest.raises(ValueError):
            await call.command("NOOP " + "x" * 2_046)

    async with one_call(handler):
        pass


# ---------------------------------------------------------------- one prompt after another

MENU = get_option_line("hotline/menu", "12", 5)


class Menus:
    """Gives these lines one after another, and keeps the keys that it is called with."""

    def __init__(self, *lines: Line | None) -> None:
        self.lines = [*lines, None]
        self.keys: list[str] = []

    def __call__(self, key: str) -> Line | None:
        self.keys.append(key)
        return self.lines[len(self.keys) - 1]


async def test_the_next_line_follows_each_key() -> None:
    menus = Menus(stream_file_line("hotline/hello", "1"), MENU)

    async def handler(call: AgiSession) -> None:
        await call.converse(MENU, menus)
        assert menus.keys == ["1", "", "2"]
        await call.answer()

    async with one_call(handler) as peer:
        assert await peer.answer(b"200 result=49 endpos=800\n") == 'GET OPTION "hotline/menu" "12" 5000'
        assert await peer.answer(b"200 result=0 endpos=8000\n") == 'STREAM FILE "hotline/hello" "1"'
        assert await peer.answer(b"100 Trying\n200 result=50\n") == 'GET OPTION "hotline/menu" "12" 5000'
        assert await peer.answer(b"200 result=0\n") == "ANSWER"


async def test_the_next_line_is_sent_while_the_answer_is_read() -> None:
    """No task is woken in between, which takes longer than all the rest."""
    tasks: list[object] = []

    def following(key: str) -> Line | None:
        tasks.append(asyncio.current_task())
        return MENU if key == "1" else None

    async def handler(call: AgiSession) -> None:
        await call.converse(MENU, following)

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=49\n")
        await peer.answer(b"200 result=50\n")
    assert tasks == [None, None]


async def test_a_clip_that_is_missing_ends_the_conversation() -> None:
    menus = Menus(stream_file_line("nosuch"))

    async def handler(call: AgiSession) -> None:
        with pytest.raises(AgiFailed, match="play a clip"):
            await call.converse(MENU, menus)
        assert menus.keys == ["1"]
        await call.converse(MENU, menus)

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=49\n")
        assert await peer.answer(b"200 result=-1 endpos=0\n") == 'STREAM FILE "nosuch" ""'
        assert await peer.answer(b"200 result=0\n") == "NOOP"
        await peer.answer(b"200 result=50\n")
    assert menus.keys == ["1", "2"]


@pytest.mark.parametrize("together", [True, False], ids=["with the key", "before the answer"])
async def test_a_hangup_in_a_conversation(together: bool) -> None:
    """A key that came with the hang-up was pressed: the walk notes it. Nothing is sent any more."""
    menus = Menus(MENU)

    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.converse(MENU, menus)
        assert menus.keys == (["1"] if together else [])

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=49\nHANGUP\n" if together else b"HANGUP\n200 result=49\n")


async def test_a_fault_in_between_reaches_whoever_converses() -> None:
    def following(key: str) -> Line | None:
        raise RuntimeError(key)

    async def handler(call: AgiSession) -> None:
        with pytest.raises(RuntimeError, match="1"):
            await call.converse(MENU, following)
        await call.answer()  # the connection is still in step

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=49\n")
        assert await peer.answer(b"200 result=0\n") == "ANSWER"


async def test_a_conversation_given_up_ends_the_session() -> None:
    menus = Menus(MENU)

    async def handler(call: AgiSession) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call.converse(MENU, menus), 0.02)
        with pytest.raises(ChannelGone):
            await call.answer()
        assert menus.keys == []

    async with one_call(handler) as peer:
        await peer.hear()


# ---------------------------------------------------------------- hang-ups


async def test_hangup_line_before_the_answer() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")
        assert call.gone
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")
        assert await call.get_variable("LINE") == "3"
        assert not await call.went_to_fax()

    async with one_call(handler) as peer:
        await peer.answer(b"HANGUP\n511 Command Not Permitted on a dead channel\n")
        assert await peer.answer(b"200 result=1 (3)\n") == 'GET VARIABLE "LINE"'
        assert await peer.answer(b"200 result=0\n") == 'GET VARIABLE "TONE_DETECT(rx)"'


async def test_after_a_hangup_nothing_is_sent_before_the_last_answer() -> None:
    """Asterisk reads one line of a segment and forgets the next: a second one would wait for ever."""

    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")
        assert await call.get_variable("LINE") == "3"

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=-1 endpos=160\n")
        assert await peer.answer(b"HANGUP\n") == "NOOP"
        asking = asyncio.ensure_future(peer.hear())
        assert await asyncio.wait({asking}, timeout=0.05) == (set(), {asking})
        peer.say(b"200 result=0\n")
        assert await asking == 'GET VARIABLE "LINE"'
        peer.say(b"200 result=1 (3)\n")


async def test_hangup_and_no_last_answer() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")
        with pytest.raises(ChannelGone):
            await call.get_variable("LINE")

    async with one_call(handler) as peer:
        await peer.answer(b"HANGUP\n")


async def test_fax() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.converse(get_option_line("hotline/menu", "1", 5), lambda key: None)
        assert await call.went_to_fax()

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=-1 endpos=8\nHANGUP\n")
        assert await peer.answer(b"200 result=1 (2)\n") == 'GET VARIABLE "TONE_DETECT(rx)"'


async def test_hangup_between_commands() -> None:
    async def handler(call: AgiSession) -> None:
        await call.answer()
        assert call.gone
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=0\nHANGUP\n")


async def test_dead_channel_and_closed_connection() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.answer()
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/hello")
        with pytest.raises(ChannelGone):
            await call.get_variable("LINE")
        assert not await call.went_to_fax()

    async with one_call(handler) as peer:
        await peer.answer(b"511 Command Not Permitted on a dead channel\n")
        await peer.hear()
        peer.writer.close()


async def test_time_limit_closes_the_connection() -> None:
    async def handler(call: AgiSession) -> None:
        await call.command("NOOP", 300)
        with pytest.raises(AgiTimeout):
            await call.command("NOOP", 0.02)
        with pytest.raises(ChannelGone):
            await call.command("NOOP")

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=0\n")
        await peer.hear()


async def test_a_command_given_up_ends_the_session() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call.stream_file("hotline/hello"), 0.02)
        with pytest.raises(ChannelGone):
            await call.stream_file("hotline/menu")

    async with one_call(handler) as peer:
        await peer.hear()


async def test_two_commands_at_once_are_a_mistake_of_ours() -> None:
    async def handler(call: AgiSession) -> None:
        first = asyncio.ensure_future(call.answer())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await call.answer()
        await first

    async with one_call(handler) as peer:
        await peer.answer(b"200 result=0\n")


async def test_a_flood_of_lines_ends_that_call() -> None:
    async def handler(call: AgiSession) -> None:
        with pytest.raises(ChannelGone):
            await call.answer()

    async with one_call(handler) as peer:
        await peer.answer(b"junk\n" * 1000)


# ---------------------------------------------------------------- bad peers


async def polite(call: AgiSession) -> None:
    await call.answer()


async def works(server: AgiServer) -> None:
    """Somebody else's call goes through while a bad peer does its worst."""
    peer = await AgiPeer.connect(server.port)
    assert await peer.answer(b"200 result=0\n") == "ANSWER"
    assert await peer.rest() == b""
    await peer.close()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"agi_network: yes\nagi_req",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01" * 50,
        b"x" * 1_000_000,
        b"agi_a: b\n" * 300,
    ],
    ids=["silence", "half a header", "http", "tls", "1 MB", "300 lines"],
)
async def test_a_bad_peer_costs_its_own_connection(block: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with serving(polite, limits=AgiLimits(header_seconds=0.2)) as server:
        bad = await AgiPeer.connect(server.port, block)
        await works(server)
        assert b"ANSWER" not in await bad.rest()
        await bad.close()
        await works(server)
        assert server.counts.bad_header + server.counts.no_route == 1
    assert not [r for r in caplog.records if r.name == "asyncio"]


async def test_connect_and_close() -> None:
    async with serving(polite) as server:
        for _ in range(20):
            peer = await AgiPeer.connect(server.port, b"")
            await peer.close()
        await works(server)
        assert server.counts.calls == 1


async def test_a_stranger_is_closed_at_once() -> None:
    async with serving(polite, peers=["192.0.2.0/24", "::1"]) as server:
        peer = await AgiPeer.connect(server.port)
        assert await peer.rest() == b""
        await peer.close()
        assert (server.counts.refused_peer, server.counts.calls) == (1, 0)


async def test_the_header_may_come_in_pieces() -> None:
    block = header(b"call?a=1", "王".encode("gbk"))
    async with serving(polite) as server:
        peer = await AgiPeer.connect(server.port, b"")
        for i in range(0, len(block), 7):
            peer.say(block[i : i + 7])
            await asyncio.sleep(0)
        assert await peer.answer(b"200 result=0\n") == "ANSWER"
        await peer.close()


async def test_a_header_without_asterisks_last_field() -> None:
    async with serving(polite) as server:
        peer = await AgiPeer.connect(server.port, b"agi_network_script: call\nagi_uniqueid: 1.1\n\n")
        assert await peer.answer(b"200 result=0\n") == "ANSWER"
        await peer.close()


# ---------------------------------------------------------------- calls given back


async def test_no_route_busy_and_failure_are_told_to_the_dialplan() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def handler(call: AgiSession) -> None:
        begun.set()
        await release.wait()
        raise LookupError("a fault of the flow")

    async with serving(handler, limits=AgiLimits(calls=1)) as server:
        stray = await AgiPeer.connect(server.port, header(b"nosuch"))
        assert await stray.rest() == b'SET VARIABLE GATEWAY_AGI "no_route"\n'
        first = await AgiPeer.connect(server.port)
        await begun.wait()
        second = await AgiPeer.connect(server.port)
        assert await second.rest() == b'SET VARIABLE GATEWAY_AGI "busy"\n'
        release.set()
        assert await first.rest() == b'SET VARIABLE GATEWAY_AGI "failed"\n'
        counts = server.counts
        assert (counts.no_route, counts.refused_busy, counts.failed, counts.calls) == (1, 1, 1, 1)
        for peer in (stray, first, second):
            await peer.close()


async def test_connections_over_the_limit_are_closed() -> None:
    async with serving(polite, limits=AgiLimits(connections=1)) as server:
        first = await AgiPeer.connect(server.port)
        await first.hear()
        second = await AgiPeer.connect(server.port)
        assert await second.rest() == b""
        assert server.counts.refused_busy == 1
        await first.close()
        await second.close()


async def test_stop_cancels_calls_and_the_cancellation_gets_through() -> None:
    ended: list[str] = []
    begun = asyncio.Event()

    async def handler(call: AgiSession) -> None:
        begun.set()
        try:
            await call.stream_file("hotline/hello")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async with serving(handler) as server:
        peer = await AgiPeer.connect(server.port)
        await begun.wait()
        await server.stop()
        assert (ended, server.calls) == (["cancelled"], 0)
        assert (await peer.rest()).endswith(b'SET VARIABLE GATEWAY_AGI "stopped"\n')
        await peer.close()


async def test_many_calls_at_once() -> None:
    async def handler(call: AgiSession) -> None:
        for _ in range(20):
            assert await call.get_variable("WHO") == call.header.caller_name

    async def call(port: int, who: bytes) -> None:
        peer = await AgiPeer.connect(port, header(name=who))
        for _ in range(20):
            await peer.answer(b"200 result=1 (" + who + b")\n")
        assert await peer.rest() == b""
        await peer.close()

    async with serving(handler) as server:
        await asyncio.gather(*(call(server.port, b"caller %d" % i) for i in range(50)))
        assert (server.counts.calls, server.counts.failed) == (50, 0)


@pytest.mark.parametrize(
    ("argument", "heard"),
    [
        (b"", b""),
        (b"agi_arg_1: wrong\n", b""),
        (b"agi_arg_1: \xff\xfe\n", b""),
        (b"agi_arg_2: right\n", b""),
        (b"agi_arg_1: right\n", b"NOOP\n"),
    ],
)
async def test_only_a_request_with_the_secret_is_a_call(argument: bytes, heard: bytes) -> None:
    async def handler(session: AgiSession) -> None:
        await session.command("NOOP")

    async with serving(handler, secret="right") as server:
        peer = await AgiPeer.connect(server.port, header(more=argument))
        if heard:
            assert await peer.answer(b"200 result=0\n") == "NOOP"
        assert await peer.rest() == b""
        assert (server.counts.bad_secret, server.counts.calls) == ((0, 1) if heard else (1, 0))
        await peer.close()


async def test_a_callers_name_cannot_stand_for_the_secret() -> None:
    async def handler(session: AgiSession) -> None: ...

    async with serving(handler, secret="right") as server:
        peer = await AgiPeer.connect(
            server.port, header(name=b"x\nagi_arg_1: right", more=b"agi_arg_1: wrong\n")
        )
        assert await peer.rest() == b""
        assert server.counts.bad_secret == 1
        await peer.close()
