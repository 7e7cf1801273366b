"""The lists of the desk on both databases: every tab against its definition, counts against rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from gateway.core.item.contact import Channel, Due, Kind, Person
from gateway.core.item.item import Happened, ItemState, Lease, QueueQuery
from gateway.core.item.lists import Facts, Level, ListQuery, Sort, Tab, belongs, level
from gateway.core.item.matter import PLATFORM, External
from gateway.core.item.notes import Mention
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction
from tests.storage.databases import MONDAY, ZONE, Clock, contact

TODAY = MONDAY.astimezone(ZONE).date()
MIDNIGHT = datetime.combine(TODAY, datetime.min.time(), ZONE)
WHO = "agent1"


def asked(tab: Tab, **changes: object) -> ListQuery:
    return replace(ListQuery(tab, WHO, MONDAY, TODAY, MIDNIGHT), **changes)  # type: ignore[arg-type]


async def invented(storage: Storage, intake: Intake, chance: Random, count: int) -> dict[str, Facts]:
    """Items in every state, with and without a lease, an addition and clocks; and the facts of each."""
    facts: dict[str, Facts] = {}
    for n in range(count):
        at = MONDAY - timedelta(minutes=chance.randrange(5))
        kind, channel = chance.choice(list(Kind)), chance.choice([Channel.WEB, Channel.EMAIL])
        one = contact(f"k{n}", received_at=at, kind=kind, channel=channel, county="141081" if n % 3 else "")
        number = (await intake.submit(one)).number
        state = chance.choice(list(ItemState))
        holder, added = chance.choice(["", WHO, WHO, "agent2"]), chance.random() < 0.2
        until = MONDAY + timedelta(minutes=chance.choice([-1, 1]))
        days = [TODAY + timedelta(days=chance.randrange(-3, 4)) for _ in range(chance.randrange(3))]
        closed = MIDNIGHT + timedelta(minutes=chance.choice([-1, 0]))
        named = chance.choice(["", "", "", WHO, "agent2"])

        def changed(t: Transaction) -> None:
            storage.items.replace_dues(t, number, [Due(f"c{i}", on, False, "") for i, on in enumerate(days)])  # noqa: B023
            storage.items.set_state(t, number, state)  # noqa: B023
            storage.items.set_lease(t, number, Lease(holder, until) if holder else None)  # noqa: B023
            if added:  # noqa: B023
                storage.items.happened(t, number, Happened(MONDAY, "follow_up", "web", "x"))  # noqa: B023
                storage.items.added(t, storage.items.there(t, number), MONDAY)  # noqa: B023
            note = Mention(number, "", "boss", MONDAY, "@")  # noqa: B023
            storage.mentions.add(t, number, [named] if named else [], note)  # noqa: B023
            if state is ItemState.CLOSED:  # noqa: B023
                storage.items.happened(t, number, Happened(closed, "complete", WHO))  # noqa: B023

        await storage.database.write(changed)
        runs = state not in (ItemState.CLOSED, ItemState.MERGED, ItemState.WITHDRAWN)
        facts[number] = Facts(
            *(state, holder, until if holder else None, added),
            min(days) if days and runs else None,
            closed.astimezone(ZONE).date() if state is ItemState.CLOSED else None,
            mentioned=named == WHO,
        )
    return facts


async def paged(storage: Storage, query: ListQuery) -> list[str]:
    numbers: list[str] = []
    while True:
        page = await storage.lists.page(query)
        numbers += [row.number for row in page.rows]
        if not page.next:
            return numbers
        query = replace(query, after=page.next)


async def test_rows_and_counts_are_those_of_the_definition(storage: Storage, intake: Intake) -> None:
    facts = await invented(storage, intake, Random(5), 90)
    arrived = {row.number: row.received_at for row in await storage.lists.rows(list(facts))}
    counts = await storage.lists.counts(asked(Tab.MINE))
    counts[Tab.MINE] = await storage.lists.count_mine(asked(Tab.MINE))
    for tab in Tab:
        wanted = {n for n, item in facts.items() if belongs(tab, item, WHO, MONDAY, TODAY)}
        by_age = sorted(wanted, key=lambda n: (arrived[n], n))
        by_clock = sorted(by_age, key=lambda n: facts[n].next_due or date.max)
        assert await paged(storage, asked(tab, sort=Sort.AGE, limit=4)) == by_age, tab
        assert await paged(storage, asked(tab, sort=Sort.CLOCK, limit=4)) == by_clock, tab
        assert counts[tab] == len(wanted), tab
    standing = await storage.figures.standing(TODAY, MONDAY)
    assert (standing.to_take, standing.overdue) == (counts[Tab.WAITING], counts[Tab.OVERDUE])


async def test_filters(storage: Storage, intake: Intake) -> None:
    await invented(storage, intake, Random(6), 40)
    for tab in Tab:
        rows = (await storage.lists.page(asked(tab, limit=200))).rows
        for name, value in (
            ("kind", Kind.REPORT),
            ("channel", Channel.EMAIL),
            ("state", ItemState.ACCEPTED),
        ):
            page = await storage.lists.page(asked(tab, limit=200, **{name: value}))
            assert page.rows == tuple(row for row in rows if getattr(row, name) == value), (tab, name)
        page = await storage.lists.page(asked(tab, limit=200, county="141081"))
        assert {row.number for row in page.rows} <= {row.number for row in rows}


async def test_what_a_row_shows(storage: Storage, intake: Intake, clock: Clock) -> None:
    open_one = (await intake.submit(contact("a"))).number
    sealed = (
        await intake.submit(contact("b", kind=Kind.REPORT, person=Person("李四", "13835700001")))
    ).number
    await storage.accounts.add(WHO, "坐席一", "agent", "x", MONDAY)
    clock.on(minutes=3)
    detail = await intake.claim(WHO, QueueQuery(), open_one)
    assert detail
    for n in range(2):
        await intake.append(open_one, f"more:{n}", "补充", (), "web")
    external = External(PLATFORM, "1400002026112400001", MONDAY, WHO)
    await storage.database.write(lambda t: storage.links.set_external(t, open_one, external))
    row, other = await storage.lists.rows([open_one, sealed])
    assert (row.name, row.respondent_name, row.summary) == ("张三", "某电器商行", "商家拒绝退款")
    assert (row.holder, row.holder_name, row.additions) == (WHO, "坐席一", 2)
    assert row.platform_number == "1400002026112400001"
    assert (row.received_at, row.changed_at) == (MONDAY, clock())
    assert row.clock and row.clock.at == min(due.on for due in detail.item.due)
    assert level(row.clock.at, TODAY) is Level.OK
    assert other.name is None and other.holder == ""


async def test_a_place_of_another_order_is_refused(storage: Storage) -> None:
    with pytest.raises(ValueError, match="another order"):
        await storage.lists.page(asked(Tab.WAITING, sort=Sort.CLOCK, after="1764000000000,261124000017"))
