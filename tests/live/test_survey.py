"""The survey and the rating of a call on a real Asterisk: people answer by keys."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer
from tests.live.conftest import ROOT, Gateway, new_gateway, running
from tests.live.test_phone_lines import greeted

pytestmark = pytest.mark.live
CALLER = "13912360001"
DUTY = "13912360003"
KEYS = {
    "survey_known": "1",
    "survey_contacted": "1",
    "survey_solved": "2",
    "survey_handler": "2",
    "survey_outcome": "4",
    "survey_reason": "2",
}
RULES = {
    "by_pbx: []": "by_pbx: [complaint]",
    "on_restdays: false": "on_restdays: true",
    '["09:00-12:00", "14:00-20:00"]': '["00:00-23:59"]',
}


@pytest.fixture(scope="module")
def gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Its rules let the PBX ask, at any hour."""
    folder = tmp_path_factory.mktemp("survey")
    shutil.copytree(ROOT / "rules", folder / "rules")
    file = folder / "rules" / "followups.yaml"
    text = file.read_text("utf-8")
    for before, after in RULES.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text, "utf-8")
    more = {"GATEWAY_QUEUE_RATE_CALLS": "true", "GATEWAY_QUEUE_WRAP_UP_SECONDS": 1}
    yield from running(new_gateway(folder, GATEWAY_RULES_FOLDER=folder / "rules", **more))


async def answer(call: Call, keys: dict[str, str]) -> None:
    """Press a key after each question, and hear the survey out."""
    for prompt, key in keys.items():
        await call.wait_prompt(prompt, timeout=20)
        await call.press(key)
    await call.wait_prompt("survey_thanks", timeout=15)
    await call.ended(15)


def close_item(gateway: Gateway) -> str:
    """A complaint that was closed some days ago."""
    wish = {"kind": "complaint", "name": "张三", "phone": CALLER, "content": "商家拒绝退款"}
    wish |= {"respondent_name": "某电器商行", "claims": ["退货"]}
    number = str(gateway.api("/api/v1/intake", wish)["number"])
    gateway.api("/api/v1/queue/claim", {"number": number})
    gateway.api(f"/api/v1/queue/{number}/complete", {"text": "已电话答复"})
    with closing(sqlite3.connect(gateway.config.var / "gateway.db", timeout=30)) as database, database:
        database.execute("update follow_ups set due_at = 0 where number = ?", [number])
    return number


def follow_up(gateway: Gateway, number: str, state: str) -> dict[str, Any]:
    (row,) = gateway.api(f"/api/v1/follow-ups?number={number}&state={state}")["items"]
    return dict(row)


async def test_a_caller_is_rung_and_presses_4_and_a_reason(gateway: Gateway) -> None:
    async with gateway.phone(CALLER, port=gateway.far_end) as person:
        person.answer_with(Answer(0.1))
        number = await asyncio.to_thread(close_item, gateway)
        call = await person.incoming(30)
        await answer(call, KEYS)
    record = await gateway.call_of(CALLER)
    assert (record["outcome"], record["number"], record["recording_state"]) == ("talked", number, "saved")
    assert record["path"][0]["step"] == "survey/hello"
    asked = await asyncio.to_thread(follow_up, gateway, number, "answered")
    assert (asked["outcome"], asked["reason"], asked["again"]) == (4, "not_solved", True)
    assert (asked["call_id"], asked["dials"], asked["who"]) == (record["id"], 1, "survey")
    item = await gateway.item_of(number)
    assert item["state"] == "in_work"
    assert [entry["what"] for entry in item["timeline"][-2:]] == ["asked", "reopen"]


async def test_a_caller_rates_the_call_after_the_agent_has_hung_up(gateway: Gateway) -> None:
    before = (await asyncio.to_thread(gateway.api, "/api/v1/figures"))["total"]
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912360002") as caller:
        seat.answer_with(Answer(0.1, 600))
        call = await greeted(caller)
        await call.press("3")
        at_seat = await seat.incoming(20)
        await call.wait_tone(
            600, timeout=10, lasting=1.5
        )  # they talk; nobody rates an agent who was gone before that
        await at_seat.hang_up()
        await call.wait_prompt("rate_ask", timeout=15)
        await call.press("2")
        await call.wait_prompt("rate_thanks", timeout=15)
        await call.ended(15)
    record = await gateway.call_of("13912360002")
    assert (record["outcome"], record["rating"], record["recording_state"]) == ("talked", 2, "saved")
    after = (await asyncio.to_thread(gateway.api, "/api/v1/figures"))["total"]
    assert [after[name] - before[name] for name in ("rated", "rated_well")] == [1, 1]


async def test_nobody_rates_an_agent_who_hung_up_as_he_answered(gateway: Gateway) -> None:
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912360003") as caller:
        seat.answer_with(Answer(0.1))
        call = await greeted(caller)
        await call.press("3")
        at_seat = await seat.incoming(20)
        await at_seat.wait_answered(10)
        await at_seat.hang_up()
        await call.ended(15)
    record = await gateway.call_of("13912360003")
    assert record["rating"] is None
    assert not [step for step in record["path"] if "rate" in step["step"]]


def supervise_urgently(gateway: Gateway) -> str:
    """A pressing order at a bureau with a duty telephone, which a leader supervises; the order's id."""
    with closing(sqlite3.connect(gateway.config.var / "gateway.db", timeout=30)) as database, database:
        database.execute("update units set phones = ? where id = '141002'", [json.dumps([DUTY])])
    wish = {"kind": "report", "content": "销售过期食品", "respondent_name": "某超市", "anonymous": True}
    number = str(gateway.api("/api/v1/intake", wish)["number"])
    assignment = {"unit": "141002", "urgency": "pressing"}
    order = str(gateway.api(f"/api/v1/queue/{number}/assign", assignment)["id"])
    wish = {"text": "请立即核查", "due": f"{date.today() + timedelta(days=3)}"}
    gateway.api(f"/api/v1/orders/{order}/supervise", wish)
    return order


async def test_a_duty_telephone_is_rung_about_an_urgent_order_and_takes_note(gateway: Gateway) -> None:
    async with gateway.phone(DUTY, port=gateway.far_end) as unit:
        unit.answer_with(Answer(0.1))
        order = await asyncio.to_thread(supervise_urgently, gateway)
        call = await unit.incoming(30)
        for prompt in ("duty_hello", "duty_unit_141002", "duty_rung_red", "duty_keys"):
            await call.wait_prompt(prompt, timeout=20)
        await call.press("1")
        await call.wait_prompt("duty_taken", timeout=15)
        await call.ended(15)
    record = await gateway.call_of(DUTY)
    assert (record["direction"], record["outcome"], record["number"]) == ("out", "talked", None)
    async with asyncio.timeout(15):
        while True:
            (red,) = (await asyncio.to_thread(gateway.api, f"/api/v1/orders/{order}/rungs"))["items"]
            if red["acknowledged_at"]:
                break
            await asyncio.sleep(0.2)
    assert (red["rung"], red["acknowledged_by"], "call" in red["told"]) == ("red", "****0003", True)
