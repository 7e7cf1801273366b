"""What units get by fax and mail, read where it arrives: a 督办单, an order with its link, the code."""

from __future__ import annotations

import re
from asyncio import to_thread
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import expect

from gateway.cases.offline import TOKEN
from gateway.channels.fax.reading import PageReader
from gateway.core.item.number import spaced
from gateway.core.order.paper import Link
from gateway.pbx.asterisk_tree import Asterisk
from gateway.settings.secrets import key_once, proof
from tests.chromium import chromium
from tests.live import conftest
from tests.live.conftest import Gateway, new_gateway, running
from tests.live.far_fax import FarFax, far_fax
from tests.live.matter import sends_mail
from tests.live.town import Post

pytestmark = pytest.mark.live
BUREAU, MACHINE = "141002", "7000001"
WORDS = "群众反映强烈，请局长过问"


@dataclass
class Centre:
    """A gateway that sends mail and faxes, the machine that takes them, and who reads their pages."""

    gateway: Gateway
    far: FarFax
    reader: PageReader
    folder: Path

    async def api(self, path: str, body: object = None, method: str = "") -> Any:
        return await to_thread(self.gateway.api, f"/api/v1/{path}", body, method)

    async def assigned(self, **unit: object) -> dict[str, Any]:
        """An order to the bureau, of which this is known."""
        await self.api(f"units/{BUREAU}", unit, "PUT")
        said = {"kind": "complaint", "content": "商家拒绝退款", "name": "张三", "phone": "13912360999"}
        number = (await self.api("intake", said | {"respondent_name": "某家电城"}))["number"]
        return dict(await self.api(f"queue/{number}/assign", {"unit": BUREAU}))

    async def faxed(self, nth: int) -> str:
        """What is read on the pages of the nth fax that has come, without blanks."""
        file, sent = (await self.far.taken(nth))[nth - 1]
        assert sent.status == "SUCCESS"
        with Image.open(file) as image:
            assert getattr(image, "n_frames", 1) == 1
            image.save(self.folder / f"{nth}.png")
        lines = await self.reader.read(self.folder / f"{nth}.png")
        return "".join(line.text for line in lines).replace(" ", "")


@pytest.fixture
async def centre(asterisk_tree: Asterisk, tmp_path: Path, post: Post) -> AsyncIterator[Centre]:
    wanted = sends_mail(post) | {
        "GATEWAY_FAX_OUT_ENABLED": "true",
        "GATEWAY_FAX_OUT_ALLOW": r"700000\d",
    }
    made = new_gateway(tmp_path, **wanted)
    made.environment["GATEWAY_WEB_PUBLIC_URL"] = made.url("")
    runs = running(made)
    await to_thread(next, runs)
    conftest._next_rtp += conftest.RTP_PORTS
    line = (made.far_end, made.sip, conftest._next_rtp)
    reader = PageReader()
    with far_fax(asterisk_tree, tmp_path / "far", *line) as far:
        yield Centre(made, far, reader, tmp_path)
    await reader.stop()
    await to_thread(runs.close)  # type: ignore[attr-defined]


async def test_a_supervision_sheet_is_read_in_mailboxes_and_on_a_fax(centre: Centre, post: Post) -> None:
    order = await centre.assigned(mail="unit@example.cn", leader_mail="leader@example.cn", fax=MACHINE)
    due = f"{date.today() + timedelta(days=3)}"
    await centre.api(f"orders/{order['id']}/supervise", {"text": WORDS, "due": due})
    (red,) = (await centre.api(f"orders/{order['id']}/rungs"))["items"]
    wanted = (red["sheet"], WORDS, f"要求办结：{due}", f"登记编号：{spaced(order['number'])}")
    for user in ("unit", "leader"):
        (mail,) = await post.until(user, 1)
        assert "督办单" in mail["Subject"] and order["number"] in mail["Subject"]
        assert [words for words in wanted if words not in mail.get_content()] == []
    page = await centre.faxed(1)
    serial = re.search(r"第 (\d+) 号", red["sheet"])
    assert serial and "督办单" in page and f"第{serial[1]}号" in page, page
    assert order["number"] in page and due in page and "请局长过问" in page, page
    sent = (await centre.api(f"outbox?number={order['number']}"))["items"]
    assert sorted((one["way"], one["state"]) for one in sent if one["way"] != "webhook") == [
        ("fax", "sent"),
        ("mail", "sent"),
        ("mail", "sent"),
    ]


async def test_an_order_by_fax_is_opened_by_its_link_and_a_code_that_is_faxed(centre: Centre) -> None:
    """The unit has no account and no mail: it types what it reads on the two pages."""
    order = await centre.assigned(online=False, mail="", fax=MACHINE)
    page = await centre.faxed(1)
    assert order["number"] in page and "某家电城" in page, page
    path = link_in(page, centre.gateway, int(order["id"]))
    async with chromium() as browser:
        web = await browser.new_page(base_url=centre.gateway.url(""), locale="zh-CN")
        await web.goto(path)
        shown = expect(web.locator("main"))
        await shown.to_contain_text("****0001")
        await web.click("form:has(input[value=send]) button")
        await shown.to_contain_text("验证码已发送到")
        code = re.search(r"code[:：](\d{6})", await centre.faxed(2))
        assert code
        await web.fill("#f-code", code[1])
        await web.click("form:has(#f-code) button")
        await shown.to_contain_text("商家拒绝退款")
        await web.click("form:has(input[name=event][value=sign]) button")
        await shown.to_contain_text("已签收")
    assert (await centre.api(f"orders/{order['id']}"))["state"] == "signed"


def link_in(page: str, gateway: Gateway, order: int) -> str:
    """The link, which the page shows. The machine that reads here mistakes a letter now and then."""
    secret = key_once(gateway.config.var / "secrets" / "partner.key", "")
    link = Link(order, BUREAU, datetime.now(gateway.config.zone).date())
    address = gateway.url(f"/order/{link}.{proof(secret, f'order:{link}', TOKEN)}")
    read = page[page.index("http") :][: len(address)].replace("0", "o")
    assert SequenceMatcher(None, read, address.replace("0", "o")).ratio() > 0.9, (read, address)
    return address
