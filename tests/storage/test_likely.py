"""Items about one respondent, the nearest in time first, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.item.contact import Respondent
from gateway.core.item.item import Item
from gateway.intake.intake import Intake
from gateway.storage import Storage
from gateway.storage.links import Signs
from tests.storage.databases import MONDAY, contact
from tests.storage.plans import SORTS, plans

ABOUT = Signs(respondent="恒信")


async def taken_in(intake: Intake, minutes: int, firm: str = "临汾恒信家电商行") -> Item:
    at = MONDAY + timedelta(minutes=minutes)
    one = contact(f"web:{minutes}", respondent=Respondent(firm), received_at=at)
    return (await intake.get((await intake.submit(one)).number)).item


async def test_the_nearest_before_and_after_are_found(
    storage: Storage, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.links.SOME", 3)
    at = {minutes: (await taken_in(intake, minutes)).number for minutes in (0, 10, 18, 23, 50, 60)}
    middle = await taken_in(intake, 20)
    await taken_in(intake, 21, "佳美美容院")
    near = await storage.database.read(lambda t: storage.links.candidates(t, middle, ABOUT, 200))
    assert [item.number for item in near] == [at[18], at[23], at[10]]
    first = await storage.database.read(lambda t: storage.links.candidates(t, middle, ABOUT, 1))
    assert [item.number for item in first] == [at[18]]


async def test_names_are_walked_in_order_of_time(storage: Storage, intake: Intake) -> None:
    """Sorted, all of half a year would have to be read before the first is known."""
    item = await taken_in(intake, 0)
    back, ahead, *_ = await plans(storage, lambda t: storage.links.candidates(t, item, ABOUT, 200))
    for plan in (back, ahead):
        assert "items_by_respondent" in plan
        assert SORTS not in plan and "Sort" not in plan, plan
