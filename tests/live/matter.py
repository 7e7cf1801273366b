"""One matter on its way through an order, on one gateway or on several that share a database.

Whatever is done goes to the next gateway in turn. For tests of whole journeys.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.request
from asyncio import to_thread
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import expect
from sqlalchemy import text

from gateway.sip_phone.call import Call
from gateway.storage.database import Database
from tests.chromium import chromium
from tests.live.conftest import ROOT, Gateway
from tests.live.test_phone_lines import SPEECH, greeted
from tests.live.test_survey import KEYS, RULES, answer
from tests.live.town import INBOX, Post

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


def journey_rules(folder: Path) -> Path:
    """Rules by which the PBX asks at any hour, and rungs are far apart."""
    shutil.copytree(ROOT / "rules", folder / "rules")
    for name, changes in (("followups.yaml", RULES), ("supervision.yaml", FAR_APART)):
        file = folder / "rules" / name
        written = file.read_text("utf-8")
        for before, after in changes.items():
            assert before in written
            written = written.replace(before, after)
        file.write_text(written, "utf-8")
    return folder / "rules"


def sends_mail(post: Post) -> dict[str, object]:
    """Settings by which mail goes to the town's server."""
    return {
        "GATEWAY_MAIL_OUT_HOST": "127.0.0.1",
        "GATEWAY_MAIL_OUT_PORT": post.server.port,
        "GATEWAY_MAIL_OUT_TLS": "none",
        "GATEWAY_MAIL_OUT_SENDER": INBOX,
    }


class Rung(Protocol):
    """A telephone at which calls of ours arrive."""

    async def incoming(self, timeout: float) -> Call: ...


class Matter:
    """The matter, and what each side may do with it. `contacts` are those of the units that handle it."""

    def __init__(self, *gateways: Gateway) -> None:
        self.gateways = gateways
        self._turns = cycle(gateways)
        self.number = ""
        self.code = ""
        self.order = ""
        self.contacts: dict[str, object] = {"mail": "unit@example.cn", "leader_mail": "leader@example.cn"}
        self.admin = gateways[0].token
        self.tokens = {
            name: gateways[0].command("token", "create", "--role", "handler", "--unit", unit).split()[-1]
            for name, unit in (("bureau", BUREAU), ("station", STATION), ("other", OTHER_STATION))
        }

    def next(self) -> Gateway:
        """The gateway whose turn it is."""
        return next(self._turns)

    async def ask(self, path: str, body: object = None, who: str = "", method: str = "") -> Any:
        """What the API answers; `who` is a unit, the centre where nobody is named."""
        return await to_thread(self._ask, path, body, self.tokens.get(who, self.admin), method)

    def _ask(self, path: str, body: object, token: str, method: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.next().url(path), data, method=method or None)
        request.add_header("Authorization", f"Bearer {token}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as reply:
            raw = reply.read()
        return json.loads(raw) if raw else None

    async def act(self, act: str, body: object = None, who: str = "") -> dict[str, Any]:
        """An act on the order."""
        return dict(await self.ask(f"/api/v1/orders/{self.order}/{act}", body or {}, who))

    async def get(self, path: str) -> dict[str, Any]:
        return dict(await self.ask(path))

    async def shown(self) -> dict[str, Any]:
        return await self.get(f"/api/v1/orders/{self.order}")

    async def change(self, statement: str, **values: object) -> None:
        """Change the database behind the gateways' back."""
        database = Database(self.gateways[0].config.database_url)
        await database.whole(lambda t: t.execute(text(statement), values).close(), change=True)

    async def overdue_by(self, days: int, *killed: Gateway) -> None:
        """As if the order had begun earlier. These gateways, all if none is named, are killed together, and
        look at it when they are back."""
        today = date.fromisoformat((await self.get("/api/v1/supervision"))["today"])
        begun = date.fromisoformat((await self.shown())["assigned_at"][:10])
        while date.fromisoformat((await self.shown())["due"]) > today - timedelta(days):
            begun -= timedelta(days=1)
            await self.change("update orders set begun_on = :on, due = :on", on=f"{begun}")
        await self.change("update installation set value = '2020-01-01' where name = 'supervision_since'")
        for gateway in killed or self.gateways:
            gateway.kill()
        await asyncio.gather(*(to_thread(gateway.start) for gateway in killed or self.gateways))

    async def rungs(self, count: int) -> list[str]:
        """The rungs that were told, once there are so many."""
        async with asyncio.timeout(40):
            while True:
                lines = (await self.get(f"/api/v1/orders/{self.order}/rungs"))["items"]
                told = [line["rung"] for line in lines if not line.get("passed_over")]
                if len(told) >= count:
                    return told
                await asyncio.sleep(0.2)

    # ------------------------------------------------------------ the steps

    async def called(self) -> None:
        """A call becomes an item, which an agent writes up."""
        gateway = self.next()
        async with gateway.phone(CALLER) as phone:
            call = await greeted(phone, "12315")
            await call.press("5")
            await call.wait_prompt("beep", timeout=20)
            await call.say(SPEECH)
            await call.hang_up()
        self.number = (await gateway.call_of(CALLER))["number"]
        await self.ask("/api/v1/queue/claim", {"number": self.number})
        said = {"kind": "complaint", "content": "商家拒绝退款", "name": "张三", "phone": CALLER}
        said |= {"email": "zhang@example.cn", "respondent_name": "某家电城", "county": BUREAU}
        await self.ask(f"/api/v1/queue/{self.number}/write-up", said)
        self.code = (await self.get(f"/api/v1/queue/{self.number}/code"))["query_code"]

    async def written(self) -> None:
        """As `called`, by the form."""
        said = {"kind": "complaint", "content": "商家拒绝退款", "name": "张三", "phone": CALLER}
        said |= {"email": "zhang@example.cn", "respondent_name": "某家电城", "county": BUREAU}
        receipt = await self.ask("/api/v1/intake", said)
        self.number, self.code = receipt["number"], receipt["query_code"]

    async def assigned(self) -> None:
        """To the bureau, its station, back, to another station, which asks for time and for a test."""
        for name in (BUREAU, OTHER_STATION):
            await self.ask(f"/api/v1/units/{name}", self.contacts, method="PUT")
        wish = {"unit": BUREAU, "urgency": "pressing", "note": "请尽快联系"}
        self.order = (await self.ask(f"/api/v1/queue/{self.number}/assign", wish))["id"]
        await self.act("sign", who="bureau")
        await self.act("pass-down", {"unit": STATION}, "bureau")
        returned = await self.act("return", {"reason": "not_competent", "text": "不在辖区"}, "station")
        assert (returned["state"], returned["unit"]) == ("returned", BUREAU)
        await self.act("pass-down", {"unit": OTHER_STATION}, "bureau")
        await self.act("sign", who="other")
        await self.act("ask-extension", {"days": 1, "reason": "需核实进货票据"}, "other")
        assert (await self.act("decide-extension", {"granted": True}))["extensions"] == 1
        await self.act("suspend", {"reason": "检测", "paper": "检测委托书 1 号"}, "other")
        await self.act("resume", who="other")

    async def reported(self) -> None:
        """Reported, sent back, reported again, approved."""
        await self.act("report", REPORT, "other")
        await self.act("send-back", {"text": "请附调解协议"})
        await self.act("report", REPORT, "other")
        assert (await self.act("approve"))["state"] == "closed"

    async def read_by_the_person(self, post: Post) -> None:
        """The answer, and not the report, in his mail once and on the page."""
        async with asyncio.timeout(60):
            while not (told := await mails_with(post, "zhang", ANSWER)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert len(told) == 1 and REPORT["text"] not in told[0]
        async with chromium() as browser:
            page = await browser.new_page(base_url=self.next().url(""))
            await page.goto(f"/track?number={self.number}")
            await page.fill("#f-code", self.code)
            await page.click("button[type=submit]")
            await expect(page.locator("#answer")).to_contain_text(ANSWER)

    async def asked(self, person: Rung, keys: dict[str, str]) -> dict[str, Any]:
        """The person is rung by the survey and presses these keys; what is written down of it."""
        of_it = f"/api/v1/follow-ups?number={self.number}"
        async with asyncio.timeout(60):
            while not (due := (await self.get(f"{of_it}&state=due"))["items"]):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        await self.change("update follow_ups set due_at = 0 where state = 'due'")
        await answer(await person.incoming(40), keys)
        async with asyncio.timeout(20):
            while True:
                for row in (await self.get(f"{of_it}&state=answered"))["items"]:
                    if row["id"] == due[0]["id"]:
                        return dict(row)
                await asyncio.sleep(0.2)

    async def done_again(self, person: Rung) -> None:
        """He is not content, the order is done again, and the second follow-up call is content."""
        first = await self.asked(person, KEYS)
        assert (first["outcome"], first["reason"], first["again"]) == (4, "not_solved", True)
        again = await self.shown()
        assert (again["state"], again["rounds"]) == ("done_again", 1)
        await self.act("sign", who="other")
        await self.act("report", REPORT, "other")
        assert (await self.act("approve"))["state"] == "closed"
        second = await self.asked(person, CONTENT_KEYS)
        assert (second["outcome"], second["again"], second["round"]) == (1, False, 2)
        order = await self.shown()
        assert (order["state"], order["ever_late"]) == ("closed", True)
        assert (await self.get(f"/api/v1/queue/{self.number}"))["state"] == "closed"


async def mails_with(post: Post, user: str, words: str) -> list[str]:
    texts = [mail.get_content() for mail in await to_thread(post.box, user)]
    return [content for content in texts if words in content]
