"""The pages of the house without a mouse, at 200 % zoom, and on paper."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from playwright.async_api import Browser, Page, expect

from gateway.core.item.contact import Person, Respondent
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.pages.desk_site import at_desk, desk_site
from tests.web.pages.test_browser import looked_at
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
ZOOMED = (640, 360)  # 1280x720 at 200 %
ROWS = 40
END = "末尾的话在纸上也要有。"


async def filled(site: RealSite) -> list[str]:
    numbers = []
    for place in range(ROWS):
        came = contact(
            f"k{place}",
            person=Person("赵六", "13935700001"),
            respondent=Respondent(f"第{place}号商店"),
            received_at=utc_now() - timedelta(days=3, minutes=-place),
            content="商家拒绝退款，多次沟通没有结果。" * (60 if place == 0 else 1) + END,
        )
        numbers.append((await site.intake.submit(came)).number)
    return numbers


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.id || document.activeElement.name"))


async def tab_to(page: Page, wanted: str, most: int) -> None:
    """Press Tab until the element with this id or name has the focus, and can be seen to have it."""
    for _ in range(most):
        if await focused(page) == wanted:
            break
        await page.keyboard.press("Tab")
    assert await focused(page) == wanted
    assert await page.evaluate(
        "() => getComputedStyle(document.activeElement).outlineStyle !== 'none' "
        "|| getComputedStyle(document.activeElement).boxShadow !== 'none'"
    )


async def printed(page: Page) -> str:
    """The text on the sheets that a printer would get."""
    document = pypdfium2.PdfDocument(await page.pdf(format="A4"))
    try:
        return "".join(sheet.get_textpage().get_text_bounded() for sheet in document)
    finally:
        document.close()


async def test_list_and_item_are_printed_whole(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site:
        numbers = await filled(site)
        async with at_desk(browser, site) as page:
            await prints(page, numbers)


async def prints(page: Page, numbers: list[str]) -> None:
    await expect(page.locator("#rows li")).to_have_count(ROWS)
    await expect(page.locator("[data-tab=waiting] .count")).to_have_text(str(ROWS))
    text = await printed(page)
    assert [place for place in range(ROWS) if f"第{place}号商店" not in text] == []
    assert "待领取40" in "".join(text.split()) and "已转交" not in text, "which list it is, and how many"
    assert "领取下一件" not in text and "全部类别" not in text, "what is pressed is not printed"
    await page.evaluate("number => (location.hash = number)", numbers[0])
    await page.wait_for_selector(f"body[data-matter='{numbers[0]}']")
    text = "".join((await printed(page)).split())
    assert numbers[0] in text and END in text, "the folded text too"
    assert "第1号商店" not in text and "添加备注" not in text


async def test_everything_is_there_at_200_percent(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site, size=ZOOMED) as page:
        numbers = await filled(site)
        await page.reload()
        await page.wait_for_selector("body[data-list=waiting]")
        await looked_at(page, "zoom-list")
        await page.click("#rows li:first-child button")
        await page.wait_for_selector(f"body[data-matter='{numbers[0]}']")
        await page.click("#claim")
        await page.click("[data-act=wait_for_papers]")
        await page.fill("#item-word", "购物小票")
        await looked_at(page, "zoom-item")
        await page.click("#do")
        await expect(page.locator("#item-state")).to_have_text("等待材料")
        await page.goto("/desk/entry")
        await looked_at(page, "zoom-entry")


async def test_a_shift_without_a_mouse(browser: Browser, tmp_path: Path) -> None:
    """From the list into an item and back with the focus where it was; a visit registered, its draft kept."""
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        numbers = await filled(site)
        await page.reload()
        await page.wait_for_selector("body[data-list=waiting]")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"body[data-matter='{numbers[1]}']")
        await page.keyboard.press("Escape")
        row = "document.activeElement.closest('li')?.dataset.number"
        assert await page.evaluate(row) == numbers[1], "the focus is on the row that was left"
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"body[data-matter='{numbers[1]}']")
        await page.wait_for_selector("#claim", state="visible")
        await page.keyboard.press("Enter")
        await expect(page.locator("#item-state")).to_have_text("办理中", timeout=20_000)
        await page.goto("/desk/entry")
        await page.keyboard.press("F10")
        await expect(page.locator(".fault.beside")).to_have_text(["请选择类别", "请填写事实经过"])
        assert await focused(page) == "kind"
        await page.keyboard.press("Alt+1")
        assert await focused(page) == "d-content" and await page.is_checked("[name=kind][value=complaint]")
        await page.keyboard.type("商家拒绝退款")
        for field, text in (("d-name", "孙八"), ("d-phone", "13935700001"), ("d-respondent_name", "某商店")):
            await tab_to(page, field, most=2)
            await page.keyboard.type(text)
        await page.reload()
        assert await page.input_value("#d-content") == "商家拒绝退款"
        assert await page.is_checked("[name=kind][value=complaint]")
        await page.keyboard.press("F10")
        await page.wait_for_selector("body[data-made]")
        assert await focused(page) == "again"
        await page.keyboard.press("Enter")
        assert await focused(page) == "kind" and await page.input_value("#d-content") == ""
        await page.reload()
        assert await page.input_value("#d-content") == "", "nothing is left of what was registered"
