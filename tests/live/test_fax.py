"""Faxes over a real line: from efax, which is not Asterisk, and from a second Asterisk; to the fax number and
into a menu, T.38, lines that drop, a gateway that is killed. At most three transmissions go on at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.channels.fax.reading import PageReader
from gateway.pbx.asterisk_tree import Asterisk
from gateway.sip_phone.phone import Answer
from tests.channels.fax.letters import letter
from tests.live import conftest
from tests.live.conftest import Gateway, free_ports, new_gateway, running
from tests.live.far_fax import FarFax, far_fax
from tests.live.modem import Machine, machines

pytestmark = pytest.mark.live
FAX_NUMBER = "2025100"
MODEMS = ("03573020001", "03573020002", "03573020003")


@pytest.fixture(scope="module")
def fax_gateway(asterisk_tree: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = new_gateway(
        tmp_path_factory.mktemp("faxes"),
        GATEWAY_FAX_NUMBER=FAX_NUMBER,
        GATEWAY_FAX_OUT_ENABLED="true",
        GATEWAY_FAX_OUT_ALLOW=r"0357302000[12]|700000\d",
        GATEWAY_FAX_OUT_LINES=1,
    )
    yield from running(made)


@pytest.fixture(scope="module")
def iax() -> list[int]:
    """Ports for the far Asterisk and the modems."""
    return free_ports(1 + len(MODEMS), socket.SOCK_DGRAM)


@pytest.fixture(scope="module")
def far(
    asterisk_tree: Asterisk, fax_gateway: Gateway, iax: list[int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FarFax]:
    conftest._next_rtp += conftest.RTP_PORTS
    folder, line = tmp_path_factory.mktemp("far"), (fax_gateway.far_end, fax_gateway.sip)
    with far_fax(asterisk_tree, folder, *line, conftest._next_rtp, iax=iax[0], modems=MODEMS) as made:
        yield made


@pytest.fixture(scope="module")
def efax(far: FarFax, iax: list[int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    """Three machines of another make."""
    folder, ports = tmp_path_factory.mktemp("efax"), dict(zip(MODEMS, iax[1:], strict=True))
    with machines(far, folder, ports, iax[0]) as made:
        yield made


async def arrived(
    gateway: Gateway, caller: str, count: int = 1, status: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The newest fax of a caller, once he has `count` (of this status), and its pages."""
    async with asyncio.timeout(20):
        while True:
            page = await asyncio.to_thread(gateway.api, "/api/v1/faxes?limit=100")
            found = [one for one in page["items"] if one["caller"] == caller]
            found = [one for one in found if status in ("", one["status"])]
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


async def sent(gateway: Gateway, number: str) -> None:
    """Wait until a fax about an item is sent."""
    async with asyncio.timeout(20):
        while True:
            page = await asyncio.to_thread(gateway.api, f"/api/v1/outbox?number={number}")
            if any((one["way"], one["state"]) == ("fax", "sent") for one in page["items"]):
                return
            await asyncio.sleep(0.05)


def roles(item: dict[str, Any]) -> list[str]:
    return [file["role"] for file in item["attachments"]]


async def test_letters_come_in_whole_and_cut(
    fax_gateway: Gateway, efax: list[Machine], tmp_path: Path
) -> None:
    """From a fax program that is not Asterisk: three pages to the fax number, three into the middle of a
    menu, and a letter whose line breaks in page 2. Who sent whole ones listens for the acknowledgement."""
    direct, menu, broken = efax
    three, other = letter(tmp_path / "three.tif", 3), letter(tmp_path / "other.tif", 3, "举报", fine=False)

    async def there_and_back(machine: Machine, pages: Path, dialled: str) -> int:
        code = await machine.send(pages, dialled, tries=3)
        machine.listen()
        return code

    codes = await asyncio.gather(
        there_and_back(direct, three, FAX_NUMBER),
        there_and_back(menu, other, "12315"),
        broken.send(letter(tmp_path / "two.tif", 2, "重发"), FAX_NUMBER),
        broken.cut(2),
    )
    assert codes[:2] == [0, 0] and codes[2] != 0

    fax, whole = await arrived(fax_gateway, direct.number)
    assert (fax["status"], fax["received"], fax["expected"]) == ("whole", 3, 3)
    assert (fax["mode"], fax["station"], fax["dialled"]) == ("audio", direct.number, FAX_NUMBER)
    assert [page["page"] for page in whole["pages"]] == [1, 2, 3]
    item = await fax_gateway.item_of(fax["number"])
    assert item["channel"] == "fax" and item["task"] == "none" and item["due"]
    assert roles(item) == ["raw", "pdf", "page", "page", "page"]
    assert "3页，完整" in item["content"]
    read = await read_text(fax_gateway, fax["number"])
    assert all(f"投诉信 第{n}页".replace(" ", "") in read.replace(" ", "") for n in (1, 2, 3)), read

    fax, _ = await arrived(fax_gateway, menu.number)
    assert (fax["status"], fax["received"], fax["dialled"]) == ("whole", 3, "12315")
    calls = await asyncio.to_thread(fax_gateway.calls)
    call = next(one for one in calls if one["caller"] == menu.number and one["direction"] == "in")
    assert call["outcome"] == "fax" and call["number"] == fax["number"]
    assert "callback/choose" in [step["step"] for step in call["path"]], "it was in a menu"

    fax, _ = await arrived(fax_gateway, broken.number)
    assert (fax["status"], fax["received"], fax["expected"]) == ("partial", 1, None)
    item = await fax_gateway.item_of(fax["number"])
    assert item["task"] == "call_back" and "不完整" in item["content"]

    queue = [one for one in await asyncio.to_thread(fax_gateway.queue) if one["channel"] == "fax"]
    with_pages = [one["number"] for one in queue if "未收到任何一页" not in one["content"]]
    assert len(with_pages) == len(set(with_pages)) == 3


async def test_what_comes_again_is_one_item(
    fax_gateway: Gateway, far: FarFax, efax: list[Machine], tmp_path: Path
) -> None:
    """The cut letter is sent again, whole; the number stays, and the item gets the page it lacked. Over
    T.38 a letter comes twice. Meanwhile the acknowledgements of the first letters go out."""
    broken = efax[2]
    before, _ = await arrived(fax_gateway, broken.number)
    for number in ("7000003", "7000007", "110"):
        wish = {"to": number, "text": "请补充购物小票。"}
        await asyncio.to_thread(fax_gateway.api, f"/api/v1/queue/{before['number']}/fax", wish)
    two, heavy = letter(tmp_path / "two.tif", 2, "重发"), letter(tmp_path / "heavy.tif", 1, "重载", heavy=1)

    async def twice() -> list[str]:
        pages = letter(tmp_path / "three.tif", 3, "再次")
        return [(await far.send(pages, FAX_NUMBER, "03573000001")).status for _ in range(2)]

    async def again_and_nothing() -> int:
        code = await broken.send(two, FAX_NUMBER, tries=3)
        await far.send(heavy, FAX_NUMBER, "03573000009", sound=True, cut_at=17)
        return code

    assert await asyncio.gather(twice(), again_and_nothing()) == [["SUCCESS", "SUCCESS"], 0]
    again, whole = await arrived(fax_gateway, broken.number, status="whole")  # a try that failed is one too
    assert again["number"] == before["number"] and again["same_as"] == before["id"]
    assert [page["page"] for page in whole["pages"]] == [1, 2]
    item = await fax_gateway.item_of(before["number"])
    assert any("补齐" in entry["text"] for entry in item["timeline"])
    assert roles(item).count("page") == 3
    assert any("未发传真回执" in entry["text"] for entry in item["timeline"]), "not a number to be dialled"

    twice_, whole = await arrived(fax_gateway, "03573000001", 2)
    assert (twice_["mode"], twice_["ecm"], twice_["station"]) == ("t38", True, "0357 3012345")
    assert twice_["rate"] >= 2400 and twice_["same_as"] and not whole["pages"]
    item = await fax_gateway.item_of(twice_["number"])
    assert any("内容与此前相同" in entry["text"] for entry in item["timeline"])
    assert roles(item).count("raw") == 2 and roles(item).count("page") == 3

    nothing, _ = await arrived(fax_gateway, "03573000009")
    assert (nothing["status"], nothing["received"]) == ("none", 0)
    item = await fax_gateway.item_of(nothing["number"])
    assert item["task"] == "call_back" and not item["attachments"]

    outbox = (await asyncio.to_thread(fax_gateway.api, f"/api/v1/outbox?number={before['number']}"))["items"]
    errors = {one["id"]: (one["state"], one["error"]) for one in outbox if one["way"] == "fax"}
    busy, person, emergency = (errors[one] for one in sorted(errors))
    assert busy[0] == "waiting" and "占线" in busy[1]
    assert person[0] == "waiting" and "没有接收传真" in person[1]
    assert emergency[0] == "dead" and "不在允许" in emergency[1]


async def test_a_machine_that_begins_in_a_talk_takes_over(
    fax_gateway: Gateway, far: FarFax, tmp_path: Path
) -> None:
    """The agent's leg is ended, the fax comes in whole, and the call is one item."""
    before = await asyncio.to_thread(fax_gateway.api, "/api/v1/figures")
    caller, pages = "03573000011", letter(tmp_path / "talk.tif", 1, f"当面{Gateway.since:%H%M%S}")
    async with fax_gateway.seat("8001", "agent1") as seat:
        seat.answer_with(Answer(0.2))
        sending = asyncio.create_task(far.send(pages, "12315", caller, keys="ww0", after=8))
        at_seat = await seat.incoming(30)
        await at_seat.ended(30)
        assert not sending.done(), "the fax goes on without the agent"
        assert (await sending).status == "SUCCESS"
        fax, _ = await arrived(fax_gateway, caller)
    assert (fax["status"], fax["received"]) == ("whole", 1)
    call = await fax_gateway.call_of(caller)
    assert (call["outcome"], call["agent"], call["number"]) == ("talked", "agent1", fax["number"])
    assert call["recording"]
    item = await fax_gateway.item_of(fax["number"])
    assert (item["channel"], item["task"]) == ("fax", "none")
    assert "坐席agent1通话中转为传真" in item["content"]
    queue = await asyncio.to_thread(fax_gateway.queue)
    assert sum(one["person"]["phone"] == caller for one in queue) == 1
    after = await asyncio.to_thread(fax_gateway.api, "/api/v1/figures")
    counted = [after["total"][name] - before["total"][name] for name in ("offered", "asked", "answered")]
    assert counted == [1, 1, 1]


@pytest.fixture
async def reader() -> AsyncIterator[PageReader]:
    made = PageReader()
    yield made
    await made.stop()


async def test_the_other_make_takes_its_acknowledgements_whole(
    fax_gateway: Gateway, efax: list[Machine], reader: PageReader, tmp_path: Path
) -> None:
    for machine in efax[:2]:
        assert await asyncio.to_thread(machine.processes[-1].wait, 120) == 0
        (page,) = machine.came
        picture = tmp_path / f"{machine.number}.png"
        with Image.open(page) as image:
            image.save(picture)
        said = "".join(line.text for line in await reader.read(picture)).replace(" ", "")
        fax, _ = await arrived(fax_gateway, machine.number)
        assert fax["number"] in said and "查询" in said, said
        await sent(fax_gateway, fax["number"])
        item = await fax_gateway.item_of(fax["number"])
        lines = [entry["text"] for entry in item["timeline"] if entry["what"] == "sent"]
        assert len(lines) == 1 and lines[0].startswith("传真已发出，1页")


@pytest.fixture
async def killed(fax_gateway: Gateway) -> AsyncIterator[Gateway]:
    yield fax_gateway
    if fax_gateway.process and fax_gateway.process.poll() is not None:
        fax_gateway.start()


async def test_a_fax_outlives_the_gateway(killed: Gateway, far: FarFax, tmp_path: Path) -> None:
    """Killed while a fax comes in, started again after its end: it is there, once."""
    one = letter(tmp_path / "one.tif", 1, f"断电{Gateway.since:%H%M%S}")
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
    faxes = (await asyncio.to_thread(killed.api, "/api/v1/faxes?limit=100"))["items"]
    mine = [one for one in faxes if datetime.fromisoformat(one["started_at"]) >= Gateway.since]
    assert [one["caller"] for one in mine] == ["03573000004"]
    assert not list(killed.places.faxes.glob("*.tif"))
