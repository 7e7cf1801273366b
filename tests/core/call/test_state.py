"""Notes of the dialplan, and the call records that come of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.call.journal import EntryType, JournalEntry, number_of, read_note
from gateway.core.call.record import CallOutcome
from gateway.core.call.state import CallState, Phase, apply, end, new_call_state
from gateway.core.item.contact import Kind

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
FROM = base64.b64encode(b".13912345678").decode()


def told(*notes: tuple[float, EntryType, tuple[str, ...]], call: str = "1.1") -> CallState:
    call_state = new_call_state(call, START)
    for after, what, rest in notes:
        apply(call_state, JournalEntry(START + timedelta(seconds=after), what, call, rest))
    return call_state


BEGAN = (0.0, EntryType.BEGAN, ("2", "in", FROM))


def ended(after: float, outcome: str = "", kind: str = "") -> tuple[float, EntryType, tuple[str, ...]]:
    return (after, EntryType.ENDED, ("16", outcome, kind))


def test_a_line_is_read() -> None:
    note = read_note(f"20261123235854.412|began|1795478334.3|1|in|{FROM}|\n")
    assert note is not None
    assert (note.what, note.call, note.rest[:3]) == (EntryType.BEGAN, "1795478334.3", ("1", "in", FROM))
    assert note.at == datetime(2026, 11, 23, 23, 58, 54, 412000, UTC)


@pytest.mark.parametrize(
    "line", ["", "x", "1|2", "1|strange|3", "20269999000000.000|began|1", "1795478334.412|began|1"]
)
def test_what_is_no_note_is_passed_over(line: str) -> None:
    assert read_note(line) is None


@given(st.text(max_size=200))
def test_any_line_is_survived(line: str) -> None:
    read_note(line)


@given(st.binary(max_size=60))
def test_any_caller_id_is_cleaned(raw: bytes) -> None:
    number = number_of(base64.b64encode(b"." + raw).decode())
    assert len(number) <= 32
    assert set(number.lstrip("+")) <= set("0123456789")


@pytest.mark.parametrize(
    ("notes", "outcome"),
    [
        ((BEGAN, ended(5)), CallOutcome.GAVE_UP),
        ((BEGAN, (3, EntryType.QUEUED, ()), ended(9)), CallOutcome.GAVE_UP),
        ((BEGAN, (3, EntryType.QUEUED, ()), (5, EntryType.AGENT, ("8001",)), ended(9)), CallOutcome.TALKED),
        ((BEGAN, (3, EntryType.MESSAGE, ("1.1-safety.wav",)), ended(9)), CallOutcome.MESSAGE),
        ((BEGAN, (3, EntryType.CALL_BACK, ()), ended(9)), CallOutcome.CALL_BACK),
        ((BEGAN, ended(9, "call_back")), CallOutcome.CALL_BACK),
        ((BEGAN, ended(9, "served")), CallOutcome.SERVED),
        (
            (
                BEGAN,
                (1, EntryType.PARTNER, ("110", "2")),
                (9, EntryType.PARTNER_LEFT, ("110", "ANSWER")),
                ended(9),
            ),
            CallOutcome.PARTNER,
        ),
        (
            (
                BEGAN,
                (1, EntryType.PARTNER, ("110", "2")),
                (9, EntryType.PARTNER_LEFT, ("110", "BUSY")),
                ended(9),
            ),
            CallOutcome.GAVE_UP,
        ),
        (((0, EntryType.TURNED_AWAY, ("0", "in", FROM)),), CallOutcome.TURNED_AWAY),
        (((0, EntryType.REFUSED, ("404", "in", FROM, "Ljk5OTk5")),), CallOutcome.REFUSED),
    ],
)
def test_the_outcome_is_the_most_that_happened(
    notes: tuple[tuple[float, EntryType, tuple[str, ...]], ...], outcome: CallOutcome
) -> None:
    call_state = told(*notes)
    assert call_state.over
    assert call_state.record.outcome is outcome
    assert call_state.record.caller == "13912345678"


def test_waits_add_up_and_a_second_agent_does_not_count() -> None:
    call_state = told(
        BEGAN,
        (10, EntryType.QUEUED, ()),
        (17, EntryType.AGENT, ("8001",)),
        (60, EntryType.AGENT_LOST, ()),
        (63, EntryType.AGENT, ("8002",)),
        ended(90, "talked", "report"),
    )
    record = call_state.record
    assert record.wait_seconds == 7.0
    assert record.talked_at == START + timedelta(seconds=17)
    assert (record.outcome, call_state.kind) == (CallOutcome.TALKED, Kind.REPORT)


def test_who_leaves_the_queue_has_waited_that_long() -> None:
    call_state = told(BEGAN, (10, EntryType.QUEUED, ()), (40, EntryType.LEFT, ("call_back",)), ended(60))
    assert call_state.record.wait_seconds == 30.0


def test_a_call_of_ours_talks_when_the_customer_answers() -> None:
    call_state = told(
        (0, EntryType.AGENT, ("8001",)),
        (1, EntryType.BEGAN, ("3", "back", FROM, "1.7")),
        (9, EntryType.BACK_TALK, ("1.7",)),
        ended(30, "talked"),
        call="back-1.7",
    )
    record = call_state.record
    assert (record.direction, record.dialled, record.back_of) == ("out", "13912345678", "1.7")
    assert record.talked_at == START + timedelta(seconds=9)
    assert record.outcome is CallOutcome.TALKED


def test_a_call_that_is_over_takes_nothing_more() -> None:
    call_state = told(BEGAN, ended(5))
    assert not apply(call_state, JournalEntry(START, EntryType.AGENT, "1.1", ("8001",)))
    assert call_state.phase is Phase.OVER


def test_cut_off_is_said_and_its_wait_counted() -> None:
    call_state = told(BEGAN, (10, EntryType.QUEUED, ()))
    record = end(call_state, START + timedelta(seconds=25), CallOutcome.CUT_OFF)
    assert (record.outcome, record.wait_seconds) == (CallOutcome.CUT_OFF, 15.0)
