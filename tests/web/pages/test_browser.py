"""The public pages in a real Chromium: with and without JavaScript, on a phone's screen and a desk's.

axe looks at each for WCAG 2.2 A and AA. Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Page, Route

from tests.accessibility import check_accessible
from tests.web.real_site import RealSite
from tests.web.sample_files import NOT_TAKEN, png

pytestmark = pytest.mark.live

PHONE, DESK = (390, 844), (1280, 900)
SAID = {"respondent_name": "某商店", "content": "商家拒绝退款", "name": "张三", "phone": "13835700000"}


@asynccontextmanager
async def opened(
    browser: Browser,
    site: RealSite,
    size: tuple[int, int] = PHONE,
    script: bool = True,
    steps: bool = False,
    **options: Any,
) -> AsyncIterator[Page]:
    """A tab; what its console complains of fails the test, but for answers that are no 200. Without `steps`
    its reader has chosen to have forms on one page."""
    context = await browser.new_context(
        base_url=site.url(),
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN",
        java_script_enabled=script,
        **options,
    )
    if not steps:
        await context.add_init_script("sessionStorage.setItem('whole', '1')")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console", lambda said: complaints.append(said.text) if "server responded" not in said.text else None
    )
    yield page
    await context.close()
    assert [one for one in complaints if not one.startswith("Failed to load resource")] == []


async def looked_at(page: Page, name: str, *, colours: bool = False) -> None:
    """axe finds nothing, and nothing is wider than the screen. `colours`: axe looks at the contrast alone."""
    await check_accessible(page, colours=colours)
    size = page.viewport_size or {"width": 0, "height": 0}
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if folder := os.environ.get("PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)


async def fill(page: Page, **said: str) -> None:
    for name, text in said.items():
        await page.fill(f"#f-{name}", text)


def picture(name: str = "票据.png", body: bytes = b"") -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": body or png() + bytes(200_000)}


async def to_receipt(page: Page) -> tuple[str, str]:
    """Number and code, once the receipt is there."""
    number = (await page.inner_text("#number")).replace(" ", "")
    return number, await page.inner_text("#code")


@pytest.mark.parametrize(("size", "lang"), [(PHONE, "zh"), (DESK, "en")], ids=["phone", "desk"])
async def test_every_page_is_accessible(
    browser: Browser, site: RealSite, size: tuple[int, int], lang: str
) -> None:
    async with opened(browser, site, size) as page:
        for path, name in (
            ("/", "start"),
            ("/report", "report"),
            ("/track", "track"),
            ("/report/done", "none"),
        ):
            await page.goto(f"{path}?lang={lang}")
            await looked_at(page, f"{name}-{lang}")
        await page.goto("/report?kind=complaint")
        await page.click("button[type=submit]")
        await page.wait_for_selector("#summary")
        await looked_at(page, f"faults-{lang}")
        await fill(page, **SAID)
        await page.click("button[type=submit]")
        number, code = await to_receipt(page)
        await looked_at(page, f"done-{lang}")
        await page.goto(f"/track?number={number}")
        await fill(page, code="x")
        async with page.expect_navigation():
            await page.click("button[type=submit]")
        await looked_at(page, f"wrong-{lang}")
        await fill(page, code=code)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#state")
        await looked_at(page, f"item-{lang}")
        await fill(page, text="补一张照片")
        await page.set_input_files("#f-evidence", [picture()])
        await page.click(".matter button[type=submit]")
        await page.wait_for_selector(".good")
        await looked_at(page, f"added-{lang}")


async def test_with_javascript_files_go_with_a_bar(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.set_input_files("#f-evidence", [picture(), picture("b.png", png(3))])
        async with page.expect_request(lambda request: request.method == "POST") as sent:
            await page.click("button[type=submit]")
        assert (await sent.value).resource_type == "xhr"
        await to_receipt(page)
        assert page.url.partition("?")[0] == site.url("/report/done")
    (item,) = await site.items()
    assert sorted(one["name"] for one in item["attachments"]) == ["b.png", "票据.png"]


async def test_a_fault_keeps_words_and_files(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **(SAID | {"phone": "abc"}))
        await page.set_input_files("#f-evidence", [picture()])
        await page.click("button[type=submit]")
        await page.wait_for_selector("#f-phone-fault")
        assert await page.input_value("#f-content") == SAID["content"]
        await fill(page, phone=SAID["phone"])
        await page.click("button[type=submit]")
        await to_receipt(page)
    (item,) = await site.items()
    assert len(item["attachments"]) == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_file_that_is_not_taken_is_named_and_the_others_stay(
    browser: Browser, site: RealSite, size: tuple[int, int]
) -> None:
    async with opened(browser, site, size) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.set_input_files("#f-evidence", [picture("坏.png", NOT_TAKEN["html"]), picture("好.png")])
        await page.click("button[type=submit]")
        await page.wait_for_selector("#summary")
        assert "坏.png" in await page.inner_text("#f-evidence-fault")
        assert "好.png" in await page.inner_text("#f-evidence-kept")
        await looked_at(page, "wrong-file")
        await page.click("button[type=submit]")
        await to_receipt(page)
    (item,) = await site.items()
    assert [one["name"] for one in item["attachments"]] == ["好.png"]


async def test_a_form_sent_before_its_wrong_file_is_refused_goes_all_the_same(
    browser: Browser, site: RealSite
) -> None:
    sent = asyncio.Event()

    async def held(route: Route) -> None:
        await sent.wait()
        await route.continue_()

    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.route("**/upload/*", held)
        await page.set_input_files("#f-evidence", [picture("坏.png", NOT_TAKEN["html"])])
        await page.click("button[type=submit]")
        sent.set()
        await page.wait_for_selector("#summary")
        assert "坏.png" in await page.inner_text("#f-evidence-fault")


async def test_the_next_person_at_the_browser_sees_no_receipt(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.click("button[type=submit]")
        number, _ = await to_receipt(page)
        address = page.url
        await page.goto("/report/done")
        assert number not in (await page.inner_text("main")).replace(" ", "")
        await page.goto("/report")
        await page.goto(address)
        assert number not in (await page.inner_text("main")).replace(" ", "")


async def test_a_server_that_is_away_loses_nothing(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.set_input_files("#f-evidence", [picture()])
        await page.route("**/report", lambda route: route.abort())
        await page.click("button[type=submit]")
        await page.wait_for_selector(".going:has-text('没有发送出去')")
        await page.unroute("**/report")
        await page.click("button[type=submit]")
        await to_receipt(page)
    (item,) = await site.items()
    assert len(item["attachments"]) == 1


async def test_without_javascript_all_of_it_works(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site, script=False) as page:
        await page.goto("/")
        await page.click("a[href='/report?kind=report']")
        await page.click("button[type=submit]")
        await page.wait_for_selector("#f-respondent_name-fault")
        await fill(page, respondent_name="某店", content="无照经营")
        await page.check("#f-anonymous")
        await page.set_input_files("#f-evidence", [picture()])
        await page.click("button[type=submit]")
        number, code = await to_receipt(page)
        await page.reload()
        assert await to_receipt(page) == (number, code)
    (item,) = await site.items()
    assert (item["number"], item["anonymous"], len(item["attachments"])) == (number, True, 1)


async def test_only_what_the_kind_asks_for_is_shown(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site, script=False) as page:
        await page.goto("/report")
        shown = {}
        for kind in ("complaint", "report", "question"):
            await page.check(f"[name=kind][value={kind}]")
            names = ("#f-claims", "#f-anonymous", "#f-amount", "#f-name")
            shown[kind] = [await page.is_visible(name) for name in names]
        assert shown == {
            "complaint": [True, False, True, True],
            "report": [False, True, True, True],
            "question": [False, False, False, True],
        }


async def test_the_keyboard_is_enough(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site, DESK) as page:
        await page.goto("/track")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") == "f-number"
        await page.keyboard.type("1")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#wrong")


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
async def test_what_was_sent_before_is_shown_before_sending(
    browser: Browser, site: RealSite, script: bool
) -> None:
    async with opened(browser, site, DESK, script=script) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.click("button[type=submit]")
        first, _ = await to_receipt(page)
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.set_input_files("#f-evidence", [picture()])
        await page.click("button[type=submit]")
        await page.wait_for_selector(".twin")
        assert "票据.png" in await page.inner_text(".note")
        if script:
            await looked_at(page, "same")
        assert len(await site.items()) == 1, "nothing is sent yet"
        await page.click(f"button[value='{first}']")
        await page.wait_for_selector("[role=status]")
        if script:
            await looked_at(page, "same-added")
        (item,) = await site.items()
        assert [one["name"] for one in item["attachments"]] == ["票据.png"]
        await page.goto("/report?kind=complaint")
        await fill(page, **SAID)
        await page.set_input_files("#f-evidence", [picture("另一张.png")])
        await page.click("button[type=submit]")
        await page.click("button[value=new]")
        second, _ = await to_receipt(page)
    items = {item["number"]: item for item in await site.items()}
    assert set(items) == {first, second}
    assert [one["name"] for one in items[second]["attachments"]] == ["另一张.png"]


async def test_nobody_is_shown_what_another_browser_sent(browser: Browser, site: RealSite) -> None:
    for _ in range(2):
        async with opened(browser, site) as page:
            await page.goto("/report?kind=complaint")
            await fill(page, **SAID)
            await page.click("button[type=submit]")
            await to_receipt(page)
    assert len(await site.items()) == 2
