"""What the dialplan notes of a fax, and when a fax is one that came before."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.call.journal import read_note
from gateway.core.call.record import CallOutcome
from gateway.core.call.state import apply, new_call_state
from gateway.core.fax.record import Fax, FaxNote, FaxPage, FaxStatus, is_again, status_of

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def b64(text: str) -> str:
    return base64.b64encode(f".{text}".encode()).decode()


def fax(*marks: str, caller: str = "03573012345", status: FaxStatus = FaxStatus.WHOLE) -> Fax:
    pages = tuple(FaxPage(n, "", mark, 1, 1) for n, mark in enumerate(marks, 1))
    return Fax("1.1", caller, "2025100", 1, AT, AT + timedelta(seconds=30), status, pages=pages)


def test_a_call_that_is_a_fax() -> None:
    said = f"SUCCESS|3|T38|14400|8031x7700|yes|{b64('0357 3012345')}|{b64('HANGUP')}"
    lines = [
        "20261124090000.000|began|1.1|2|in|LjAzNTczMDEyMzQ1|12315",
        "20261124090003.000|fax|1.1|1.1.tif|||",
        f"20261124090103.000|fax_done|1.1|{said}|||",
        "20261124090103.001|ended|1.1|16|fax||",
    ]
    call_state = new_call_state("1.1", AT)
    for line in [*lines, *lines]:
        note = read_note(line)
        assert note
        apply(call_state, note)
    assert call_state.record.outcome is CallOutcome.FAX
    assert call_state.fax == FaxNote(
        *("1.1.tif", "SUCCESS", 3, "t38", 14400, "8031x7700"), True, "0357 3012345", "HANGUP"
    )


def test_a_talk_that_became_a_fax_stays_a_talk() -> None:
    call_state = new_call_state("1.1", AT)
    for line in (
        "20261124090000.000|began|1.1|2|in|LjAzNTczMDEyMzQ1|12315",
        "20261124090005.000|queued|1.1|||||",
        "20261124090010.000|agent|1.1|8001|PJSIP/8001-1|PJSIP/trunk-1",
        "20261124090040.000|fax|1.1|1.1.tif|||",
        "20261124090040.010|agent_off|1.1|8001|16|PJSIP/8001-1",
        "20261124090103.000|fax_done|1.1|SUCCESS|1|t38|14400||||",
        "20261124090103.001|ended|1.1|16|fax||",
    ):
        note = read_note(line)
        assert note
        apply(call_state, note)
    assert call_state.record.outcome is CallOutcome.TALKED and call_state.fax and call_state.fax.pages == 1
    assert (call_state.talked_seconds, call_state.record.wait_seconds) == (30.0, 5.0)


@pytest.mark.parametrize("said", ["", "|||||||", "X|-3|?|9999999999|r|maybe|%%|%%", "FAILED|1"])
def test_odd_results_are_taken(said: str) -> None:
    note = FaxNote("1.tif").done(tuple(said.split("|")))
    assert note.file == "1.tif" and note.pages in (0, 1) and note.rate == 0


def test_free_text_of_the_far_machine_loses_its_control_characters() -> None:
    assert FaxNote("1.tif").done(("", "", "", "", "", "", b64("a\r\n\x1b[31mb"), "")).station == "a[31mb"


def test_status() -> None:
    assert status_of("SUCCESS", 2) is FaxStatus.WHOLE
    assert status_of("FAILED", 2) is FaxStatus.PARTIAL
    assert status_of("", 1) is FaxStatus.PARTIAL
    assert status_of("SUCCESS", 0) is FaxStatus.NONE


def test_again() -> None:
    before = fax("a", "b")
    assert is_again(fax("a", "b"), before)
    assert not is_again(fax("a", "c"), before)
    assert not is_again(fax("a"), before)
    assert not is_again(fax("a", "b", caller="03573999999"), before)
    assert is_again(fax("a", status=FaxStatus.PARTIAL), before)
    cut = fax("a", status=FaxStatus.PARTIAL)
    assert is_again(fax("a", "b"), cut)
    assert not is_again(replace(fax("a"), caller=""), replace(before, caller=""))
    assert is_again(replace(before, caller="", station="x"), replace(before, caller="", station="x"))
