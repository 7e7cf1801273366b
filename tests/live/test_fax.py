"""Faxes that come in over a real line, from a second Asterisk: its own number, a line of the hotline,
T.38, lines that drop, a gateway that is killed. At most three transmissions go on at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.pbx.asterisk_tree import Asterisk
from tests.fax.letters import letter
from tests.live import conftest
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.far_fax import FarFax, Sent, far_fax

FAX_NUMBER = "2025100"


@pytest.fixture(scope="module")
def fax_gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = new_gateway(
        tmp_path_factory.mktemp("faxes"),
        GATEWAY_FAX_NUMBER=FAX_NUMBER,
        GATEWAY_FAX_OUT_ENABLED="true",
        GATEWAY_FAX_OUT_ALLOW=r"03573000002|700000\d",
        GATEWAY_FAX_OUT_LINES=1,
    )
    yield from running(made)


@pytest.fixture(scope="module")
def far(
    asterisk_tree: Asterisk, fax_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarFax]:
    conftest._next_rtp += conftest.RTP_PORTS
    folder = tmp_path_factory.mktemp("far")
    with far_fax(asterisk_tree, folder, fax_gateway.far_end, fax_gateway.sip, conftest._next_rtp) as made:
        yield made


async def arrived(gateway: Gateway, caller: str, count: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest fax of a caller, once he has `count`, and its pages."""
    async with asyncio.timeout(20):
        while True:
            page = await asyncio.to_thread(gateway.api, "/api/v1/faxes?limit=100")
            found = [one for one in page["items"] if one["caller"] == caller]
            if len(found) >= count:
                return found[0], await asyncio.to_thread(gateway.api, f"/api/v1/faxes/{found[0]['id']}")
            await asyncio.sleep(0.05)


async def read_text(gateway: Gateway, number: str) -> str:
    """What the machine read of an item's pages, once it has."""
    async with asyncio.timeout(60):
        while True:
            shown = await asyncio.to_thread(gateway.api, f"/api/v1/queue/{number}/fax-pages")
            if all(page["reading"] == "read" for page in shown["pages"]):
                return "\n".join(page["text"] for page in shown["pages"])
            await asyncio.sleep(0.1)


def roles(item: dict[str, Any]) -> list[str]:
    return [file["role"] for file in item["attachments"]]


async def test_letters_come_in_whole_and_cut(fax_gateway: Gateway, far: FarFax, tmp_path: Path) -> None:
    """Three pages to the fax number, one into the menu of a line, and one that is cut in page 2."""
    three, one = letter(tmp_path / "three.tif", 3), letter(tmp_path / "one.tif", 1, "举报", fine=False)
    two = letter(tmp_path / "two.tif", 2, "重发", heavy=2)
    sent = await asyncio.gather(
        far.send(three, FAX_NUMBER, "03573000001"),
        far.send(one, "12315", "03573000002", after=4, ecm=False, sound=True),
        far.send(two, FAX_NUMBER, "03573000003", sound=True, cut_at=33),
    )
    assert [s.status for s in sent[:2]] == ["SUCCESS", "SUCCESS"]

    fax, whole = await arrived(fax_gateway, "03573000001")
    assert (fax["status"], fax["received"], fax["expected"], fax["ecm"]) == ("whole", 3, 3, True)
    assert fax["mode"] == "t38" and fax["station"] == "0357 3012345" and fax["rate"] >= 2400
    assert [page["page"] for page in whole["pages"]] == [1, 2, 3]
    item = await fax_gateway.item_of(fax["number"])
    assert item["channel"] == "fax" and item["task"] == "none" and item["due"]
    assert roles(item) == ["raw", "pdf", "page", "page", "page"]
    assert "3页，完整" in item["content"]

    fax, _ = await arrived(fax_gateway, "03573000002")
    assert (fax["status"], fax["received"], fax["dialled"]) == ("whole", 1, "12315")
    assert fax["mode"] == "audio"
    call = await fax_gateway.call_of("03573000002")
    assert call["outcome"] == "fax" and call["number"] == fax["number"]
    assert "尧都区" in await read_text(fax_gateway, fax["number"])

    cut: Sent = sent[2]
    assert cut.status != "SUCCESS"
    fax, whole = await arrived(fax_gateway, "03573000003")
    assert (fax["status"], fax["received"], fax["expected"]) == ("partial", 1, None)
    item = await fax_gateway.item_of(fax["number"])
    assert item["task"] == "call_back" and "不完整" in item["content"]

    numbers = [one["number"] for one in await asyncio.to_thread(fax_gateway.queue)]
    assert len(numbers) == len(set(numbers)) == 3


async def test_what_comes_again_is_one_item(fax_gateway: Gateway, far: FarFax, tmp_path: Path) -> None:
    """The cut letter is sent again, whole; the number stays, and the item gets the page it lacked."""
    before, _ = await arrived(fax_gateway, "03573000003")
    for number in ("7000003", "7000007", "110"):
        wish = {"to": number, "text": "请补充购物小票。"}
        await asyncio.to_thread(fax_gateway.api, f"/api/v1/queue/{before['number']}/fax", wish)
    three = letter(tmp_path / "three.tif", 3)
    two = letter(tmp_path / "two.tif", 2, "重发", heavy=2)
    heavy = letter(tmp_path / "heavy.tif", 1, "重载", heavy=1)
    sent = await asyncio.gather(
        far.send(two, FAX_NUMBER, "03573000003"),
        far.send(three, FAX_NUMBER, "03573000001"),
        far.send(heavy, FAX_NUMBER, "03573000009", sound=True, cut_at=17),
    )
    assert [s.status for s in sent[:2]] == ["SUCCESS", "SUCCESS"]
    again, whole = await arrived(fax_gateway, "03573000003", 2)
    assert again["number"] == before["number"] and again["same_as"] == before["id"]
    assert [page["page"] for page in whole["pages"]] == [1, 2]
    item = await fax_gateway.item_of(before["number"])
    assert any("补齐" in entry["text"] for entry in item["timeline"])
    assert roles(item).count("page") == 3

    twice, whole = await arrived(fax_gateway, "03573000001", 2)
    assert twice["same_as"] and not whole["pages"]
    item = await fax_gateway.item_of(twice["number"])
    assert any("内容与此前相同" in entry["text"] for entry in item["timeline"])
    assert roles(item).count("raw") == 2 and roles(item).count("page") == 3

    ((file, taken),) = await far.taken()
    assert (taken.status, taken.pages) == ("SUCCESS", 1) and file.stat().st_size > 1000
    acknowledged, _ = await arrived(fax_gateway, "03573000002")
    item = await fax_gateway.item_of(acknowledged["number"])
    sent_lines = [entry["text"] for entry in item["timeline"] if entry["what"] == "sent"]
    assert len(sent_lines) == 1 and sent_lines[0].startswith("传真已发出，1页")
    item = await fax_gateway.item_of(before["number"])
    assert any("未发传真回执" in entry["text"] for entry in item["timeline"]), "not a number to be dialled"

    outbox = (await asyncio.to_thread(fax_gateway.api, f"/api/v1/outbox?number={before['number']}"))["items"]
    errors = {one["id"]: (one["state"], one["error"]) for one in outbox if one["way"] == "fax"}
    busy, person, emergency = (errors[one] for one in sorted(errors))
    assert busy[0] == "waiting" and "占线" in busy[1]
    assert person[0] == "waiting" and "没有接收传真" in person[1]
    assert emergency[0] == "dead" and "不在允许" in emergency[1]

    nothing, _ = await arrived(fax_gateway, "03573000009")
    assert (nothing["status"], nothing["received"]) == ("none", 0)
    item = await fax_gateway.item_of(nothing["number"])
    assert item["task"] == "call_back" and not item["attachments"]


@pytest.fixture
async def killed(fax_gateway: Gateway) -> AsyncIterator[Gateway]:
    yield fax_gateway
    if fax_gateway.process and fax_gateway.process.poll() is not None:
        fax_gateway.start()


async def test_a_fax_outlives_the_gateway(killed: Gateway, far: FarFax, tmp_path: Path) -> None:
    """Killed while a fax comes in, started again after its end: it is there, once."""
    one = letter(tmp_path / "one.tif", 1, "断电")
    sending = asyncio.create_task(far.send(one, FAX_NUMBER, "03573000004"))
    async with asyncio.timeout(20):
        while not any(killed.places.faxes.glob("*.tif")):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
    killed.kill()
    assert (await sending).status == "SUCCESS"
    assert list(killed.places.faxes.glob("*.tif"))
    killed.start()
    fax, _ = await arrived(killed, "03573000004")
    assert (fax["status"], fax["received"]) == ("whole", 1)
    killed.kill()
    killed.start()
    page = await asyncio.to_thread(killed.api, "/api/v1/faxes?limit=100")
    assert sum(one["caller"] == "03573000004" for one in page["items"]) == 1
    assert not list(killed.places.faxes.glob("*.tif"))
