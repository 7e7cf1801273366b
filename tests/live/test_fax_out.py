"""Slips by fax: an item is referred to partners whose files say fax, and each one's line goes its own way."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.channels.fax.reading import PageReader
from gateway.core.item.delivery import shown_address
from gateway.pbx.asterisk_tree import Asterisk
from tests.live import conftest
from tests.live.conftest import ROOT, Gateway, new_gateway, running
from tests.live.far_fax import FarFax, far_fax

pytestmark = pytest.mark.live
PARTNERS = {
    "busy": "7000003",
    "silent": "7000004",
    "taker": "7000001",
    "page1": "7000006",
    "page2": "7000008",
}
TEXT = "\n".join(f"第{n}行，请书面答复。" for n in range(1, 36))


@pytest.fixture(scope="module")
def slip_gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("slips")
    shutil.copytree(ROOT / "ivr_flows", folder / "flows")
    files = folder / "flows" / "partners"
    file = (files / "12345.yaml").read_text("utf-8").replace('dial: "12345"', 'dial: "7000005"')
    for name, number in PARTNERS.items():
        text = file.replace('id: "12345"', f'id: "{name}"') + f'fax: "{number}"\n'
        (files / f"{name}.yaml").write_text(text, "utf-8")
    made = new_gateway(
        folder,
        GATEWAY_FLOWS_FOLDER=folder / "flows",
        GATEWAY_FAX_OUT_ENABLED="true",
        GATEWAY_FAX_OUT_ALLOW=r"700000\d",
        GATEWAY_FAX_OUT_LINES=1,
    )
    yield from running(made)


@pytest.fixture(scope="module")
def far(
    asterisk_tree: Asterisk, slip_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarFax]:
    conftest._next_rtp += conftest.RTP_PORTS
    folder, line = tmp_path_factory.mktemp("far"), (slip_gateway.far_end, slip_gateway.sip)
    with far_fax(asterisk_tree, folder, *line, conftest._next_rtp) as made:
        yield made


async def deliveries(gateway: Gateway, number: str) -> dict[str, dict[str, Any]]:
    """What is to be faxed about an item, by the number it goes to as it is shown."""
    page = await asyncio.to_thread(gateway.api, f"/api/v1/outbox?number={number}")
    return {one["to"]: one for one in page["items"] if one["way"] == "fax"}


async def tried(gateway: Gateway, number: str, partner: str, times: int) -> dict[str, Any]:
    """A partner's delivery, once it was tried so often."""
    async with asyncio.timeout(150):
        while True:
            one = (await deliveries(gateway, number))[shown_address(PARTNERS[partner])]
            if one["attempts"] >= times or one["state"] == "sent":
                return one
            await asyncio.sleep(0.1)


async def test_slips_go_by_fax_and_what_did_not_arrive_is_never_sent(
    slip_gateway: Gateway, far: FarFax, tmp_path: Path
) -> None:
    """One partner takes its slip whole, one is busy, one does not answer, two hang up in a page."""
    far.since = slip_gateway.since.timestamp()
    api = slip_gateway.api
    matter = {"kind": "question", "content": "商家拒绝退款怎么办", "name": "张三", "phone": "13835700000"}
    number = (await asyncio.to_thread(api, "/api/v1/intake", matter))["number"]
    slips = {}
    for name in PARTNERS:
        wish = {"partner": name, "text": TEXT}
        slips[name] = await asyncio.to_thread(api, f"/api/v1/queue/{number}/refer", wish)
    await far.cut_in_page_2()

    busy, silent, taker, page1, page2 = [await tried(slip_gateway, number, name, 1) for name in PARTNERS]
    assert (busy["state"], "占线" in busy["error"]) == ("waiting", True)
    assert (silent["state"], "无人接听" in silent["error"]) == ("waiting", True)
    assert (page1["state"], "仅发出0/2页" in page1["error"]) == ("waiting", True), page1
    assert (page2["state"], "仅发出1/2页" in page2["error"]) == ("waiting", True), page2
    assert taker["state"] == "sent"

    ((pages, taken),) = await far.taken()
    assert (taken.status, taken.pages) == ("SUCCESS", 2)
    reader = PageReader()
    try:
        with Image.open(pages) as image:
            image.save(tmp_path / "page.png")
        said = "".join(line.text for line in await reader.read(tmp_path / "page.png")).replace(" ", "")
    finally:
        await reader.stop()
    assert slips["taker"]["id"] in said and "第1行" in said, said
    told = [e["text"] for e in (await slip_gateway.item_of(number))["timeline"] if e["what"] == "sent"]
    assert len(told) == 1 and told[0].startswith("传真已发出，2页")

    again = await tried(slip_gateway, number, "busy", 2)
    assert again["state"] == "waiting"
    first, second = (datetime.fromisoformat(one["due_at"]) for one in (busy, again))
    assert second - first > timedelta(seconds=30), "twice 20 s, less a fifth"
