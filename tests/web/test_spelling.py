"""What phones and office programs put into a form or an API call: taken, and shown back in one spelling."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.web.api.call_desk_models import NewContact
from gateway.web.api.matter_models import NewAtCounter
from gateway.web.api.queue_models import WriteUp
from gateway.web.http.form_reading import read_form, spelled
from gateway.web.http.reading import read_body
from tests.web.real_site import RealSite, real_site
from tests.web.test_pages import SAID, get, send

TYPED = {
    "name": "\u202d张三\u202c\u200b",
    "phone": "（0357）2025100转801",
    "email": "zhang@ＱＱ.com，",
    "address": "尧都区\u00a0解放路\x0b１号",
    "id_number": "１４１００２１９９００１０１００１ｘ",
    "respondent_name": "临汾（集团）ＡＢＣ",
    "respondent_phone": "１３８ ００１３ ８０００",
    "content": "第一行\x0b第二行\u202e\x07",
    "amount": "￥1,299.50元",
    "occurred_on": "2026年11月4日",
    "county": "\u200e141081",
}
TAKEN = {
    "name": "张三",
    "phone": "0357-2025100转801",
    "email": "zhang@qq.com",
    "address": "尧都区 解放路 1号",
    "id_number": "14100219900101001X",
    "respondent_name": "临汾（集团）ABC",
    "respondent_phone": "13800138000",
    "content": "第一行\n第二行",
    "amount": Decimal("1299.50"),
    "occurred_on": "2026-11-04",
    "county": "141081",
}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """An item's members by the names they were sent under."""
    person, respondent = item["person"], item["respondent"]
    return {
        **{name: person[name] for name in ("name", "phone", "email", "address", "id_number")},
        **{f"respondent_{name}": respondent[name] for name in ("name", "phone")},
        **{name: item[name] for name in ("content", "occurred_on", "county")},
        "amount": Decimal(str(item["amount"])),
    }


async def test_by_the_api(site: RealSite) -> None:
    async with site.client.post("/api/v1/intake", json={"kind": "complaint", **TYPED}) as response:
        assert response.status == 201, await response.text()
    (item,) = await site.items()
    assert plain(item) == TAKEN


async def test_by_the_form(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, page = await send(site, "/report", page.forms[0].filled(**{**SAID, **TYPED}))
    assert response.status == 200 and "number" in page.ids
    (item,) = await site.items()
    assert plain(item) == TAKEN


async def test_what_comes_back_for_another_fault_is_spelled_out(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, page = await send(site, "/report", page.forms[0].filled(**{**SAID, **TYPED, "content": ""}))
    assert response.status == 422
    shown = dict(page.forms[0].fields)
    assert (shown["phone"], shown["amount"]) == ("0357-2025100转801", "1299.50")
    assert (shown["occurred_on"], shown["email"]) == ("2026-11-04", "zhang@qq.com")


@pytest.mark.parametrize("shape", [NewContact, WriteUp, NewAtCounter])
def test_by_every_way_in(shape: type[NewContact]) -> None:
    reading = read_body(shape, orjson.dumps({"kind": "complaint", **TYPED}))
    assert reading.made is not None, reading.faults
    found = reading.made
    assert (found.phone, found.amount, str(found.occurred_on)) == (
        TAKEN["phone"],
        TAKEN["amount"],
        TAKEN["occurred_on"],
    )
    again = read_form(shape, spelled(shape, [("kind", "complaint"), *TYPED.items()])).made
    assert again == found, "what is shown back is taken as the same"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("phone", "13800138000/13900139000"),
        ("phone", "没有电话"),
        ("email", "a@b.cn, c@d.cn"),
        ("email", "我没有邮箱"),
        ("amount", "12,99"),
        ("amount", "很多"),
        ("amount", "-5"),
        ("amount", "1.999"),
        ("occurred_on", "11月4日"),
        ("occurred_on", "2026-02-30"),
        ("name", "张\x00三"),
    ],
)
async def test_what_may_mean_two_things_is_asked_again(site: RealSite, member: str, value: str) -> None:
    sent = {"kind": "complaint", **TYPED, member: value}
    async with site.client.post("/api/v1/intake", json=sent) as response:
        problem = await response.json()
        assert response.status == 422
    assert [fault["field"] for fault in problem["faults"]] == [member]
    assert await site.items() == []
