"""Written work at the desk in a real Chromium: an item whole, a letter entered, the linkage ledger.

Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from tests.live.browser import eared, talking, tone_file
from tests.live.conftest import Gateway
from tests.live.test_desk import SIZE, looked_at
from tests.web.sample_files import png

pytestmark = pytest.mark.live
PHONE, SHOP = "13935790001", "临汾市尧都区好再来超市"


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with talking(tone_file(tmp_path / "agent.wav", 1400)) as made:
        yield made


@asynccontextmanager
async def working(browser: Browser, gateway: Gateway, account: str, password: str) -> AsyncIterator[Page]:
    """Somebody at the desk whose telephone is not the page."""
    async with eared(browser, gateway.url(""), viewport=SIZE) as page:
        page.set_default_timeout(10_000)
        await page.add_init_script("localStorage.setItem('which', 'sip')")
        await page.goto("/desk")
        await page.fill("#f-account", account)
        await page.fill("#f-password", password)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#rows", state="attached")  # empty, it is not visible
        yield page


def password_of(gateway: Gateway, agent: str) -> str:
    return str(json.loads(gateway.command("user", "show", agent, "--json"))["web_password"])


async def send(gateway: Gateway, **said: str) -> str:
    """A complaint (or what `said` makes of it) with a picture; its number."""
    return (await handed_in(gateway, **said))["number"]


async def add_by_code(browser: Browser, gateway: Gateway, receipt: dict[str, str], text: str) -> None:
    """What a citizen adds on /track."""
    async with eared(browser, gateway.url(""), viewport=SIZE) as page:
        await page.goto("/track")
        await page.fill("#f-number", receipt["number"])
        await page.fill("#f-code", receipt["query_code"])
        await page.click("main button[type=submit]")
        await page.fill("#f-text", text)
        await page.locator("form[data-bits] button[type=submit]").click()
        await page.locator("section.good").wait_for()


async def handed_in(gateway: Gateway, **said: str) -> dict[str, str]:
    """The same; its receipt."""
    form = aiohttp.FormData(quote_fields=False)
    kept = {"kind": "complaint", "name": "赵六", "phone": PHONE, "respondent_name": SHOP} | said
    for name, text in kept.items():
        form.add_field(name, text)
    form.add_field("evidence", png(40, 30), filename="小票.png", content_type="image/png")
    async with (
        aiohttp.ClientSession() as client,
        client.post(gateway.url("/api/v1/intake"), data=form) as got,
    ):
        assert got.status == 201, await got.text()
        receipt: dict[str, str] = await got.json()
        return receipt


async def open_item(page: Page, text: str) -> None:
    await page.locator("#rows button.item", has_text=text).first.click()
    await page.wait_for_selector("#item:not([hidden])")


async def do(page: Page, act: str, word: str = "", **chosen: str) -> None:
    button = page.locator(f"#item-acts [data-act={act}]")
    if not await button.is_visible():
        await page.click("#more-acts summary")
    await button.click()
    if word:
        await page.fill("#item-word", word)
    for name, value in chosen.items():
        await page.select_option(f"#act-{name}", value)
    await page.click("#do")


async def test_an_item_is_looked_at_tied_and_decided(gateway: Gateway, browser: Browser) -> None:
    said = "8月1日在该超市购买的牛奶已过保质期，商家拒绝退款并出言不逊"
    first = await send(gateway, content=said)
    second = await send(gateway, content=said + "，请尽快处理")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await open_item(page, "请尽快处理")
        await page.wait_for_selector(f"body[data-matter='{second}']")
        suggested = page.locator("#item-likely li", has_text=first[6:11])
        assert SHOP in await suggested.inner_text()
        assert "小票.png" in await page.inner_text("#item-files")
        await page.locator("#item-files button", has_text="看图").click()
        await page.wait_for_function("() => document.getElementById('item-picture').naturalWidth === 40")
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        await looked_at(page, "desk-item-whole")
        await suggested.locator("button", has_text="关联").click()
        tie = page.locator("#item-ties li", has_text=first[6:11])
        await tie.wait_for()
        await do(page, "refuse_acceptance")
        await page.wait_for_selector("#fault-ground:not(:empty)")
        await page.select_option("#act-ground", "1")
        await page.click("#do")
        await page.locator("#item-state", has_text="不予受理").wait_for()
        assert "第（1）项" in await page.inner_text("#item-past")
        await tie.locator("button.plain").click()
        await page.wait_for_selector(f"body[data-matter='{first}']")
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        await page.click("#assign-item")
        await page.fill("#as-unit", "古县")
        await page.fill("#as-note", "请当地核实")
        await page.click("#as-do")
        await page.locator("#item-past", has_text="请当地核实").wait_for()
        await do(page, "external", "")
        await page.wait_for_selector("#fault-external:not(:empty)")
        await page.fill("#act-external", "P202611280001")
        await page.click("#do")
        await page.locator("#item-ties li", has_text="P202611280001").wait_for()
    decided = await gateway.item_of(first)
    assert (decided["state"], decided["county"]) == ("handed_over", "141025")
    assert (await gateway.item_of(second))["state"] == "not_accepted"


async def test_a_twin_is_merged_and_parted_again(gateway: Gateway, browser: Browser) -> None:
    said = "该超市出售的白酒与标签不符，怀疑是假酒，要求退一赔三"
    first, second = await send(gateway, content=said), await send(gateway, content=said + "！")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await open_item(page, "退一赔三！")
        row = page.locator("#item-likely li", has_text=first[6:11])
        await row.locator("button", has_text="并入").click()
        assert (await gateway.item_of(second))["state"] == "received", "it is asked once more"
        await row.locator("button", has_text="确定").click()
        undo = page.locator("#item-ties li", has_text="已并入").locator("button", has_text="取消合并")
        await undo.click()
        await undo.click()
        await page.wait_for_selector("#claim:not([hidden])")
    assert (await gateway.item_of(second))["merged_into"] is None


async def test_who_reported_is_told_for_a_reason_to_who_may_know(gateway: Gateway, browser: Browser) -> None:
    number = await send(gateway, kind="report", content="长期销售散装假盐", name="钱七", phone="13935790002")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await open_item(page, "散装假盐")
        assert await page.is_visible("#item-sealed") and await page.is_hidden("#unseal")
        assert "钱七" not in await page.content()
    made = await asyncio.to_thread(gateway.command, "user", "add", "leader1", "--role", "supervisor")
    async with working(browser, gateway, "leader1", made.strip().split()[-1]) as page:
        await page.wait_for_selector("#team:not([hidden])")
        await open_item(page, "散装假盐")
        await page.fill("#unseal-why", "联系举报人补充线索")
        await page.click("#unseal")
        await page.locator("#unsealed", has_text="钱七").wait_for()
        await looked_at(page, "desk-sealed")
    audited = gateway.api("/api/v1/audit?limit=50")["rows"]
    look = next(one for one in audited if one["what"] == "identity.view")
    assert (look["who"], look["about"]) == ("leader1", number)


async def test_a_letter_is_entered_with_its_scan(gateway: Gateway, browser: Browser, tmp_path: Path) -> None:
    scan = tmp_path / "来信.png"
    scan.write_bytes(png(30, 40))
    bad = tmp_path / "网页.png"
    bad.write_bytes(b"<html>not a picture</html>")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await page.goto("/desk/entry")
        await page.check("input[name=channel][value=letter]")
        await page.check("input[name=kind][value=complaint]")
        await page.keyboard.press("F10")
        assert await page.inner_text("#fault")
        said = {
            "d-content": "购买电饭煲两天即坏",
            "d-address": "古县岳阳镇",
            "d-name": "孙八",
            "d-respondent_name": "某某电器",
        }
        said |= {"letter_date": "2026-11-20", "postmark_date": "2026-11-21", "came_by": "挂号信"}
        said |= {
            "received_at": "2026-11-23T09:30",
            "id_type": "居民身份证",
            "id_number": "14260119700101001X",
        }
        for field, text in said.items():
            await page.fill(f"#{field}", text)
        await page.fill("#d-amount", "很多")
        await page.select_option("#d-subject", "household")
        await page.select_option("#d-problem", "after_sales")
        assert "image/*" in (await page.get_attribute("#evidence", "accept") or "").split(",")
        await page.set_input_files("#evidence", [scan, bad])
        await page.keyboard.press("F10")
        await page.wait_for_selector("#fault:not(:empty)")
        assert bad.name in await page.inner_text("#fault")
        await page.locator("#chosen li", has_text=bad.name).locator("button").click()
        assert await page.locator("#chosen li").all_inner_texts() == [f"{scan.name} 移除"]
        await page.keyboard.press("F10")
        await page.wait_for_function(
            "bad => !document.querySelector('#fault').textContent.includes(bad)", arg=bad.name
        )
        await page.wait_for_selector("#fault:not(:empty)")
        assert "涉及金额" in await page.inner_text("#fault")
        await page.fill("#d-amount", "199.90")
        await page.check("[name=also]")
        await looked_at(page, "desk-entry")
        await page.keyboard.press("F10")
        await page.wait_for_selector("body[data-made], #fault:not(:empty)")
        assert not await page.inner_text("#fault")
        number = await page.get_attribute("body", "data-made") or ""
        await looked_at(page, "desk-entry-receipt")
        links = page.locator("#receipt-rows a")
        assert await links.count() == 2, "complaint and report"
        await page.goto(await links.first.get_attribute("href") or "")
        form = await page.inner_text("body")
        assert "家居用品" in form and "售后服务" in form
        assert "投诉登记表" in form and "孙八" in form and "挂号信" in form
    item = await gateway.item_of(number)
    assert (item["subject"], item["problem"]) == ("household", "after_sales")
    assert (item["channel"], item["amount"], item["received_at"]) == (
        "letter",
        199.9,
        "2026-11-23T01:30:00.000Z",
    )
    assert [one["role"] for one in item["attachments"]].count("evidence") == 1


async def test_what_is_handed_to_a_partner_stands_in_the_ledger(gateway: Gateway, browser: Browser) -> None:
    number = await send(gateway, content="小区物业乱收停车费，应由12345处理")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await open_item(page, "乱收停车费")
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        await do(page, "refer", "请贵方办理", partner="12345")
        await page.locator("#item-referrals li", has_text="12345").wait_for()
        await page.goto("/desk/linkage")
        row = page.locator("#ledger tr", has_text="乱收停车费")
        await row.wait_for()
        await looked_at(page, "desk-linkage")
        await row.locator("button", has_text="由我方受理").click()
        await page.fill("#text", "经核实属本中心职责")
        await page.click("#say-form button[type=submit]")
        await page.locator("#ledger tr", has_text="由首接方受理").wait_for()
        await page.locator("#ledger a").first.click()
        await page.wait_for_selector("#item:not([hidden])")
        assert number[6:11] in await page.inner_text("#item-number"), "the ledger leads to the item"


async def test_an_addition_to_a_closed_item_is_a_task(gateway: Gateway, browser: Browser) -> None:
    receipt = await handed_in(gateway, content="该店办的会员卡不能退费")
    password = await asyncio.to_thread(password_of, gateway, "agent2")
    async with working(browser, gateway, "agent2", password) as page:
        await open_item(page, "会员卡不能退费")
        await page.click("#claim")
        await do(page, "complete", "已告知预付卡管理办法")
        await page.locator("#item-state", has_text="已办结").wait_for()
        await page.click("#close-item")
        await add_by_code(browser, gateway, receipt, "商家又来电威胁")
        await page.click("[data-tab=added]")
        row = page.locator("#rows button", has_text="有补充").filter(has_text="已办结")
        await row.wait_for()  # the list may be shown anew at any moment
        await row.click()
        await page.locator("#item-past", has_text="商家又来电威胁").wait_for()
        await page.click("#addition-read:not([hidden])")
        await page.wait_for_selector("#addition-read", state="hidden")
        await row.wait_for(state="detached")
    assert (await gateway.item_of(receipt["number"]))["state"] == "closed"
