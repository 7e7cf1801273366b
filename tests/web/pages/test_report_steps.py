"""The form in steps: read by the server as each is left, and kept whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.web.pages.test_browser import DESK, PHONE, fill, looked_at, opened, picture, to_receipt
from tests.web.real_site import RealSite, real_site
from tests.web.sample_files import png

pytestmark = pytest.mark.live


async def go_on(page: Page, step: str) -> None:
    await page.click(".turns .next")
    await expect(page.locator(".stepper .at")).to_contain_text(step)


@pytest.mark.parametrize(("size", "look"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk, dark"])
async def test_a_complaint_step_by_step(
    browser: Browser, site: RealSite, size: tuple[int, int], look: str
) -> None:
    """A wrong field is named before one goes on; what was typed is shown back as it is understood."""
    async with opened(browser, site, size, steps=True, color_scheme=look) as page:
        await page.goto("/report")
        await expect(page.locator(".stepper .at")).to_have_text("第 1 步，共 5 步")
        await page.click(".turns .next")
        await expect(page.locator("#f-kind-fault")).to_contain_text("请选择投诉、举报或咨询")
        await page.check("[name=kind][value=complaint]")
        await looked_at(page, f"step-1-{look}")
        await go_on(page, "第 2 步")
        await fill(page, respondent_name="某　商店", respondent_phone="（０３５７）２０２５１００")
        await looked_at(page, f"step-2-{look}")
        await go_on(page, "第 3 步")
        await fill(page, content="商家拒绝退款", occurred_on="去年", amount="￥1,299.00元")
        await page.click(".turns .next")
        await expect(page.locator("#f-occurred_on-fault")).to_contain_text("2026-10-01")
        await looked_at(page, f"step-3-{look}")
        await fill(page, occurred_on="2026/11/24")
        await go_on(page, "第 4 步")
        await page.go_back()
        await expect(page.locator("#f-occurred_on")).to_have_value("2026-11-24")
        await expect(page.locator("#f-amount")).to_have_value("1299.00")
        await page.go_forward()
        await fill(page, name="张三\u200b", phone="138 3570 0000")
        await page.keyboard.press("Enter")
        await expect(page.locator(".stepper .at")).to_contain_text("第 5 步")
        answers = await page.inner_text(".answers")
        assert "0357-2025100" in answers and "13835700000" in answers and "某 商店" in answers
        await looked_at(page, f"step-5-{look}")
        await page.click("button[type=submit]")
        await to_receipt(page)
    (item,) = await site.items()
    assert item["occurred_on"] == "2026-11-24"


async def test_optional_fields_say_so_for_the_kind(browser: Browser, site: RealSite) -> None:
    async with opened(browser, site) as page:
        for kind, optional in (("complaint", False), ("question", True)):
            await page.goto(f"/report?kind={kind}")
            for name in ("respondent_name", "name"):
                mark = page.locator(f"label[for=f-{name}] .opt")
                assert await mark.is_visible() is optional
            assert await page.is_visible("label[for=f-respondent_address] .opt")


async def test_a_server_that_dies_while_one_types_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    """Steps go on, sending says so, a reload fails; once it runs again all is there and is sent once."""
    async with real_site(tmp_path) as site:
        port = site.server.port
        async with opened(browser, site, steps=True) as page:
            await page.goto("/report?kind=complaint")
            await fill(page, respondent_name="某商店")
            await go_on(page, "第 3 步")
            await site.server.close()
            await fill(page, content="商家拒绝退款")
            await go_on(page, "第 4 步")
            await fill(page, name="张三", phone="13835700000")
            await go_on(page, "第 5 步")
            await page.click("button[type=submit]")
            await expect(page.locator(".going")).to_contain_text("没有发送出去")
            with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
                await page.reload()
            async with real_site(tmp_path, port=port) as again:
                await page.reload()
                await expect(page.locator(".stepper .at")).to_contain_text("第 5 步")
                assert "商家拒绝退款" in await page.inner_text(".answers")
                await page.click("button[type=submit]")
                await to_receipt(page)
                (item,) = await again.items()
                assert item["person"]["name"] == "张三"
                await page.goto("/report?kind=complaint")
                assert await page.input_value("#f-name") == "", "nothing is left of what was sent"


async def test_a_file_is_resumed_after_the_line_broke(browser: Browser, site: RealSite) -> None:
    """It goes up as soon as it is chosen; a picture is shown; one that is taken back does not go along."""
    async with opened(browser, site) as page:
        await page.goto("/report?kind=complaint")
        await fill(page, respondent_name="某店", content="拒绝退款", name="张三", phone="13835700000")
        large = png() + bytes(900_000)
        offsets: list[str] = []
        broken = False

        async def break_once(route: Route) -> None:
            nonlocal broken
            offset = route.request.headers.get("upload-offset", "")
            offsets.append(offset)
            if offset not in ("", "0") and not broken:
                broken = True
                await route.abort()
            else:
                await route.continue_()

        await page.route("**/upload/*", break_once)
        await page.set_input_files(
            "#f-evidence", [picture("大.png", png() + bytes(900_000)), picture("不要.png")]
        )
        await expect(page.locator(".file [role=status]", has_text="已上传")).to_have_count(2, timeout=15_000)
        assert broken and len(set(offsets)) > 2
        await looked_at(page, "files")
        await page.get_by_label("移除 不要.png").click()
        await page.click("button[type=submit]")
        await to_receipt(page)
    (item,) = await site.items()
    assert [(one["name"], one["size"]) for one in item["attachments"]] == [("大.png", len(large))]


async def test_the_large_view_asks_one_question_at_a_time(browser: Browser, site: RealSite) -> None:
    """It stays chosen, and what was typed before goes along into it."""
    async with opened(browser, site, steps=True) as page:
        await page.goto("/report?kind=question")
        await fill(page, respondent_name="某店")
        await page.click("text=关怀版")
        await expect(page.locator("html")).to_have_class("care")
        await expect(page.locator("#f-respondent_name")).to_have_value("某店")
        assert await page.locator(".step .field:visible").count() == 1
        await looked_at(page, "care")
        while await page.is_visible(".turns .next"):
            for name, text in {"content": "保修期多长", "name": "张三", "phone": "13835700000"}.items():
                if await page.is_visible(f"#f-{name}"):
                    await fill(page, **{name: text})
            before = await page.inner_text(".stepper .at")
            await page.click(".turns .next")
            await expect(page.locator(".stepper .at")).not_to_have_text(before)
        await looked_at(page, "care-check")
        await page.click("button[type=submit]")
        number, code = await to_receipt(page)
        await looked_at(page, "care-done")
        async with page.expect_download() as saved:
            await page.click("#as-picture")
        assert (await saved.value).suggested_filename == f"12315-{number}.png"
        await expect(page.locator(".receipt-picture")).to_be_visible()
        assert code in (await page.get_attribute(".receipt-picture", "alt") or "")
        if folder := os.environ.get("PICTURES"):
            await (await saved.value).save_as(Path(folder) / "receipt-picture.png")
        await page.goto("/nothing/here")
        await expect(page.locator("h1")).to_contain_text("未找到")
        await looked_at(page, "care-404")
