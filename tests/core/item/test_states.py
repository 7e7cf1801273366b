"""The table of an item's moves, cell by cell, and the rules of leases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.item import states as case
from gateway.core.item.item import ItemState, Lease
from gateway.core.item.states import Event, allowed, claimed, held, may_claim, move, renewed
from gateway.errors import Conflict

# One column an event, one row a state; the letter is the state after it, "." a Conflict.
LETTERS = dict(zip("RIWANHSMDC", ItemState, strict=True))
PICTURE = """
            claim release accept refuse over back wait came answer end withdraw complete reopen merge unmerge
received        I      .      .      .     .    .    .    .     .      .   D        .       .     M      .
in_work         I      R      A      N     H    .    W    .     S      .   D        C       .     M      .
waiting         W      W      .      N     .    .    .    I     .      .   D        C       .     M      .
accepted        A      A      .      .     H    .    .    .     S      S   D        C       .     M      .
not_accepted    N      N      .      .     .    .    .    .     .      .   .        C       I     .      .
handed_over     H      H      A      N     .    I    .    .     S      .   D        C       .     M      .
answered        S      S      .      .     .    .    .    .     .      .   .        C       I     .      .
merged          .      .      .      .     .    .    .    .     .      .   .        .       .     .      R
withdrawn       .      .      .      .     .    .    .    .     .      .   .        .       I     .      .
closed          .      .      .      .     .    .    .    .     .      .   .        .       I     .      .
"""
NOW = datetime(2026, 4, 15, 1, 0, tzinfo=UTC)


def cells() -> dict[tuple[ItemState, Event], ItemState | None]:
    found: dict[tuple[ItemState, Event], ItemState | None] = {}
    for line in PICTURE.strip().splitlines()[1:]:
        name, *letters = line.split()
        for event, letter in zip(Event, letters, strict=True):
            found[ItemState(name), event] = LETTERS.get(letter)
    return found


@pytest.mark.parametrize(("state", "event"), list(product(ItemState, Event)))
def test_every_cell(state: ItemState, event: Event) -> None:
    after = cells()[state, event]
    assert (event in allowed(state)) == (after is not None)
    if after is not None:
        assert move(state, event) is after
        return
    with pytest.raises(Conflict) as refused:
        move(state, event)
    assert case.STATE_NAMES[state][0] in refused.value.detail
    assert case.EVENT_NAMES[event][1] in refused.value.detail
    assert case.EVENT_NAMES[allowed(state)[0]][0] in refused.value.detail


def test_every_state_and_event_has_its_names() -> None:
    assert set(case.STATE_NAMES) == set(case.TABLE) == set(ItemState)
    assert set(case.EVENT_NAMES) == set(Event)


def test_only_reopening_leads_out_of_the_end() -> None:
    for state in case.TERMINAL:
        assert set(allowed(state)) <= {Event.REOPEN, Event.UNMERGE}
    for state in set(ItemState) - case.TERMINAL:
        assert Event.CLAIM in allowed(state)


def test_every_state_is_reached_and_can_end() -> None:
    assert reached(ItemState.RECEIVED) == set(ItemState)
    assert all(reached(state) & case.TERMINAL for state in ItemState)


def reached(start: ItemState) -> set[ItemState]:
    seen, ahead = {start}, [start]
    while ahead:
        for after in case.TABLE[ahead.pop()].values():
            if after not in seen:
                seen.add(after)
                ahead.append(after)
    return seen


def test_claim_and_release_leave_a_decision_alone() -> None:
    for state in set(ItemState) - case.QUEUED - case.TERMINAL:
        assert move(state, Event.CLAIM) is state
        assert move(state, Event.RELEASE) is state


@given(st.lists(st.sampled_from(Event), max_size=30))
def test_no_row_of_events_leaves_the_table(events: list[Event]) -> None:
    state = ItemState.RECEIVED
    for event in events:
        try:
            state = move(state, event)
        except Conflict:
            assert event not in allowed(state)


def lease(holder: str, seconds: float) -> Lease:
    return Lease(holder, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("before", "may"),
    [
        (None, True),
        (lease("agent1", 60), True),
        (lease("agent1", -60), True),
        (lease("agent2", 60), False),
        (lease("agent2", 0.001), False),
        (lease("agent2", 0), True),
        (lease("agent2", -60), True),
    ],
)
def test_who_may_claim(before: Lease | None, may: bool) -> None:
    assert may_claim(before, "agent1", NOW) is may
    if may:
        assert claimed(before, "agent1", NOW, 300) == lease("agent1", 300)
    else:
        with pytest.raises(Conflict, match="agent2"):
            claimed(before, "agent1", NOW, 300)


def test_a_holder_renews() -> None:
    assert renewed(lease("agent1", 10), "agent1", NOW, 300) == lease("agent1", 300)


def test_a_lease_run_out_is_renewed_while_nobody_took_it() -> None:
    assert renewed(lease("agent1", -10), "agent1", NOW, 300) == lease("agent1", 300)


def test_a_renewal_never_shortens() -> None:
    assert renewed(lease("agent1", 900), "agent1", NOW, 300) == lease("agent1", 900)
    assert claimed(lease("agent1", 900), "agent1", NOW, 300) == lease("agent1", 900)


@pytest.mark.parametrize("seconds", [60, -60])
def test_a_lease_that_was_taken_is_lost(seconds: float) -> None:
    """Another's lease is not renewed even when it has run out as well: he must claim anew."""
    with pytest.raises(Conflict, match="agent2"):
        renewed(lease("agent2", seconds), "agent1", NOW, 300)
    with pytest.raises(Conflict, match="agent2"):
        held(lease("agent2", seconds), "agent1")


def test_what_was_given_back_is_not_held() -> None:
    with pytest.raises(Conflict, match="claim it first"):
        renewed(None, "agent1", NOW, 300)
    with pytest.raises(Conflict, match="请先领取"):
        held(None, "agent1")


@pytest.mark.parametrize(("who", "seconds"), [("", 60), ("agent1", 0), ("agent1", -1)])
def test_a_lease_of_nobody_or_no_length_is_a_mistake(who: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="holder"):
        claimed(None, who, NOW, seconds)
