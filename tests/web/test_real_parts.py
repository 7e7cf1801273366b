"""The web side on the real intake and a real database: from a form to a closed item."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from gateway.calls.board import StoreView, TokenLedger
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Task
from gateway.intake.intake import Intake
from gateway.storage import Storage
from gateway.web.site import WebParts, make_app, utc_now
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in
from tests.web.conftest import GOOD
from tests.web.memory_house import MemoryBoard
from tests.web.test_phone_api import CALL

ROOT = Path(__file__).resolve().parents[2]
FORM = GOOD | {"respondent_name": "某商店", "occurred_on": "2026-11-20", "county": "141081"}


@dataclass
class Site:
    """A server on real parts, and its clients by role."""

    storage: Storage
    intake: Intake
    server: TestServer
    clients: dict[str, aiohttp.ClientSession]

    def __getitem__(self, role: str) -> aiohttp.ClientSession:
        return self.clients[role]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    storage = await Storage.open(await sqlite_in(tmp_path), tmp_path)
    zone = ZoneInfo("Asia/Shanghai")
    intake = Intake(storage, shipped_rules(), zone)
    app = make_app(
        WebParts(
            intake=intake,
            calls=storage.calls,
            tokens=TokenLedger(storage),
            store=StoreView(storage),
            board=MemoryBoard(),
            zone=zone,
            var=tmp_path,
            title="12315",
            area_code="0357",
        )
    )
    server = TestServer(app)
    await server.start_server(access_log=None)
    clients = {"": aiohttp.ClientSession(server.make_url("/"))}
    for role in ("agent", "supervisor", "partner"):
        token = await storage.tokens.create(role, f"{role}1", utc_now())
        clients[role] = aiohttp.ClientSession(
            server.make_url("/"), headers={"Authorization": f"Bearer {token}"}
        )
    yield Site(storage, intake, server, clients)
    for client in clients.values():
        await client.close()
    await server.close()
    await storage.close()


async def test_from_a_form_to_a_closed_item(site: Site) -> None:
    headers = {"Idempotency-Key": "form-1"}
    async with site[""].post("/api/v1/intake", json=FORM, headers=headers) as response:
        assert response.status == 201
        receipt = await response.json()
    async with site[""].post("/api/v1/intake", json=FORM, headers=headers) as response:
        assert (response.status, await response.json()) == (200, receipt)
    async with site[""].post("/api/v1/intake", json=FORM | {"amount": 1}, headers=headers) as response:
        assert response.status == 409
    number, code = receipt["number"], receipt["query_code"]
    assert receipt["due"]

    async with site["agent"].get("/api/v1/queue", params={"state": "received"}) as response:
        page = await response.json()
    (item,) = page["items"]
    assert (item["number"], item["amount"], item["county"]) == (number, 199.9, "141081")
    assert item["person"]["name"] == "张三"
    assert item["due"] == receipt["due"]

    async with site["agent"].post("/api/v1/queue/claim") as response:
        assert (await response.json())["holder"] == "agent1"
    async with site["supervisor"].post("/api/v1/queue/claim") as response:
        assert response.status == 204
    async with site["supervisor"].post(f"/api/v1/queue/{number}/complete") as response:
        assert response.status == 409
    async with site["agent"].post(f"/api/v1/queue/{number}/renew") as response:
        assert response.status == 200
    async with site["agent"].post(f"/api/v1/queue/{number}/complete", json={"text": "已退款"}) as response:
        done = await response.json()
    assert (done["state"], done["lease_until"]) == ("closed", None)
    assert [entry["what"] for entry in done["timeline"]] == ["received", "claim", "complete"]

    async with site[""].get(f"/api/v1/intake/{number}", params={"code": code}) as response:
        assert (await response.json())["status"] == "closed"


async def test_forms_at_once_are_each_there_once(site: Site) -> None:
    async def send(n: int) -> str:
        headers = {"Idempotency-Key": f"k{n % 8}"}
        async with site[""].post("/api/v1/intake", json=FORM | {"name": f"n{n % 8}"}, headers=headers) as r:
            assert r.status in (200, 201)
            return str((await r.json())["number"])

    numbers = await asyncio.gather(*(send(n) for n in range(24)))
    assert len(set(numbers)) == 8
    seen, after = [], ""
    while True:
        async with site["agent"].get("/api/v1/queue", params={"limit": 3, "after": after}) as response:
            page = await response.json()
        seen += [item["number"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
    assert sorted(seen) == sorted(set(numbers))
    async with site[""].get("/metrics") as response:
        assert 'gateway_items{channel="web",state="received"} 8.0' in await response.text()


async def test_what_intake_asks_for_is_named(site: Site) -> None:
    async with site[""].post("/api/v1/intake", json={"kind": "complaint", "content": "x"}) as response:
        assert response.status == 422
        problem = await response.json()
    assert {"name", "phone", "respondent_name"} <= {fault["field"] for fault in problem["faults"]}


async def test_a_call_that_left_a_message_stands_in_the_queue(site: Site, tmp_path: Path) -> None:
    sound = tmp_path / "message.wav"
    sound.write_bytes(b"RIFF")
    await site.intake.submit(
        Contact(
            key="call:1764000000.12",
            channel=Channel.PHONE,
            kind=Kind.UNSORTED,
            received_at=utc_now(),
            person=Person(phone="13835700000"),
            task=Task.LISTEN,
            call_id="1764000000.12",
            evidence=(Evidence(str(sound), "message.wav", "audio/wav", "message"),),
        )
    )
    async with site["agent"].get("/api/v1/queue", params={"task": "listen"}) as response:
        (item,) = (await response.json())["items"]
    assert (item["channel"], item["kind"], item["call_id"]) == ("phone", "unsorted", "1764000000.12")
    (file,) = item["attachments"]
    assert (file["name"], file["role"], file["media_type"], file["size"]) == (
        "message.wav",
        "message",
        "audio/wav",
        4,
    )


async def test_merge_and_release(site: Site) -> None:
    numbers = []
    for n in range(2):
        async with site[""].post("/api/v1/intake", json=FORM | {"name": f"n{n}"}) as response:
            numbers.append((await response.json())["number"])
    wish = {"number": numbers[1]}
    async with site["agent"].post("/api/v1/queue/claim", json=wish) as response:
        assert (await response.json())["number"] == numbers[1]
    async with site["agent"].post(f"/api/v1/queue/{numbers[1]}/release", json={"text": "转他人"}) as response:
        assert (await response.json())["state"] == "received"
    async with site["agent"].post(f"/api/v1/queue/{numbers[1]}/merge", json={"into": numbers[0]}) as response:
        assert (await response.json())["merged_into"] == numbers[0]


async def test_calls_as_they_are_kept(site: Site) -> None:
    await site.storage.calls.keep([CALL])
    async with site["agent"].get("/api/v1/calls", params={"since": "2026-11-24T00:00:00Z"}) as response:
        (call,) = (await response.json())["items"]
    assert (call["id"], call["number"], call["path"][0]["keys"]) == (CALL.id, CALL.number, "1")
    assert call["talked_at"] == "2026-11-24T01:30:21.500Z"


async def test_wrong_codes_never_lock_the_right_one_out(site: Site) -> None:
    async with site[""].post("/api/v1/intake", json=FORM) as response:
        receipt = await response.json()
    wrong = "111111"
    statuses = []
    for _ in range(6):
        async with site[""].get(f"/api/v1/intake/{receipt['number']}", params={"code": wrong}) as response:
            statuses.append(response.status)
    assert statuses == [404] * 6
    async with site[""].get(
        f"/api/v1/intake/{receipt['number']}", params={"code": receipt["query_code"]}
    ) as response:
        assert (response.status, (await response.json())["needs"]) == (200, "")


async def test_tokens_end(site: Site) -> None:
    (first, *_) = await site.storage.tokens.list()
    async with site["agent"].get("/api/v1/lines") as response:
        assert response.status == 200
    await site.storage.tokens.revoke(first.id, utc_now())
    async with site["agent"].get("/api/v1/lines") as response:
        assert response.status == 401
    async with site["partner"].get("/api/v1/queue") as response:
        assert response.status == 403


async def test_a_database_that_has_gone(site: Site, tmp_path: Path) -> None:
    await site.storage.close()
    for file in tmp_path.glob("gateway.db*"):
        file.unlink()
    (tmp_path / "gateway.db").mkdir()
    async with site[""].get("/healthz") as response:
        assert response.status == 503
        told = await response.json()
    assert (told["storage"]["ok"], told["pbx"]["ok"]) == (False, True)
    async with site[""].post("/api/v1/intake", json=FORM) as response:
        assert response.status == 503
        assert (await response.json())["code"] == "storage_down"
    async with site["agent"].get("/api/v1/queue") as response:
        assert response.status == 503
    async with site[""].get("/metrics") as response:
        assert "gateway_storage_up 0.0" in await response.text()


async def test_calls_of_a_number_are_found_by_every_spelling_of_it(site: Site) -> None:
    kept = ("13800138000", "+8613800138000", "03572025100", "+863572025100", "13900139000")
    await site.storage.calls.keep([replace(CALL, id=f"{n}.1", caller=one) for n, one in enumerate(kept)])

    async def callers(number: str) -> list[str]:
        async with site["agent"].get("/api/v1/calls", params={"caller": number}) as response:
            assert response.status == 200
            return sorted(call["caller"] for call in (await response.json())["items"])

    for spelled in (
        "13800138000",
        "+8613800138000",
        "8613800138000",
        "0086 138 0013 8000",
        "+86-13800138000",
    ):
        assert await callers(spelled) == ["+8613800138000", "13800138000"], spelled
    for spelled in ("0357-2025100", "+86 357 2025100", "2025100"):
        assert await callers(spelled) == ["+863572025100", "03572025100"], spelled
    assert await callers("139") == []
