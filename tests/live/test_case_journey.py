"""One matter from the call to the second follow-up call: real SIP, real mail, Chromium, through restarts."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import urllib.request
from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from gateway.pbx.asterisk_tree import Asterisk
from gateway.setup.workshop import tool
from gateway.sip_phone.phone import Answer, Phone
from tests.live.conftest import ROOT, Gateway, new_gateway, running
from tests.live.test_phone_lines import SPEECH, greeted
from tests.live.test_survey import KEYS, RULES, answer
from tests.live.town import INBOX, Post

pytestmark = pytest.mark.live
CALLER = "13912360777"
BUREAU, STATION, OTHER_STATION = "141002", "14100201", "14100202"
ANSWER = "经调解，商家已退款1299元。"
REPORT = {
    "result": "mediated",
    "text": "已组织双方调解，附调解记录。",
    "answer": ANSWER,
    "signed_by": "李局长",
}
REPORT |= {"amount_in_dispute": "1299", "amount_recovered": "1299"}
FAR_APART = {"days: 6\n": "days: 30\n", "days: 11\n": "days: 60\n"}
"""Rungs with room between them, since the last day of an order is a workday and holidays are long."""
CONTENT_KEYS = dict.fromkeys(KEYS, "1")
del CONTENT_KEYS["survey_reason"]


class Case:
    """The matter, and what each side may do with it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.number = ""
        self.code = ""
        self.order = ""
        self.tokens = {
            name: gateway.command("token", "create", "--role", "handler", "--unit", unit).split()[-1]
            for name, unit in (("bureau", BUREAU), ("station", STATION), ("other", OTHER_STATION))
        }

    async def act(self, act: str, body: object = None, who: str = "") -> dict[str, Any]:
        """An act on the order; `who` is a unit, the centre where nobody is named."""
        return dict(await to_thread(self._post, f"/api/v1/orders/{self.order}/{act}", body or {}, who))

    def _post(self, path: str, body: object, who: str) -> Any:
        token = self.tokens.get(who, self.gateway.token)
        request = urllib.request.Request(self.gateway.url(path), json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    async def get(self, path: str) -> dict[str, Any]:
        return dict(await to_thread(self.gateway.api, path))

    async def shown(self) -> dict[str, Any]:
        return await self.get(f"/api/v1/orders/{self.order}")

    def change(self, statement: str, *values: object) -> None:
        path = self.gateway.config.var / "gateway.db"
        with closing(sqlite3.connect(path, timeout=30)) as database, database:
            database.execute(statement, values)

    async def overdue_by(self, days: int) -> None:
        """As if the order had begun earlier; the gateway is killed, and looks at it when it is back."""
        today = date.fromisoformat((await self.get("/api/v1/supervision"))["today"])
        begun = date.fromisoformat((await self.shown())["assigned_at"][:10])
        while date.fromisoformat((await self.shown())["due"]) > today - timedelta(days):
            begun -= timedelta(days=1)
            self.change("update orders set begun_on = ?, due = ?", f"{begun}", f"{begun}")
        self.change("update installation set value = '2020-01-01' where name = 'supervision_since'")
        self.gateway.kill()
        await to_thread(self.gateway.start)

    async def rungs(self, count: int) -> list[str]:
        """The rungs that were told, once there are so many."""
        async with asyncio.timeout(40):
            while True:
                lines = (await self.get(f"/api/v1/orders/{self.order}/rungs"))["items"]
                told = [line["rung"] for line in lines if not line.get("passed_over")]
                if len(told) >= count:
                    return told
                await asyncio.sleep(0.2)


@pytest.fixture
async def case(asterisk_tree: Asterisk, tmp_path: Path, post: Post) -> AsyncIterator[Case]:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    for name, changes in (("followups.yaml", RULES), ("supervision.yaml", FAR_APART)):
        file = tmp_path / "rules" / name
        text = file.read_text("utf-8")
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        file.write_text(text, "utf-8")
    made = new_gateway(
        tmp_path,
        GATEWAY_RULES_FOLDER=tmp_path / "rules",
        GATEWAY_MAIL_OUT_HOST="127.0.0.1",
        GATEWAY_MAIL_OUT_PORT=post.server.port,
        GATEWAY_MAIL_OUT_TLS="none",
        GATEWAY_MAIL_OUT_SENDER=INBOX,
    )
    runs = running(made)
    await to_thread(next, runs)
    yield await to_thread(Case, made)
    await to_thread(runs.close)  # type: ignore[attr-defined]


async def called(case: Case) -> None:
    """A call becomes an item, which an agent writes up."""
    gateway = case.gateway
    async with gateway.phone(CALLER) as phone:
        call = await greeted(phone, "12315")
        await call.press("5")
        await call.wait_prompt("beep", timeout=20)
        await call.say(SPEECH)
        await call.hang_up()
    case.number = (await gateway.call_of(CALLER))["number"]
    await to_thread(gateway.api, "/api/v1/queue/claim", {"number": case.number})
    said = {"kind": "complaint", "content": "商家拒绝退款", "name": "张三", "phone": CALLER}
    said |= {"email": "zhang@example.cn", "respondent_name": "某家电城", "county": BUREAU}
    await to_thread(gateway.api, f"/api/v1/queue/{case.number}/write-up", said)
    case.code = (await case.get(f"/api/v1/queue/{case.number}/code"))["query_code"]


async def assigned(case: Case) -> None:
    """To the bureau, its station, back, to another station, which asks for time and for a test."""
    unit = {"mail": "unit@example.cn", "leader_mail": "leader@example.cn"}
    for name in (BUREAU, OTHER_STATION):
        await to_thread(case.gateway.api, f"/api/v1/units/{name}", unit, "PUT")
    wish = {"unit": BUREAU, "urgency": "pressing", "note": "请尽快联系"}
    path = f"/api/v1/queue/{case.number}/assign"
    case.order = (await to_thread(case.gateway.api, path, wish))["id"]
    await case.act("sign", who="bureau")
    await case.act("pass-down", {"unit": STATION}, "bureau")
    returned = await case.act("return", {"reason": "not_competent", "text": "不在辖区"}, "station")
    assert (returned["state"], returned["unit"]) == ("returned", BUREAU)
    await case.act("pass-down", {"unit": OTHER_STATION}, "bureau")
    await case.act("sign", who="other")
    await case.act("ask-extension", {"days": 1, "reason": "需核实进货票据"}, "other")
    assert (await case.act("decide-extension", {"granted": True}))["extensions"] == 1
    await case.act("suspend", {"reason": "检测", "paper": "检测委托书 1 号"}, "other")
    await case.act("resume", who="other")


async def open_follow_ups(case: Case) -> list[dict[str, Any]]:
    return list((await case.get(f"/api/v1/follow-ups?number={case.number}&state=due"))["items"])


async def asked(case: Case, person: Phone, keys: dict[str, str]) -> dict[str, Any]:
    """The person is rung by the survey and presses these keys; what is written down of it."""
    async with asyncio.timeout(60):
        while not (rows := await open_follow_ups(case)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    case.change("update follow_ups set due_at = 0 where state = 'due'")
    call = await person.incoming(40)
    await answer(call, keys)
    async with asyncio.timeout(20):
        while True:
            for row in (await case.get(f"/api/v1/follow-ups?number={case.number}&state=answered"))["items"]:
                if row["id"] == rows[0]["id"]:
                    return dict(row)
            await asyncio.sleep(0.2)


async def mails_with_the_answer(post: Post) -> list[str]:
    texts = [mail.get_content() for mail in await to_thread(post.box, "zhang")]
    return [text for text in texts if ANSWER in text]


async def read_by_the_person(case: Case, post: Post) -> None:
    async with asyncio.timeout(60):
        while not (told := await mails_with_the_answer(post)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert len(told) == 1 and REPORT["text"] not in told[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=tool("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(base_url=case.gateway.url(""))
        await page.goto(f"/track?number={case.number}")
        await page.fill("#f-code", case.code)
        await page.click("button[type=submit]")
        assert ANSWER in await page.inner_text("#answer")
        await browser.close()


async def test_from_the_call_to_a_content_second_follow_up(case: Case, post: Post) -> None:
    await called(case)
    await assigned(case)
    await case.overdue_by(1)
    assert await case.rungs(1) == ["orange"]
    await case.overdue_by(31)
    assert await case.rungs(2) == ["orange", "red"]
    await case.overdue_by(61)
    assert await case.rungs(3) == ["orange", "red", "raised"]
    order = await case.shown()
    assert order["late"] and order["ever_late"]

    await case.act("report", REPORT, "other")
    await case.act("send-back", {"text": "请附调解协议"})
    await case.act("report", REPORT, "other")
    assert (await case.act("approve"))["state"] == "closed"
    await read_by_the_person(case, post)

    async with case.gateway.phone(CALLER, port=case.gateway.far_end) as person:
        person.answer_with(Answer(0.1))
        first = await asked(case, person, KEYS)
        assert (first["outcome"], first["reason"], first["again"]) == (4, "not_solved", True)
        again = await case.shown()
        assert (again["state"], again["rounds"]) == ("done_again", 1)
        await case.act("sign", who="other")
        await case.act("report", REPORT, "other")
        assert (await case.act("approve"))["state"] == "closed"
        second = await asked(case, person, CONTENT_KEYS)
        assert (second["outcome"], second["again"], second["round"]) == (1, False, 2)

    order = await case.shown()
    assert (order["state"], order["ever_late"]) == ("closed", True)
    assert len(await case.rungs(3)) == 3
    assert (await case.gateway.item_of(case.number))["state"] == "closed"
