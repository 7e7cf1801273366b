"""Menus as lines of AGI: clip after clip, key after key, skipped keys, clips that are missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.core.flow.commands import Booked, Clock, Found, Keys, Staff
from gateway.core.flow.file import FlowSet, parse_flow
from gateway.core.flow.walk import Walk
from gateway.core.yaml_tree import Faults
from gateway.pbx.agi import AgiServer
from gateway.pbx.dialogue import Dialogue
from gateway.pbx.ivr import Ivr
from gateway.rules.yaml_with_lines import parse
from tests.pbx.pbx_peers import AgiPeer, header

FLOW = """\
flow: main
title: {zh: 测试, en: Test}
start: hello
steps:
  hello: {step: say, label: 问候, clips: [welcome, privacy], next: menu}
  menu:
    step: menu
    label: 菜单
    clips: [first, second]
    wait: 4
    keys: {"1": number, "2": goodbye}
    next: goodbye
  number: {step: ask_digits, label: 编号, clips: which, shortest: 3, longest: 3, next: menu}
  goodbye: {step: hang_up, label: 结束}
"""


def flows() -> FlowSet:
    faults = Faults("main.yaml")
    flow = parse_flow(parse(FLOW, faults), faults, "main")
    assert flow, faults.found
    return FlowSet(1, {"main": flow})


class Centre:
    """What an Ivr asks of the centre; nothing but flows is needed here."""

    def __init__(self) -> None:
        self.walk: Walk | None = None

    def flows(self) -> FlowSet:
        return flows()

    def flows_of(self, version: int) -> FlowSet:
        return flows()

    def entry(self, dialled: str) -> str:
        return "main"

    def clock(self) -> Clock:
        raise NotImplementedError

    def staff(self) -> Staff:
        raise NotImplementedError

    def seconds(self, call: str) -> float:
        return 0.0

    def drives(self, call: str, caller: str, dialled: str, line: int, on: bool) -> None: ...

    def walks(self, call: str, walk: Walk) -> None:
        self.walk = walk

    def message(self, call: str, file: str) -> None: ...

    def served(self, call: str) -> None: ...

    def rated(self, call: str, grade: int) -> None: ...

    async def look_up(self, call: str, number: str, code: str, phone: str) -> Found:
        raise NotImplementedError

    async def book(self, call: str, phone: str) -> Booked:
        raise NotImplementedError

    async def answered(self, call: str, answers: Mapping[str, str]) -> bool:
        raise NotImplementedError


async def played(script: list[tuple[str, bytes]]) -> tuple[str, ...]:
    """Play a call with these lines and answers; what the walk's path says."""
    centre = Centre()
    server = AgiServer(port=0)
    server.route("call", Ivr(centre, Path("/s"), Path("/m"), 60).call)
    await server.start()
    try:
        async with asyncio.timeout(20):
            peer = await AgiPeer.connect(server.port, header(b"call?line=1"))
            for line, answer in script:
                assert await peer.answer(answer) == line
            await peer.rest()
            await peer.close()
    finally:
        await server.stop()
    assert centre.walk
    return tuple(entry.what for entry in centre.walk.path)


def clip(name: str, keys: str = "0123456789*#") -> str:
    return f'STREAM FILE "/s/{name}" "{keys}"'


def last(name: str, wait: int = 4000) -> str:
    return f'GET OPTION "/s/{name}" "0123456789*#" {wait}'


NONE, ONE, TWO = b"200 result=0 endpos=800\n", b"200 result=49 endpos=80\n", b"200 result=50 endpos=80\n"
END = ('EXEC "MSet" "NEXT=bye,FLOW_AT=main/goodbye,FLOW_VERSION=1,KIND=,OUTCOME="', b"200 result=0\n")


async def test_clip_after_clip_and_the_key_of_any_of_them() -> None:
    path = await played(
        [
            (clip("welcome"), NONE),
            (clip("privacy"), NONE),
            (clip("first"), NONE),
            (last("second"), TWO),
            END,
        ]
    )
    assert path == ("done", "2", "ended")


async def test_a_key_cuts_the_rest_of_the_clips() -> None:
    path = await played([(clip("welcome"), TWO), END])
    assert path == ("done", "2", "ended")  # typed ahead: the greeting hands it to the menu


async def test_a_missing_clip_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """In the middle the next clip follows; behind the last one the key is waited for nevertheless."""
    bad, there = b"200 result=-1 endpos=0\n", b"200 result=0\n"
    with caplog.at_level(logging.ERROR, "gateway.pbx.ivr"):
        path = await played(
            [
                (clip("welcome"), bad),
                ("NOOP", there),
                (clip("privacy"), NONE),
                (clip("first"), NONE),
                (last("second"), bad),
                ("NOOP", there),
                ("WAIT FOR DIGIT 4000", TWO),
                END,
            ]
        )
    assert path == ("done", "2", "ended")
    assert [record.args for record in caplog.records] == [("welcome",), ("second",)]


async def test_a_hangup_ends_it_with_the_path_so_far() -> None:
    path = await played([(clip("welcome"), NONE), (clip("privacy"), b"HANGUP\n200 result=-1\n")])
    assert path == ("hung_up",)


def test_a_command_that_takes_more_is_left_to_the_driver() -> None:
    walk = Walk(flows(), "main/menu")
    dialogue = Dialogue(walk, lambda: 11.5, 10.0, "/s")
    line = dialogue.begin(walk.start())
    assert line and line.raw.startswith(b'STREAM FILE "/s/first"')
    assert dialogue.answer("1") is None
    assert dialogue.command == walk_command("1")
    assert walk.path[0].at_seconds == 1.5


def walk_command(key: str) -> object:
    walk = Walk(flows(), "main/menu")
    walk.start()
    return walk.send(Keys(key), 0.0)
