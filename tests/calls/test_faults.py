"""Errors in the switchboard's background work: nothing is lost, nothing is done twice, the fault is shown."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.core.call.journal import EntryType
from gateway.core.call.record import CallbackState, CallOutcome, CallRecord
from gateway.core.call.transfer import Transfer
from gateway.core.flow.walk import Walk
from gateway.errors import Conflict, StorageDown
from gateway.settings.schema import Config
from tests.calls.conftest import Board
from tests.calls.test_switchboard import (
    FROM,
    began,
    booked,
    kept,
    replace_switchboard,
    state_of,
    write_wav,
)


async def test_a_full_disk_at_a_new_days_folder_delays_one_call_and_loses_none(board: Board) -> None:
    day = f"{datetime.now(UTC).astimezone(board.config.zone):%Y%m%d}"
    blocked = board.places.recordings / day
    blocked.write_bytes(b"")  # no folder can be made there: the same OSError as on a full disk
    began(board, "1.1")
    board.switchboard.message("1.1", "1.1-5-1.wav")
    write_wav(board.places.messages / "1.1-5-1.wav", 4.0)
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await board.until(board.tasks.failing)
    assert [state.error for state in board.tasks.failing()] == ["FileExistsError"]
    for call in ("1.2", "1.3"):
        began(board, call, 2)
        board.pbx.note(EntryType.ENDED, call, "16", "", "")
        assert (await kept(board, call)).outcome is CallOutcome.GAVE_UP  # type: ignore[attr-defined]
        await board.until(lambda call=call: f"call:{call}" in board.intake.contacts)
    blocked.unlink()
    await board.until(lambda: not list(board.places.messages.iterdir()))
    record = await kept(board, "1.1")
    assert (board.config.var / record.recording).exists()  # type: ignore[attr-defined]
    await board.until(lambda: board.switchboard.counts.calls == {"message": 1, "gave_up": 2})


async def test_an_error_at_a_seats_change_loses_no_change(board: Board) -> None:
    board.ledgers.agents.faults.errors = [OSError(28, "No space left on device")] * 2
    await board.switchboard.set_agent("agent1", "ready")
    await board.until(lambda: len(board.ledgers.agents.rows) == 1)
    await board.switchboard.set_agent("agent1", "paused", "meal")
    await board.until(lambda: len(board.ledgers.agents.rows) == 2)
    assert [row.state for row in board.ledgers.agents.rows] == ["ready", "paused"]


async def test_a_link_lost_while_a_call_is_closed_changes_nothing_of_it(board: Board) -> None:
    at = datetime.now(UTC)
    text = f"{at:%Y%m%d%H%M%S}.000"
    (board.places.journal / f"{at:%Y%m%d}.log").write_text(
        f"{text}|began|1.1|1|in|{FROM}|\n{text}|ended|1.1|16||\n"
    )
    board.intake.away = True
    began(board, "1.1")
    await board.until(board.switchboard.live)
    board.switchboard.drives("1.1", "13912345678", "12315", 1, True)
    board.switchboard.walks("1.1", Walk(board.switchboard.flows(), "main"))
    board.switchboard.drives("1.1", "", "", 1, False)
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await board.until(lambda: not board.switchboard.live())
    board.pbx.calls.clear()
    board.pbx.break_link()
    board.pbx.come_up()
    await board.until(lambda: len(board.ledgers.gaps.rows) == 1)
    board.intake.away = False
    record = await kept(board, "1.1")
    assert record.flow.startswith("main@")  # type: ignore[attr-defined]
    await board.until(lambda: board.switchboard.counts.calls)
    assert board.switchboard.counts.calls == {"gave_up": 1}
    assert [name for name, _ in board.told].count("call.ended") == 1


async def test_a_message_of_a_call_that_is_being_closed_makes_no_second_call(board: Board) -> None:
    board.intake.away = True
    began(board, "1.1")
    board.switchboard.message("1.1", "1.1-5-1.wav")
    write_wav(board.places.messages / "1.1-5-1.wav", 4.0)
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await board.until(lambda: not board.switchboard.live())
    board.pbx.calls.clear()
    board.pbx.break_link()
    board.pbx.come_up()
    await board.until(lambda: len(board.ledgers.gaps.rows) == 1)
    board.intake.away = False
    await board.until(lambda: board.switchboard.counts.calls)
    assert [name for name, _ in board.told].count("call.ended") == 1
    assert board.switchboard.counts.calls == {"message": 1}


async def test_call_backs_go_on_after_an_error_nobody_expected(board: Board) -> None:
    await booked(board, "1.1")
    board.ledgers.call_backs.moving.errors = [RuntimeError("a fault of ours")] * 2
    await board.switchboard.set_agent("agent1", "ready")
    await board.until(lambda: "1.1" in board.pbx.placed)
    assert state_of(board, "1.1") is CallbackState.PLACED


async def test_a_listener_that_fails_keeps_no_line_busy(board: Board) -> None:
    def fails(name: str, data: dict[str, object]) -> None:
        raise RuntimeError(name)

    board.switchboard.listen(fails)
    began(board, "1.1")
    board.pbx.note(EntryType.QUEUED, "1.1", "leg")
    board.pbx.note(EntryType.ENDED, "1.1", "16", "", "")
    await kept(board, "1.1")
    assert not board.switchboard.live()
    await board.until(lambda: board.switchboard.counts.calls == {"gave_up": 1})


async def test_storage_away_for_a_moment_leaves_no_call_back_dialling(board: Board) -> None:
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: "1.1" in board.pbx.placed)
    board.pbx.placed.clear()
    board.ledgers.call_backs.moving.errors = [StorageDown()]
    board.pbx.note(EntryType.AGENT, "back-1.1", "8001", "leg", "caller")
    board.pbx.note(EntryType.BEGAN, "back-1.1", "2", "back", FROM, "1.1")
    board.pbx.note(EntryType.BACK_TALK, "back-1.1", "1.1")
    board.pbx.note(EntryType.BACK_DONE, "back-1.1", "1.1", "ANSWER")
    board.pbx.note(EntryType.ENDED, "back-1.1", "16", "talked", "")
    await board.until(lambda: state_of(board, "1.1") is CallbackState.DONE)


async def test_a_journal_that_cannot_be_read_is_read_again_and_keeps_us_not_ready(settings: Config) -> None:
    board = Board(settings)
    blocked = board.places.journal / "20261124.log"
    blocked.mkdir()
    await board.switchboard.start()
    await board.until(board.tasks.failing)
    assert [(state.name, state.error) for state in board.tasks.failing()] == [
        ("switchboard events", "IsADirectoryError")
    ]
    assert not board.switchboard.ready
    blocked.rmdir()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.close()


async def test_a_gateway_that_dies_before_a_record_is_kept_tells_its_item_once(settings: Config) -> None:
    board = Board(settings)
    board.ledgers.calls.away = True
    text = f"{datetime.now(UTC):%Y%m%d%H%M%S}.000"
    (board.places.journal / f"{text[:8]}.log").write_text(
        f"{text}|began|5.1|1|out|{FROM}|8001\n{text}|ended|5.1|16|not_reached||261124000015\n"
    )
    for _ in range(2):
        board.switchboard = replace_switchboard(board)  # type: ignore[assignment]
        await board.switchboard.start()
        await board.until(lambda: board.intake.notes)
        if board.ledgers.calls.away:
            await board.switchboard._tasks.stop()  # as a kill would end it
            board.ledgers.calls.away = False
    await kept(board, "5.1")
    await board.switchboard.close()
    assert board.intake.notes == [("261124000015", "not_reached")]


async def test_a_refused_referral_does_not_keep_a_call_open(board: Board) -> None:
    asked: list[str] = []

    async def refused(record: CallRecord, transfers: tuple[Transfer, ...]) -> None:
        asked.append(record.id)
        raise Conflict("this item is merged")

    board.switchboard._closing._handed = refused
    began(board, "1.1")
    board.pbx.note(EntryType.QUEUED, "1.1", "caller-leg")
    board.pbx.note(EntryType.AGENT, "1.1", "8001", "agent-leg", "caller-leg")
    board.pbx.note(EntryType.CONSULT, "1.1", "12345", "1", "agent-leg")
    board.pbx.note(EntryType.ENDED, "1.1", "16", "talked", "")
    await kept(board, "1.1")
    await board.until(lambda: board.switchboard.counts.calls == {"talked": 1})
    assert asked == ["1.1"]


async def test_a_flow_that_begins_after_its_call_ended_holds_no_line(board: Board) -> None:
    """A call cancelled within milliseconds: its end is told before its FastAGI request is answered."""
    began(board, "1.1")
    board.pbx.note(EntryType.ENDED, "1.1", "0")
    await kept(board, "1.1")
    await board.until(lambda: not board.switchboard.live())
    board.switchboard.drives("1.1", "13912345678", "12315", 1, True)
    board.switchboard.drives("1.1", "", "", 1, False)
    assert not board.switchboard.live()
