"""What was filled in is there again after the browser's back button."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from tests.web.pages.test_browser import fill, opened, picture, to_receipt
from tests.web.real_site import RealSite
from tests.web.sample_files import NOT_TAKEN

pytestmark = pytest.mark.live

SAID = {
    "respondent_name": "某商店",
    "respondent_address": "解放路1号",
    "respondent_phone": "0357-2025100",
    "content": "商家拒绝退款",
    "name": "张三",
}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_the_fields_are_there_after_going_back(browser: Browser, site: RealSite, script: bool) -> None:
    async with opened(browser, site, script=script) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.goto("/track")
        await page.go_back()
        await page.wait_for_selector("#f-respondent_name")
        assert await said(page) == SAID


async def said(page: Page) -> dict[str, str]:
    return {name: await page.input_value(f"#f-{name}") for name in SAID}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_form_with_faults_is_there_after_going_back(
    browser: Browser, site: RealSite, script: bool
) -> None:
    """With its faults, its held files and what was typed since; until it is taken."""
    async with opened(browser, site, script=script) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID, phone="abc")
        await page.set_input_files("#f-evidence", [picture("坏.png", NOT_TAKEN["html"]), picture("好.png")])
        await page.click("button[type=submit]")
        await page.wait_for_selector("#summary")
        mended = {**SAID, "respondent_address": "解放路2号"}
        await fill(page, respondent_address="解放路2号")
        await page.goto("/track")
        await page.go_back()
        await page.wait_for_selector("#summary")
        assert await said(page) == mended
        assert "好.png" in await page.inner_text("#f-evidence-kept")
        await fill(page, phone="13835700000")
        again = page.url
        await page.click("button[type=submit]")
        await to_receipt(page)
        (item,) = await site.items()
        assert item["respondent"]["address"] == "解放路2号"
        assert [file["name"] for file in item["attachments"]] == ["好.png"]
        await page.goto(again)
        assert set((await said(page)).values()) == {""}, "taken: nothing of it is shown again"


async def test_a_new_form_or_another_browser_shows_nothing_of_one_that_was_not_sent(
    browser: Browser, site: RealSite
) -> None:
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **{**SAID, "content": ""})
        await page.click("button[type=submit]")
        await page.wait_for_selector("#summary")
        again = page.url
        async with opened(browser, site) as other:
            await other.goto(again)
            assert set((await said(other)).values()) == {""}
        await page.goto("/report")
        await page.goto(again)
        assert set((await said(page)).values()) == {""}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_good_files_of_an_addition_are_held_when_one_is_bad(
    browser: Browser, site: RealSite, script: bool
) -> None:
    async with opened(browser, site, script=script) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID, phone="13835700000")
        await page.click("button[type=submit]")
        number, code = await to_receipt(page)
        await page.goto(f"/track?number={number}")
        await fill(page, code=code)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#state")
        await page.set_input_files("#f-evidence", [picture("坏.png", NOT_TAKEN["html"]), picture("好.png")])
        await page.click(".matter button[type=submit]")
        await page.wait_for_selector("#summary")
        assert "坏.png" in await page.inner_text("#f-evidence-fault")
        await page.click(".matter button[type=submit]")
        await page.wait_for_selector(".good")
        (item,) = await site.items()
        assert [file["name"] for file in item["attachments"]] == ["好.png"]
        assert site.left() == []
