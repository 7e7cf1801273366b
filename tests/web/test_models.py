"""Models of the API: what is wrong in a body or query, all of it, in both languages; what describes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
import pytest
from pydantic import Field

from gateway.core.item import written
from gateway.core.item.item import ItemState
from gateway.errors import BadContact
from gateway.web.http.fields import (
    Amount,
    ChannelId,
    Choice,
    Day,
    Flag,
    Listed,
    Moment,
    SpelledDay,
    Text,
    Whole,
)
from gateway.web.http.form_reading import read_form
from gateway.web.http.models import RequestModel
from gateway.web.http.reading import MOST_FAULTS, page_query, read_body, read_query
from gateway.web.http.schema import parameters, schemas


class Part(RequestModel):
    """One of several."""

    name: Annotated[str, Text(5, shortest=2, spelling=written.line)] = Field(description="名称 / name")
    amount: Amount | None = None


class Whatever(RequestModel):
    """A body with a member of
    each type."""

    state: Choice[ItemState] = Field(description="状态 / state", examples=["received"])
    count: Annotated[int, Whole(1, 9)] = Field(default=3, description="件数 / how many")
    channel: ChannelId | None = None
    sure: Flag = False
    from_: Day | None = Field(default=None, alias="from")
    happened: SpelledDay | None = None
    at: Moment | None = None
    code: Annotated[str, Text(pattern="[0-9]{3}", words=("三位数字", "has three digits"))] = ""
    text: Annotated[str, Text(20, lines=True)] = ""
    parts: Annotated[tuple[Part, ...], Listed(2)] = ()


RIGHT = {"state": "received"}


def told(body: Any) -> dict[str, tuple[str, str]]:
    reading = read_body(Whatever, orjson.dumps(body))
    return {fault.field: (fault.zh, fault.en) for fault in reading.faults}


@pytest.mark.parametrize(
    ("member", "value", "field", "zh", "en"),
    [
        ("state", None, "state", "必填", "is required"),
        ("state", 3, "state", "应为文本", "must be a text"),
        ("count", 0, "count", "不小于 1", "is at least 1"),
        ("count", 10, "count", "不大于 9", "is at most 9"),
        ("count", 1.5, "count", "应为整数", "must be a whole number"),
        ("count", "1", "count", "应为数字", "must be a number"),
        ("count", True, "count", "应为数字", "must be a number"),
        ("sure", "true", "sure", "应为 true 或 false", "is true or false"),
        ("sure", 1, "sure", "应为 true 或 false", "is true or false"),
        ("from", "2026-2-1", "from", "日期格式如 2026-10-01", "is written like 2026-10-01"),
        ("from_", "2026-02-01", "from_", "未知字段，是否指 from？", "is not known; did you mean from?"),
        ("at", 5, "at", "应为文本", "must be a text"),
        ("code", "12", "code", "三位数字", "has three digits"),
        ("text", "x" * 21, "text", "最多 20 字", "has at most 20 characters"),
        ("text", "a\x00", "text", "含有控制字符", "has control characters in it"),
        ("parts", {}, "parts", "应为列表", "must be a list"),
        ("parts", [1], "parts[0]", "应为对象", "must be an object"),
        ("parts", [{}, {}, {}], "parts", "最多 2 项", "has at most 2 entries"),
        ("parts", [{"name": " a "}], "parts[0].name", "过短", "is too short"),
        ("parts", [{"name": "ab", "nmae": 1}], "parts[0].nmae", "未知字段，是否指 name？", ""),
        ("parts", [{"name": "ab", "amount": "1.999"}], "parts[0].amount", "最多 2 位小数", ""),
        ("parts", [{"name": "ab", "amount": -1}], "parts[0].amount", "不小于 0", "is at least 0"),
    ],
)
def test_what_is_said_of_a_wrong_member(member: str, value: Any, field: str, zh: str, en: str) -> None:
    faults = told({**RIGHT, member: value})
    assert list(faults) == [field]
    assert faults[field][0] == zh
    assert faults[field][1] == en or not en


def test_every_fault_is_told_at_once_and_the_rest_is_kept() -> None:
    reading = read_body(Whatever, b'{"state": "no", "count": 0, "text": "kept\\r\\n", "\\ud800": 1}')
    assert [fault.field for fault in reading.faults] == ["?", "state", "count"]
    assert reading.made is None and reading.rest is None, "no state, no rest"
    reading = read_body(Whatever, orjson.dumps({**RIGHT, "count": 0, "text": "kept\r\n"}))
    assert reading.made is None
    assert reading.rest == Whatever.model_validate({"state": ItemState.RECEIVED, "text": "kept\n"})


def test_a_flood_of_unknown_members_is_cut_off() -> None:
    faults = read_body(Whatever, orjson.dumps({f"x{n}": n for n in range(40_000)})).faults
    assert len(faults) == MOST_FAULTS


def test_query_and_form_have_texts_alone() -> None:
    query = read_query(
        Whatever,
        [("state", " received "), ("count", "4"), ("sure", "true"), ("at", "2026-10-01T01:30:00 00:00")],
    )
    assert (query.state, query.count, query.sure) == (ItemState.RECEIVED, 4, True)
    assert query.at == datetime(2026, 10, 1, 1, 30, tzinfo=UTC)
    with pytest.raises(BadContact) as raised:
        read_query(Whatever, [("state", "received"), ("sure", "是"), ("count", "x"), ("count", "1")])
    assert {fault.field for fault in raised.value.faults} == {"sure", "count"}
    form = read_form(Whatever, [("state", "received"), ("sure", "是"), ("happened", "2026年1月2日")])
    assert form.made and form.made.sure and form.made.happened == date(2026, 1, 2)
    wrong = read_form(Whatever, [("state", "received"), ("sure", "是"), ("count", "0")])
    assert wrong.rest and wrong.rest.sure, "what is right is kept beside what is wrong"
    amount = read_form(Part, [("name", "ＡＢ"), ("amount", "￥1.2万")]).made
    assert amount == Part(name="AB", amount=Decimal(12000))


def test_the_description_is_of_the_model() -> None:
    described = schemas([Whatever], request=True)
    assert set(described) == {"Whatever", "Part"}
    whole = described["Whatever"]
    assert whole["description"] == "A body with a member of each type."
    assert (whole["required"], whole["additionalProperties"]) == (["state"], False)
    assert whole["properties"]["state"] == {
        "type": "string",
        "enum": [state.value for state in ItemState],
        "description": "状态 / state",
        "examples": ["received"],
    }
    assert whole["properties"]["count"]["type"] == ["integer", "null"], "null is as good as not given"
    assert whole["properties"]["parts"]["maxItems"] == 2
    count = next(one for one in parameters(Whatever) if one["name"] == "count")
    assert count["schema"] == {"minimum": 1, "maximum": 9, "type": "integer", "default": 3}


class Shown(RequestModel):
    """What the address of a page says."""

    state: Choice[ItemState] | None = None
    number: Annotated[str, Text(12)] = ""


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ([], Shown()),
        ([("state", "received"), ("number", " 261124 ")], Shown(state=ItemState.RECEIVED, number="261124")),
        ([("state", "lost"), ("number", "261124")], Shown(number="261124")),
        ([("number", "x" * 13), ("utm_source", "mail")], Shown()),
        ([("number", "1"), ("number", "2")], Shown(number="1")),
    ],
)
def test_the_address_of_a_page_is_never_refused(given: list[tuple[str, str]], shown: Shown) -> None:
    assert page_query(Shown, given) == shown
