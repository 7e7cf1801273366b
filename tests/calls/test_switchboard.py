"""What the switchboard makes of notes, phones, lost links and restarts."""

from __future__ import annotations

import base64
import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.call.about import follow_up_about
from gateway.core.call.journal import EntryType
from gateway.core.call.record import CallbackState, CallOutcome
from gateway.core.call.seat import SeatState
from gateway.core.item.contact import Task
from gateway.errors import Conflict, NotFound
from gateway.pbx.journal import call_of
from gateway.settings.own_name import own_name
from gateway.settings.schema import Config
from tests.calls.conftest import Board
from tests.calls.test_duty_line import Town

FROM = base64.b64encode(b".13912345678").decode()


def began(board: Board, call: str, line: int = 1) -> None:
    board.pbx.calls.add(call)
    board.pbx.note(EntryType.BEGAN, call, str(line), "in", FROM)


def write_wav(file: Path, seconds: float) -> None:
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(bytes(int(16000 * seconds)))


async def kept(board: Board, call: str) -> object:
    await board.until(lambda: call in board.ledgers.calls.rows)
    return board.ledgers.calls.rows[call]


async def test_who_hangs_up_early_is_owed_a_call(board: Board) -> None:
    began(board, "1.1")
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    record = await kept(board, "1.1")
    assert record.outcome is CallOutcome.GAVE_UP and record.caller == "13912345678" and record.line == 1
    assert board.intake.contacts["call:1.1"].task is Task.GAVE_UP
    assert record.number
    await board.until(lambda: len(board.told) == 3)
    assert [name for name, _ in board.told] == ["call.ringing", "call.ended", "figures.changed"]


async def test_a_talk_names_agent_and_wait(board: Board) -> None:
    at = datetime.now(UTC)
    began(board, "1.1")
    board.pbx.note(EntryType.QUEUED, "1.1", at=at)
    board.pbx.note(EntryType.AGENT, "1.1", "8002", at=at + timedelta(seconds=7))
    board.pbx.note(EntryType.ENDED, "1.1", "16", "talked", "complaint", at=at + timedelta(seconds=60))
    record = await kept(board, "1.1")
    assert (record.outcome, record.agent, record.wait_seconds) == (CallOutcome.TALKED, "agent2", 7.0)
    assert board.intake.contacts["call:1.1"].kind == "complaint"


async def test_the_sixth_caller_is_written_down_and_owes_nothing(board: Board) -> None:
    board.pbx.note(EntryType.TURNED_AWAY, "1.6", "0", "in", FROM)
    record = await kept(board, "1.6")
    assert record.outcome is CallOutcome.TURNED_AWAY and not record.number
    assert not board.intake.contacts


async def test_notes_told_twice_change_nothing(board: Board) -> None:
    for _ in range(2):
        began(board, "1.1")
        board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await kept(board, "1.1")
    began(board, "1.2")
    board.pbx.note(EntryType.ENDED, "1.2", "16", "", "")
    await kept(board, "1.2")
    assert list(board.intake.contacts) == ["call:1.1", "call:1.2"]


async def test_a_message_is_the_items_evidence_and_the_calls_recording(board: Board) -> None:
    began(board, "1.1")
    board.switchboard.message("1.1", "1.1-5-1.wav")
    write_wav(board.places.messages / "1.1-5-1.wav", 4.0)
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    record = await kept(board, "1.1")
    assert record.outcome is CallOutcome.MESSAGE
    await board.until((board.config.var / record.recording).exists)
    assert [e.role for e in board.intake.contacts["call:1.1"].evidence] == ["message"]
    assert not list(board.places.messages.iterdir())


async def test_a_message_in_which_nothing_was_said_is_none(board: Board) -> None:
    began(board, "1.1")
    board.switchboard.message("1.1", "1.1-5-1.wav")
    write_wav(board.places.messages / "1.1-5-1.wav", 0.3)
    board.pbx.note(EntryType.ENDED, "1.1", "16", "message", "")
    record = await kept(board, "1.1")
    assert record.outcome is CallOutcome.GAVE_UP and not record.recording


async def test_asterisk_gone_every_caller_is_owed_a_call(board: Board) -> None:
    began(board, "1.1")
    began(board, "1.2", line=2)
    board.pbx.note(EntryType.QUEUED, "1.2")
    await board.until(lambda: len(board.switchboard.live()) == 2)
    board.pbx.break_link()
    board.pbx.calls.clear()
    board.pbx.come_up()
    for call in ("1.1", "1.2"):
        record = await kept(board, call)
        assert record.outcome is CallOutcome.CUT_OFF
        assert board.intake.contacts[f"call:{call}"].task is Task.GAVE_UP
    assert len(board.ledgers.gaps.rows) == 1


async def test_storage_away_delays_and_loses_nothing(board: Board) -> None:
    board.intake.away = True
    began(board, "1.1")
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await board.until(lambda: not board.switchboard.live())
    board.intake.away = False
    await kept(board, "1.1")
    assert list(board.intake.contacts) == ["call:1.1"]


async def test_what_happened_meanwhile_is_taken_over_once(settings: object) -> None:
    board = Board(settings)  # type: ignore[arg-type]
    day = f"{datetime.now(UTC):%Y%m%d}"

    def ago(seconds: int) -> str:
        return f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y%m%d%H%M%S.000}"

    (board.places.journal / f"{day}.log").write_text(
        f"{ago(60)}|began|1.1|1|in|{FROM}|\n"
        "half a line\n"
        f"{ago(50)}|safety|1.1||||\n"
        f"{ago(40)}|message|1.1|1.1-safety.wav|||\n"
        f"{ago(20)}|ended|1.1|16|message||\n"
        f"{ago(10)}|began|1.2|2|in|{FROM}|\n"
    )
    write_wav(board.places.messages / "1.1-safety.wav", 10.0)
    for _ in range(2):
        board.switchboard = replace_switchboard(board)
        await board.switchboard.start()
        assert (await kept(board, "1.1")).outcome is CallOutcome.MESSAGE
        assert (await kept(board, "1.2")).outcome is CallOutcome.CUT_OFF
        await board.switchboard.close()
    assert sorted(board.intake.contacts) == ["call:1.1", "call:1.2"]
    assert not list(board.places.messages.iterdir())


async def test_what_a_unit_did_while_the_gateway_was_away_reaches_the_ledger(settings: Config) -> None:
    """It took note and hung up, and another's call ended long ago: that one is settled."""
    board, town = Board(settings), Town([])
    board.switchboard.call_units(town)
    now = datetime.now(UTC)
    lines = (
        (now - timedelta(hours=2), "duty_done|duty-3-1|NOANSWER"),
        (now - timedelta(seconds=20), "duty_taken|duty-4-1|"),
        (now - timedelta(seconds=10), "duty_done|duty-4-1|ANSWER"),
    )
    for at, line in lines:
        with (board.places.journal / f"{at:%Y%m%d}.log").open("a") as journal:
            journal.write(f"{at:%Y%m%d%H%M%S.000}|{line}\n")
    await board.switchboard.start()
    await board.until(lambda: len(town.happened) == 2)
    await board.switchboard.close()
    assert town.happened == [("taken", "duty-4-1"), ("ANSWER", "duty-4-1")]


async def test_each_gateway_marks_how_far_its_own_journal_is_taken_over(settings: Config) -> None:
    name = own_name(settings.var)
    board = Board(settings)
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    began(board, "1.1")
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await board.until(lambda: board.ledgers.once.marks)
    await board.switchboard.close()
    assert list(board.ledgers.once.marks) == [f"journal {name}"]


def replace_switchboard(board: Board) -> object:
    """A second gateway on the same ledgers."""
    return replace(board).switchboard


async def test_a_message_of_a_call_nobody_knows_is_an_item_too(settings: object) -> None:
    board = Board(settings)  # type: ignore[arg-type]
    write_wav(board.places.messages / "7.7-safety.wav", 5.0)
    await board.switchboard.start()
    assert (await kept(board, "7.7")).outcome is CallOutcome.MESSAGE
    await board.switchboard.close()


@pytest.mark.parametrize("call", ["1764390000.12", "g1a2b3c-1764390000.12", "back2-g1a2b3c-1764390000.12"])
def test_a_messages_name_tells_its_call(call: str) -> None:
    for name in (f"{call}-safety.wav", f"{call}-31-2.wav", f"{call}.wav"):
        assert call_of(Path(name)) == call


async def test_seats_sign_in_pause_and_out(board: Board) -> None:
    switchboard = board.switchboard
    with pytest.raises(NotFound):
        await switchboard.set_agent("nobody", "ready")
    with pytest.raises(Conflict):
        await switchboard.set_agent("agent1", "paused", "meal")
    await switchboard.set_agent("agent1", "ready")
    await board.until(lambda: switchboard.seats()[0].state is SeatState.READY)
    await switchboard.set_agent("agent1", "paused", "meal")
    await board.until(lambda: switchboard.seats()[0].why == "meal")
    await switchboard.set_agent("agent1", "offline")
    await board.until(lambda: switchboard.seats()[0].state is SeatState.OFFLINE)
    states = [data["state"] for name, data in board.told if name == "agent.state"]
    assert states == ["ready", "paused", "offline"]


async def test_what_seats_do_is_kept_without_any_call(board: Board) -> None:
    board.ledgers.agents.away = True
    await board.switchboard.set_agent("agent1", "ready")
    await board.switchboard.set_agent("agent1", "paused", "meal")
    board.ledgers.agents.away = False
    await board.until(lambda: len(board.ledgers.agents.rows) == 2)
    assert [(row.agent, row.state, row.reason) for row in board.ledgers.agents.rows] == [
        ("agent1", "ready", ""),
        ("agent1", "paused", "meal"),
    ]


async def test_what_seats_did_last_is_kept_at_a_stop(settings: Config) -> None:
    board = Board(settings)
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.set_agent("agent1", "ready")
    await board.until(lambda: board.told)
    await board.switchboard.close()
    assert [row.state for row in board.ledgers.agents.rows] == ["ready"]


async def test_wrap_up_ends_by_itself(settings: object) -> None:
    queue = settings.queue.model_copy(update={"wrap_up_seconds": 0})  # type: ignore[attr-defined]
    board = Board(settings.model_copy(update={"queue": queue}))  # type: ignore[attr-defined]
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.set_agent("agent1", "ready")
    await board.pbx.pause("8001", "wrap-up")
    wanted = {"id": "agent1", "state": "wrap_up", "reason": "wrap-up", "reachable": True}
    await board.until(
        lambda: any(name == "agent.state" and wanted.items() <= data.items() for name, data in board.told)
    )
    await board.until(lambda: board.switchboard.seats()[0].state is SeatState.READY)
    await board.switchboard.close()


async def booked(board: Board, call: str) -> None:
    began(board, call)
    await board.until(lambda: any(s.id == call for s in board.switchboard.live()))
    await board.switchboard.book(call, "")
    board.pbx.calls.discard(call)
    board.pbx.note(EntryType.ENDED, call, "16", "call_back", "")
    await kept(board, call)


def state_of(board: Board, owed: str) -> CallbackState:
    return board.ledgers.call_backs.rows[owed].state


async def test_an_owed_call_is_dialled_once_and_told_on_its_item(board: Board) -> None:
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: "1.1" in board.pbx.placed)
    assert state_of(board, "1.1") is CallbackState.PLACED
    board.pbx.placed.clear()
    board.pbx.note(EntryType.AGENT, "back-1.1", "8001")
    board.pbx.note(EntryType.BEGAN, "back-1.1", "2", "back", FROM, "1.1")
    await board.until(lambda: state_of(board, "1.1") is CallbackState.DIALLING)
    board.pbx.note(EntryType.BACK_TALK, "back-1.1", "1.1")
    board.pbx.note(EntryType.ENDED, "back-1.1", "16", "talked", "")
    await board.until(lambda: state_of(board, "1.1") is CallbackState.DONE)
    record = await kept(board, "back-1.1")
    assert (record.direction, record.outcome, record.agent) == ("out", CallOutcome.TALKED, "agent1")
    assert record.dialled == "13912345678" and record.back_of == "1.1"
    number = board.ledgers.calls.rows["1.1"].number
    assert board.ledgers.call_backs.lines == [(number, "called_back", "已回电接通")]
    assert board.intake.changes == [number]
    assert "call:back-1.1" not in board.intake.contacts


async def test_a_follow_up_call_is_told_by_what_was_answered_alone(board: Board) -> None:
    """A call about an item stands in its timeline; one that asks how it went has an entry of its own."""
    number = "261124000018"
    for call, about in (("2.1", follow_up_about(number)), ("2.2", number)):
        board.pbx.note(EntryType.BEGAN, call, "2", "out", FROM, "8001", about)
        board.pbx.note(EntryType.AGENT, call, "8001")
        board.pbx.note(EntryType.ENDED, call, "16", "talked", "")
        record = await kept(board, call)
        assert (record.number, record.outcome) == (number, CallOutcome.TALKED)
    assert board.intake.notes == [(number, "called_back")]


async def test_nobody_reached_is_told_and_not_dialled_again_at_once(board: Board) -> None:
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: "1.1" in board.pbx.placed)
    board.pbx.placed.clear()
    board.pbx.note(EntryType.BEGAN, "back-1.1", "2", "back", FROM, "1.1")
    board.pbx.note(EntryType.BACK_DONE, "back-1.1", "1.1", "NOANSWER")
    board.pbx.note(EntryType.ENDED, "back-1.1", "16", "not_reached", "")
    await board.until(lambda: state_of(board, "1.1") is CallbackState.PENDING)
    assert (await kept(board, "back-1.1")).outcome is CallOutcome.NOT_REACHED
    assert not board.pbx.placed


async def test_places_are_given_back_while_lines_are_short(board: Board) -> None:
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: "1.1" in board.pbx.placed)
    for line in range(1, 5):
        began(board, f"2.{line}", line)
    await board.until(lambda: not board.pbx.placed)
    await board.until(lambda: state_of(board, "1.1") is CallbackState.PENDING)
    board.pbx.note(EntryType.ENDED, "2.1", "16", "", "")
    await board.until(lambda: "1.1" in board.pbx.placed)


async def test_a_restart_in_the_middle_of_dialling_does_not_dial_again(board: Board) -> None:
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: "1.1" in board.pbx.placed)
    board.pbx.placed.clear()
    board.pbx.note(EntryType.BEGAN, "back-1.1", "2", "back", FROM, "1.1")
    await board.until(lambda: state_of(board, "1.1") is CallbackState.DIALLING)
    board.pbx.break_link()
    board.pbx.calls.clear()
    board.pbx.come_up()
    await board.until(lambda: state_of(board, "1.1") is CallbackState.PENDING)
    row = board.ledgers.call_backs.rows["1.1"]
    assert (row.attempts, row.due_at is not None) == (1, True)
    assert not board.pbx.placed
