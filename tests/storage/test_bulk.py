"""Invented arrivals in bulk: as real ones to everybody who reads, numbered together with real ones, kept."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest

from gateway.cli.main import main
from gateway.core.item import number
from gateway.core.item.invention import Inventor
from gateway.core.item.item import ItemState, QueueQuery
from gateway.core.statistics import day_of
from gateway.intake.intake import Intake
from gateway.storage import Storage, bulk
from tests.storage.databases import MONDAY, ROOT, ZONE, contact, rules

DAY = MONDAY.astimezone(ZONE).date()


def inventor() -> Inventor:
    law = rules()
    return Inventor(
        Random(1),
        ZONE,
        DAY,
        counties={one.zh: one.code for one in law.divisions},
        problems=[one.id for one in law.categories.problems],
        subjects=[one.id for one in law.categories.subjects],
        claims=[one.id for one in law.claims],
    )


async def add(storage: Storage, day: date, count: int) -> int:
    invent, chance = inventor(), Random(2)
    clocks = lru_cache(100)(rules().due)
    code = lambda: number.query_code(chance.getrandbits(40))  # noqa: E731
    return await bulk.add_day(storage.database, day, invent.day(day, count), clocks, code)


async def test_invented_items_are_like_real_ones(storage: Storage, intake: Intake) -> None:
    first = await intake.submit(contact("web:1"))
    assert await add(storage, DAY, 200) == 200
    last = await intake.submit(contact("web:2"))
    assert (first.number[6:11], last.number[6:11]) == ("00001", "00202")
    assert await bulk.count_invented(storage.database) == 200
    assert sum(count for _, _, count in await storage.items.counts()) == 202
    page = await intake.page(QueueQuery(limit=200))
    assert len(page) > 20
    item = (await intake.get(page[1].item.number)).item
    assert number.valid(item.number) and item.content and item.due
    (found,) = await storage.figures.rows([day_of(DAY, ZONE)])
    assert len(found.calls) > 100 and sum(count for _, count in found.written) > 50


async def test_none_comes_later_than_now_and_none_waits_where_none_shall() -> None:
    start = MONDAY.astimezone(ZONE).replace(hour=0, minute=0, second=0)
    for hours in (3, 11, 23):
        now = start + timedelta(hours=hours)
        arrivals = list(inventor().day(DAY, 100, now=now, queued=False))
        times = [arrival.contact.received_at for arrival in arrivals if arrival.contact]
        assert start <= min(times) and max(times) <= now and times == sorted(times)
        assert not {ItemState.RECEIVED, ItemState.IN_WORK} & {arrival.state for arrival in arrivals}


async def test_days_before_today(storage: Storage) -> None:
    assert await add(storage, DAY - timedelta(days=60), 50) == 50
    await bulk.analyse(storage.database)


def test_the_command_adds_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "gateway.toml"))
    for wanted, said in (
        (60, "60 件已加入，共 60 件"),
        (60, "0 件已加入，共 60 件"),
        (90, "30 件已加入，共 90 件"),
    ):
        assert main(["demo", "fill", "--items", str(wanted), "--days", "20"]) == 0
        assert said in capsys.readouterr().out
    assert main(["demo", "fill", "--items", "100000", "--days", "1"]) == 2
    monkeypatch.setenv("GATEWAY_DEMO_ENABLED", "no")
    assert main(["demo", "fill"]) == 2


def test_the_demo_begins_with_twenty_items_and_adds_none_to_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "gateway.toml"))
    assert main(["demo", "begin"]) == 0
    assert "20 件已加入，共 20 件" in capsys.readouterr().out
    monkeypatch.setenv("GATEWAY_DEMO_ITEMS", "30")
    assert main(["demo", "begin"]) == 0
    monkeypatch.setenv("GATEWAY_DEMO_ENABLED", "no")
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "other"))
    assert main(["demo", "begin"]) == 0
    assert capsys.readouterr().out == ""
