"""A channel is one module: one under tests/ is taken in, listed, filtered, exported and counted."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import tests.channels.added
from gateway import channels
from gateway.calls.statistics import Statistics
from gateway.channels.registry import REGISTRY, registry
from gateway.cli.export import CsvSheet, Setting, rows_of, write
from gateway.cli.report import channel_columns
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Channel
from gateway.core.roles import Role
from gateway.errors import BadContact
from gateway.rules.load import load_rules
from tests.channels.added import kiosk
from tests.storage.databases import MONDAY, ROOT, ZONE, contact
from tests.web.real_site import RealSite, real_site

WITH_KIOSK = registry(channels, tests.channels.added)
DAY = date(2026, 3, 2)
NO_CALLS = object()  # behind the desk page; nothing here is about calls
PASSWORD = "correct horse 12315"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    """A site that has one channel more, with an item of the web form and one of the new channel."""
    async with real_site(tmp_path / "var", channels=WITH_KIOSK, desk=NO_CALLS) as running:
        await running.intake.submit(contact())
        await running.intake.submit(kiosk.contact("kiosk:1", MONDAY))
        yield running


async def listed(site: RealSite, query: str) -> list[str]:
    async with site.client.get(f"/api/v1/queue{query}", headers=site.bearer("agent")) as response:
        assert response.status == 200
        return [item["channel"] for item in (await response.json())["items"]]


async def test_it_is_listed_and_filtered(site: RealSite) -> None:
    assert await listed(site, "") == ["web", "kiosk"]
    assert await listed(site, "?channel=kiosk") == ["kiosk"]


@pytest.mark.parametrize(("method", "path"), [("GET", "?channel=telex"), ("POST", "/claim")])
async def test_a_filter_names_the_channels_that_there_are(site: RealSite, method: str, path: str) -> None:
    body = {"json": {"channel": "telex"}} if method == "POST" else {}
    asked = site.client.request(method, f"/api/v1/queue{path}", headers=site.bearer("agent"), **body)
    async with asked as response:
        problem = json.dumps(await response.json())
    assert response.status == 422
    assert "is one of: phone, web, email, fax, letter, counter, partner, kiosk, fair" in problem


@pytest.mark.parametrize(("lang", "word"), [("zh", "自助终端"), ("en", "Kiosk")])
async def test_the_desk_shows_it_by_name(site: RealSite, lang: str, word: str) -> None:
    await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
    said = {"account": "agent1", "password": PASSWORD}
    async with site.client.post("/desk/login", data=said, headers={"Origin": site.url()[:-1]}):
        pass
    async with site.client.get(f"/desk?lang={lang}") as response:
        page = await response.text()
    assert f'<option value="kiosk">{word}</option>' in page
    words = re.search('data-words="(.*?)"', page)
    assert words and json.loads(html.unescape(words[1]))["channel.kiosk"] == word


async def test_a_clerk_writes_down_what_came_by_it(site: RealSite) -> None:
    said = {"kind": "complaint", "content": "商家拒绝退款", "name": "张三", "phone": "13835700000"}
    said |= {"respondent_name": "某电器商行", "channel": "fair"}
    registering = site.client.post("/api/v1/counter", json=said, headers=site.bearer("agent"))
    async with registering as response:
        assert response.status == 201, await response.text()
    assert await listed(site, "?channel=fair") == ["fair"]
    said["channel"] = "kiosk"
    async with site.client.post("/api/v1/counter", json=said, headers=site.bearer("agent")) as response:
        problem = json.dumps(await response.json())
    assert response.status == 422 and "is one of: letter, counter, fair" in problem


async def test_the_wallboard_and_the_report_count_it(site: RealSite) -> None:
    async with site.client.get("/wallboard") as response:
        names = re.search('data-channels="(.*?)"', await response.text())
    assert names and json.loads(html.unescape(names[1]))["kiosk"] == "自助终端"
    path = f"/api/v1/figures?from={DAY}&to={DAY}"
    async with site.client.get(path, headers=site.bearer("supervisor")) as response:
        assert {"channel": "kiosk", "count": 1} in (await response.json())["total"]["written"]
    book = Statistics(site.storage.figures, ZONE, lambda: datetime.now(UTC))
    [(_, figures)] = [day async for day in book.days(DAY, DAY)]
    cells = {column.zh: column.cell(figures) for column in channel_columns(WITH_KIOSK)}
    assert cells["书面-自助终端"] == "1" and cells["书面-网络"] == "1" and cells["书面-来函"] == "0"


async def test_the_export_has_the_platforms_name(site: RealSite) -> None:
    target = io.BytesIO()
    setting = Setting(load_rules(ROOT / "rules", WITH_KIOSK), ZONE)
    await write(CsvSheet(target), rows_of(site.storage, ZONE, DAY, DAY, None), setting)
    rows = csv.DictReader(io.StringIO(target.getvalue().decode("utf-8-sig"), newline=""))
    assert [row["来源渠道"] for row in rows] == ["其他", "其他来源"]


async def test_what_is_not_registered_is_not_taken_in(site: RealSite) -> None:
    with pytest.raises(BadContact, match="channel"):
        await site.intake.submit(contact("telex:1", channel=Channel("telex")))


def test_an_item_outlives_its_channel() -> None:
    assert (REGISTRY.zh("kiosk"), REGISTRY.platform("kiosk")) == ("kiosk", "kiosk")


def test_an_id_is_registered_once() -> None:
    with pytest.raises(ValueError, match="kiosk is registered twice"):
        ChannelRegistry((*kiosk.CHANNELS, *kiosk.CHANNELS))


def test_the_channels_have_one_word_each() -> None:
    names = {entry.channel.value: entry.zh for entry in REGISTRY}
    assert list(names.values()) == ["电话", "网络", "邮件", "传真", "来函", "来访", "协作单位"]
    assert list(names) == ["phone", "web", "email", "fax", "letter", "counter", "partner"]
