"""Pages of fax items: put in order, turned, parted, joined and joined no more; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.core.fax.record import FiledPage, Placing
from gateway.core.item.contact import Channel, Kind, Person, Task
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.matter import LinkKind
from gateway.errors import BadContact, Conflict, NotFound
from gateway.intake.fax_filing import Filing
from tests.channels.fax.filed import fax_item
from tests.intake.matters.conftest import House, house, templates
from tests.storage.databases import contact

__all__ = ["house", "templates"]


async def number_of(house: House, **how: int | str) -> str:
    return (await fax_item(house.intake, house.storage, house.var / "pages", **how)).number  # type: ignore[arg-type]


def filing(house: House) -> Filing:
    return Filing(house.intake, house.storage, house.clock)


def keys(pages: tuple[FiledPage, ...]) -> list[tuple[str, int]]:
    return [one.key for one in pages]


async def test_pages_are_put_in_order_and_upright(house: House) -> None:
    number, desk = await number_of(house), filing(house)
    assert keys(await desk.pages(number)) == [("1.1", 1), ("1.1", 2), ("1.1", 3)]
    wanted = [Placing("1.1", 3), Placing("1.1", 1, 180), Placing("1.1", 2)]
    await desk.arrange(number, wanted)
    pages = await desk.pages(number)
    assert [(one.page.page, one.page.turned) for one in pages] == [(3, 0), (1, 180), (2, 0)]
    for wrong in (wanted[:2], [*wanted, wanted[0]], [*wanted[:2], Placing("9.9", 1)]):
        with pytest.raises(Conflict):
            await desk.arrange(number, wrong)
    with pytest.raises(NotFound):
        await desk.pages("260302999993")


async def test_pages_are_parted_once_and_for_good(house: House) -> None:
    number, desk = await number_of(house), filing(house)
    chosen = {("1.1", 2), ("1.1", 3)}
    both = await asyncio.gather(
        *(desk.split(number, chosen, "agent1") for _ in range(2)), return_exceptions=True
    )
    made = [one for one in both if not isinstance(one, BaseException)]
    assert len(made) == 1, both
    assert [type(one) for one in both if isinstance(one, BaseException)] == [Conflict]
    new = await house.intake.get(made[0].number)
    assert (new.item.channel, new.item.kind, new.item.person.phone) == (
        Channel.FAX,
        Kind.UNSORTED,
        "13835712345",
    )
    assert new.item.received_at == (await house.intake.get(number)).item.received_at
    assert keys(await desk.pages(number)) == [("1.1", 1)]
    assert keys(await desk.pages(new.item.number)) == [("1.1", 2), ("1.1", 3)]
    assert [one.role for one in new.attachments] == ["page", "page"]
    link = (await house.matters.matter(number)).links[0]
    assert (link.other, link.kind) == (new.item.number, LinkKind.SPLIT)
    for wrong in ({("1.1", 1)}, {("1.1", 2)}, set()):
        with pytest.raises(Conflict):
            await desk.split(number, wrong, "agent1")
    assert len(await house.intake.page(QueueQuery(channel=Channel.FAX))) == 2


async def test_only_the_holder_parts_a_held_item(house: House) -> None:
    number = await number_of(house)
    await house.intake.claim("agent2", QueueQuery(), number)
    with pytest.raises(Conflict):
        await filing(house).split(number, {("1.1", 1)}, "agent1")


async def test_joined_pages_stand_behind_the_others_until_they_are_parted_again(house: House) -> None:
    one = await number_of(house, pages=2)
    two = await number_of(house, pages=2, call="1.2", minutes=-5)
    desk = filing(house)
    await house.intake.merge(two, one, "agent1")
    whole = [("1.1", 1), ("1.1", 2), ("1.2", 1), ("1.2", 2)]
    assert keys(await desk.pages(one)) == whole
    await desk.arrange(one, [Placing(*key) for key in reversed(whole)])
    assert keys(await desk.pages(one)) == whole[::-1]
    await house.intake.unmerge(two, "agent1", "不是一件")
    assert keys(await desk.pages(one)) == [("1.1", 2), ("1.1", 1)]
    assert keys(await desk.pages(two)) == [("1.2", 2), ("1.2", 1)]
    parted = (await desk.split(one, {("1.1", 1)}, "agent1")).number
    await house.intake.merge(parted, one, "agent1")
    assert keys(await desk.pages(one)) == [("1.1", 2), ("1.1", 1)]
    again = (await desk.split(one, {("1.1", 1)}, "agent1")).number
    assert again != parted


async def test_what_came_by_itself_is_written_up_by_a_person(house: House) -> None:
    number = await number_of(house)
    given = contact(occurred_on=None)
    with pytest.raises(Conflict):
        await house.intake.fill_in(number, given, "agent1")  # without the lease
    await house.intake.claim("agent1", QueueQuery(), number)
    done = (await house.intake.fill_in(number, given, "agent1")).item
    assert (done.kind, done.channel, done.content) == (Kind.COMPLAINT, Channel.FAX, given.content)
    assert (done.person.phone, done.state) == ("13835700000", ItemState.IN_WORK)
    assert done.due, "its clocks run"
    assert ("written_up", "complaint") in await house.past(number)
    with pytest.raises(BadContact):
        await house.intake.fill_in(number, replace(given, person=Person()), "agent1", ["name"])
    with pytest.raises(Conflict):
        await house.intake.fill_in(number, given, "agent2")
    owed = await house.number("phone:1", task=Task.CALL_BACK, kind=Kind.UNSORTED)
    await house.intake.claim("agent1", QueueQuery(), owed)
    assert (await house.intake.fill_in(owed, given, "agent1")).item.task is Task.CALL_BACK
    bad = await house.number("mail:1", task=Task.UNREADABLE, kind=Kind.UNSORTED)
    await house.intake.claim("agent1", QueueQuery(), bad)
    assert (await house.intake.fill_in(bad, given, "agent1")).item.task is Task.NONE
