"""Callers from outside on a whole installation: real SIP, real audio, real database."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import urllib.error
import wave
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.call import Call
from gateway.sip_phone.phone import Answer, Phone, Refuse
from tests.live.conftest import ROOT, Gateway, free_ports, new_gateway, running, star

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"


async def greeted(phone: Phone, number: str = "12315", **more: Any) -> Call:
    """A call that hears the greeting."""
    call = await phone.dial(number, **more)
    await call.wait_prompt("welcome", timeout=10)
    return call


async def test_a_caller_is_told_of_recording_and_data_before_anything_else(gateway: Gateway) -> None:
    async with gateway.phone("13900000077") as phone:
        call = await greeted(phone)
        await call.wait_prompt("notice_recording", timeout=10)
        await call.wait_prompt("menu_main", timeout=10)
        await call.hang_up()
        await gateway.call_of(phone.user)


@pytest.mark.parametrize("number", ["12315", "035712315"])
async def test_a_message_becomes_an_item_with_its_recording(gateway: Gateway, number: str) -> None:
    caller = f"13900{len(number):06}"
    async with gateway.phone(caller) as phone:
        call = await greeted(phone, number)
        await call.press("5")
        await call.wait_prompt("beep", timeout=20)
        await call.say(SPEECH)
        await call.hang_up()
    record = await gateway.call_of(caller)
    assert (record["outcome"], record["line"], record["dialled"]) == ("message", 1, number)
    assert [step["step"] for step in record["path"]][:3] == ["main/open", "main/menu", "main/callback"]
    assert record["path"][1]["keys"] == "5"
    began = datetime.fromisoformat(record["started_at"])
    assert timedelta(0) < datetime.now(UTC) - began < timedelta(minutes=2)
    item = await gateway.item_of(record["number"])
    assert (item["channel"], item["task"], item["state"]) == ("phone", "listen", "received")
    assert item["person"]["phone"] == caller
    assert [a["role"] for a in item["attachments"]] == ["message"]
    assert any(i["number"] == record["number"] for i in gateway.queue())
    heard = await asyncio.to_thread(sound_of, gateway, record["id"])
    assert heard > 3.0


def sound_of(gateway: Gateway, call: str) -> float:
    """Seconds of a call's recording, fetched over the API."""
    import urllib.request

    request = urllib.request.Request(gateway.url(f"/api/v1/calls/{call}/recording?reason=test"))
    request.add_header("Authorization", f"Bearer {gateway.token}")
    with (
        urllib.request.urlopen(request, timeout=10) as answer,
        wave.open(BytesIO(answer.read())) as sound,
    ):
        return sound.getnframes() / sound.getframerate()


async def test_five_are_answered_and_the_sixth_is_busy(gateway: Gateway) -> None:
    async with asyncio.TaskGroup() as group:
        phones = [gateway.phone(f"1391111000{n}") for n in range(6)]
        for phone in phones:
            group.create_task(phone.__aenter__())
    calls = [await phone.dial("12315") for phone in phones[:5]]
    lines = {
        line["call_id"]: line["line"] for line in gateway.api("/api/v1/lines")["items"] if line["call_id"]
    }
    assert sorted(lines.values()) == [1, 2, 3, 4, 5]
    refused = await phones[5].dial("12315")
    await refused.ended(10)
    assert refused.status == 486
    for call in calls:
        await call.hang_up()
    away = await gateway.call_of("13911110005")
    assert (away["outcome"], away["number"], away["line"]) == ("turned_away", None, 0)
    for n in range(5):
        record = await gateway.call_of(f"1391111000{n}")
        assert record["outcome"] == "gave_up"
        assert (await gateway.item_of(record["number"]))["task"] == "gave_up"
    assert sum(call["outcome"] == "turned_away" for call in gateway.calls()) == 1
    for phone in phones:
        await phone.__aexit__(None, None, None)


async def test_a_caller_talks_with_an_agent(gateway: Gateway) -> None:
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912340001") as phone:
        seat.answer_with(Answer(0.2, 440))
        call = await greeted(phone)
        await call.press("2")
        rung = await seat.incoming(15)
        assert rung.caller == "13912340001"
        await rung.wait_answered(5)
        phone_tone = call.wait_tone(440, timeout=10)
        await phone_tone
        call.tone(1000)
        await rung.wait_tone(1000, timeout=10, lasting=1)
        await rung.hang_up()
        await call.ended(10)
        record = await gateway.call_of("13912340001")
        assert (record["outcome"], record["agent"]) == ("talked", "agent1")
        item = await gateway.item_of(record["number"])
        assert (item["kind"], item["task"], item["call_id"]) == ("report", "talk", record["id"])
        assert record["path"][-1] == {**record["path"][-1], "step": "main/person", "keys": "talked"}
        assert await asyncio.to_thread(sound_of, gateway, record["id"]) > 1.0
        await until_state(gateway, "agent1", "ready")  # wrap-up has ended by itself


async def until_state(gateway: Gateway, agent: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            rows = (await asyncio.to_thread(gateway.api, "/api/v1/agents"))["items"]
            row = next(row for row in rows if row["id"] == agent)
            if row["state"] == state:
                return dict(row)
            await asyncio.sleep(0.05)


async def test_seats_work_by_star_codes_and_by_the_api(gateway: Gateway) -> None:
    async with gateway.seat("8002", "agent2") as seat:
        await until_state(gateway, "agent2", "ready")
        await star(seat, "*62", "agent_paused")
        assert (await until_state(gateway, "agent2", "paused"))["reason"] == "meal"
        await star(seat, "*65", "agent_ready")
        await until_state(gateway, "agent2", "ready")
        gateway.api("/api/v1/agents/agent2/state", {"state": "paused", "reason": "training"})
        assert (await until_state(gateway, "agent2", "paused"))["reason"] == "training"
        gateway.api("/api/v1/agents/agent2/state", {"state": "offline"})
        await until_state(gateway, "agent2", "offline")
        await star(seat, "*65", "agent_not_signed_in")
        gateway.api("/api/v1/agents/agent2/state", {"state": "ready"})
        await until_state(gateway, "agent2", "ready")


async def test_longest_idle_is_rung_first(gateway: Gateway) -> None:
    async with gateway.seat("8001", "agent1") as one, gateway.seat("8002", "agent2") as two:
        for seat in (one, two):
            seat.answer_with(Answer(0.1))
        rung = []
        for n in range(2):
            async with gateway.phone(f"1391234010{n}") as phone:
                call = await greeted(phone)
                await call.press("0")
                first = asyncio.create_task(one.incoming(15))
                second = asyncio.create_task(two.incoming(15))
                done, rest = await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
                for task in rest:
                    task.cancel()
                rung.append("8001" if first in done else "8002")
                await done.pop().result().wait_answered(5)
                await call.hang_up()
                await gateway.call_of(f"1391234010{n}")
        assert sorted(rung) == ["8001", "8002"]


async def test_a_call_back_is_promised_kept_and_dialled_once(gateway: Gateway) -> None:
    dialled: list[str] = []
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912340200") as phone:
        await star(seat, "*61", "agent_paused")
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("to_person", timeout=10)
        await call.wait_prompt("queue_offer_callback", timeout=35)
        await call.press("1")
        await call.wait_prompt("callback_confirm", timeout=30)
        await call.press("1")
        await call.wait_prompt("callback_booked", timeout=10)
        await call.ended(20)
        record = await gateway.call_of("13912340200")
        assert record["outcome"] == "call_back"
        async with gateway.phone("13912340200", port=gateway.far_end) as customer:
            customer.answer_with(Answer(0.3, 600))
            seat.answer_with(Answer(0.2))
            await star(seat, "*65", "agent_ready")
            at_seat = await seat.incoming(15)
            assert at_seat.caller == "13912340200"
            back = await customer.incoming(20)
            dialled.append(back.caller)
            await back.wait_prompt("callback_hello", timeout=15)
            await at_seat.wait_tone(600, timeout=20, lasting=0.7)
            await at_seat.hang_up()
            await back.ended(10)
            with pytest.raises(TimeoutError):
                await customer.incoming(3)
        assert dialled == ["12315"]
        made = await gateway.call_of("13912340200", 2)
        assert (made["direction"], made["outcome"], made["agent"]) == ("out", "talked", "agent1")
        item = await gateway.item_of(record["number"])
        assert "called_back" in [entry["what"] for entry in item["timeline"]]


async def test_progress_by_keypad(gateway: Gateway) -> None:
    async with gateway.phone("13912340300") as phone:
        call = await greeted(phone)
        await call.hang_up()
        record = await gateway.call_of("13912340300")
        code = await asyncio.to_thread(query_code, gateway, record["number"])
        call = await greeted(phone)
        await call.press("4")
        await call.wait_prompt("progress_ask_number", timeout=10)
        await call.press(record["number"])
        await call.wait_prompt("progress_ask_code", timeout=10)
        await call.press(code)
        await call.wait_prompt("state_received", timeout=10)
        await call.hang_up()
        told = await gateway.call_of("13912340300", 2)
        assert (told["outcome"], told["number"]) == ("served", None)
        assert code not in json.dumps(told["path"])


async def test_a_short_code_by_keypad_needs_the_telephone_for_the_day(gateway: Gateway) -> None:
    """Four digits end by the pause behind them; wrong codes before them do not lock the owner out."""
    async with gateway.phone("13912340301") as phone:
        call = await greeted(phone)
        await call.hang_up()
        number = (await gateway.call_of("13912340301"))["number"]
        await asyncio.to_thread(shorten_code, gateway, number)
        for _ in range(5):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                await asyncio.to_thread(gateway.api, f"/api/v1/intake/{number}?code=1111")
        call = await greeted(phone)
        await call.press("4")
        await call.wait_prompt("progress_ask_number", timeout=10)
        await call.press(number)
        await call.wait_prompt("progress_ask_code", timeout=10, whole=True)
        await call.press("4821")
        await call.wait_prompt("state_received", timeout=15)
        await call.wait_prompt("progress_ask_phone", timeout=10, whole=True)
        await call.press("0301")
        await call.wait_prompt("progress_due_before", timeout=15)
        await call.hang_up()


def shorten_code(gateway: Gateway, number: str) -> None:
    """As if the item had been made when codes had four digits."""
    import sqlite3

    with sqlite3.connect(gateway.config.var / "gateway.db", timeout=10) as db:
        db.execute("update items set query_code = '4821' where number = ?", (number,))


def query_code(gateway: Gateway, number: str) -> str:
    """The code, which only the database knows: no caller was told one."""
    import sqlite3

    with sqlite3.connect(gateway.config.var / "gateway.db") as db:
        row = db.execute("select query_code from items where number = ?", (number,)).fetchone()
    return str(row[0])


@pytest.mark.parametrize(
    ("caller", "kept"),
    [("anonymous", ""), ("%22%27%3b%20drop", ""), ("+8613912340400", "13912340400")],
)
async def test_any_caller_id_comes_through(gateway: Gateway, caller: str, kept: str) -> None:
    async with gateway.phone(caller) as phone:
        call = await greeted(phone, caller=caller, display='x"; 举报\\')
        await call.hang_up()
    async with asyncio.timeout(10):
        while not (calls := await asyncio.to_thread(gateway.calls)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [call["caller"] for call in calls] == [kept]


async def test_a_partner_is_joined_and_busy_is_told(gateway: Gateway) -> None:
    async with (
        gateway.phone("12345", port=gateway.far_end) as partner,
        gateway.phone("13912340500") as phone,
    ):
        partner.answer_with(Answer(0.3, 700))
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("queue_nobody", timeout=15)
        await call.wait_prompt("emergency_hint", timeout=10)
        await call.press("3")
        there = await partner.incoming(15)
        await there.wait_answered(5)
        await call.wait_tone(700, timeout=10)
        await there.hang_up()
        await call.wait_prompt("goodbye", timeout=10)
        await call.ended(10)
        assert (await gateway.call_of("13912340500"))["outcome"] == "partner"
        partner.answer_with(Refuse(486))
        call = await greeted(phone)
        await call.press("1")
        await call.wait_prompt("emergency_hint", timeout=15)
        await call.press("3")
        await call.wait_prompt("partner_busy", timeout=10)
        await call.hang_up()
        assert (await gateway.call_of("13912340500", 2))["outcome"] == "gave_up"


async def test_a_partner_is_called_at_the_sip_address_of_its_file(
    asterisk_tree: Asterisk, tmp_path: Path
) -> None:
    """Such a partner is not behind the trunk: the call goes to the host and port that its file names."""
    shutil.copytree(ROOT / "ivr_flows", tmp_path / "flows")
    (port,) = free_ports(1, socket.SOCK_DGRAM)
    file = tmp_path / "flows" / "partners" / "12345.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace('dial: "12345"', f"dial: sip:desk@127.0.0.1:{port}"), "utf-8")
    made = new_gateway(tmp_path, GATEWAY_FLOWS_FOLDER=tmp_path / "flows")
    for gateway in running(made):
        async with gateway.phone("desk", port=port) as partner, gateway.phone("13912340501") as phone:
            partner.answer_with(Answer(0.3, 700))
            call = await greeted(phone)
            await call.press("1")
            await call.wait_prompt("emergency_hint", timeout=20)
            await call.press("3")
            there = await partner.incoming(15)
            await there.wait_answered(5)
            await call.wait_tone(700, timeout=10)
            await there.hang_up()
            await call.ended(15)
        assert (await gateway.call_of("13912340501"))["outcome"] == "partner"


async def test_publishing_does_not_disturb_a_call(own_gateway: Gateway, tmp_path: Path) -> None:
    async with own_gateway.phone("13912340600") as phone:
        call = await greeted(phone)
        own_gateway.command("flow", "publish", "all")
        await call.press("5")
        await call.wait_prompt("message_or_callback", timeout=10)
        await call.hang_up()
    assert (await own_gateway.call_of("13912340600"))["flow"].startswith("main@1")
