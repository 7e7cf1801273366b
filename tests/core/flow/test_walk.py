"""The walk: path and times, another process taking over, versions, the guard, and any caller at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.flow.commands import (
    AskStaff,
    AskTime,
    BookCallBack,
    Booked,
    Clock,
    Command,
    DialPartner,
    EndCall,
    Event,
    Found,
    JoinQueue,
    KeepAnswers,
    Kept,
    Keys,
    Left,
    LookUp,
    PartnerLeft,
    PartnerOutcome,
    Play,
    QueueLeft,
    RateCall,
    ReadKeys,
    Staff,
    TakeMessage,
    Taken,
)
from gateway.core.flow.file import LAST_RESORT, FlowSet, parse_flow
from gateway.core.flow.step import CallerFacts
from gateway.core.flow.walk import MOST_STEPS, Ended, PathEntry, Walk
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Faults
from gateway.errors import FlowError
from gateway.flows.store import parse_folder
from gateway.rules.yaml_with_lines import parse

SHIPPED, _ = parse_folder(Path(__file__).parents[3] / "ivr_flows")
MONDAY = Clock(datetime(2026, 11, 23, 10, tzinfo=UTC), True)


def flows_of(text: str) -> FlowSet:
    faults = Faults("t.yaml")
    flow = parse_flow(parse(text, faults), faults, "t")
    assert flow, faults.found
    return FlowSet(7, {"t": flow})


def at_person() -> Walk:
    """A caller with a complaint, waiting in the queue of `main`."""
    walk = Walk(SHIPPED, "main", CallerFacts("13835700000"))
    assert isinstance(walk.start(0.0), AskTime)
    assert isinstance(walk.send(MONDAY, 0.1), ReadKeys)
    assert isinstance(walk.send(Keys("1"), 5.2), Play)
    assert isinstance(walk.send(Keys(), 8.0), JoinQueue)
    return walk


def test_path_tells_step_exit_and_time() -> None:
    walk = at_person()
    assert (walk.position, walk.kind, walk.resumable, walk.over) == (
        "main/person",
        Kind.COMPLAINT,
        True,
        False,
    )
    walk.hang_up(31.5, "talked")
    assert walk.path == (
        PathEntry("main/open", "open", 0.1),
        PathEntry("main/menu", "1", 5.2),
        PathEntry("main/connect", "done", 8.0),
        PathEntry("main/person", "talked", 31.5),
    )
    assert walk.over


def test_hanging_up_twice_and_events_afterwards_do_nothing() -> None:
    walk = at_person()
    walk.hang_up(10.0)
    walk.hang_up(11.0)
    assert [entry.what for entry in walk.path].count("hung_up") == 1
    assert walk.send(QueueLeft(Left.TIMEOUT), 12.0) == Ended()


def test_another_process_takes_the_call_up() -> None:
    before = at_person()
    walk = Walk(SHIPPED, before.position, CallerFacts("13835700000"), kind=before.kind)
    command = walk.resume(QueueLeft(Left.CALL_BACK), 60.0)
    assert isinstance(command, ReadKeys)
    assert command.clips[0] == "callback_number_is"
    assert walk.kind is Kind.COMPLAINT
    assert walk.send(Keys("1"), 66.0) == BookCallBack("")


def test_both_processes_go_the_same_way() -> None:
    for why in Left:
        before = at_person()
        same = before.send(QueueLeft(why), 60.0)
        after = Walk(SHIPPED, "main/person", CallerFacts("13835700000"))
        assert after.resume(QueueLeft(why), 60.0) == same
        assert after.position == before.position


def test_step_without_a_long_wait_begins_anew() -> None:
    walk = Walk(SHIPPED, "main/menu")
    assert not walk.resumable
    command = walk.resume(QueueLeft(Left.TIMEOUT), 3.0)
    assert isinstance(command, ReadKeys)


def test_step_that_is_gone_leads_to_a_person() -> None:
    walk = Walk(SHIPPED, "main/no_such_step")
    assert walk.position == LAST_RESORT
    assert isinstance(walk.start(), JoinQueue)
    again = Walk(SHIPPED, walk.position)
    assert again.resume(QueueLeft(Left.NOBODY), 9.0) == Play(("sorry_message",))
    assert isinstance(again.send(Keys(), 12.0), TakeMessage)
    assert again.send(Taken(True, 8.0), 20.0) == EndCall()
    assert again.send(None, 20.0) == Ended()


def test_flow_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FlowError, match="no flow nowhere"):
        Walk(SHIPPED, "nowhere")


def test_end_is_in_the_path_once() -> None:
    walk = Walk(SHIPPED, "callback/goodbye")
    assert walk.start(1.0) == Play(("goodbye",))
    assert walk.send(Keys(), 3.0) == EndCall()
    assert walk.over
    assert walk.send(None, 3.0) == Ended()
    assert walk.path == (PathEntry("callback/goodbye", "ended", 3.0),)


def test_call_ends_on_the_set_it_began_with() -> None:
    old = at_person()
    shorter = {name: flow for name, flow in SHIPPED.flows.items() if name != "callback"}
    new = FlowSet(SHIPPED.version + 1, shorter, SHIPPED.partners)
    assert new.version != old.version
    command = old.send(QueueLeft(Left.TIMEOUT), 900.0)
    assert command == Play(("queue_timeout",), "0123456789*#")
    assert isinstance(old.send(Keys(), 903.0), ReadKeys)


def test_loop_that_got_past_the_checks_ends_with_a_person() -> None:
    circle = "a: {step: say, clips: x, next: b}\n  b: {step: say, clips: y, next: a}\n"
    walk = Walk(flows_of(f"flow: t\nstart: a\nsteps:\n  {circle}"), "t")
    command: Command | Ended = walk.start()
    told = 0
    while isinstance(command, Play):
        told += 1
        command = walk.send(Keys(), float(told))
    assert isinstance(command, JoinQueue)
    assert told == MOST_STEPS
    assert walk.position == LAST_RESORT


def test_goto_into_a_flow_that_is_gone_leads_to_a_person() -> None:
    flows = flows_of("flow: t\nstart: a\nsteps:\n  a: {step: goto, flow: gone}\n")
    assert isinstance(Walk(flows, "t").start(), JoinQueue)


def test_query_code_never_reaches_the_path() -> None:
    walk = Walk(SHIPPED, "progress")
    walk.start()
    walk.send(Keys("261123000017"), 5.0)
    assert walk.send(Keys("987605"), 9.0) == LookUp("261123000017", "987605")
    walk.send(Found("closed"), 9.1)
    walk.send(Keys(), 12.0)
    walk.hang_up(13.0)
    assert not any("987605" in str(entry) or "261123" in str(entry) for entry in walk.path)


def test_keys_pressed_in_a_speech_choose_in_the_menu_behind_it() -> None:
    walk = Walk(SHIPPED, "after_hours")
    walk.start()
    command = walk.send(Keys("1"), 2.0)
    assert isinstance(command, ReadKeys)
    assert command.clips[0] == "callback_ask_number", "withheld number: it is asked for at once"


# ------------------------------------------------------------- any caller whatever

DIGITS = st.text("0123456789*#", max_size=13)
ANSWERS = {
    Play: st.builds(Keys, st.sampled_from(["", "", "1", "*", "57"])),
    ReadKeys: st.builds(Keys, DIGITS),
    TakeMessage: st.builds(Taken, st.booleans(), st.floats(0, 600)),
    AskTime: st.builds(Clock, st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.booleans()),
    AskStaff: st.builds(Staff, st.integers(0, 4), st.integers(0, 4), st.integers(0, 20)),
    LookUp: st.builds(
        Found,
        st.sampled_from(["", "in_work", "?"]),
        st.sampled_from(["", "2026-12-01", "x"]),
        *(st.booleans(), st.booleans()),
    ),
    JoinQueue: st.builds(QueueLeft, st.sampled_from(list(Left))),
    BookCallBack: st.builds(Booked, DIGITS, st.integers(0, 300)),
    DialPartner: st.builds(PartnerLeft, st.sampled_from(list(PartnerOutcome))),
    KeepAnswers: st.builds(Kept, st.booleans()),
    RateCall: st.none(),
}
FURTHEST = 20 * MOST_STEPS  # commands; a step has far fewer


def closed_at_times(flows: FlowSet) -> FlowSet:
    """The shipped flows with opening hours, so that both exits of `hours` are taken."""
    from gateway.core.flow.hours import parse_hours

    hours = parse_hours("08:30-18:00")
    changed = {
        name: replace(
            flow,
            steps={
                key: replace(spec, settings=replace(spec.settings, workdays=hours, restdays=hours))
                if spec.step.name == "hours"
                else spec
                for key, spec in flow.steps.items()
            },
        )
        for name, flow in flows.flows.items()
    }
    return FlowSet(1, changed, flows.partners)


WITH_HOURS = closed_at_times(SHIPPED)


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(sorted(SHIPPED.flows)),
    st.sampled_from(["", "13835700000", "110", "anonymous"]),
)
def test_any_caller_comes_to_an_end_and_met_a_person_or_a_choice(
    data: st.DataObject, entry: str, phone: str
) -> None:
    walk = Walk(WITH_HOURS, entry, CallerFacts(phone))
    command = walk.start()
    helped = False
    number = 0
    while not isinstance(command, EndCall | Ended):
        number += 1
        assert number < FURTHEST
        helped = helped or isinstance(
            command, JoinQueue | TakeMessage | BookCallBack | ReadKeys | DialPartner
        )
        event: Event = data.draw(ANSWERS[type(command)])
        command = walk.send(event, float(number))
    assert helped
    assert len(walk.path) <= MOST_STEPS + 1
    assert [entry.at_seconds for entry in walk.path] == sorted(entry.at_seconds for entry in walk.path)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SHIPPED.flows.keys() - {"survey"})), st.data())  # there we are the caller
def test_caller_who_does_nothing_is_heard_or_helped(entry: str, data: st.DataObject) -> None:
    """Silence everywhere: he comes to the queue, to the tone, or to a call-back."""
    walk = Walk(WITH_HOURS, entry, CallerFacts("13835700000"))
    command = walk.start()
    met: set[type] = set()
    for number in range(FURTHEST):
        if isinstance(command, EndCall | Ended):
            break
        met.add(type(command))
        silent = isinstance(command, Play | ReadKeys)
        command = walk.send(Keys() if silent else data.draw(ANSWERS[type(command)]), float(number))
    assert met & {JoinQueue, TakeMessage, BookCallBack}
