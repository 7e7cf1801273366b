"""Counter, letter, matters and decisions over HTTP, on the real intake and a real database."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from gateway.calls.board import StoreView, TokenLedger
from gateway.intake.intake import Intake
from gateway.intake.matters import Matters
from gateway.storage import Storage
from gateway.web.http.models import members
from gateway.web.http.route import Route
from gateway.web.pages.docs import right_of
from gateway.web.site import ROUTES, WebParts, make_app
from tests.shipped_rules import shipped_rules
from tests.storage.databases import sqlite_in
from tests.web.memory_house import MemoryBoard
from tests.web.schema_check import faults

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
LETTER = {
    "kind": "complaint",
    "channel": "letter",
    "name": "张三",
    "phone": "13835700000",
    "id_type": "居民身份证",
    "id_number": "14102519900101123X",
    "address": "古县岳阳镇",
    "respondent_name": "某某电器有限公司",
    "content": "购买电饭煲，\n两天即损坏，商家拒绝退货。",
    "claims": ["return_goods", "compensation"],
    "amount": 399,
    "county": "141025",
    "problem": "after_sales",
    "subject": "household",
    "publish_consent": True,
    "mediation_consent": False,
    "letter_date": "2026-11-16",
    "postmark_date": "2026-11-17",
    "came_by": "挂号信",
    "received_at": "2026-11-19T10:00:00",
}
VISIT = {
    "kind": "report",
    "channel": "counter",
    "name": "李四",
    "phone": "13900000001",
    "respondent_name": "某某超市",
    "content": "销售过期食品",
}
OWN = ("gateway.web.api.counter", "gateway.web.api.matters")


@dataclass
class Site:
    """A server on real parts; `ask` speaks with the token of a role."""

    server: TestServer
    client: aiohttp.ClientSession
    tokens: dict[str, str]
    app: Any

    async def ask(self, method: str, path: str, role: str = "agent", **options: Any) -> tuple[int, Any]:
        headers = {**options.pop("headers", {})}
        if role:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        async with self.client.request(method, path, headers=headers, **options) as response:
            body = await response.read()
            kind = response.content_type
            return response.status, json.loads(body) if "json" in kind else body.decode()

    async def made(self, said: dict[str, Any], **headers: str) -> dict[str, Any]:
        status, receipt = await self.ask("POST", "/api/v1/counter", json=said, headers=headers)
        assert status == 201, receipt
        return receipt

    async def do(self, number: str, what: str, **said: Any) -> tuple[int, Any]:
        return await self.ask("POST", f"/api/v1/queue/{number}/{what}", json=said)

    async def held(self, said: dict[str, Any]) -> str:
        number = (await self.made(said))["number"]
        await self.ask("POST", "/api/v1/queue/claim", json={"number": number})
        return number


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    storage = await Storage.open(await sqlite_in(tmp_path), tmp_path)
    rules = shipped_rules()
    intake = Intake(storage, rules, ZONE, now=lambda: NOW)
    parts = WebParts(
        intake=intake,
        calls=storage.calls,
        tokens=TokenLedger(storage),
        store=StoreView(storage),
        board=MemoryBoard(),
        zone=ZONE,
        var=tmp_path,
        title="临汾市12315热线",
        now=lambda: NOW,
        files=storage.files,
        matters=Matters(intake, storage, rules, ZONE, centre="临汾市12315热线", now=lambda: NOW),
    )
    app = make_app(parts)
    server = TestServer(app)
    await server.start_server(access_log=None)
    made_at = datetime.now(UTC)
    tokens = {
        role: await storage.tokens.create(role, f"{role}1", made_at)
        for role in ("agent", "supervisor", "partner")
    }
    client = aiohttp.ClientSession(server.make_url("/"))
    yield Site(server, client, tokens, app)
    await client.close()
    await server.close()
    await storage.close()


# ---------------------------------------------------------------- the counter


async def test_a_letter_runs_from_the_day_it_was_received(site: Site) -> None:
    receipt = await site.made(LETTER)
    assert receipt["number"].startswith("261119")
    assert receipt["received_at"] == "2026-11-19T02:00:00.000Z"
    assert [(due["clock"], due["on"]) for due in receipt["due"]] == [("decide_acceptance", "2026-11-30")]
    assert receipt["also"] is None
    _, item = await site.ask("GET", f"/api/v1/queue/{receipt['number']}")
    assert (item["channel"], item["amount"], item["county"]) == ("letter", 399, "141025")
    assert (item["problem"], item["subject"]) == ("after_sales", "household")
    assert item["timeline"][0]["who"] == "letter"


async def test_the_same_key_is_the_same_receipt(site: Site) -> None:
    key = {"Idempotency-Key": "desk-7"}
    receipt = await site.made(LETTER, **key)
    assert await site.ask("POST", "/api/v1/counter", json=LETTER, headers=key) == (200, receipt)
    status, told = await site.ask("POST", "/api/v1/counter", json=LETTER | {"amount": 1}, headers=key)
    assert (status, told["code"]) == (409, "key_reused")
    _, page = await site.ask("GET", "/api/v1/queue")
    assert len(page["items"]) == 1


async def test_complaint_and_report_at_once(site: Site) -> None:
    key = {"Idempotency-Key": "both"}
    said = LETTER | {"also": "report"}
    receipt = await site.made(said, **key)
    report = receipt["also"]
    assert report["number"] != receipt["number"]
    assert [due["clock"] for due in report["due"]] == ["check_report"]
    status, again = await site.ask("POST", "/api/v1/counter", json=said, headers=key)
    assert (status, again) == (200, receipt)
    _, matter = await site.ask("GET", f"/api/v1/queue/{receipt['number']}/matter")
    assert [(link["number"], link["link"], link["kind"]) for link in matter["links"]] == [
        (report["number"], "split", "report")
    ]


async def test_scans_come_along(site: Site) -> None:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in VISIT.items():
        form.add_field(name, value)
    form.add_field(
        "evidence", b"\x89PNG\r\n\x1a\n" + b"0" * 64, filename="来函.png", content_type="image/png"
    )
    status, receipt = await site.ask("POST", "/api/v1/counter", data=form)
    assert status == 201, receipt
    _, item = await site.ask("GET", f"/api/v1/queue/{receipt['number']}")
    assert [(file["name"], file["media_type"]) for file in item["attachments"]] == [("来函.png", "image/png")]


async def test_every_wrong_field_is_named(site: Site) -> None:
    said = VISIT | {"channel": "fax", "letter_date": "2026-13-01", "nmae": "x", "phone": "abc"}
    status, told = await site.ask("POST", "/api/v1/counter", json=said)
    assert status == 422
    assert {fault["field"] for fault in told["faults"]} == {"channel", "letter_date", "nmae", "phone"}
    said = VISIT | {
        "received_at": "2026-11-25T10:00:00",
        "postmark_date": "2026-11-20",
        "also": "report",
        "occurred_on": "2027-01-01",
    }
    status, told = await site.ask("POST", "/api/v1/counter", json=said)
    assert status == 422
    assert {fault["field"] for fault in told["faults"]} == {
        "received_at",
        "postmark_date",
        "also",
        "occurred_on",
    }


async def test_a_letter_without_a_name_is_not_lost(site: Site) -> None:
    said = {"kind": "unsorted", "channel": "letter", "anonymous": True, "content": "（字迹不清，见扫描件）"}
    receipt = await site.made(said)
    assert [due["clock"] for due in receipt["due"]] == ["decide_acceptance"]


async def test_only_the_house_registers(site: Site) -> None:
    assert (await site.ask("POST", "/api/v1/counter", "", json=VISIT))[0] == 401
    assert (await site.ask("POST", "/api/v1/counter", "partner", json=VISIT))[0] == 403
    assert (await site.ask("POST", "/api/v1/counter", "supervisor", json=VISIT))[0] == 201


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "1999-02-28T00:00:00Z"])
async def test_times_that_nobody_means(site: Site, at: str) -> None:
    status, told = await site.ask("POST", "/api/v1/counter", json=VISIT | {"received_at": at})
    assert (status, [fault["field"] for fault in told["faults"]]) == (422, ["received_at"])


# ---------------------------------------------------------------- the form


async def test_the_form_of_a_complaint(site: Site) -> None:
    number = (await site.made(LETTER))["number"]
    async with site.client.get(
        f"/api/v1/queue/{number}/form", headers={"Authorization": f"Bearer {site.tokens['agent']}"}
    ) as response:
        assert response.content_type == "text/html"
        assert "style-src 'sha256-" in response.headers["Content-Security-Policy"]
        page = await response.text()
    text = re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S))
    for part in (
        *("投诉登记表", f"编号：{number}", "登记单位：临汾市12315热线", "张三", "14102519900101123X", "古县"),
        *(
            "某某电器有限公司",
            "退货、赔偿损失",
            "399.00 元",
            "来函",
            "2026年11月19日 10:00",
            "2026年11月16日",
        ),
        *("2026年11月17日", "挂号信", "登记人：agent1", "无需签名", "是否同意公示投诉信息 ☑是 ☐否"),
        *("是否同意委托调解 ☐是 ☑否", "两天即损坏，商家拒绝退货。"),
    ):
        assert part in text, part


async def test_the_form_of_a_report_keeps_a_secret(site: Site) -> None:
    number = (await site.made(VISIT | {"anonymous": True}))["number"]
    _, page = await site.ask("GET", f"/api/v1/queue/{number}/form")
    assert "举报登记表" in page
    assert "（匿名）" in page
    assert "李四" not in page
    assert "13900000001" not in page
    assert "举报人签名" in page


async def test_the_form_quotes_what_people_write(site: Site) -> None:
    number = (await site.made(VISIT | {"content": "<script>alert(1)</script> & {x}", "name": "<b>"}))[
        "number"
    ]
    _, page = await site.ask("GET", f"/api/v1/queue/{number}/form")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {x}" in page
    assert (await site.ask("GET", "/api/v1/queue/261124999990/form"))[0] == 404


@pytest.mark.parametrize(
    "said",
    [LETTER, VISIT, VISIT | {"anonymous": True}, VISIT | {"kind": "question", "came_by": "本人来访"}],
    ids=["letter", "report", "anonymous", "question"],
)
async def test_every_row_of_the_form_is_as_wide_as_the_table(site: Site, said: dict[str, Any]) -> None:
    number = (await site.made(said))["number"]
    _, page = await site.ask("GET", f"/api/v1/queue/{number}/form")
    hanging = 0
    for line in re.findall(r"<tr.*?</tr>", page, re.S):
        cells = re.findall(r"<t[hd]([^>]*)>", line)
        width = sum(int((re.search(r'colspan="(\d)"', cell) or [0, "1"])[1]) for cell in cells)
        assert width + (1 if hanging else 0) == 5, line
        hanging = max(0, hanging - 1)
        for cell in cells:
            if down := re.search(r'rowspan="(\d)"', cell):
                hanging = int(down[1]) - 1
    assert hanging == 0


# ---------------------------------------------------------------- matters


async def test_from_a_suggestion_to_a_link_and_back(site: Site) -> None:
    one = (await site.made(LETTER))["number"]
    two = (await site.made(LETTER | {"channel": "counter", "letter_date": None, "postmark_date": None}))[
        "number"
    ]
    _, found = await site.ask("GET", f"/api/v1/queue/{one}/likely")
    (likely,) = found["items"]
    assert (likely["number"], likely["score"]) == (two, 100)
    assert {reason["what"] for reason in likely["reasons"]} >= {"identity", "respondent", "text"}
    assert "13835700000" not in json.dumps(found)

    status, matter = await site.do(one, "link", other=two, reason="同一件事")
    assert (status, matter["links"][0]["number"]) == (200, two)
    assert (await site.do(one, "link", other=two, reason="再来"))[0] == 409
    assert (await site.do(one, "link", other=two))[0] == 422
    status, matter = await site.do(one, "unlink", other=two, reason="弄错了")
    assert (status, matter["links"]) == (200, [])
    assert (await site.do(two, "merge", into=one))[0] == 200
    status, item = await site.do(two, "unmerge", reason="不是同一件")
    assert (status, item["state"]) == (200, "received")


async def test_the_number_of_the_platform(site: Site) -> None:
    number = (await site.made(VISIT))["number"]
    status, matter = await site.do(number, "external", external_no="LF2026-0001")
    assert status == 200
    assert [(e["source"], e["external_no"]) for e in matter["externals"]] == [("12315", "LF2026-0001")]
    assert (await site.do(number, "external", external_no=" "))[0] == 422


async def test_split_over_the_api(site: Site) -> None:
    number = (await site.made(LETTER))["number"]
    status, receipt = await site.do(number, "split", kind="report", content="无照经营", anonymous=True)
    assert status == 201
    again = await site.do(number, "split", kind="report", content="无照经营", anonymous=True)
    assert again == (200, receipt)
    assert (await site.do(number, "split", kind="question"))[0] == 422
    _, item = await site.ask("GET", f"/api/v1/queue/{receipt['number']}")
    assert (item["kind"], item["anonymous"], item["person"]["name"]) == ("report", True, "")


# ---------------------------------------------------------------- decisions


async def test_each_event_has_its_end_point(site: Site) -> None:
    number = await site.held(LETTER)
    status, item = await site.do(number, "accept")
    assert (status, item["state"]) == (200, "accepted")
    assert [due["clock"] for due in item["due"]] == ["end_mediation"]
    status, item = await site.do(number, "hand_over", to="141025", text="属地")
    assert (status, item["state"], item["county"]) == (200, "handed_over", "141025")
    status, item = await site.do(number, "hand_back", reason="无权处理")
    assert (status, item["state"]) == (200, "in_work")
    await site.ask("POST", "/api/v1/queue/claim", json={"number": number})
    status, item = await site.do(number, "wait_for_papers", papers="身份证明")
    assert (status, item["state"]) == (200, "waiting")
    await site.ask("POST", "/api/v1/queue/claim", json={"number": number})
    status, item = await site.do(number, "papers_came")
    assert (status, item["state"]) == (200, "in_work")
    status, item = await site.do(number, "answer", text="已答复")
    assert (status, item["state"]) == (200, "answered")
    status, item = await site.do(number, "reopen", reason="不满意")
    assert (status, item["state"]) == (200, "in_work")
    await site.ask("POST", "/api/v1/queue/claim", json={"number": number})
    status, item = await site.do(number, "withdraw", text="和解")
    assert (status, item["state"]) == (200, "withdrawn")
    _, matter = await site.ask("GET", f"/api/v1/queue/{number}/matter")
    assert [decision["event"] for decision in matter["decisions"]] == [
        *(
            "accept",
            "hand_over",
            "hand_back",
            "wait_for_papers",
            "papers_came",
            "answer",
            "reopen",
            "withdraw",
        )
    ]


async def test_not_accepted_needs_a_ground_of_the_order(site: Site) -> None:
    number = await site.held(LETTER)
    assert (await site.do(number, "refuse_acceptance"))[0] == 422
    status, told = await site.do(number, "refuse_acceptance", ground=8)
    assert (status, told["faults"][0]["field"]) == (422, "ground")
    status, item = await site.do(number, "refuse_acceptance", ground=5, text="未补正")
    assert (status, item["state"], item["due"]) == (200, "not_accepted", [])
    old = await site.held(
        LETTER | {"received_at": "2026-04-14T10:00:00", "letter_date": None, "postmark_date": None}
    )
    assert (await site.do(old, "refuse_acceptance", ground=7))[0] == 422


async def test_what_the_state_does_not_allow(site: Site) -> None:
    number = (await site.made(LETTER))["number"]
    for event, said in (("accept", {}), ("answer", {"text": "x"}), ("papers_came", {})):
        assert (await site.do(number, event, **said))[0] == 409
    assert (await site.do(number, "hand_over", to="1410"))[0] == 422
    assert (await site.do("261124999990", "accept"))[0] == 404


async def test_overdue_provisional_and_age(site: Site) -> None:
    old = {"letter_date": None, "postmark_date": None}
    late = (await site.made(LETTER | old | {"received_at": "2026-11-02T10:00:00"}))["number"]
    fresh = (await site.made(LETTER | old))["number"]
    far = (await site.made(VISIT | {"received_at": "2026-11-24T09:00:00"}))["number"]

    async def asked(query: str) -> list[str]:
        status, page = await site.ask("GET", f"/api/v1/queue?{query}")
        assert status == 200, page
        return [item["number"] for item in page["items"]]

    assert await asked("overdue=true") == [late]
    assert await asked("due_before=2026-12-01") == [late, fresh]
    assert await asked("older_than=72") == [late, fresh]
    assert await asked("provisional=true") == []
    assert await asked("overdue=false&kind=report") == [far]
    status, item = await site.ask("POST", "/api/v1/queue/claim", json={"older_than": 300})
    assert (status, item["number"]) == (200, late)
    assert (await site.ask("POST", "/api/v1/queue/claim", json={"older_than": 300}))[0] == 204


STRANGE = [None, "", " ", "\x00", "\ud800", "x" * 30_000, -1, 10**30, 1.5, True, [], {}, ["x"], "١٤١٠٠٢"]


async def test_nothing_strange_breaks_it(site: Site) -> None:
    number = await site.held(LETTER)
    own = [r for r in site.app[ROUTES] if r.method == "POST" and r.does.__module__ in OWN]
    assert len(own) > 10
    for route in own:
        path = route.path.replace("{number}", number)
        names = [m.name for m in members(route.body).values()]
        for name in names:
            for value in STRANGE:
                body = json.dumps({name: value})
                headers = {"Content-Type": "application/json"}
                status, told = await site.ask("POST", path, data=body, headers=headers)
                assert status < 500, (path, name, value, told)


# ---------------------------------------------------------------- openapi and the docs


async def test_answers_are_as_described(site: Site) -> None:
    _, document = await site.ask("GET", "/openapi.json")
    components = document["components"]["schemas"]
    one = (await site.made(LETTER | {"also": "report"}))["number"]
    two = await site.held(LETTER | {"name": "张三 "})
    answers = [
        ("CounterReceipt", await site.made(VISIT)),
        ("LikelyGiven", (await site.ask("GET", f"/api/v1/queue/{one}/likely"))[1]),
        ("MatterShown", (await site.do(one, "link", other=two, reason="x"))[1]),
        ("ItemWhole", (await site.do(two, "accept"))[1]),
        ("MatterShown", (await site.ask("GET", f"/api/v1/queue/{two}/matter"))[1]),
    ]
    for name, answer in answers:
        assert list(faults(answer, {"$ref": f"#/components/schemas/{name}"}, components)) == [], name


@pytest.mark.parametrize(("page", "language"), [("matters.md", "en"), ("matters.zh.md", "zh")])
async def test_the_table_in_the_docs_is_fresh(site: Site, page: str, language: str) -> None:
    def row(route: Route) -> str:
        return f"| `{route.method} {route.path}` | {right_of(route)} | {getattr(route, language)} |"

    text = (ROOT / "docs/using" / page).read_text("utf-8")
    own = [route for route in site.app[ROUTES] if route.does.__module__ in OWN]
    assert re.findall(r"^\| `(?:GET|POST) .*\|$", text, re.M) == [row(route) for route in own]
