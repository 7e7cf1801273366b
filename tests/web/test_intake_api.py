"""POST /api/v1/intake and the public look at a number."""

from __future__ import annotations

import asyncio
import io

import pytest

from gateway.core.item.contact import Channel, Kind
from tests.web.conftest import GOOD, House
from tests.web.memory_house import CODE

INTAKE = "/api/v1/intake"


async def test_a_contact_is_taken_in_as_it_was_said(house: House) -> None:
    sent = GOOD | {"respondent_name": "某商店", "occurred_on": "2026-11-20", "mediation_consent": False}
    status, receipt = await house.told("POST", INTAKE, json=sent)
    assert status == 201
    assert set(receipt) == {"number", "query_code", "received_at", "status", "due"}
    assert (receipt["query_code"], receipt["status"]) == (CODE, "received")
    assert receipt["received_at"] == "2026-11-24T01:30:00.000Z"
    assert receipt["due"][0]["on"] == "2026-12-03"
    (contact,) = house.intake.contacts
    assert (contact.channel, contact.kind, contact.amount) == (Channel.WEB, Kind.COMPLAINT, 19990)
    assert (contact.person.name, contact.respondent.name) == ("张三", "某商店")
    assert contact.claims == ("退货",)
    assert contact.publish_consent is None
    assert contact.mediation_consent is False


async def test_the_same_key_gives_the_same_receipt(house: House) -> None:
    headers = {"Idempotency-Key": "a-key"}
    first = await house.ask("POST", INTAKE, headers=headers, json=GOOD)
    again = await house.ask("POST", INTAKE, headers=headers, json=GOOD)
    assert (first[0].status, again[0].status) == (201, 200)
    assert first[1] == again[1]
    assert len(house.intake.items) == 1


async def test_without_a_key_each_is_an_item_of_its_own(house: House) -> None:
    await asyncio.gather(*(house.ask("POST", INTAKE, json=GOOD) for _ in range(5)))
    assert len(house.intake.items) == 5


async def test_a_key_for_another_content_is_refused(house: House) -> None:
    headers = {"Idempotency-Key": "a-key"}
    await house.ask("POST", INTAKE, headers=headers, json=GOOD)
    status, problem = await house.told("POST", INTAKE, headers=headers, json=GOOD | {"name": "李四"})
    assert (status, problem["code"]) == (409, "key_reused")


@pytest.mark.parametrize("key", ["", "a b", "钥匙", "x" * 181])
async def test_a_key_that_is_none_is_named(house: House, key: str) -> None:
    status, problem = await house.told("POST", INTAKE, headers={"Idempotency-Key": key}, json=GOOD)
    assert status == 422
    assert [f["field"] for f in problem["faults"]] == ["Idempotency-Key"]


async def test_every_wrong_member_is_named(house: House) -> None:
    sent = {
        "kind": "complain",
        "nmae": "张三",
        "phone": "abc",
        "email": "nobody",
        "amount": 1.999,
        "claims": "退货",
        "occurred_on": "2026-02-30",
        "anonymous": 1,
        "county": "\x00",
    }
    status, problem = await house.told("POST", INTAKE, json=sent)
    assert (status, problem["code"]) == (422, "bad_contact")
    fields = [f["field"] for f in problem["faults"]]
    assert sorted(fields) == sorted({*sent, "content"})
    unknown = next(f for f in problem["faults"] if f["field"] == "nmae")
    assert "name" in unknown["en"]
    assert not house.intake.items


async def test_what_is_wrong_and_what_is_missing_are_named_at_once(house: House) -> None:
    sent = {"kind": "complaint", "phone": "abc", "email": "x", "occurred_on": "2026-12-24", "claims": [1]}
    status, problem = await house.told("POST", INTAKE, json=sent, headers={"Idempotency-Key": "a b"})
    assert status == 422
    fields = sorted(f["field"] for f in problem["faults"])
    assert fields == ["Idempotency-Key", "claims[0]", "content", "email", "name", "occurred_on", "phone"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"phone": ""}, "phone"),
        ({"content": " \n "}, "content"),
        ({"content": "字" * 20001}, "content"),
        ({"content": None}, "content"),
        ({"occurred_on": "2026-11-25"}, "occurred_on"),
        ({"occurred_on": "20261120"}, "occurred_on"),
        ({"amount": -1}, "amount"),
        ({"amount": 1e300}, "amount"),
        ({"amount": "1,5"}, "amount"),
        ({"amount": True}, "amount"),
        ({"kind": "unsorted"}, "kind"),
        ({"claims": ["x"] * 21}, "claims"),
        ({"claims": ["退货", 7]}, "claims[1]"),
        ({"name": "张\n三"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": {"first": "x"}}, "name"),
        ({"phone": "1" * 25}, "phone"),
    ],
)
async def test_a_wrong_value_is_named(house: House, change: dict[str, object], field: str) -> None:
    status, problem = await house.told("POST", INTAKE, json=GOOD | change)
    assert status == 422
    assert [f["field"] for f in problem["faults"]] == [field]
    assert all(f["zh"] and f["en"] for f in problem["faults"])


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "report", "content": "无照经营", "anonymous": True},
        {"kind": "report", "content": "无照经营"},
        {"kind": "question", "content": "怎样退货？"},
        {"kind": "complaint", "content": "x", "anonymous": True},
        {"kind": "complaint", "content": "x", "name": "a", "email": "a@b.cn"},
        GOOD | {"amount": "199.90"},
        GOOD | {"amount": None, "claims": [], "name": " 张三 "},
        GOOD | {"content": "一\n二\r\n三\t四"},
    ],
)
async def test_what_is_enough_is_taken(house: House, sent: dict[str, object]) -> None:
    status, _ = await house.told("POST", INTAKE, json=sent)
    assert status == 201


@pytest.mark.parametrize("amount", ["0.01", "199.99", "0.29", "1.1", "9999999999.99", "10000000000"])
async def test_amounts_are_kept_to_the_fen(house: House, amount: str) -> None:
    body = f'{{"kind": "report", "content": "x", "amount": {amount}}}'
    status, receipt = await house.told(
        "POST", INTAKE, data=body, headers={"Content-Type": "application/json"}
    )
    assert status == 201
    whole, _, part = amount.partition(".")
    assert house.intake.contacts[0].amount == int(whole) * 100 + int(part.ljust(2, "0"))
    _, item = await house.told("GET", f"/api/v1/queue/{receipt['number']}", "agent")
    assert item["amount"] == float(amount)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"null", 400),
        (b'{"kind": NaN}', 400),
        (b'{"kind": "report", "kind": "question", "content": "x"}', 400),
        ('{"kind": "投诉"}'.encode("gbk"), 400),
        (b"[" * 100_000, 400),
        (b'{"amount": ' + b"9" * 5000 + b"}", 400),
        (b"", 422),
        (b'{"kind": "report", "content": "x", "amount": 1e99999}', 422),
        (b'{"x": ' + b"[" * 400 + b"]" * 400 + b"}", 422),
    ],
)
async def test_a_body_that_is_none_is_refused(house: House, body: bytes, status: int) -> None:
    response, answer = await house.ask(
        "POST", INTAKE, data=body, headers={"Content-Type": "application/json"}
    )
    assert response.status == status, answer
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed"])
async def test_another_type_is_refused(house: House, kind: str) -> None:
    status, problem = await house.told("POST", INTAKE, data=b"{}", headers={"Content-Type": kind})
    assert (status, problem["code"]) == (415, "wrong_type")


async def test_a_body_over_a_megabyte_is_refused(house: House) -> None:
    headers = {"Content-Type": "application/json"}
    status, problem = await house.told(
        "POST", INTAKE, data=io.BytesIO(b" " * (1 << 20) + b"{}"), headers=headers
    )
    assert (status, problem["code"]) == (413, "too_large")


async def test_a_chunked_body_over_a_megabyte_is_refused(house: House) -> None:
    async def chunks() -> object:
        for _ in range(40):
            yield b" " * 65536

    headers = {"Content-Type": "application/json"}
    status, problem = await house.told("POST", INTAKE, data=chunks(), headers=headers)
    assert (status, problem["code"]) == (413, "too_large")


async def test_storage_that_is_away_is_told_and_nothing_of_it(house: House) -> None:
    house.intake.away = True
    response, body = await house.ask("POST", INTAKE, json=GOOD)
    assert response.status == 503
    assert response.headers["Retry-After"] == "5"
    assert b"storage_down" in body
    assert b"secret" not in body


async def test_state_for_whoever_has_number_and_code(house: House) -> None:
    _, receipt = await house.told("POST", INTAKE, json=GOOD)
    status, told = await house.told("GET", f"{INTAKE}/{receipt['number']}?code={CODE}")
    assert status == 200
    assert told["status"] == "received"
    assert told["status_zh"] == "已登记"
    assert "张三" not in str(told)


async def test_wrong_number_and_wrong_code_answer_alike(house: House) -> None:
    _, receipt = await house.told("POST", INTAKE, json=GOOD)
    headers = {"X-Request-Id": "same"}
    code = await house.ask("GET", f"{INTAKE}/{receipt['number']}?code=0000", headers=headers)
    number = await house.ask("GET", f"{INTAKE}/261124999990?code={CODE}", headers=headers)
    garbage = await house.ask("GET", f"{INTAKE}/x?code={CODE}", headers=headers)
    assert code[0].status == 404
    assert code[1] == number[1] == garbage[1]


async def test_a_short_code_shows_the_state_until_the_phone_is_given(house: House) -> None:
    _, receipt = await house.told("POST", INTAKE, json=GOOD)
    number = receipt["number"]
    house.intake.short_coded.add(number)
    told = []
    for phone in ("", "&phone=1111", "&phone=0001111", "&phone=0000"):
        status, body = await house.told("GET", f"{INTAKE}/{number}?code={CODE}{phone}")
        assert status == 200
        told.append((body["needs"], body["kind"], body["received_at"] is None, body["due"] == []))
    assert told == [("phone", None, True, True)] * 3 + [("", "complaint", False, False)]


@pytest.mark.parametrize("query", ["", "?code=", "?code=12", "?code=abcd", "?code=1234&code=5678"])
async def test_a_code_that_is_none_is_named(house: House, query: str) -> None:
    status, problem = await house.told("GET", f"{INTAKE}/261124000010{query}")
    assert status == 422
    assert {f["field"] for f in problem["faults"]} == {"code"}
