"""Calls to units: the next number when nobody presses 1, the alarm at the desk, one gateway alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from gateway.cases.duty_calls import DutyCalls
from gateway.core.item.contact import Kind
from gateway.core.order.duty import clips, duty_of
from gateway.core.order.ladder import Rung
from gateway.core.order.order import Urgency
from gateway.core.order.states import OrderEvent
from tests.cases.test_supervision import BUREAU, HANDLER, LEADER, Centre, centre, templates

__all__ = ["centre", "templates"]
E, R = OrderEvent, Rung
CLIPS = (
    *("duty_hello", f"duty_unit_{BUREAU}", "duty_kind_report", "duty_urgency_pressing", "duty_rung_orange"),
    *("duty_number", *(f"digit_{digit}" for digit in range(10)), "duty_keys"),
)


async def late_order(centre: Centre, *phones: str) -> tuple[int, DutyCalls]:
    """An urgent order on its orange day, of a unit with these duty telephones."""
    unit = (await centre.storage.units.tree()).get(BUREAU)
    assert unit is not None
    await centre.storage.units.keep([replace(unit, phones=phones)], "admin", centre.clock.at)
    duty = DutyCalls(centre.orders.changes, CLIPS)
    centre.supervision.rung_listeners.append(duty.called)
    order = await centre.assigned(urgency=Urgency.PRESSING)
    await centre.act(order, HANDLER, E.SIGN)
    await centre.at(date(2026, 5, 12))
    assert await duty.take() is None, "a reminder rings nobody"
    await centre.at(date(2026, 5, 13))
    return order, duty


async def test_the_next_number_is_rung_until_somebody_takes_note(centre: Centre) -> None:
    order, duty = await late_order(centre, "0357-2222222", "13835700001")
    first = await duty.take()
    assert first is not None and duty_of(first.call)
    assert first.phone == "03572222222"
    number = (await centre.orders.order(order, LEADER)).item.item.number
    assert first.clips == (
        *("duty_hello", f"duty_unit_{BUREAU}", "duty_kind_report", "duty_urgency_pressing"),
        *("duty_rung_orange", "duty_number", *(f"digit_{digit}" for digit in number[-6:]), "duty_keys"),
    )
    assert await duty.take() is None, "another gateway finds nothing to dial"
    await duty.ended(first.call, "NOLINE")
    assert await duty.take() is None
    centre.clock.on(minutes=1)
    again = await duty.take()
    assert again is not None and again.phone == first.phone and again.call != first.call
    await duty.ended(again.call, "NOANSWER")
    second = await duty.take()
    assert second is not None and second.phone == "13835700001"
    await duty.acknowledged(second.call)
    await duty.ended(second.call, "ANSWER")
    assert await duty.take() is None
    orange = next(line for line in await centre.ledger(order) if line.rung is R.ORANGE)
    assert (orange.acknowledged_by, "call" in orange.told) == ("****0001", True)
    events = (await centre.orders.order(order, LEADER)).events
    assert events[-1].event == "duty_taken"


async def test_the_desk_is_alarmed_when_nobody_takes_note(centre: Centre) -> None:
    order, duty = await late_order(centre, "03572222222")
    dial = await duty.take()
    assert dial is not None
    await duty.ended(dial.call, "ANSWER")  # answered, and hung up without a key
    assert await duty.take() is None
    whole = await centre.orders.order(order, LEADER)
    assert whole.events[-1].event == "duty_failed"
    assert whole.item.item.added_at is not None, "it stands in the desk's list of additions"


async def test_a_dial_whose_end_nobody_noted_is_over_after_a_while(centre: Centre) -> None:
    order, duty = await late_order(centre, "03572222222", "13835700001")
    assert await duty.take() is not None
    centre.clock.on(minutes=11)
    second = await duty.take()
    assert second is not None and second.phone == "13835700001"
    centre.clock.on(minutes=11)
    assert await duty.take() is None
    assert (await centre.orders.order(order, LEADER)).events[-1].event == "duty_failed"


async def test_nobody_is_rung_about_what_is_not_owed_any_more(centre: Centre) -> None:
    order, duty = await late_order(centre, "03572222222")
    await centre.act(order, LEADER, E.CANCEL, reason="派错")
    centre.clock.at += timedelta(minutes=1)
    assert await duty.take() is None


def test_only_clips_that_there_are_stand_in_a_summary() -> None:
    spoken = clips("141099", Kind.COMPLAINT, Urgency.MAJOR, R.RED, "261128000017", {"duty_hello", "digit_1"})
    assert spoken == ("duty_hello", "digit_1")
