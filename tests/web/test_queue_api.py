"""The queue end points, for those who work it."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.item import number
from tests.web.conftest import GOOD, House

QUEUE = "/api/v1/queue"
NOBODY = number.make(date(2026, 11, 24), 99999)


async def filled(house: House, count: int) -> list[str]:
    """So many items; their numbers in order."""
    return [(await house.told("POST", "/api/v1/intake", json=GOOD))[1]["number"] for _ in range(count)]


async def test_pages_follow_each_other(house: House) -> None:
    numbers = await filled(house, 5)
    seen, after = [], ""
    while True:
        status, page = await house.told("GET", f"{QUEUE}?limit=2&after={after}", "agent")
        assert status == 200
        seen += [item["number"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == numbers


async def test_an_item_shows_all_that_is_known(house: House) -> None:
    await filled(house, 1)
    _, page = await house.told("GET", QUEUE, "agent")
    (item,) = page["items"]
    assert item["channel"] == "web"
    assert item["person"]["phone"] == "13835700000"
    assert item["respondent"] == {"name": "", "address": "", "phone": ""}
    assert item["amount"] == 199.9
    assert item["due"] == [
        {
            "clock": "accept",
            "on": "2026-12-03",
            "provisional": False,
            "basis": "消保法第四十六条",
            "trace": ["收到次日起算"],
        }
    ]
    assert item["holder"] is None
    assert item["attachments"] == []


async def test_what_is_wanted_is_chosen(house: House) -> None:
    await filled(house, 2)
    await house.ask("POST", "/api/v1/intake", json={"kind": "question", "content": "x", "county": "141081"})
    for query, count in (
        ("kind=question", 1),
        ("kind=complaint&state=received&channel=web&task=none", 2),
        ("channel=fax", 0),
        ("county=141081", 1),
        ("kind=", 3),
    ):
        _, page = await house.told("GET", f"{QUEUE}?{query}", "agent")
        assert len(page["items"]) == count, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("state=new", "state"),
        ("after=12", "after"),
        ("chanel=web", "chanel"),
        ("kind=report&kind=question", "kind"),
        ("token=agent", "token"),
    ],
)
async def test_a_wrong_query_is_named(house: House, query: str, field: str) -> None:
    status, problem = await house.told("GET", f"{QUEUE}?{query}", "agent")
    assert status == 422
    assert [f["field"] for f in problem["faults"]] == [field]


async def test_the_nearest_name_is_told(house: House) -> None:
    _, problem = await house.told("GET", f"{QUEUE}?chanel=web", "agent")
    assert "channel" in problem["faults"][0]["zh"]


async def test_claim_renew_complete(house: House) -> None:
    (number,) = await filled(house, 1)
    status, item = await house.told("POST", f"{QUEUE}/claim", "agent")
    assert (status, item["number"], item["holder"]) == (200, number, "agent-1")
    until = item["lease_until"]
    status, item = await house.told("POST", f"{QUEUE}/{number}/renew", "agent")
    assert status == 200
    assert item["lease_until"] > until
    status, item = await house.told("POST", f"{QUEUE}/{number}/complete", "agent", json={"text": "已答复"})
    assert (status, item["state"], item["holder"]) == (200, "closed", None)
    assert item["timeline"][-1] == {
        "at": "2026-11-24T01:30:00.000Z",
        "what": "complete",
        "what_zh": "办结",
        "what_en": "complete",
        "who": "agent-1",
        "text": "已答复",
    }
    assert item["allowed"] == ["reopen"]


async def test_an_empty_queue_has_nothing_to_claim(house: House) -> None:
    response, body = await house.ask("POST", f"{QUEUE}/claim", "agent")
    assert (response.status, body) == (204, b"")


async def test_a_claim_may_be_choosy(house: House) -> None:
    numbers = await filled(house, 2)
    assert (await house.ask("POST", f"{QUEUE}/claim", "agent", json={"kind": "report"}))[0].status == 204
    _, item = await house.told("POST", f"{QUEUE}/claim", "agent", json={"number": numbers[1]})
    assert item["number"] == numbers[1]


async def test_what_another_holds_is_his(house: House) -> None:
    (number,) = await filled(house, 1)
    await house.ask("POST", f"{QUEUE}/claim", "agent")
    for what in ("renew", "release", "complete"):
        status, problem = await house.told("POST", f"{QUEUE}/{number}/{what}", "supervisor")
        assert (status, problem["code"]) == (409, "conflict")
        assert "agent-1" in problem["detail"]


async def test_release_gives_it_back(house: House) -> None:
    (number,) = await filled(house, 1)
    await house.ask("POST", f"{QUEUE}/claim", "agent")
    status, item = await house.told("POST", f"{QUEUE}/{number}/release", "agent", json={})
    assert (status, item["state"], item["lease_until"]) == (200, "received", None)
    status, _ = await house.told("POST", f"{QUEUE}/claim", "supervisor")
    assert status == 200


async def test_merge_says_into_what(house: House) -> None:
    first, second = await filled(house, 2)
    await house.ask("POST", f"{QUEUE}/claim", "agent", json={"number": second})
    status, item = await house.told("POST", f"{QUEUE}/{second}/merge", "agent", json={"into": first})
    assert (status, item["state"], item["merged_into"]) == (200, "merged", first)


async def test_merge_without_an_aim_is_named(house: House) -> None:
    (number,) = await filled(house, 1)
    status, problem = await house.told("POST", f"{QUEUE}/{number}/merge", "agent", json={"in": number})
    assert status == 422
    assert {f["field"] for f in problem["faults"]} == {"in", "into"}


@pytest.mark.parametrize("given", [NOBODY, "1", "261124000019", "x" * 300, "%00", "..%2Fclaim"])
async def test_a_number_that_is_none_is_not_found(house: House, given: str) -> None:
    for method, path in (("GET", ""), ("POST", "/renew"), ("POST", "/complete")):
        status, problem = await house.told(method, f"{QUEUE}/{given}{path}", "agent")
        assert (status, problem["code"]) == (404, "not_found")


async def test_storage_that_is_away(house: House) -> None:
    house.intake.away = True
    for method, path in (("GET", ""), ("POST", "/claim"), ("GET", f"/{NOBODY}")):
        status, problem = await house.told(method, f"{QUEUE}{path}", "agent")
        assert (status, problem["code"]) == (503, "storage_down")
