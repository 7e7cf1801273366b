"""Figures over the API, on the wallboard and in the report: the same numbers, and who may see them."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.main import main
from gateway.core.call.journal import EntryType, JournalEntry
from gateway.core.call.record import AgentChange, CallOutcome, CallRecord
from gateway.core.call.state import apply, end, new_call_state
from gateway.core.statistics import CallFacts, Rows, Standing, day_of
from gateway.web.http.masks import masked
from tests.web.conftest import House
from tests.web.real_site import ROOT, ZONE, RealSite, real_site

FIGURES, EVENTS = "/api/v1/figures", "/api/v1/events"
DISPLAY = {"Authorization": "Bearer display"}

# ------------------------------------------------------------------ a generated day of calls

DAY = date(2026, 11, 23)
PERIOD = day_of(DAY, ZONE)
SLOT = 600  # seconds between two calls: an agent's talks never overlap
WAYS = (
    *("talked", "requeued", "gave_up", "left_queue", "turned_away", "message", "call_back", "served"),
    *("partner", "cut_off", "outgoing", "called_back", "not_reached"),
)


@dataclass(frozen=True)
class Planned:
    """One call as it is to go; `wait` and `talk` in seconds."""

    way: str
    wait: int
    talk: int
    agent: str


CALLS = st.lists(
    st.builds(
        Planned,
        st.sampled_from(WAYS),
        st.integers(0, 60),
        st.integers(1, 300),
        st.sampled_from(["agent1", "agent2", "agent3"]),
    ),
    max_size=140,
)


def notes_of(one: Planned) -> Iterator[tuple[float, EntryType, tuple[str, ...]]]:
    """What the dialplan would note, at seconds after the call's begin."""
    ours = one.way in ("outgoing", "called_back", "not_reached")
    way = "in" if not ours else "out" if one.way == "outgoing" else "back"
    if one.way == "turned_away":
        yield 0, EntryType.TURNED_AWAY, ("0", "in", "", "12315")
        return
    yield 0, EntryType.BEGAN, ("1", way, "", "b1" if way == "back" else "12315")
    if one.way in ("talked", "requeued", "left_queue"):
        yield 1, EntryType.QUEUED, ()
    if one.way in ("talked", "requeued"):
        yield 1 + one.wait, EntryType.AGENT, ("agent9" if one.way == "requeued" else one.agent,)
    if one.way == "requeued":
        yield 2 + one.wait, EntryType.AGENT_LOST, ("agent9",)
        yield 2 + one.wait, EntryType.QUEUED, ()
        yield 5 + one.wait, EntryType.AGENT, (one.agent,)
    if one.way == "message":
        yield 3, EntryType.MESSAGE, ("m.wav",)
    if one.way == "partner":
        yield 3, EntryType.PARTNER, ("110", "2")
        yield 9, EntryType.PARTNER_LEFT, ("110", "ANSWER")
    if one.way == "outgoing":
        yield 2, EntryType.AGENT, (one.agent,)
    if one.way == "called_back":
        yield 2, EntryType.BACK_TALK, ("b1",)
    last = 1 + one.wait if one.way == "left_queue" else 5 + one.wait + one.talk
    if one.way != "cut_off":
        said = one.way if one.way in ("call_back", "served", "not_reached") else ""
        yield last, EntryType.ENDED, ("16", said, "")


def record_of(n: int, one: Planned) -> CallRecord:
    began = PERIOD.since + timedelta(seconds=SLOT * n + 5)
    call_state = new_call_state(f"{n}.1", began)
    for seconds, what, rest in notes_of(one):
        apply(call_state, JournalEntry(began + timedelta(seconds=seconds), what, f"{n}.1", rest))
    if one.way == "cut_off":
        end(call_state, began + timedelta(seconds=30), CallOutcome.CUT_OFF)
    assert call_state.over
    return call_state.record


def changes_of(n: int, one: Planned) -> Iterator[AgentChange]:
    if one.way in ("talked", "requeued"):
        began = PERIOD.since + timedelta(seconds=SLOT * n + 6 + one.wait)
        over = began + timedelta(seconds=one.talk)
        for at, state in ((began, "talking"), (over, "wrap_up"), (over + timedelta(seconds=20), "ready")):
            yield AgentChange(at, one.agent, state)


def expected(plan: list[Planned]) -> dict[str, Any]:
    """Counted by hand, from the plan alone."""
    ways = Counter(one.way for one in plan)
    talked = [one for one in plan if one.way in ("talked", "requeued")]
    waits = [one.wait for one in plan if one.way in ("talked", "requeued", "left_queue")]
    connected = len(talked) + ways["served"] + ways["partner"]
    offered = len(plan) - ways["outgoing"] - ways["called_back"] - ways["not_reached"]
    return {
        "offered": offered,
        "asked": len(waits),
        "answered": len(talked),
        "in_time": sum(one.wait <= 15 for one in talked),
        "connected": connected,
        "connect_rate": round(connected / offered, 4) if offered else None,
        "turned_away": ways["turned_away"],
        "gave_up": ways["gave_up"] + ways["left_queue"],
        "cut_off": ways["cut_off"],
        "messages": ways["message"],
        "call_backs": ways["call_back"],
        "average_wait": round(sum(waits) / len(waits), 1) if waits else None,
        "longest_wait": max(waits, default=0),
        "called_back": ways["called_back"],
        "not_reached": ways["not_reached"],
        "outgoing": ways["outgoing"],
        "talked_seconds": sum(one.talk for one in talked),
        "wrap_up_seconds": 20 * len(talked),
        "by_agent": dict(Counter(one.agent for one in talked)),
    }


async def on_the_wall(site: RealSite) -> dict[str, Any]:
    """What a wallboard is told of today."""
    async with site.client.ws_connect(EVENTS, headers=site.bearer("display")) as listener:
        while True:
            event = await listener.receive_json(timeout=10)
            if event["name"] == "board.figures":
                return dict(event["data"]["figures"])


def reported(var: Path) -> dict[str, str]:
    """The whole's row of `gateway report`, by the English names."""
    out = io.StringIO()
    here = {"GATEWAY_VAR": str(var), "GATEWAY_CONFIG": str(ROOT / "gateway.toml")}
    with patch.dict(os.environ, here), contextlib.redirect_stdout(out):
        assert main(["report", "--from", str(DAY), "--to", str(DAY), "--csv"]) == 0
    head, *_, last = csv.reader(io.StringIO(out.getvalue()))
    return dict(zip((name.split()[-1] for name in head), last, strict=True))


async def agree(plan: list[Planned], var: Path) -> None:
    async with real_site(var, now=lambda: PERIOD.until - timedelta(milliseconds=1)) as site:
        await site.storage.calls.keep([record_of(n, one) for n, one in enumerate(plan)])
        changes = [change for n, one in enumerate(plan) for change in changes_of(n, one)]
        await site.storage.agents.add_changes(changes)
        wall = await on_the_wall(site)
        async with site.client.get(f"{FIGURES}?day={DAY}", headers=site.bearer("agent")) as response:
            api = (await response.json())["total"]
        report = await asyncio.to_thread(reported, var)
    assert wall == api
    by_hand = expected(plan)
    assert {name: wall[name] for name in by_hand if name in wall} == {
        name: value for name, value in by_hand.items() if name in wall
    }
    assert sum(one["talk_seconds"] for one in wall["agents"]) == by_hand["talked_seconds"]
    assert sum(one["wrap_up_seconds"] for one in wall["agents"]) == by_hand["wrap_up_seconds"]
    assert {one["agent"]: one["answered"] for one in wall["agents"]} == by_hand["by_agent"]
    for name, value in wall.items():
        if isinstance(value, int):
            assert report[name] == str(value), name
    for name in ("in_time_rate", "connect_rate"):
        assert report[name] == ("" if wall[name] is None else f"{wall[name]:.2%}")
    for name in ("average_wait", "longest_wait"):
        assert report[name] == ("" if wall[name] is None else f"{wall[name]:.1f}")
    for one in wall["agents"]:
        for name in ("answered", "talk_seconds", "wrap_up_seconds"):
            assert float(report[f"{one['agent']}_{name}"]) == one[name]


@settings(max_examples=12, deadline=None)
@given(CALLS)
def test_wallboard_api_and_report_agree(plan: list[Planned]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(agree(plan, Path(folder) / "var"))


def test_the_report_goes_by_days_and_months(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = {"GATEWAY_VAR": str(tmp_path), "GATEWAY_CONFIG": str(ROOT / "gateway.toml")}
    with patch.dict(os.environ, here):
        days = ["report", "--from", "2026-01-30", "--to", "2026-02-02"]
        assert main([*days, "--csv"]) == 0
        rows = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()]
        assert rows[1:] == ["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02", "合计 total"]
        assert main([*days, "--by", "month"]) == 0
        assert "2026-02\n           0  呼入 offered\n" in capsys.readouterr().out
        for wrong in (["--from", "soon"], ["--to", "2020-01-01"], ["--from", "1999-12-31"]):
            assert main(["report", *wrong]) == 2
            assert capsys.readouterr().err


# ------------------------------------------------------------------ the API


async def test_without_a_word_it_is_today(house: House) -> None:
    status, told = await house.told("GET", FIGURES, "agent")
    assert status == 200
    assert [day["day"] for day in told["days"]] == ["2026-11-24"]
    assert told["total"] == told["days"][0]["figures"]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("day=2026-11-01", ["2026-11-01"]),
        ("from=2026-11-22", ["2026-11-22", "2026-11-23", "2026-11-24"]),
        ("from=2026-11-01&to=2026-11-02", ["2026-11-01", "2026-11-02"]),
        ("to=2026-11-02", ["2026-11-02"]),
    ],
)
async def test_which_days(house: House, query: str, days: list[str]) -> None:
    status, told = await house.told("GET", f"{FIGURES}?{query}", "agent")
    assert (status, [day["day"] for day in told["days"]]) == (200, days)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("day=yesterday", "day"),
        ("from_=2026-11-01", "from_"),
        ("day=2026-11-01&to=2026-11-02", "day"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2020-01-01&to=2026-11-01", "to"),
        ("day=9999-12-31", "day"),
        ("from=2026-11-24&to=2026-11-25", "to"),
        ("day=0001-01-01", "day"),
    ],
)
async def test_days_that_cannot_be(house: House, query: str, field: str) -> None:
    status, told = await house.told("GET", f"{FIGURES}?{query}", "agent")
    assert (status, told["code"], told["faults"][0]["field"]) == (422, "bad_contact", field)


async def test_without_a_database_the_board_has_no_figures(house: House) -> None:
    house.figures.away = True
    assert (await house.told("GET", FIGURES, "agent"))[0] == 503
    status, told = await house.told("GET", "/api/v1/board", "display")
    assert (status, told["today"]["figures"], told["now"]["pbx"]) == (200, None, True)


async def test_metrics_have_the_same_figures(house: House) -> None:
    at = day_of(date(2026, 11, 24), ZONE).since
    calls = [CallFacts(at, outcome) for outcome in (CallOutcome.TALKED, CallOutcome.GAVE_UP)]
    house.figures.given, house.figures.open = Rows(calls), Standing(owed=3, overdue=2)
    text = (await house.ask("GET", "/metrics"))[1].decode()
    for line in (
        'gateway_today{figure="offered"} 2.0',
        'gateway_today{figure="gave_up"} 1.0',
        "gateway_connect_rate 0.5",
        'gateway_standing{figure="owed"} 3.0',
        'gateway_standing{figure="overdue"} 2.0',
    ):
        assert f"{line}\n" in text


async def test_metrics_without_a_database_have_no_figures(house: House) -> None:
    house.figures.away = True
    assert "gateway_today" not in (await house.ask("GET", "/metrics"))[1].decode()


async def test_metrics_do_not_look_each_time(house: House) -> None:
    """Anybody may ask for them, without limit."""
    await asyncio.gather(*(house.ask("GET", "/metrics") for _ in range(20)))
    assert house.figures.looks == 1


# ------------------------------------------------------------------ what a display is told


async def test_a_display_hears_of_the_board_alone(house: House) -> None:
    async with house.client.ws_connect(EVENTS, headers=DISPLAY) as listener:
        names = set()
        while names != {"board.now", "board.figures"}:
            house.board.tell("call.ringing", id="17.1", line=1, caller="13835700000")
            message = await listener.receive_str(timeout=10)
            assert "1383570" not in message and "17.1" not in message
            names.add(message.split('"name":')[1].split('"')[1])


async def test_others_hear_of_the_board_only_when_they_ask(house: House) -> None:
    agent = {"Authorization": "Bearer agent"}
    async with (
        house.client.ws_connect(EVENTS, headers=agent) as plain,
        house.client.ws_connect(f"{EVENTS}?only=board", headers=agent) as board,
    ):
        house.board.tell("agent.state", id="agent1")
        assert (await board.receive_json(timeout=5))["name"].startswith("board.")
        assert (await plain.receive_json(timeout=5))["name"] == "agent.state"


async def test_a_display_sees_nothing_else(house: House) -> None:
    for path in (FIGURES, "/api/v1/lines", "/api/v1/calls", "/api/v1/queue", "/api/v1/agents"):
        assert (await house.told("GET", path, "display"))[0] == 403, path


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13835710001", "****0001"), ("+8613835710001", "****0001"), ("8001", "****"), ("", "")],
)
def test_numbers_are_masked(number: str, shown: str) -> None:
    assert masked(number) == shown
