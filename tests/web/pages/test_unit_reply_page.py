"""The reply page of a unit without accounts in a real Chromium, on a phone and a desk."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.cases.assigning import Assignment
from tests.cases.test_offline import BOSS, BUREAU, STATION, letters, paper_site
from tests.storage.databases import Clock, contact
from tests.web.pages.test_browser import DESK, PHONE, looked_at, opened, picture
from tests.web.real_site import RealSite
from tests.web.sample_files import NOT_TAKEN

pytestmark = pytest.mark.live


async def test_a_unit_reads_and_signs_for_an_order(browser: Browser, tmp_path: Path) -> None:
    async with paper_site(tmp_path, Clock()) as (site, orders):
        number = (await site.intake.submit(contact("a"))).number
        await orders.assign(number, BOSS, Assignment(BUREAU, "请核实"))
        [(_, _, mail)] = await letters(site)
        path = re.search(r"https://12315\.example(/order/\S+)", mail["text"])[1]  # type: ignore[index]
        async with opened(browser, site, PHONE, script=False) as page:
            await page.goto(path)
            await page.click("button[type=submit]")
            await page.fill("#f-code", "100000")
            await page.click("button:has-text('打开工单')")
            await page.click("button:has-text('签收')")
            await expect(page.locator("#state")).to_have_text("已签收")
            cookies = await page.context.cookies()
        async with opened(browser, site, PHONE) as page:
            await page.goto(path)
            await looked_at(page, "unit-reply-code")
            await page.context.add_cookies(cookies)  # type: ignore[arg-type]
            await page.goto(path)
            for size in (PHONE, DESK):
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await looked_at(page, "unit-reply")


async def in_order(page: Page, site: RealSite, path: str, code: str) -> None:
    """The page of an order, once its code was sent and typed."""
    await page.goto(path)
    await page.click("button:has-text('发送')")
    await expect(page.locator("main")).to_contain_text("验证码已发送到")
    await page.fill("#f-code", code)
    await page.click("button:has-text('打开工单')")


@pytest.mark.parametrize("script", [True, False])
async def test_a_report_brings_files_and_is_kept_over_faults_and_a_new_code(
    browser: Browser, tmp_path: Path, script: bool
) -> None:
    clock = Clock()
    async with paper_site(tmp_path, clock) as (site, orders):
        number = (await site.intake.submit(contact("a"))).number
        order = (await orders.assign(number, BOSS, Assignment(BUREAU))).order.id
        [(_, _, mail)] = await letters(site)
        path = re.search(r"https://12315\.example(/order/\S+)", mail["text"])[1]  # type: ignore[index]
        async with opened(browser, site, PHONE, script=script) as page:
            await in_order(page, site, path, "100000")
            await page.click("button:has-text('签收')")
            await page.click("button:has-text('申请延期')")
            await page.fill("#f-days", "1")
            await page.click("button:has-text('申请延期')")
            await expect(page.locator("#f-why-fault")).to_have_text("! 必填")
            await expect(page.locator("#f-days")).to_have_value("1")
            bad = picture("坏.png", NOT_TAKEN["html"])
            await page.fill("#f-text", "已组织双方调解\n商家同意退款")
            await page.set_input_files("#f-evidence", [picture("调解书.png"), bad])
            await page.click("button:has-text('书面上报')")
            await expect(page.locator("#f-evidence-fault")).to_contain_text("类型不接受")
            await expect(page.locator("#f-evidence-kept")).to_contain_text("调解书.png")
            await page.click("button:has-text('书面上报')")
            await expect(page.locator("#f-result-fault")).to_contain_text("调解成功、双方自行和解")
            await expect(page.locator("#summary li", has_text="签发人：必填")).to_be_visible()
            await expect(page.locator("#f-evidence-kept input")).to_be_checked()
            assert (
                await orders.order(order, BOSS)
            ).item.attachments == ()  # nothing of a refused report stays
            for size in (PHONE, DESK) if script else ():
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await looked_at(page, "unit-reply-faults")

            clock.on(minutes=31)  # the code holds no longer
            await page.select_option("#f-result", "mediated")
            await page.fill("#f-answer", "商家已退款。")
            await page.fill("#f-signed_by", "王局")
            await page.click("button:has-text('书面上报')")
            await expect(page.locator("#f-code-fault")).to_contain_text("请先输入验证码")
            await expect(page.locator("#carried")).to_be_visible()
            await page.click("button:has-text('发送')")
            await expect(page.locator("main")).to_contain_text("验证码已发送到")
            await page.fill("#f-code", "100001")
            await page.click("button:has-text('打开工单')")
            await expect(page.locator("#f-text")).to_have_value("已组织双方调解\n商家同意退款")
            await expect(page.locator("#f-evidence-kept input")).to_be_checked()
            await page.click("button:has-text('书面上报')")
            await expect(page.locator("#state")).to_have_text("已上报待审核")
        whole = await orders.order(order, BOSS)
        [file] = whole.item.attachments
        assert (file.name, whole.reports[-1].files) == ("调解书.png", (file.sha256,))
        assert whole.reports[-1].answer == "商家已退款。"
        assert site.left() == []


@pytest.mark.parametrize(
    ("ways", "unit", "said"),
    [
        (("mail", "fax", "sms"), BUREAU, ("138****1234", "fu***@example.com")),
        (("mail", "fax"), STATION, ("035****4567",)),
    ],
)
async def test_the_first_form_names_the_ways_of_a_code(
    browser: Browser, tmp_path: Path, ways: tuple[str, ...], unit: str, said: tuple[str, ...]
) -> None:
    clock = Clock()
    async with paper_site(tmp_path, clock, ways) as (site, orders):
        there = (await site.storage.units.tree()).get(BUREAU)
        assert there
        await site.storage.units.keep([replace(there, phones=("13835701234",))], "boss", clock())
        number = (await site.intake.submit(contact("a"))).number
        await orders.assign(number, BOSS, Assignment(unit))
        text = (await letters(site))[0][2]["text"]
        path = re.search(r"https://12315\.example(/order/\S+)", text)[1]  # type: ignore[index]
        async with opened(browser, site, PHONE) as page:
            await page.goto(path)
            for word in said:
                await expect(page.locator("main")).to_contain_text(word)
            await page.click("button:has-text('发送') >> nth=0")
            await expect(page.locator("#sent-to")).to_contain_text(said[0])
            for size in (PHONE, DESK):
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await looked_at(page, f"unit-reply-{len(said)}-ways")
