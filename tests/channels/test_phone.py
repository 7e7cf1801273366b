"""What a finished call leaves in the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.channels.phone import TASKS, contact
from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.contact import Channel, Kind, Task

AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def record(outcome: CallOutcome, **more: object) -> CallRecord:
    given = {"direction": "in", "caller": "13912345678", "dialled": "12315", "line": 1} | more
    return CallRecord(
        id="1.1",
        started_at=AT,
        ended_at=AT + timedelta(seconds=60),
        outcome=outcome,
        **given,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("outcome", list(CallOutcome))
def test_something_is_owed_or_nothing_is_queued(outcome: CallOutcome) -> None:
    made = contact(record(outcome), Kind.UNSORTED, (), ZONE)
    assert (made is None) == (outcome not in TASKS)
    if made:
        assert made.task is TASKS[outcome] and made.task is not Task.NONE
        assert (made.channel, made.key, made.call_id) == (Channel.PHONE, "call:1.1", "1.1")
        assert made.received_at == AT


def test_a_call_of_ours_leaves_nothing_new() -> None:
    assert contact(record(CallOutcome.TALKED, direction="out"), Kind.UNSORTED, (), ZONE) is None


def test_the_summary_says_what_an_agent_needs_in_local_time() -> None:
    made = contact(record(CallOutcome.CALL_BACK, wait_seconds=31.4), Kind.COMPLAINT, (), ZONE, "035788888888")
    assert made
    assert made.content == "2026-11-24 09:02:03 来电，来电人要求回电，等候31秒，回电号码035788888888。"
    assert made.person.phone == "035788888888"


def test_a_message_with_a_promised_call_is_a_call_back() -> None:
    made = contact(record(CallOutcome.MESSAGE), Kind.COMPLAINT, (), ZONE, booked=True)
    assert made
    assert made.task is Task.CALL_BACK
    assert "来电人留言并要求回电" in made.content


def test_a_withheld_number_is_said() -> None:
    made = contact(record(CallOutcome.GAVE_UP, caller=""), Kind.UNSORTED, (), ZONE)
    assert made
    assert "未显示号码" in made.content
