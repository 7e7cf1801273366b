"""What the person is told of an item, at the desk in a real Chromium: a reply by chosen ways with a preview,
calls and letters that are done, another way; nothing typed is lost. Set PICTURES to keep what was seen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.core.item.contact import Contact, Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.item.states import Event
from gateway.intake.decisions import Act
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.pages.desk_site import PHONE, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_browser import opened
from tests.web.pages.test_desk_item import number_of, open_item
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
ZHAO = Person("赵六", "13935700001", "zhao@example.cn", "尧都区鼓楼街1号")


async def plan(site: RealSite) -> None:
    """What the post office does in the background; acts are told of once they cannot be undone."""
    await site.storage.outbox.plan(site.planned, 100, utc_now() + timedelta(minutes=1))


async def test_a_person_is_told_and_what_became_of_it_is_seen(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        number = await number_of(site, "one")  # a telephone and nothing else
        await site.intake.claim("agent1", QueueQuery(), number)
        await site.matters.act(number, "agent1", Act(Event.ACCEPT))
        await plan(site)
        await open_item(page, number)

        # The notice of the acceptance is a call to make; somebody makes it and says so.
        row = page.locator("#item-notices li")
        await expect(row).to_contain_text("受理告知")
        await expect(row).to_contain_text("待办理")
        await row.get_by_role("textbox").fill("本人接听，已知悉")
        await looked_at_everywhere(page, "told-to-do")
        await page.set_viewport_size({"width": 1280, "height": 720})
        await row.get_by_role("button", name="已电话告知").click()
        await expect(row).to_contain_text("已告知")
        await expect(row).to_contain_text("李红：本人接听，已知悉")
        assert await row.get_by_role("button").count() == 0


async def test_the_end_of_a_mediation_is_told_to_both_sides_with_its_basis(
    browser: Browser, tmp_path: Path
) -> None:
    basis = "第二十三条第一款第（3）项"
    firm = Respondent("某电器商行", "鼓楼街 1 号", "03572020088")
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        given = contact("one", person=ZHAO, respondent=firm, received_at=utc_now())
        receipt = await site.intake.submit(given)
        number = receipt.number
        await site.intake.claim("agent1", QueueQuery(), number)
        await site.matters.act(number, "agent1", Act(Event.ACCEPT))
        await open_item(page, number)
        await page.click("[data-act=end_mediation]")
        await page.click("#do")
        await expect(page.locator("#fault-ground")).not_to_be_empty()
        await page.select_option("#act-ground", "3")
        await page.fill("#item-word", "双方差距过大")
        await looked_at_everywhere(page, "end-mediation", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.click("#do")
        await expect(page.locator("#item-past")).to_contain_text("终止调解")
        await plan(site)
        await page.reload()
        theirs = page.locator("#item-notices li", has_text="（被投诉人）")
        mine = page.locator("#item-notices li", has_text="终止调解告知", has_not_text="（被投诉人）")
        for row in (theirs, mine):
            await row.locator("summary").click()
            await expect(row).to_contain_text(basis)
            await expect(row).not_to_contain_text("双方差距过大")  # it stays inside
        await expect(theirs).not_to_contain_text(ZHAO.name)
        await looked_at_everywhere(page, "told-both-sides", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await theirs.get_by_role("textbox").fill("店长王某接听")
        await theirs.get_by_role("button", name="已电话告知").click()
        await expect(theirs).to_contain_text("李红：店长王某接听")
        async with opened(browser, site) as track:
            await track.goto("/track")
            await track.fill("#f-number", number)
            await track.fill("#f-code", receipt.query_code)
            await track.click("main button[type=submit]")
            await expect(track.locator(".steps")).to_contain_text("已终止调解")
            await expect(track.locator(".steps")).to_contain_text(basis)


async def test_a_reply_is_looked_at_sent_once_and_told_again(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        receipt = await site.intake.submit(contact_of("one"))
        number = receipt.number
        await site.intake.claim("agent1", QueueQuery(), number)
        await plan(site)
        await open_item(page, number)
        await page.keyboard.press("e")
        boxes = page.locator("#reply-ways input")
        await expect(boxes).to_have_count(3)
        assert [await box.is_checked() for box in await boxes.all()] == [False] * 3
        await expect(page.locator("#reply-ways")).to_contain_text("z***@example.cn")
        assert ZHAO.phone not in await page.inner_text("#reply-ways")

        # What is missing stands beside its field; what is typed outlives a reload.
        await page.click("#reply-form button[type=submit]")
        await expect(page.locator("#fault-ways")).to_have_text("请选择告知方式")
        await expect(page.locator("#fault-reply")).to_have_text("请填写")
        await page.fill("#reply-text", "请补一张小票照片，谢谢。")
        await page.reload()
        await page.wait_for_selector(f"body[data-matter='{number}']")
        assert await page.input_value("#reply-text") == "请补一张小票照片，谢谢。"
        await page.check("#reply-ways [value=mail]")
        await page.check("#reply-ways [value=letter]")
        await page.click("#reply-look")
        await expect(page.locator("#reply-preview .letter-text")).to_have_count(2)
        await expect(page.locator("#reply-preview .letter-text").first).to_contain_text("请补一张小票照片")
        await looked_at_everywhere(page, "told-reply")
        await page.set_viewport_size({"width": 1280, "height": 720})

        # The answer to the first try is lost on its way: sent again it is still one reply.
        async def lost(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await page.route("**/reply", lost)
        await page.click("#reply-form button[type=submit]")
        await page.wait_for_selector("#reply-fault:not(:empty)")
        await page.unroute("**/reply")
        await page.click("#reply-form button[type=submit]")
        await page.wait_for_selector("#reply-form", state="hidden")
        await plan(site)
        await page.reload()
        await expect(page.locator("#item-notices li")).to_have_count(3)  # the receipt, mail and letter
        assert await page.input_value("#reply-text") == ""

        # A letter is printed and posted, or told another way.
        row = page.locator("#item-notices li", has_text="待办理")
        assert "/letter" in (await row.get_by_role("link", name="打印信函").get_attribute("href") or "")
        await row.get_by_role("button", name="重新告知").click()
        await expect(page.locator("#told-fault")).to_have_text("请选择告知方式")
        await row.locator("select").select_option("phone")
        await row.get_by_role("button", name="重新告知").click()
        await expect(page.locator("#item-notices")).to_contain_text("已改用其他方式")


def contact_of(key: str) -> Contact:
    return contact(key, person=ZHAO)


async def test_others_change_the_item_and_what_is_typed_stays(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        number = await number_of(site, "one")
        await open_item(page, number)
        await page.click("#claim")
        await page.click("button[aria-label='更正 姓名']")
        await page.fill("#e-name", "赵七")
        await page.fill("#note-text", "还没写完")
        await site.intake.note(number, "note", "boss", "先别办结")
        await expect(page.locator("#item-notes")).to_contain_text("先别办结")
        assert await page.input_value("#e-name") == "赵七"
        assert await page.input_value("#note-text") == "还没写完"
        await page.reload()
        await page.wait_for_selector(f"body[data-matter='{number}']")
        assert await page.input_value("#e-name") == "赵七", "a field that is half corrected outlives a reload"
        await page.press("#e-name", "Enter")
        await expect(page.locator("#item-fields")).to_contain_text("赵七")
        assert await page.locator("#e-name").count() == 0

        # It is closed, and something is added: reopen it, or reply.
        await site.intake.complete(number, "agent1", "已解决")
        await close_adds(page, site, number)


async def close_adds(page: Page, site: RealSite, number: str) -> None:
    await site.intake.append(number, "more", "又有一张小票", (), "person")
    await page.wait_for_selector("#added-closed:not([hidden])")
    assert await page.is_visible("#item-acts [data-act=reopen]") and await page.is_visible("#write-reply")
    await looked_at_everywhere(page, "item-closed-added", sizes=(WIDE,))


async def test_who_is_named_in_a_note_finds_the_item_among_his_own(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        number = await number_of(site, "one")
        async with site.client.post(
            f"/api/v1/queue/{number}/note", json={"text": "@李红 请看一下"}, headers=site.bearer("supervisor")
        ) as answer:
            assert answer.status == 200
        await site.intake.note(number, "note", "boss", "x")  # the site of the tests tells of these alone
        await expect(page.locator("#mentioned")).to_have_text("@1")
        await page.click("#tab-mine")
        await expect(page.locator("#rows li")).to_contain_text("@我")
        await looked_at_everywhere(page, "list-named", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.click("#rows button")
        await expect(page.locator("#rows li")).to_have_count(0)
        await expect(page.locator("#mentioned")).to_be_hidden()

        # On a phone what belongs to the item lies over the page, and can be closed there.
        await page.set_viewport_size({"width": 390, "height": 844})
        for close in ("#context-close", None):
            await page.click("#context-toggle")
            await page.wait_for_selector("#beside")
            if close:
                await page.click(close)
            else:
                await page.keyboard.press("Escape")
            await expect(page.locator("#beside")).to_be_hidden()
            assert await page.is_visible("#item")
