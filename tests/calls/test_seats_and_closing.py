"""Seats in a talk after signing out, a colleague asked twice, and a recording that comes late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.calls import closing
from gateway.core.call.journal import EntryType
from gateway.core.call.record import AgentChange, RecordingState
from gateway.core.call.seat import SeatState
from gateway.errors import Conflict
from gateway.pbx.port import SeatRings, SeatSeen
from gateway.settings.schema import Config
from tests.calls.conftest import Board
from tests.calls.test_switchboard import began, kept, write_wav


def state(board: Board, agent: str) -> SeatState:
    return next(seat.state for seat in board.switchboard.seats() if seat.agent == agent)


async def test_who_signs_out_while_it_rings_is_shown_in_the_talk_and_offline_after_it(board: Board) -> None:
    await board.switchboard.set_agent("agent2", "ready")
    await board.until(lambda: state(board, "agent2") is SeatState.READY)
    began(board, "1.1")
    board.pbx.tell(SeatRings("8002", "1.1", True))
    await board.switchboard.set_agent("agent2", "offline")
    await board.until(lambda: state(board, "agent2") is SeatState.OFFLINE)
    board.pbx.note(EntryType.QUEUED, "1.1", "PJSIP/trunk-1")
    board.pbx.note(EntryType.AGENT, "1.1", "8002", "PJSIP/8002-1", "PJSIP/trunk-1")
    await board.until(lambda: state(board, "agent2") is SeatState.TALKING)
    assert [seat.call for seat in board.switchboard.seats() if seat.agent == "agent2"] == ["1.1"]
    board.pbx.note(EntryType.AGENT_OFF, "1.1", "8002", "16", "PJSIP/8002-1")
    await board.until(lambda: state(board, "agent2") is SeatState.OFFLINE)


def pauses(board: Board) -> list[str]:
    """Why agent2 was paused, time after time; "" for each time that he was ready again."""
    return [
        str(data["reason"]) for name, data in board.told if name == "agent.state" and data["id"] == "agent2"
    ]


async def test_who_talks_on_his_other_phone_is_paused_until_that_call_is_over(board: Board) -> None:
    await board.switchboard.set_agent("agent2", "ready", browser=True)
    board.pbx.talks_elsewhere("8002", True)
    await board.until(lambda: state(board, "agent2") is SeatState.PAUSED)
    await board.switchboard.set_agent("agent2", "ready")
    await board.until(lambda: pauses(board)[-1] == "other-phone")
    board.pbx.talks_elsewhere("8002", False)
    await board.until(lambda: state(board, "agent2") is SeatState.READY)
    assert pauses(board) == ["", "other-phone", ""], "asked for in that call, ready is not even tried"


async def test_a_break_taken_while_the_other_phone_talks_outlasts_that_call(board: Board) -> None:
    await board.switchboard.set_agent("agent2", "ready")
    board.pbx.talks_elsewhere("8002", True)
    await board.until(lambda: state(board, "agent2") is SeatState.PAUSED)
    await board.switchboard.set_agent("agent2", "paused", "meal")
    board.pbx.talks_elsewhere("8002", False)
    await board.switchboard.set_agent("agent1", "ready")
    await board.until(lambda: state(board, "agent1") is SeatState.READY)
    assert state(board, "agent2") is SeatState.PAUSED
    assert pauses(board) == ["", "other-phone", "meal"]


async def test_a_call_on_the_other_phone_that_ended_unseen_pauses_nobody_for_ever(board: Board) -> None:
    await board.switchboard.set_agent("agent2", "ready")
    board.pbx.talks_elsewhere("8002", True)
    await board.until(lambda: state(board, "agent2") is SeatState.PAUSED)
    board.pbx.break_link()
    board.pbx.seats["8002"] = replace(board.pbx.seats["8002"], elsewhere=False)
    board.pbx.come_up()
    await board.until(lambda: state(board, "agent2") is SeatState.READY)


async def test_a_seat_is_free_after_a_call_whose_end_was_told_in_any_order(board: Board) -> None:
    await board.switchboard.set_agent("agent2", "ready")
    began(board, "1.1")
    board.pbx.rings("8002", "1.1")
    board.pbx.note(EntryType.QUEUED, "1.1", "PJSIP/trunk-1")
    board.pbx.note(EntryType.AGENT, "1.1", "8002", "PJSIP/8002-1", "PJSIP/trunk-1")
    board.pbx.tell(SeatRings("8002", "1.1", False))
    board.pbx.note(EntryType.ENDED, "1.1", "16", "talked", "")
    board.pbx.note(EntryType.AGENT_OFF, "1.1", "8002", "16", "PJSIP/8002-1")
    board.pbx.device("8002", 1)
    await board.until(lambda: state(board, "agent2") is SeatState.READY)


async def test_a_colleague_is_asked_by_one_agent_at_a_time(board: Board) -> None:
    for number, call in ((1, "1.1"), (3, "1.2")):
        began(board, call, number)
        board.pbx.legs |= {f"PJSIP/800{number}-1", f"PJSIP/trunk-{number}"}
        board.pbx.note(EntryType.QUEUED, call, f"PJSIP/trunk-{number}")
        board.pbx.note(EntryType.AGENT, call, f"800{number}", f"PJSIP/800{number}-1", f"PJSIP/trunk-{number}")
    await board.until(lambda: state(board, "agent3") is SeatState.TALKING)
    asked = (board.switchboard.consult(call, "agent2") for call in ("1.1", "1.2"))
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, Conflict)


async def test_a_recording_that_comes_late_holds_up_no_other_call(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "SETTLE", 3600.0)
    at = datetime.now(UTC) - timedelta(seconds=20)
    late = board.places.recordings / f"{at.astimezone(board.config.zone):%Y%m%d}" / "1.1.wav"
    late.parent.mkdir(parents=True)
    late.touch()
    for call in ("1.1", "1.2"):
        began(board, call)
        board.pbx.note(EntryType.QUEUED, call, at=at)
        board.pbx.note(EntryType.AGENT, call, "8002", "PJSIP/8002-1", at=at)
        board.pbx.note(EntryType.ENDED, call, "16", "talked", "", at=at + timedelta(seconds=15))
    await kept(board, "1.2")
    assert "1.1" not in board.ledgers.calls.rows
    write_wav(late, 15)
    await kept(board, "1.1")
    assert board.ledgers.calls.rows["1.1"].recording_state is RecordingState.SAVED


async def test_several_recordings_that_settle_at_once_are_each_kept_with_their_call(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "SETTLE", 3600.0)
    at = datetime.now(UTC) - timedelta(seconds=20)
    folder = board.places.recordings / f"{at.astimezone(board.config.zone):%Y%m%d}"
    folder.mkdir(parents=True)
    calls = ("1.1", "1.2", "1.3")
    for call in calls:
        (folder / f"{call}.wav").touch()
        began(board, call)
        talked(board, call, at, 15)
    for call in reversed(calls):  # the last to begin is whole first
        assert call not in board.ledgers.calls.rows
        write_wav(folder / f"{call}.wav", 15)
        await kept(board, call)
    rows = board.ledgers.calls.rows
    assert [rows[call].recording for call in calls] == [
        f"recordings/{folder.name}/{call}.wav" for call in calls
    ]
    assert {rows[call].recording_state for call in calls} == {RecordingState.SAVED}


@pytest.mark.parametrize(
    ("hour", "folder"), [(15, "20261124"), (16, "20261125")], ids=["before midnight", "after"]
)
async def test_a_recording_lies_under_the_day_of_the_centres_time_zone(
    board: Board, hour: int, folder: str
) -> None:
    """Midnight in Asia/Shanghai is 16:00 UTC. An Asterisk that does not know that zone writes by UTC."""
    at = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    for call, day in (("1.1", folder), ("1.2", "20261124")):
        (board.places.recordings / day).mkdir(parents=True, exist_ok=True)
        write_wav(board.places.recordings / day / f"{call}.wav", 15)
        began(board, call)
        talked(board, call, at, 15)
        await kept(board, call)
    recordings = [board.ledgers.calls.rows[call].recording for call in ("1.1", "1.2")]
    assert recordings == [f"recordings/{folder}/{call}.wav" for call in ("1.1", "1.2")]
    assert all((board.places.recordings.parent / name).exists() for name in recordings)


def talked(board: Board, call: str, at: datetime, seconds: float) -> None:
    """This call was put through at a moment, and ended so many seconds later."""
    board.pbx.note(EntryType.QUEUED, call, at=at)
    board.pbx.note(EntryType.AGENT, call, "8002", "PJSIP/8002-1", at=at)
    board.pbx.note(EntryType.ENDED, call, "16", "talked", "", at=at + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("last", "signed_in", "told"),
    [
        ("talking", False, ["talking", "offline"]),  # killed in a talk, and nobody is signed in any more
        ("talking", True, ["talking", "ready"]),
        ("offline", False, ["offline"]),
        ("", False, []),  # used at another gateway, or nowhere
    ],
)
async def test_a_new_life_ends_what_the_one_before_told_of_seats(
    settings: Config, last: str, signed_in: bool, told: list[str]
) -> None:
    board = Board(settings)
    if last:
        await board.ledgers.agents.add_changes([AgentChange(board.time(), "agent2", last)])
    if signed_in:
        board.pbx.seats["8002"] = SeatSeen("8002", signed_in=True, device=1)
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.close()
    assert [change.state for change in await board.ledgers.agents.changes(board.time(), "agent2")] == told
    assert {change.agent for change in board.ledgers.agents.rows} <= {"agent2"}
