"""Who a reporter is: sealed on the disk, withheld on every way out but one, found again all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.core.item.contact import Contact, Kind, Person
from gateway.core.item.item import QueueQuery
from gateway.errors import SetupError, StorageDown
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.intake.splits import Split
from gateway.intake.writing_up import Sorted
from gateway.storage import Storage
from gateway.storage.identities import Identities
from gateway.storage.threads import MailThreads
from tests.storage.databases import ZONE, Clock, contact, intake_on, lose_key, rules
from tests.web.real_site import real_site

LI = Person("李举报", "139 3570 1234", "Li@Example.cn", "临汾市某路1号", "身份证", "14100119900101123X")
WORDS = ("李举报", "3570", "Example", "某路1号", "身份证", "14100119900101")


def report(key: str, **changes: object) -> Contact:
    return contact(key, **({"kind": Kind.REPORT, "claims": (), "person": LI} | changes))


async def everything(storage: Storage) -> str:
    """Every row of the two tables, as somebody reads them who has the database alone."""
    found = []
    for table in ("items", "identities"):
        wanted = text(f"SELECT * FROM {table}")
        found += await storage.database.read(lambda t: [str(tuple(row)) for row in t.execute(wanted)])  # noqa: B023
    return "\n".join(found)


async def test_nothing_of_it_stands_in_the_tables(storage: Storage, intake: Intake) -> None:
    receipt = await intake.submit(report("web:1"))
    rows = await everything(storage)
    assert not [word for word in WORDS if word in rows]
    item = (await intake.get(receipt.number)).item
    assert item.person == Person() and item.withheld
    (listed,) = await intake.page(QueueQuery())
    assert listed.item.person == Person() and listed.item.withheld
    claimed = await intake.claim("agent1", QueueQuery())
    assert claimed and claimed.item.person == Person()
    assert await Matters(intake, storage, rules(), ZONE).identity(receipt.number) == LI


async def test_an_anonymous_report_withholds_nothing(intake: Intake) -> None:
    receipt = await intake.submit(contact("a", kind=Kind.REPORT, person=Person(), anonymous=True))
    assert not (await intake.get(receipt.number)).item.withheld


async def test_the_same_persons_items_are_found(storage: Storage, intake: Intake) -> None:
    matters = Matters(intake, storage, rules(), ZONE)
    first = await intake.submit(report("web:1"))
    twice = await intake.submit(report("web:2", content="别的话"))
    other = await intake.submit(contact("web:3", person=Person("李举报", "+8613935701234")))
    for number in (first.number, twice.number, other.number):
        found = await matters.likely(number)
        assert {one.item.number for one in found} == {first.number, twice.number, other.number} - {number}
        shown = [one.item.person for one in found if one.item.number != other.number]
        assert shown == [Person()] * len(shown)


async def test_a_mail_from_the_reporter_is_known(storage: Storage, intake: Intake) -> None:
    receipt = await intake.submit(report("web:1"))
    threads = MailThreads(storage.database, storage.identities)
    assert await threads.knows(receipt.number, "li@example.cn")
    assert not await threads.knows(receipt.number, "li@example.com")


async def test_sorting_seals_and_opens(storage: Storage, intake: Intake) -> None:
    receipt = await intake.submit(contact("call:1", kind=Kind.UNSORTED, person=Person("", "13935701234")))
    await intake.claim("agent1", QueueQuery())
    done = await intake.sort(receipt.number, Sorted(Kind.REPORT, person=Person("李举报")), "agent1")
    assert done.item.withheld and done.item.person == Person()
    assert "3935701234" not in await everything(storage)
    back = await intake.sort(receipt.number, Sorted(Kind.QUESTION), "agent1")
    assert back.item.person == Person("李举报", "13935701234") and not back.item.withheld
    rows = await storage.database.read(lambda t: t.execute(text("SELECT count(*) FROM identities")).scalar())
    assert rows == 0


async def test_both_halves_of_a_split_have_the_person(storage: Storage, intake: Intake) -> None:
    matters = Matters(intake, storage, rules(), ZONE)
    receipt = await intake.submit(report("web:1"))
    half = await matters.split(receipt.number, Split(Kind.COMPLAINT), "agent1")
    assert (await intake.get(half.number)).item.person == LI


async def test_reports_that_were_there_before_are_sealed(url: str, tmp_path: Path) -> None:
    before = await Storage.open(url, tmp_path)
    receipt = await intake_on(before, Clock()).submit(report("web:1"))
    old = f"UPDATE items SET person_name='李举报', person_phone='{LI.phone}', person_email=''"
    await before.database.write(lambda t: t.execute(text(old)).close())
    await before.database.write(lambda t: t.execute(text("DELETE FROM identities")).close())
    assert "李举报" in await everything(before)
    await before.close()
    after = await Storage.open(url, tmp_path)
    matters = Matters(intake_on(after, Clock()), after, rules(), ZONE)
    assert (await matters.identity(receipt.number)).phone == LI.phone, "it is read before it is sealed"
    assert (await intake_on(after, Clock()).get(receipt.number)).item.withheld
    assert (await after.one_time_work.run())["sealing identities of reports"] == 1
    assert "李举报" not in await everything(after)
    matters = Matters(intake_on(after, Clock()), after, rules(), ZONE)
    assert (await matters.identity(receipt.number)).phone == LI.phone
    await after.close()


async def test_another_key_opens_nothing(url: str, tmp_path: Path) -> None:
    storage = await Storage.open(url, tmp_path)
    receipt = await intake_on(storage, Clock()).submit(report("web:1"))
    await storage.close()
    (tmp_path / "secrets" / "identities.key").unlink()
    with pytest.raises(SetupError, match=r"identities\.key: is missing"):
        await Storage.open(url, tmp_path)
    (tmp_path / "secrets" / "identities.key").touch()
    await lose_key(url, tmp_path)
    storage = await Storage.open(url, tmp_path)
    intake = intake_on(storage, Clock())
    with pytest.raises(StorageDown):
        await Matters(intake, storage, rules(), ZONE).identity(receipt.number)
    assert (await intake.get(receipt.number)).item.withheld  # the rest of the item is there
    await storage.close()


def test_one_items_record_is_no_others(tmp_path: Path) -> None:
    seals = Identities(b"k" * 32)
    sealed = seals.seal("260302000017", LI)
    assert seals.open("260302000017", sealed) == LI
    assert sealed != seals.seal("260302000017", LI)
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for number, given in (("260302000025", sealed), ("260302000017", spoilt)):
        with pytest.raises(StorageDown):
            seals.open(number, given)


async def test_over_the_api_it_takes_a_right_and_a_reason(tmp_path: Path) -> None:
    async with real_site(tmp_path / "var") as site:
        receipt = await site.intake.submit(report("web:1"))
        path = f"/api/v1/queue/{receipt.number}"
        for query, role, status in (
            ("?reason=核实举报线索", "agent", 403),
            ("", "supervisor", 422),
            ("?reason=x", "supervisor", 422),
            ("?reason=核实举报线索", "supervisor", 200),
        ):
            async with site.client.get(f"{path}/identity{query}", headers=site.bearer(role)) as answer:
                assert answer.status == status
                told = await answer.text()
        assert "李举报" in told and "14100119900101123X" in told
        newest = (await site.storage.audit.page(limit=1))[0]
        assert (newest.what, newest.about, newest.who) == ("identity.view", receipt.number, "supervisor1")
        assert newest.detail == '{"reason":"核实举报线索"}'
        for way in ("", "/form", "/likely", "/matter"):
            async with site.client.get(path + way, headers=site.bearer("supervisor")) as answer:
                told = await answer.text()
                assert answer.status == 200 and not [word for word in WORDS if word in told]
        async with site.client.get(path, headers=site.bearer("agent")) as answer:
            assert (await answer.json())["withheld"] is True
