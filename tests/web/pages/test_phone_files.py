"""Files as phones make them, which a browser cannot always show: taken, sent, and offered at the desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.item.item import QueueQuery
from tests.web.pages.desk_site import at_desk, desk_site
from tests.web.pages.test_browser import fill, opened, to_receipt
from tests.web.sample_files import FILES

pytestmark = pytest.mark.live
KINDS = {
    "heic": "image/heic",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "amr": "audio/amr",
    "aac": "audio/aac",
}


async def test_files_of_phones_reach_the_desk_as_they_are(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        async with opened(browser, site) as page:
            await page.goto("/report?kind=complaint")
            await fill(page, respondent_name="某店", content="拒绝退款", name="张三", phone="13835700000")
            await page.set_input_files(
                "#f-evidence",
                [
                    {"name": f"手机.{name}", "mimeType": media, "buffer": FILES[name]}
                    for name, media in KINDS.items()
                ],
            )
            await expect(page.locator(".file [role=status]", has_text="已上传")).to_have_count(len(KINDS))
            await expect(page.locator(".file .seen")).to_have_count(0)  # nothing broken is shown
            await page.click("button[type=submit]")
            number, _ = await to_receipt(page)
        await site.intake.claim("agent1", QueueQuery(), number)
        async with at_desk(browser, site) as page:
            await page.goto(f"/desk#{number}")
            await page.wait_for_selector(f"body[data-matter='{number}']")
            for name, media in KINDS.items():
                row = page.locator("#item-files li", has_text=f"手机.{name}")
                async with page.expect_download() as saved:
                    await row.locator("a").click()
                assert Path(await (await saved.value).path()).read_bytes() == FILES[name]
                if media.startswith(("audio", "video")):
                    await row.locator("audio, video").evaluate(
                        "player => player.load() || player.play().catch(() => 0)"
                    )
                    await expect(row).to_contain_text("请下载后打开")
