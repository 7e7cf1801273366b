"""openapi.json: made from the routes, whole, and true of what is really answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.web.http.route import Route
from gateway.web.pages.docs import right_of
from gateway.web.site import ROUTES
from tests.web.conftest import GOOD, House
from tests.web.memory_house import CODE
from tests.web.schema_check import faults
from tests.web.test_phone_api import CALL, recorded

ROOT = Path(__file__).resolve().parents[2]


async def described(house: House) -> dict[str, Any]:
    response, body = await house.ask("GET", "/openapi.json")
    assert response.headers["Content-Type"].startswith("application/json")
    return json.loads(body)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for one in node.values():
            yield from references(one)
    elif isinstance(node, list):
        for one in node:
            yield from references(one)


async def test_every_route_is_described(house: House) -> None:
    document = await described(house)
    assert document["openapi"] == "3.1.0"
    there = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
    assert there == {(route.method, route.path) for route in house.app[ROUTES]}


async def test_ids_are_unique_and_references_lead_somewhere(house: House) -> None:
    document = await described(house)
    ways = [way for ways in document["paths"].values() for way in ways.values()]
    ids = [way["operationId"] for way in ways]
    assert len(ids) == len(set(ids))
    schemas = document["components"]["schemas"]
    found = {ref.removeprefix("#/components/schemas/") for ref in references(document)}
    assert found == set(schemas) & found
    assert set(schemas) == found, "a schema that nobody refers to"


async def test_every_path_part_is_a_parameter_and_every_way_may_fail(house: House) -> None:
    for path, ways in (await described(house))["paths"].items():
        for way in ways.values():
            parts = [p["name"] for p in way.get("parameters", []) if p["in"] == "path"]
            assert parts == re.findall(r"{(\w+)}", path)
            assert "500" in way["responses"]
            assert ("401" in way["responses"]) == bool(way["security"])


async def test_a_request_refuses_what_it_does_not_know(house: House) -> None:
    schemas = (await described(house))["components"]["schemas"]
    assert schemas["NewContact"]["additionalProperties"] is False
    assert schemas["NewContact"]["required"] == ["kind", "content"]
    assert schemas["NewContact"]["properties"]["kind"]["enum"] == ["complaint", "report", "question"]


ASKED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/intake", "", {"json": GOOD}),
    ("POST", "/api/v1/intake", "", {"json": {}}),
    ("POST", "/api/v1/intake", "", {"data": b"{", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/api/v1/intake", "", {"data": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("GET", "/api/v1/intake/{number}", "?code=" + CODE, {}),
    ("GET", "/api/v1/intake/{number}", "?code=0000", {}),
    ("GET", "/api/v1/intake/{number}", "", {}),
    ("GET", "/api/v1/me", "", {}),
    ("GET", "/api/v1/audit", "?limit=2", {}),
    ("POST", "/api/v1/audit/verify", "", {}),
    ("GET", "/api/v1/audit/export", "", {}),
    ("GET", "/api/v1/audit", "?limit=0", {}),
    ("GET", "/api/v1/queue", "?limit=1", {}),
    ("GET", "/api/v1/queue", "?limit=0", {}),
    ("POST", "/api/v1/queue/claim", "", {}),
    ("GET", "/api/v1/queue/{number}", "", {}),
    ("POST", "/api/v1/queue/{number}/renew", "", {}),
    ("POST", "/api/v1/queue/{number}/release", "", {}),
    ("POST", "/api/v1/queue/{number}/release", "", {}),
    ("POST", "/api/v1/queue/{number}/complete", "", {}),
    ("POST", "/api/v1/queue/{number}/merge", "", {"json": {"into": "261124000010"}}),
    ("POST", "/api/v1/queue/{number}/write-up", "", {"json": GOOD}),
    ("POST", "/api/v1/queue/{number}/write-up", "", {"json": {}}),
    ("GET", "/api/v1/queue/{number}/revisions", "", {}),
    ("POST", "/api/v1/queue/{number}/addition-read", "", {}),
    ("GET", "/api/v1/queue", "?has_addition=true", {}),
    ("POST", "/api/v1/queue/claim", "", {}),
    ("POST", "/api/v1/queue/{number}/complete", "", {}),
    ("POST", "/api/v1/queue/claim", "", {}),
    ("GET", "/api/v1/queue/{number}/attachments/{sha256}", "", {}),
    ("GET", "/api/v1/calls", "", {}),
    ("GET", "/api/v1/calls/{id}/recording", "", {}),
    ("GET", "/api/v1/lines", "", {}),
    ("GET", "/api/v1/agents", "", {}),
    ("POST", "/api/v1/agents/{id}/state", "", {"json": {"state": "ready"}}),
    ("GET", "/api/v1/figures", "", {}),
    ("GET", "/api/v1/figures", "?from=2026-11-01&to=2026-11-24", {}),
    ("GET", "/api/v1/figures", "?day=yesterday", {}),
    ("GET", "/api/v1/board", "", {}),
    ("GET", "/healthz", "", {}),
    ("GET", "/metrics", "", {}),
    ("GET", "/openapi.json", "", {}),
    ("GET", "/docs", "", {}),
    ("GET", "/api/v1/events", "", {}),
]


async def test_every_answer_is_one_that_is_described(house: House) -> None:
    document = await described(house)
    schemas = document["components"]["schemas"]
    await house.calls.keep([CALL])
    recorded(house)
    seen = set()
    for role in ("agent", "", "partner"):
        for method, path, query, options in ASKED:
            way = document["paths"][path][method.lower()]
            number = next(iter(house.intake.items), "261124000010")
            there = path.format(number=number, sha256="0" * 64, id="agent1" if "agents" in path else CALL.id)
            response, body = await house.ask(method, there + query, role, **options)
            answer = way["responses"].get(str(response.status))
            assert answer, f"{method} {path}: {response.status} is not described"
            seen.add((method, path))
            media = response.headers.get("Content-Type", "").partition(";")[0]
            content = answer.get("content", {})
            assert (media in content) if body else not content, f"{method} {path}: {media}"
            schema = content.get(media, {}).get("schema") if body else None
            if schema:
                assert list(faults(json.loads(body), schema, schemas)) == [], f"{method} {path}"
    assert seen == {(route.method, route.path) for route in house.app[ROUTES]}


async def test_problems_of_parts_that_are_away_are_described(house: House) -> None:
    document = await described(house)
    house.intake.away = house.board.away = True
    for method, path in (("GET", "/healthz"), ("GET", "/api/v1/queue"), ("POST", "/api/v1/queue/claim")):
        status, body = await house.told(method, path, "agent")
        assert status == 503
        ((_, media),) = document["paths"][path][method.lower()]["responses"]["503"]["content"].items()
        assert list(faults(body, media["schema"], document["components"]["schemas"])) == []


async def test_the_page_has_every_end_point_and_loads_nothing(house: House) -> None:
    response, body = await house.ask("GET", "/docs")
    text = body.decode()
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    for route in house.app[ROUTES]:
        assert route.path in text
        assert route.zh in text
    assert not re.search(r"<(script|img|link|iframe)|https?://|@import|url\(", text)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def row(route: Route) -> str:
    return f"| `{route.method} {route.path}` | {right_of(route)} | {route.en} |"


@pytest.fixture
def table() -> str:
    return (ROOT / "docs/reference/api.md").read_text("utf-8")


async def test_the_table_in_the_docs_is_fresh(house: House, table: str) -> None:
    rows = re.findall(r"^\| `(?:GET|POST) .*\|$", table, re.M)
    assert rows == [row(route) for route in house.app[ROUTES]]
