"""Calls that are owed: when they are placed, how each try ends, what stands on the item."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.call.journal import EntryType
from gateway.core.call.record import Callback, CallbackState
from gateway.pbx.port import SeatRings
from gateway.settings.schema import Config
from tests.calls.conftest import Board
from tests.calls.test_switchboard import FROM, booked

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
UNREACHABLE, IDLE = 5, 1


@pytest.fixture
async def owed(settings: Config) -> AsyncIterator[Board]:
    """One call is owed, one seat is signed in; time stands still."""
    board = Board(settings, now=START)
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await booked(board, "1.1")
    await board.until(lambda: board.switchboard.counts.calls)
    await board.switchboard.set_agent("agent1", "ready")
    yield board
    await board.switchboard.close()


def call_of(dial: int) -> str:
    return f"back{dial if dial > 1 else ''}-1.1"


def row(board: Board) -> Callback:
    return board.ledgers.call_backs.rows["1.1"]


def lines(board: Board) -> list[tuple[str, str]]:
    return [(what, text) for _, what, text in board.ledgers.call_backs.lines]


async def dialled(board: Board, dial: int = 1) -> None:
    """An agent takes the place, and the customer is dialled."""
    await board.until(lambda: "1.1" in board.pbx.placed)
    board.pbx.placed.clear()
    board.pbx.note(EntryType.AGENT, call_of(dial), "8001", "agent-leg", "caller-leg")
    board.pbx.note(EntryType.BEGAN, call_of(dial), "2", "back", FROM, "1.1")


async def ended(board: Board, status: str, dial: int = 1, *, by_agent: bool = False) -> None:
    """The call is over before the two have talked. The side that hung up is over first."""
    told = len(board.ledgers.call_backs.lines)
    notes = [(EntryType.BACK_DONE, status), (EntryType.BACK_LEFT, "")]
    for what, word in reversed(notes) if by_agent else notes:
        board.pbx.note(what, call_of(dial), "1.1", word)
    board.pbx.note(EntryType.ENDED, call_of(dial), "16", "", "")
    await board.until(lambda: len(board.ledgers.call_backs.lines) > told)


async def settled(board: Board) -> None:
    """Let the worker do all that it can do now."""
    board.switchboard.look_again()
    await board.until(lambda: board.switchboard.call_backs_rest)


async def test_no_answer_is_tried_again_twice_and_is_then_an_agents_task(owed: Board) -> None:
    await dialled(owed)
    await ended(owed, "NOANSWER")
    assert (row(owed).state, row(owed).due_at) == (CallbackState.PENDING, START + timedelta(minutes=30))
    owed.later(minutes=29)
    await settled(owed)
    assert not owed.pbx.placed
    owed.later(minutes=1)
    await dialled(owed, 2)
    await ended(owed, "BUSY", 2)
    assert row(owed).due_at == START + timedelta(minutes=150)
    owed.later(hours=2)
    await dialled(owed, 3)
    await ended(owed, "NOANSWER", 3)
    assert (row(owed).state, row(owed).attempts) == (CallbackState.FAILED, 3)
    owed.later(days=1)
    await settled(owed)
    assert owed.pbx.places == ["1.1"] * 3
    assert lines(owed) == [
        ("not_reached", "回电未接通：无人接听；第1次，30分钟后再拨"),
        ("not_reached", "回电未接通：占线；第2次，2小时后再拨"),
        ("call_back_failed", "回电未接通：无人接听；第3次，不再自动拨打，请人工联系"),
    ]
    calls = {"back-1.1", "back2-1.1", "back3-1.1"}  # each try has its record
    await owed.until(lambda: calls <= set(owed.ledgers.calls.rows))


async def test_an_agent_who_hangs_up_first_costs_the_customer_no_try(owed: Board) -> None:
    await dialled(owed)
    await ended(owed, "CANCEL", by_agent=True)
    assert (row(owed).state, row(owed).attempts) == (CallbackState.PENDING, 0)
    assert lines(owed) == [("not_reached", "回电未接通：坐席在对方接听前挂断，一分钟后再拨")]
    await settled(owed)
    assert not owed.pbx.placed
    owed.later(minutes=1)
    await dialled(owed, 2)


async def test_a_call_back_that_rings_shows_its_agent_whose_it_is(owed: Board) -> None:
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    await owed.ledgers.call_backs.link("1.1", "261124000017")
    owed.switchboard.owe_again()  # lets the ledger be read anew
    await settled(owed)
    owed.pbx.tell(SeatRings("8001", "back-1.1", True))
    await owed.until(lambda: any(name == "call.pop" for name, _ in owed.told))
    (pop,) = [data for name, data in owed.told if name == "call.pop"]
    assert (pop["agent"], pop["id"], pop["back_of"], pop["attempt"]) == ("agent1", "back-1.1", "1.1", 1)
    assert (pop["caller"], pop["direction"]) == (row(owed).phone, "out")
    await dialled(owed)
    view = owed.switchboard.seen("back-1.1")
    assert view and view.number == row(owed).phone and view.back == row(owed)
    await ended(owed, "NOANSWER")
    await owed.until(lambda: "back-1.1" in owed.ledgers.calls.rows)
    assert owed.ledgers.calls.rows["back-1.1"].number == "261124000017", "the call stands with its item"


async def test_a_customer_who_hangs_up_in_the_greeting_is_called_again(owed: Board) -> None:
    await dialled(owed)
    await ended(owed, "ANSWER")
    assert (row(owed).state, row(owed).attempts) == (CallbackState.PENDING, 1)
    assert lines(owed) == [("not_reached", "回电未接通：对方接听后随即挂断；第1次，30分钟后再拨")]


async def test_a_customer_cut_off_by_the_agent_in_the_greeting_is_called_again_soon(owed: Board) -> None:
    why = "回电未接通：对方已接听，坐席在问候语播放时挂断"
    for dial in (1, 2, 3):
        await dialled(owed, dial)
        await ended(owed, "ANSWER", dial, by_agent=True)
        owed.later(minutes=1)
    assert (row(owed).state, row(owed).attempts) == (CallbackState.FAILED, 3)
    assert lines(owed) == [
        ("not_reached", f"{why}；第1次，1分钟后再拨"),
        ("not_reached", f"{why}；第2次，1分钟后再拨"),
        ("call_back_failed", f"{why}；第3次，不再自动拨打，请人工联系"),
    ]


async def test_a_number_that_may_not_be_called_is_an_agents_task_at_once(owed: Board) -> None:
    await dialled(owed)
    await ended(owed, "REFUSED")
    assert row(owed).state is CallbackState.FAILED
    text = "回电未接通：此号码不在允许呼出的范围内；第1次，不再自动拨打，请人工联系"
    assert lines(owed) == [("call_back_failed", text)]


async def test_an_agent_who_lets_go_before_the_dial_gives_the_place_back(owed: Board) -> None:
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    owed.pbx.placed.clear()
    owed.pbx.note(EntryType.AGENT, "back-1.1", "8001", "agent-leg", "caller-leg")
    owed.pbx.note(EntryType.BACK_LEFT, "back-1.1", "1.1", "")
    await owed.until(lambda: row(owed).state is CallbackState.PENDING)
    await settled(owed)
    assert not owed.pbx.placed
    owed.later(seconds=5)
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    assert not owed.switchboard.live()


async def test_no_place_is_asked_for_while_no_phone_can_be_reached(settings: Config) -> None:
    board = Board(settings, now=START)
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.set_agent("agent1", "ready")
    board.pbx.device("8001", UNREACHABLE)
    await booked(board, "1.1")
    await settled(board)
    assert not board.pbx.places
    board.pbx.device("8001", IDLE)
    await board.until(lambda: "1.1" in board.pbx.placed)
    await board.switchboard.close()


async def test_a_queue_that_lets_nobody_in_is_asked_less_and_less(owed: Board) -> None:
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    owed.pbx.empty = True
    owed.pbx.places.clear()
    await owed.pbx.take_back("back-1.1")
    await owed.until(lambda: row(owed).state is CallbackState.PENDING)
    for _ in range(600):
        owed.later(seconds=1)
        await settled(owed)
    assert len(owed.pbx.places) == 6  # after 5, 10, 20, 40, 80, 160 s
    owed.pbx.empty = False
    await owed.switchboard.set_agent("agent2", "ready")  # somebody new: no reason to wait five minutes
    await owed.until(lambda: "1.1" in owed.pbx.placed)


async def test_a_place_that_was_never_seen_is_asked_for_again(settings: Config) -> None:
    board = Board(settings, now=START)
    board.pbx.mute = True
    await board.switchboard.start()
    await board.switchboard.wait_in_step(5)
    await board.switchboard.set_agent("agent1", "ready")
    await booked(board, "1.1")
    await board.until(lambda: board.pbx.places)
    board.pbx.mute = False
    board.later(seconds=15)
    await board.until(lambda: row(board).state is CallbackState.PENDING)
    board.later(seconds=5)
    await board.until(lambda: "1.1" in board.pbx.placed)
    await board.switchboard.close()


async def test_notes_of_a_lost_place_and_of_the_next_one_are_not_mixed(owed: Board) -> None:
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    await owed.pbx.take_back("back-1.1")
    owed.pbx.note(EntryType.BACK_LEFT, "back-1.1", "1.1", "")  # told twice, as after a link that broke
    await owed.until(lambda: row(owed).state is CallbackState.PENDING)
    owed.later(seconds=5)
    await owed.until(lambda: "1.1" in owed.pbx.placed)
    await settled(owed)
    assert row(owed).state is CallbackState.PLACED


@pytest.mark.parametrize(
    ("told", "state", "attempts"),
    [
        ("back_talk|{call}|1.1", CallbackState.DONE, 0),
        ("back_done|{call}|1.1|BUSY", CallbackState.PENDING, 1),
        ("back_done|{call}|1.1|CANCEL", CallbackState.PENDING, 0),
    ],
)
async def test_how_a_call_ended_out_of_sight_is_read_from_the_journal_once(
    owed: Board, told: str, state: CallbackState, attempts: int
) -> None:
    await dialled(owed)
    await owed.until(lambda: row(owed).state is CallbackState.DIALLING)
    text = f"{datetime.now(UTC):%Y%m%d%H%M%S}.000"
    (owed.places.journal / f"{text[:8]}.log").write_text(
        f"{text}|began|back-1.1|2|back|{FROM}|1.1\n"
        f"{text}|{told.format(call='back-1.1')}\n"
        f"{text}|ended|back-1.1|16||\n"
    )
    for gaps in (1, 2):
        owed.pbx.break_link()
        owed.pbx.come_up()
        await owed.until(lambda gaps=gaps: len(owed.ledgers.gaps.rows) == gaps)
        await settled(owed)
    assert (row(owed).state, row(owed).attempts, row(owed).dials) == (state, attempts, 1)
    assert len(lines(owed)) == 1
