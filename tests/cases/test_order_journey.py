"""One item through the API: to a bureau, its station, back, assigned again, reported, approved, answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.web.site import utc_now
from tests.web.real_site import RealSite, real_site

BUREAU, STATION, OTHER = "141002", "14100201", "141021"
REPORT = {
    "result": "mediated",
    "text": "已组织双方调解，商家退款。",
    "answer": "商家已同意退款 1299 元，将于三日内退回。",
    "amount_in_dispute": 1299,
    "amount_recovered": 1299,
    "signed_by": "李局长",
}


class Api:
    """Calls of the API by role."""

    def __init__(self, site: RealSite) -> None:
        self.site = site
        self.tokens = dict(site.tokens)

    async def token(self, name: str, role: str, unit: str = "") -> None:
        self.tokens[name] = await self.site.storage.tokens.create(role, name, utc_now(), unit=unit)

    async def call(self, method: str, path: str, who: str, status: int, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        url = f"/api/v1{path}"
        async with self.site.client.request(method, url, json=body, headers=headers) as response:
            told = await response.json() if response.content_type.endswith("json") else {}
            assert response.status == status, (path, response.status, told)
            return dict(told)

    async def act(
        self, order: str, act: str, who: str, body: Any = None, status: int = 200
    ) -> dict[str, Any]:
        return await self.call("POST", f"/orders/{order}/{act}", who, status, body or {})

    async def submit(self, key: str, **changes: Any) -> dict[str, Any]:
        body = {
            "kind": "complaint",
            "name": "张三",
            "phone": "13835700000",
            "email": "zhang@example.com",
            "content": "商家拒绝退款",
            "respondent_name": "某电器商行",
            **changes,
        }
        async with self.site.client.post(
            "/api/v1/intake", json=body, headers={"Idempotency-Key": key}
        ) as response:
            assert response.status == 201
            return dict(await response.json())


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with real_site(tmp_path / "var") as site:
        api = Api(site)
        await api.token("dispatcher", "dispatcher")
        await api.token("leader", "leader")
        await api.token("bureau", "unit_leader", BUREAU)
        await api.token("station", "handler", STATION)
        await api.token("other", "handler", OTHER)
        yield api


async def test_an_item_goes_to_a_unit_and_its_answer_to_the_person(api: Api) -> None:
    given = await api.submit("web:1")
    number = given["number"]
    wish = {"unit": BUREAU, "note": "请尽快核实", "copies": [OTHER]}
    order = await api.call("POST", f"/queue/{number}/assign", "dispatcher", 201, wish)
    assert (order["state"], order["unit"], order["number"]) == ("assigned", BUREAU, number)
    assert order["due"] <= order["legal_due"]
    one = order["id"]
    refused = await api.call("POST", f"/queue/{number}/assign", "dispatcher", 409, {"unit": OTHER})
    assert "141002" in refused["detail"]

    await api.act(one, "sign", "other", status=403)  # it has a copy, and nothing to do with it
    await api.act(one, "pass-down", "bureau", {"unit": OTHER}, 422)
    passed = await api.act(one, "pass-down", "bureau", {"unit": STATION})
    assert (passed["unit"], passed["bureau"], passed["state"]) == (STATION, BUREAU, "assigned")
    await api.act(one, "return", "station", {"reason": "nothing"}, 422)
    back = await api.act(one, "return", "station", {"reason": "not_competent", "text": "不在辖区"})
    assert (back["state"], back["unit"], back["returned_to"]) == ("returned", BUREAU, BUREAU)
    await api.call("GET", f"/orders/{one}", "station", 404)

    again = await api.call("POST", f"/queue/{number}/assign", "dispatcher", 201, {"unit": STATION})
    two = again["id"]
    refused = await api.act(one, "uphold", "dispatcher", {"text": "维持"}, 409)
    await api.act(two, "report", "station", REPORT, 409)
    await api.act(two, "sign", "station")
    await api.act(two, "ask-extension", "station", {"days": 30, "reason": "等待鉴定"}, 422)
    asked = await api.act(two, "ask-extension", "station", {"days": 1, "reason": "等待鉴定"})
    assert asked["possible"] and asked["state"] == "extension_asked"
    longer = await api.act(two, "decide-extension", "leader", {"granted": True})
    assert longer["due"] > again["due"] and longer["due"] <= longer["legal_due"]
    await api.act(two, "suspend", "station", {"reason": "检测"}, 422)
    suspended = await api.act(two, "suspend", "station", {"reason": "检测", "paper": "检测委托书 1 号"})
    assert suspended["suspended"] and suspended["suspensions"][0]["on"] is None
    resumed = await api.act(two, "resume", "station")
    assert not resumed["suspended"] and resumed["due"] == longer["due"]
    decided = await api.act(two, "decide", "bureau", {"event": "accept"})
    assert decided["item"]["state"] == "accepted"

    await api.act(two, "draft", "station", {"text": "已联系"})
    faults = await api.act(two, "report", "station", {"text": "x"}, 422)
    assert {fault["field"] for fault in faults["faults"]} == {"result", "answer", "signed_by"}
    assert (await api.call("GET", f"/orders/{two}", "station", 200))["draft"]["text"] == "x"
    reported = await api.act(two, "report", "station", REPORT)
    assert reported["state"] == "reported" and reported["draft"] is None
    assert reported["reports"][0]["amount_recovered"] == 1299
    await api.act(two, "send-back", "dispatcher", {"text": "请补充调解书"})
    await api.act(two, "report", "station", REPORT)
    await api.act(two, "approve", "station", status=403)
    closed = await api.act(two, "approve", "dispatcher")
    assert (closed["state"], closed["item"]["state"]) == ("closed", "answered")

    site = api.site
    await site.storage.outbox.plan(site.planned, 100, utc_now())
    told = [told for told in (await site.intake.get(number)).notices if told.kind == "answered"]
    assert len(told) == 1 and REPORT["answer"] in told[0].text
    path = f"/api/v1/intake/{number}?code={given['query_code']}"
    async with site.client.get(path) as response:
        public = await response.json()
    assert public["answer"] == REPORT["answer"] and REPORT["text"] not in str(public)


async def test_the_old_handing_over_makes_an_order(api: Api) -> None:
    number = (await api.submit("web:2"))["number"]
    await api.call("POST", "/queue/claim", "agent", 200, {"number": number})
    await api.call("POST", f"/queue/{number}/hand_over", "agent", 200, {"to": OTHER})
    page = await api.call("GET", f"/orders?number={number}", "other", 200)
    assert [(order["unit"], order["state"]) for order in page["items"]] == [(OTHER, "assigned")]
    assert (await api.call("GET", f"/orders?number={number}", "bureau", 200))["items"] == []
    await api.call("POST", f"/queue/{number}/retract", "supervisor", 200, {"reason": "派错了"})
    page = await api.call("GET", f"/orders?number={number}", "other", 200)
    assert page["items"][0]["state"] == "cancelled"
    again = await api.call("POST", f"/queue/{number}/assign", "agent", 201, {"unit": OTHER})
    assert again["warnings"] == []
    await api.act(again["id"], "take-back", "dispatcher")
    nobody = await api.call("POST", f"/queue/{number}/assign", "agent", 201, {"unit": "141022"})
    assert "141022" in nobody["warnings"][0]["en"]  # it has no account, telephone, mail or fax
