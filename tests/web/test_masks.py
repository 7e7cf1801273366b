"""Telephone numbers: masked in what pages list and are told, whole for programs and at the single item."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.item.contact import Person
from gateway.core.roles import Role
from gateway.web.site import FEED
from tests.storage.databases import contact
from tests.web.real_site import RealSite, real_site

PASSWORD = "correct horse 12315"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path / "var") as running:
        for name, role in (("agent1", Role.AGENT), ("chief", Role.SUPERVISOR)):
            await running.accounts.add(name, name, role, PASSWORD)
        yield running


async def log_in(site: RealSite, account: str) -> None:
    sent = {"account": account, "password": PASSWORD}
    async with site.client.post("/desk/login", data=sent, allow_redirects=False) as answer:
        assert answer.status == 303


async def got(site: RealSite, path: str, **headers: str) -> Any:
    async with site.client.get(f"/api/v1/{path}", headers=headers) as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.mark.parametrize("account", ["agent1", "chief"])
async def test_a_list_is_masked_and_the_item_is_whole(site: RealSite, account: str) -> None:
    receipt = await site.intake.submit(contact("web:1", person=Person("张三", "13835701234")))
    await log_in(site, account)
    (listed,) = (await got(site, "queue"))["items"]
    assert (listed["person"]["phone"], listed["person"]["name"]) == ("****1234", "张三")
    assert (await got(site, f"queue/{receipt.number}"))["person"]["phone"] == "13835701234"
    assert [row.what for row in await site.storage.audit.page(limit=2)] == ["item.view", "queue.view"]


async def test_a_page_that_fetches_its_list_again_is_written_once(site: RealSite) -> None:
    await log_in(site, "agent1")
    for _ in range(5):
        await got(site, "queue")
    await got(site, "queue?kind=report")  # another list
    looks = [row for row in await site.storage.audit.page() if row.what == "queue.view"]
    assert [row.detail for row in looks] == ['{"kind":"report"}', "{}"]


async def test_a_hold_is_a_leader_s_with_a_reason(site: RealSite) -> None:
    number = (await site.intake.submit(contact("web:1"))).number
    path = f"/api/v1/queue/{number}/hold"
    leader = {"Authorization": f"Bearer {site.tokens['supervisor']}"}
    agent = {"Authorization": f"Bearer {site.tokens['agent']}"}
    for headers, reason, status in (
        (agent, "行政诉讼", 403),
        (leader, "无", 422),
        (leader, "行政诉讼", 204),
    ):
        async with site.client.post(path, json={"reason": reason}, headers=headers) as answer:
            assert answer.status == status, await answer.text()
    (held,) = (await got(site, "holds", **leader))["items"]
    assert (held["number"], held["reason"]) == (number, "行政诉讼")
    for status in (204, 404):
        async with site.client.delete(path, headers=leader) as answer:
            assert answer.status == status
    assert (await got(site, "holds", **leader))["items"] == []


async def test_a_list_comes_packed_to_who_takes_it_and_plain_to_who_does_not(site: RealSite) -> None:
    await site.intake.submit(contact("web:1", person=Person("张三", "13835701234")))
    await log_in(site, "agent1")
    shown = []
    for taken in ("gzip, deflate, br", "identity"):
        headers = {"Accept-Encoding": taken}
        async with site.client.get("/api/v1/queue", headers=headers) as answer:
            assert (answer.headers.get("Content-Encoding") == "gzip") is ("gzip" in taken)
            shown.append(await answer.json())
    assert shown[0] == shown[1]


async def test_a_program_gets_whole_numbers(site: RealSite) -> None:
    await site.intake.submit(contact("web:1", person=Person("张三", "13835701234")))
    for role in ("agent", "supervisor"):
        (listed,) = (await got(site, "queue", **site.bearer(role)))["items"]
        assert listed["person"]["phone"] == "13835701234"


async def test_pages_are_told_masked_numbers_and_programs_whole_ones(site: RealSite) -> None:
    await log_in(site, "chief")
    origin = {"Origin": str(site.server.make_url("/").origin())}
    events = "/api/v1/events"
    async with (
        site.client.ws_connect(events, headers=origin) as page,
        site.client.ws_connect(events, headers=site.bearer("supervisor")) as program,
    ):
        site.server.app[FEED].publish("call.ringing", {"id": "1.1", "caller": "13835701234", "agent": ""})
        assert (await page.receive_json(timeout=5))["data"]["caller"] == "****1234"
        assert (await program.receive_json(timeout=5))["data"]["caller"] == "13835701234"


async def test_a_change_is_in_the_next_list(site: RealSite) -> None:
    """Desks share one reading of a list, but never one from before a change."""
    await log_in(site, "agent1")
    feed = site.server.app[FEED]
    site.intake.on_change(lambda what, number: feed.publish("queue.changed", {"number": number}))
    for count in range(1, 4):
        await site.intake.submit(contact(f"web:{count}"))
        assert len((await got(site, "queue"))["items"]) == count


async def test_a_desk_hears_of_its_own_seat_and_of_the_queue_once(site: RealSite) -> None:
    await log_in(site, "agent1")
    origin = {"Origin": str(site.server.make_url("/").origin())}
    feed = site.server.app[FEED]
    async with site.client.ws_connect("/api/v1/events?page=one", headers=origin) as desk:
        for waiting in range(5):
            feed.publish("queue.changed", {"waiting": waiting})
            feed.publish("agent.state", {"id": "agent2", "state": "ready"})
            feed.publish("figures.changed", {})
        feed.publish("agent.state", {"id": "agent1", "state": "ready"})
        heard = [await desk.receive_json(timeout=5) for _ in range(2)]
    assert [(one["name"], one["data"]) for one in heard] == [
        ("agent.state", {"id": "agent1", "state": "ready"}),
        ("queue.changed", {"waiting": 4}),
    ]
