"""The AMI link against a scripted Asterisk, on both event loops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.pbx.ami import (
    Ami,
    AmiEvent,
    AmiFailed,
    AmiLost,
    AmiState,
    AmiTimeout,
    AmiTiming,
    ChannelSeen,
    QueueCallerSeen,
    QueueMemberSeen,
    Snapshot,
    assignment,
)
from tests.pbx.pbx_peers import AmiPeer, error, frame, listing, silence, success

QUICK = AmiTiming(retry_first=0.01, retry_longest=0.02, retry_refused=0.01)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@asynccontextmanager
async def linked(
    peer: AmiPeer,
    *,
    timing: AmiTiming = QUICK,
    on_ready: Callable[[Snapshot], Awaitable[None] | None] | None = None,
    on_lost: Callable[[datetime, str], Awaitable[None] | None] | None = None,
) -> AsyncIterator[Ami]:
    ami = Ami(
        "127.0.0.1",
        peer.port,
        "gateway",
        "secret",
        on_ready=on_ready,
        on_lost=on_lost,
        timing=timing,
        now=lambda: NOON,
    )
    await ami.start()
    try:
        async with asyncio.timeout(20):
            await ami.wait_ready()
            yield ami
    finally:
        await ami.close()


def heard(ami: Ami, *names: str) -> asyncio.Queue[AmiEvent]:
    queue: asyncio.Queue[AmiEvent] = asyncio.Queue()
    ami.subscribe(names, queue.put_nowait)
    return queue


# ---------------------------------------------------------------- actions


async def test_action_list_and_command() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        peer.answers["Getvar"] = success("", "Variable: A", "Value: 王")
        assert (await ami.action("Getvar", Channel="x", Variable="A"))["Value"] == "王"
        peer.answers["Parkinglots"] = listing("ParkinglotsComplete", ("Event: Parkinglot", "Name: 1"))
        assert [row["Name"] for row in await ami.action_list("Parkinglots")] == ["1"]
        peer.answers["Command"] = success("Command output follows", "Output: one", "Output: ", "Output: two")
        assert await ami.command("core show uptime") == "one\n\ntwo"
        peer.answers["Command"] = error("No such command")
        with pytest.raises(AmiFailed):
            await ami.command("nonsense")


async def test_a_list_may_be_refused_or_have_no_items() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        peer.answers["ConfbridgeList"] = error("No active conferences.")
        with pytest.raises(AmiFailed, match="No active conferences"):
            await ami.action_list("ConfbridgeList", Conference="r1")
        peer.answers["Strange"] = success("done")
        assert await ami.action_list("Strange") == []


async def test_typed_actions() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        peer.answers["Redirect"] = error("Channel does not exist")
        outcome = await ami.redirect("A", "hold", "r1", extra_channel="B", extra_context="consult")
        assert (outcome.ok, outcome.message) == (False, "Channel does not exist")
        assert (await ami.setvar_global("BEAT", "1")).ok
        assert (await ami.setvar("A", "__CALLERCHAN", "B")).ok
        assert (await ami.hangup("A")).ok
        assert (await ami.queue_add("hotline", "PJSIP/8001", member_name="甲", paused=True)).ok
        assert (await ami.queue_pause("PJSIP/8001", False, reason="饭")).ok
        assert (await ami.queue_remove("hotline", "PJSIP/8001")).ok
        sent = {
            action["Action"]: {k: v for k, v in action.items() if k not in ("Action", "ActionID")}
            for action in peer.actions
        }
        assert sent["Redirect"] == {
            "Channel": "A", "Context": "hold", "Exten": "r1", "Priority": "1",
            "ExtraChannel": "B", "ExtraContext": "consult", "ExtraExten": "r1", "ExtraPriority": "1",
        }  # fmt: skip
        assert sent["Setvar"] == {"Channel": "A", "Variable": "__CALLERCHAN", "Value": "B"}
        assert sent["Hangup"] == {"Channel": "A", "Cause": "16"}
        assert sent["QueueAdd"] == {
            "Queue": "hotline", "Interface": "PJSIP/8001", "MemberName": "甲", "Penalty": "0",
            "Paused": "true",
        }  # fmt: skip
        assert sent["QueuePause"] == {"Interface": "PJSIP/8001", "Paused": "false", "Reason": "饭"}
        assert sent["QueueRemove"] == {"Queue": "hotline", "Interface": "PJSIP/8001"}


async def test_originate_never_waits() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        peer.answers["Originate"] = success("Originate successfully queued")
        outcome = await ami.originate(
            "PJSIP/110@trunk", context="c", exten="1", variables={"A": "x,y", "B": "(z"}
        )
        answer = await ami.action("Originate", Channel="Local/1@c", ASYNC="false")
        assert (outcome.ok, answer["Response"]) == (True, "Success")
        first, second = (a for a in peer.actions if a["Action"] == "Originate")
        assert (first["Async"], first["ActionID"], first["Timeout"]) == ("true", outcome.action_id, "30000")
        assert first["Variable"] == "B=\\(z"
        assert (second["Async"], "ASYNC" in second) == ("true", False)
        responses = heard(ami, "OriginateResponse")
        peer.say(frame("Event: OriginateResponse", f"ActionID: {outcome.action_id}", "Response: Failure"))
        assert (await responses.get()).get("ActionID") == outcome.action_id


@pytest.mark.parametrize(
    "fields",
    [{"Value": "a\r\nAction: Originate"}, {"Value": "a\nb"}, {"Value": "a\0"}, {"Variable": ["ok", "a\rb"]},
     {"Bad key": "x"}, {"A\r\nB": "x"}, {"Value": "x" * 1_100}],
)  # fmt: skip
async def test_no_second_line(fields: dict[str, str]) -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        with pytest.raises(ValueError):
            await ami.action("Setvar", **fields)
        await ami.action("Ping")
        assert peer.asked("Setvar") == 0


def test_an_assignment_is_not_taken_apart() -> None:
    assert assignment("__A", 'x,"y\\') == '__A=x\\,\\"y\\\\'
    for name in ("", "A=B"):
        with pytest.raises(ValueError):
            assignment(name, "x")


async def test_hangup_takes_no_pattern() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        with pytest.raises(ValueError):
            await ami.hangup("/^PJSIP/")


async def test_every_action_has_a_time_limit_and_a_late_answer_harms_nobody() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        peer.answers["Slow"] = silence
        with pytest.raises(AmiTimeout):
            await ami.action("Slow", limit=0.02)
        late = next(a for a in peer.actions if a["Action"] == "Slow")
        peer.say(success("too late")(late))
        assert (await ami.action("Getvar", Variable="A"))["Message"] == ""


async def test_no_link_no_waiting() -> None:
    ami = Ami("127.0.0.1", 1, "gateway", "secret")
    with pytest.raises(AmiLost):
        await ami.action("Ping")
    await ami.close()


# ---------------------------------------------------------------- events


async def test_events_reach_subscribers_in_order_and_a_faulty_one_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def faulty(event: AmiEvent) -> None:
        raise LookupError("a fault of the consumer")

    async with AmiPeer() as peer, linked(peer) as ami:
        ami.subscribe(["Hangup"], faulty)
        events = heard(ami, "Hangup", "Newchannel")
        everything = heard(ami, "*")
        end = ami.subscribe(["Other"], faulty)
        end()
        peer.say(
            frame("Event: Newchannel", "Channel: A")
            + frame("Event: Other")
            + frame("Event: Hangup", "Channel: A")
        )
        assert [(await events.get()).name for _ in range(2)] == ["Newchannel", "Hangup"]
        assert [(await everything.get()).name for _ in range(3)] == ["Newchannel", "Other", "Hangup"]
        assert (await ami.action("Ping"))["Response"] == "Success"
        assert (peer.connections, ami.state) == (1, AmiState.READY)
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == [
        "a callback for AMI event Hangup failed"
    ]


async def test_a_character_split_over_two_segments() -> None:
    async with AmiPeer() as peer, linked(peer) as ami:
        names = heard(ami, "NewCallerid")
        raw = frame("Event: NewCallerid", "CallerIDName: 王小明")
        for i in range(len(raw)):
            peer.say(raw[i : i + 1])
            await asyncio.sleep(0)
        assert (await names.get()).get("CallerIDName") == "王小明"


# ---------------------------------------------------------------- snapshot

CHANNEL = (
    "Event: CoreShowChannel", "Channel: PJSIP/t-1", "Uniqueid: 17.1", "Linkedid: 17.0", "Context: lines",
    "Exten: 12315", "Application: Queue", "ApplicationData: hotline", "Duration: 01:02:03",
    "CallerIDNum: 13800138000", "BridgeId: b1", "ChannelState: 6", "ChannelStateDesc: Up",
)  # fmt: skip
MEMBER = (
    "Event: QueueMember", "Queue: hotline", "Location: PJSIP/8001", "Name: 甲", "Paused: 1",
    "PausedReason: 饭", "InCall: 0", "Status: 1", "LoginTime: 1700000000",
)  # fmt: skip
WAITING = (
    "Event: QueueEntry", "Queue: hotline", "Channel: PJSIP/t-1", "Uniqueid: 17.1", "Position: 1",
    "Wait: 42", "CallerIDNum: <unknown>",
)  # fmt: skip
SEEN = Snapshot(
    (
        ChannelSeen(
            "PJSIP/t-1",
            "17.1",
            "17.0",
            "lines",
            "12315",
            "Queue",
            "hotline",
            3723,
            "13800138000",
            "b1",
            "Up",
        ),
    ),
    (QueueMemberSeen("hotline", "PJSIP/8001", "甲", True, "饭", False, 1, 1700000000),),
    (QueueCallerSeen("hotline", "PJSIP/t-1", "17.1", 1, 42, ""),),
)


async def test_events_wait_until_the_state_is_known() -> None:
    order: list[object] = []

    async def on_ready(snapshot: Snapshot) -> None:
        peer.say(frame("Event: Hangup", "Channel: C"))
        assert (await ami.action("Ping"))["Response"] == "Success"  # the event above has arrived by now
        order.append(snapshot)

    async with AmiPeer() as peer:
        shown = listing("CoreShowChannelsComplete", CHANNEL)
        peer.answers["CoreShowChannels"] = lambda a: (
            frame("Event: Newchannel", "Channel: A") + shown(a) + frame("Event: Newchannel", "Channel: B")
        )
        peer.answers["QueueStatus"] = listing("QueueStatusComplete", ("Event: QueueParams",), MEMBER, WAITING)
        ami = Ami("127.0.0.1", peer.port, "gateway", "secret", on_ready=on_ready, timing=QUICK)
        ami.subscribe(["Newchannel", "Hangup"], lambda event: order.append(event.get("Channel")))
        await ami.start()
        await ami.wait_ready(20)
        assert order == [SEEN, "A", "B", "C"]
        await ami.close()


async def test_an_asterisk_without_queues_and_an_account_without_system_events(
    caplog: pytest.LogCaptureFixture,
) -> None:
    snapshots: list[Snapshot] = []
    async with AmiPeer() as peer:
        peer.answers["Login"] = success("Authentication accepted")
        peer.answers["QueueStatus"] = error("Invalid/unknown command: QueueStatus.")
        async with linked(peer, timing=replace(QUICK, boot=0.02), on_ready=snapshots.append):
            assert snapshots == [Snapshot()]
    assert "no FullyBooted event" in caplog.text


async def test_a_failing_hook_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def on_ready(snapshot: Snapshot) -> None:
        raise LookupError("a fault of the consumer")

    async with AmiPeer() as peer, linked(peer, on_ready=on_ready) as ami:
        assert ami.state is AmiState.READY
    assert "an AMI hook failed" in caplog.text


# ---------------------------------------------------------------- loss


async def test_nothing_is_sent_twice() -> None:
    lost: asyncio.Queue[tuple[datetime, str]] = asyncio.Queue()
    snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
    async with AmiPeer() as peer:
        peer.answers["Originate"] = silence
        async with linked(
            peer, on_ready=snapshots.put_nowait, on_lost=lambda when, why: lost.put_nowait((when, why))
        ) as ami:
            await snapshots.get()
            calling = asyncio.ensure_future(ami.originate("PJSIP/110@trunk", context="c"))
            await peer.wait_asked("Originate")
            peer.drop()
            with pytest.raises(AmiLost):
                await calling
            assert ami.state is AmiState.LOST
            with pytest.raises(AmiLost):
                await ami.action("Ping")
            assert (await lost.get())[0] == NOON
            await snapshots.get()
            await ami.wait_ready()
            await ami.action("Ping")
            assert (peer.connections, peer.asked("Originate"), lost.qsize()) == (2, 1, 0)


async def test_a_ping_unanswered_closes_and_reconnects() -> None:
    lost: asyncio.Queue[str] = asyncio.Queue()
    timing = replace(QUICK, ping_every=0.02, ping_limit=0.05)
    async with (
        AmiPeer() as peer,
        linked(peer, timing=timing, on_lost=lambda when, why: lost.put_nowait(why)),
    ):
        await peer.wait_asked("Ping", 3)
        peer.answers["Ping"] = silence
        assert await lost.get() == "ping unanswered"
        peer.answers["Ping"] = success()
        await peer.wait_connections(2)


@pytest.mark.parametrize("when", ["Login", "CoreShowChannels", "QueueStatus"])
async def test_a_loss_before_ready_is_tried_again(when: str) -> None:
    async with AmiPeer() as peer:
        whole = peer.answers[when]

        def once(action: dict[str, str]) -> bytes:
            peer.answers[when] = whole
            peer.drop()
            return b""

        peer.answers[when] = once
        async with linked(peer) as ami:
            assert (ami.state, peer.connections) == (AmiState.READY, 2)


async def test_refused_log_in_is_said_once_and_tried_slowly(caplog: pytest.LogCaptureFixture) -> None:
    async with AmiPeer() as peer:
        good = peer.answers["Login"]
        peer.answers["Login"] = error("Authentication failed")
        ami = Ami("127.0.0.1", peer.port, "gateway", "top secret", timing=QUICK)
        await ami.start()
        await ami.wait_state(AmiState.AUTH_REFUSED, limit=20)
        await peer.wait_asked("Login", 3)
        with pytest.raises(AmiTimeout, match="auth_refused"):
            await ami.wait_ready(0.01)
        peer.answers["Login"] = good
        await ami.wait_ready(20)
        await ami.close()
    said = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert said == ["AMI log-in refused: check manager.conf secret"]
    assert "top secret" not in caplog.text


async def test_close_is_for_good() -> None:
    async with AmiPeer() as peer:
        async with linked(peer) as ami:
            peer.answers["Slow"] = silence
            slow = asyncio.ensure_future(ami.action("Slow"))
            await peer.wait_asked("Slow")
        with pytest.raises(AmiLost):
            await slow
        with pytest.raises(AmiLost):
            await ami.wait_ready()
        async with linked(peer):  # somebody else's connection: by now ours would have come back
            assert (peer.connections, ami.state) == (2, AmiState.CLOSED)


async def test_close_from_a_hook() -> None:
    async with AmiPeer() as peer:

        async def on_ready(snapshot: Snapshot) -> None:
            await ami.close()

        ami = Ami("127.0.0.1", peer.port, "gateway", "secret", on_ready=on_ready, timing=QUICK)
        await ami.start()
        await ami.wait_state(AmiState.CLOSED, limit=20)


async def test_something_else_listens_there() -> None:
    async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mail, "127.0.0.1", 0)
    ami = Ami("127.0.0.1", server.sockets[0].getsockname()[1], "gateway", "secret", timing=QUICK)
    await ami.start()
    await ami.wait_state(AmiState.LOST, limit=20)
    await ami.close()
    server.close()


def test_the_pauses_grow_to_the_longest_and_vary() -> None:
    ami = Ami("127.0.0.1", 1, "gateway", "secret", chance=lambda: 0.0)
    assert [round(ami._pause(), 3) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    low = Ami("127.0.0.1", 1, "gateway", "secret", chance=lambda: 1.0)
    assert [round(low._pause(), 3) for _ in range(3)] == [0.1, 0.2, 0.4]
