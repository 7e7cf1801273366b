"""Seats from facts; order of service; which owed calls hold a place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.call.record import Callback, CallbackState
from gateway.core.call.seat import Seat, SeatState, changed, places, priority

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
IN = Seat("agent1", "8001", signed_in=True, device=1)
INT32 = 2**31 - 1


@pytest.mark.parametrize(
    ("seat", "state"),
    [
        (Seat("agent1", "8001"), SeatState.OFFLINE),
        (Seat("agent1", "8001", device=2), SeatState.OFFLINE),
        (IN, SeatState.READY),
        (replace(IN, device=5), SeatState.READY),
        (replace(IN, device=6), SeatState.RINGING),
        (replace(IN, device=2), SeatState.TALKING),
        (replace(IN, device=2, paused=True, reason="wrap-up"), SeatState.TALKING),
        (replace(IN, paused=True, reason="wrap-up"), SeatState.WRAP_UP),
        (replace(IN, paused=True, reason="meal"), SeatState.PAUSED),
    ],
)
def test_state_comes_from_facts(seat: Seat, state: SeatState) -> None:
    assert seat.state is state


def test_a_phone_that_is_gone_is_ready_but_not_free() -> None:
    assert IN.free and not replace(IN, device=5).free


def test_since_moves_with_the_state_only() -> None:
    talking = changed(IN, START, device=2)
    assert talking.since == START
    assert changed(talking, START + timedelta(seconds=5), call="1.1").since == START


@given(st.lists(st.integers(0, 10**7), min_size=2, unique=True))
def test_who_came_first_has_the_higher_priority(tenths: list[int]) -> None:
    """Over callers and owed calls alike, and within what Asterisk can hold."""
    arrivals = [START + timedelta(seconds=t / 10) for t in tenths]
    by_priority = sorted(arrivals, key=priority, reverse=True)
    assert by_priority == sorted(arrivals)
    assert all(0 < priority(at) <= INT32 for at in arrivals)


def owed(serial: int, state: CallbackState = CallbackState.PENDING, call: str = "") -> Callback:
    at = START + timedelta(seconds=serial)
    return Callback(f"b{serial}", "13800000000", call or f"c{serial}", at, at, state)


STATES = st.sampled_from([CallbackState.PENDING, CallbackState.PLACED])
BOOKS = st.lists(st.tuples(st.integers(0, 50), STATES), unique_by=lambda row: row[0], max_size=12)


@given(BOOKS, st.integers(-1, 8), st.integers(1, 3))
def test_places_go_to_the_earliest_and_never_beyond_the_lines(
    rows: list[tuple[int, CallbackState]], free: int, needed: int
) -> None:
    book = [owed(serial, state) for serial, state in rows]
    plan = places(book, free, needed, ())
    held = {o.id for o in book if o.state is CallbackState.PLACED}
    after = held | {o.id for o in plan.give} - {o.id for o in plan.take}
    after -= {o.id for o in plan.take}
    earliest = [o.id for o in sorted(book, key=lambda o: o.arrived_at)]
    most = max(0, free - needed + 1)
    assert after == set(earliest[:most])


def test_a_caller_still_on_his_line_is_not_called() -> None:
    plan = places([owed(1), owed(2)], 5, 2, {"c1"})
    assert [o.id for o in plan.give] == ["b2"]


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=20, unique_by=lambda r: r[0]
    ),
    st.integers(2, 5),
)
def test_service_is_in_order_of_arrival(people: list[tuple[int, bool]], free: int) -> None:
    """One agent serves until nobody is left: callers who wait and owed calls, lines enough for all."""
    waiting = [(START + timedelta(seconds=s), f"p{s}") for s, call_back in people if not call_back]
    book = {f"b{s}": owed(s) for s, call_back in people if call_back}
    served: list[datetime] = []
    while waiting or book:
        plan = places(tuple(book.values()), free, 2, ())
        for one in plan.give:
            book[one.id] = replace(one, state=CallbackState.PLACED)
        queue = waiting + [(o.arrived_at, o.id) for o in book.values() if o.state is CallbackState.PLACED]
        at, who = max(queue, key=lambda row: priority(row[0]))
        served.append(at)
        waiting = [row for row in waiting if row[1] != who]
        book.pop(who, None)
    assert served == sorted(served)
