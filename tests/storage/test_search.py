"""The search on both databases: names, numbers, telephones, firms, texts, periods, sealed reports."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from gateway.core.item.contact import Channel, Kind, Person, Respondent
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.item.matter import PLATFORM, External
from gateway.core.item.search import SearchQuery, looked_for
from gateway.intake.intake import Intake
from gateway.storage import Storage, Transaction
from gateway.storage.search_candidates import candidates
from gateway.storage.search_index import begin_anew
from tests.storage.databases import MONDAY, contact

AREA = "0357"


async def found(storage: Storage, text: str, *, identities: bool = False, **filters: object) -> list[str]:
    marks = storage.search.marks_for(text, AREA) if identities else ()
    query = SearchQuery(looked_for(text, AREA, marks) if text else None, **filters)  # type: ignore[arg-type]
    page, rows = await storage.search.find(query)
    assert [row.number for row in rows] == list(page.numbers)
    return list(page.numbers)


@pytest.fixture
async def numbers(storage: Storage, intake: Intake) -> dict[str, str]:
    said = {
        "one": contact(
            "1", person=Person("王伟", "138 3570 0000"), content="买的手机，Type-C接口坏了，单号7654321"
        ),
        "rare": contact(
            "2", person=Person("𠮷田一郎", "0357-2025100"), respondent=Respondent("临汾恒信家电商行")
        ),
        "spaced": contact(
            "3",
            person=Person("李 娜", "+86 13900000003"),
            respondent=Respondent("（临汾）恒信超市", phone="+81 3 3581 0101"),
        ),
        "report": contact(
            "4", kind=Kind.REPORT, person=Person("赵敏", "13835700009"), respondent=Respondent("佳美美容院")
        ),
    }
    return {name: (await intake.submit(one)).number for name, one in said.items()}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王伟", ["one"]),
        ("𠮷田", ["rare"]),
        ("𠮷", ["rare"]),
        ("李娜", ["spaced"]),
        ("李 娜", ["spaced"]),
        ("恒信", ["rare", "spaced"]),
        ("临汾恒信", ["rare", "spaced"]),
        ("恒信家电", ["rare"]),
        ("信 家电", ["rare"]),
        ("恒信美容", []),
        ("家电恒信", []),
        ("手机 王伟", ["one"]),
        ("type-c", ["one"]),
        ("TYPEＣ接口", ["one"]),
        ("7654321", ["one"]),
        ("５４３２１", ["one"]),
        ("13835700000", ["one"]),
        ("+86 138-3570-0000", ["one"]),
        ("008613835700000", ["one"]),
        ("0000", ["one", "spaced"]),
        ("03572025100", ["rare"]),
        ("2025100", ["rare"]),
        ("0081 3-3581-0101", ["spaced"]),
        ("+81335810101", ["spaced"]),
        ("赵敏", []),
        ("13835700009", []),
        ("佳美", ["report"]),
        ("没有的", []),
    ],
)
async def test_what_is_found(storage: Storage, numbers: dict[str, str], text: str, names: list[str]) -> None:
    wanted = {numbers[name] for name in names}
    assert set(await found(storage, text)) == wanted


async def test_numbers_reports_filters_and_pages(
    storage: Storage, intake: Intake, numbers: dict[str, str]
) -> None:
    number = numbers["rare"]
    assert await found(storage, f" {number[:6]}-{number[6:]} ") == [number]
    external = External(PLATFORM, "JB-1400002026112400001", MONDAY, "agent1")
    await storage.database.write(lambda t: storage.links.set_external(t, number, external))
    assert await found(storage, "jb1400002026112400001") == [number]
    # Who reported is found by his whole name or telephone alone, and by those alone who may know it.
    assert await found(storage, "赵敏", identities=True) == [numbers["report"]]
    assert await found(storage, "0086 13835700009", identities=True) == [numbers["report"]]
    assert await found(storage, "赵", identities=True) == []
    assert await found(storage, "恒信", kind=Kind.REPORT) == []
    assert await found(storage, "恒信", state=ItemState.CLOSED) == []
    assert len(await found(storage, "恒信", channel=Channel.WEB, first=date(2026, 3, 2))) == 2
    assert await found(storage, "恒信", last=date(2026, 3, 1)) == []
    newest = sorted(numbers.values(), reverse=True)
    assert await found(storage, "", first=date(2026, 3, 2), last=date(2026, 3, 2)) == newest
    page, _ = await storage.search.find(SearchQuery(looked_for("恒信"), limit=1))
    assert (page.numbers, page.next, page.complete) == ((numbers["spaced"],), numbers["spaced"], True)
    rest, _ = await storage.search.find(SearchQuery(looked_for("恒信"), limit=1, after=page.next))
    assert (rest.numbers, rest.next) == ((numbers["rare"],), "")


async def test_the_index_follows_what_is_written(storage: Storage, intake: Intake) -> None:
    call = contact("call:1", channel=Channel.PHONE, kind=Kind.UNSORTED, person=Person("", "13900000001"))
    number = (await intake.submit(call)).number
    await intake.claim("agent1", QueueQuery(), number)
    await intake.fill_in(number, contact("x", person=Person("孙尚香", "13900000001")), "agent1")
    assert await found(storage, "孙尚香") == [number]
    await intake.fill_in(number, contact("y", person=Person("孙策", "13900000002")), "agent1")
    assert await found(storage, "孙尚香") == [] and await found(storage, "13900000001") == []
    assert await found(storage, "孙策") == [number]


async def test_older_items_are_put_in_beside_the_running_gateway(
    storage: Storage, intake: Intake, numbers: dict[str, str]
) -> None:
    def older(t: Transaction) -> None:
        t.exec_driver_sql("delete from search_index").close()
        begin_anew(t)

    await storage.database.write(older)
    page, _ = await storage.search.find(SearchQuery(looked_for("恒信")))
    assert (page.numbers, page.complete) == ((), False)
    assert (await storage.one_time_work.run())["making the index of the search"] == len(numbers)
    page, _ = await storage.search.find(SearchQuery(looked_for("恒信")))
    assert (len(page.numbers), page.complete) == (2, True)
    assert await found(storage, "赵敏", identities=True) == [numbers["report"]]
    assert (await storage.one_time_work.run())["making the index of the search"] == 0


async def test_common_pairs_that_stand_apart_end_a_page_early(
    storage: Storage, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates that do not fit are read a limited number at a time; the next page goes on behind them."""
    monkeypatch.setattr("gateway.storage.search_candidates.BATCH", 2)
    monkeypatch.setattr("gateway.storage.search_candidates.FEW", 3)
    monkeypatch.setattr("gateway.storage.search.MOST", 4)
    wanted = (await intake.submit(contact("k", content="甲乙丙"))).number
    for n in range(6):
        at = MONDAY + timedelta(minutes=n)
        await intake.submit(contact(f"k{n}", content="甲乙、丁乙丙", received_at=at))
    query, pages, numbers = SearchQuery(looked_for("甲乙丙")), 0, []
    while True:
        page, _ = await storage.search.find(query)
        numbers += page.numbers
        pages += 1
        if not page.next:
            break
        query = SearchQuery(looked_for("甲乙丙"), after=page.next)
    assert (numbers, pages) == ([wanted], 2)


async def test_a_page_of_a_common_word_is_found_among_the_newest(
    storage: Storage, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page is the next newest, whether numbers are walked, looked up, or one behind the other."""
    monkeypatch.setattr("gateway.storage.search_candidates.SOON", 3)
    monkeypatch.setattr("gateway.storage.search_candidates.BATCH", 2)
    taken = []
    for n in range(9):
        one = contact(
            f"k{n}", content="甲乙" if n % 4 else "甲丙乙", received_at=MONDAY + timedelta(minutes=n)
        )
        taken.append((await intake.submit(one)).number)
    wanted = [number for n, number in enumerate(taken) if n % 4][::-1]
    for few in (3, 100):
        monkeypatch.setattr("gateway.storage.search_candidates.FEW", few)
        pages, after = [], ""
        while not pages or after:
            page, _ = await storage.search.find(SearchQuery(looked_for("甲乙"), limit=2, after=after))
            pages.append(page.numbers)
            after = page.next
        assert pages == [tuple(wanted[at : at + 2]) for at in range(0, 6, 2)]
        assert await found(storage, "甲乙", channel=Channel.WEB) == wanted


async def test_postgresql_walks_for_a_common_word_and_does_not_fetch_each(
    storage: Storage, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    if storage.database.sqlite:
        pytest.skip("SQLite walks always")
    monkeypatch.setattr("gateway.storage.search_candidates.SOON", 3)
    for n in range(9):
        await intake.submit(contact(f"k{n}", content="甲乙", received_at=MONDAY + timedelta(minutes=n)))
    query = SearchQuery(looked_for("甲乙"), limit=2)

    def read(t: Transaction) -> tuple[int, list[str], str]:
        first = next(candidates(t)(t, query, query.search.tokens, False))  # type: ignore[union-attr]
        walks = t.execute(text("select current_setting('enable_bitmapscan')")).scalar_one()
        return len(first), [row["content"] for row in first], walks

    assert await storage.database.read(read) == (3, ["甲乙"] * 3, "off")


async def test_the_newest_of_the_index_are_read_into_memory(
    storage: Storage, numbers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await storage.search.warm() == (0 if storage.database.sqlite else len(numbers))
    monkeypatch.setattr("gateway.storage.search.NEWEST", 3)
    assert await storage.search.warm() == (0 if storage.database.sqlite else 3)
