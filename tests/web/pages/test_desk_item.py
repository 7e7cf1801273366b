"""One item at the desk in a real Chromium: acts with what they need, undo, corrections, notes, files, what
belongs to it; nothing typed is lost. Set PICTURES to a folder to keep what was seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gateway.core.item.contact import Kind, Person, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.item.states import Event
from gateway.core.roles import Role
from gateway.intake.decisions import Act
from gateway.intake.fax_filing import Filing
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.pages.desk_site import PHONE, SMALL, WIDE, at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.real_site import Later, RealSite
from tests.web.sample_files import png

pytestmark = pytest.mark.live
PERSON = Person("赵六", "13935700001")
SHOP = Respondent("好再来超市", "尧都区解放路2号")
LONG = "8月1日在该超市购买的牛奶已过保质期，向店员反映后对方拒绝退款并出言不逊。小票和照片都在。" * 12


async def number_of(site: RealSite, key: str, **said: object) -> str:
    return (await site.intake.submit(contact(key, person=PERSON, respondent=SHOP, **said))).number


async def open_item(page: Page, number: str) -> None:
    await page.evaluate("number => (location.hash = number)", number)
    await page.wait_for_selector(f"body[data-matter='{number}']")


async def press(page: Page, act: str) -> None:
    button = page.locator(f"#item-acts [data-act={act}]")
    if not await button.is_visible():
        await page.click("#more-acts summary")
    await button.click()


async def test_an_item_is_worked_on_from_its_head(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await site.accounts.add("agent2", "王芳", Role.AGENT, PASSWORD)
        await page.reload()
        earlier = await number_of(site, "one", content="购买的牛奶已过保质期，商家拒绝退款")
        number = await number_of(site, "two", content=LONG)
        note = site.intake.changes.note
        await site.storage.database.write(lambda t: note(t, number, "recounted", "system", "节假日调整"))
        await open_item(page, number)
        await expect(page.locator("#item-past li").first).to_contain_text("系统")
        assert await page.locator("[data-act]:visible").count() == 0, (
            "whoever does not hold it decides nothing"
        )
        await looked_at_everywhere(page, "item-waiting", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#complete:not([hidden])")
        await expect(page.locator("#item-facts")).to_contain_text("李红")

        # Nothing is chosen before; what is missing is told beside its field.
        await press(page, "refuse_acceptance")
        assert await page.input_value("#act-ground") == ""
        await page.click("#do")
        await expect(page.locator("#fault-ground")).to_have_text("请选择情形")
        await looked_at_everywhere(page, "item-refusing", sizes=(WIDE, SMALL))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.keyboard.press("Escape")
        assert await page.is_hidden("#decide") and await page.is_visible("#item")

        # F10 opens the closing, which wants a reason; what is typed outlives a reload.
        await page.keyboard.press("F10")
        await page.click("#do")
        await expect(page.locator("#fault-word")).to_have_text("请填写")
        await page.fill("#item-word", "消费者来电称已解决")
        await page.reload()
        await page.wait_for_selector(f"body[data-matter='{number}']")
        await page.keyboard.press("F10")
        assert await page.input_value("#item-word") == "消费者来电称已解决"
        await page.keyboard.press("Escape")

        # Accepted by one press, and undone by another.
        await press(page, "accept")
        await expect(page.locator("#item-state")).to_have_text("已受理")
        await page.click("#undo")
        await expect(page.locator("#item-state")).to_have_text("办理中")
        await expect(page.locator("#item-past li").first).to_contain_text("撤销操作")

        # An answer begins with a canned one; a closing is taken back with a reason.
        await page.keyboard.press("r")
        await page.locator("#act-canned option", has_text="双方已和解").wait_for(state="attached")
        await page.select_option("#act-canned", label="双方已和解")
        assert f"您与{SHOP.name}" in await page.input_value("#item-word")
        await looked_at_everywhere(page, "item-answer", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.click("#do")
        await expect(page.locator("#item-state")).to_have_text("已答复")
        await page.keyboard.press("F10")
        await page.click("#do")
        await expect(page.locator("#item-state")).to_have_text("已办结")
        await press(page, "retract")
        await page.fill("#item-word", "消费者称未收到退款")
        await page.click("#do")
        await expect(page.locator("#item-state")).to_have_text("已答复")

        # The right column: this person's and this firm's other items.
        await expect(page.locator("#item-firm button")).to_have_text(
            [f"{earlier[:6]} {earlier[6:11]} {earlier[11]}"]
        )
        assert await page.locator("#item-person li").count() == 1

        # All of them are found from there, whatever their age.
        await page.click("#item-firm-all")
        await expect(page.locator("#found-rows button")).to_have_count(2)
        assert await page.input_value("#q") == SHOP.name
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.click("#context-toggle")
        await page.click("#item-person-all")
        await expect(page.locator("#found-rows button").first).to_be_visible()
        assert await page.input_value("#q") == PERSON.phone


async def test_what_waited_for_papers_goes_on_once_they_came(browser: Browser, tmp_path: Path) -> None:
    """Nobody holds it while it waits: whoever finds it among those added to claims it and goes on."""
    async with desk_site(tmp_path) as site:
        await site.accounts.add("agent2", "王芳", Role.AGENT, PASSWORD)
        number = await number_of(site, "one")
        async with at_desk(browser, site) as page:
            await open_item(page, number)
            await page.click("#claim")
            await press(page, "wait_for_papers")
            await page.fill("#item-word", "购物小票照片")
            await page.click("#do")
            await expect(page.locator("#item-state")).to_have_text("等待材料")
        await site.intake.append(number, "more", "小票在此", (), "web")
        async with at_desk(browser, site, "agent2") as page:
            await page.wait_for_selector("body[data-list=waiting]")
            for tab in ("to_answer", "added"):
                await page.click(f"[data-tab={tab}]")
                await page.wait_for_selector(f"body[data-list={tab}]")
                await expect(page.locator("#rows li")).to_have_count(1)
            await page.click("#rows button")
            await page.wait_for_selector(f"body[data-matter='{number}']")
            await looked_at_everywhere(page, "item-papers-came", sizes=(WIDE, PHONE))
            await page.set_viewport_size({"width": 1280, "height": 720})
            await page.click("#claim")
            await press(page, "papers_came")
            await expect(page.locator("#item-state")).to_have_text("办理中")
            await press(page, "accept")
            await expect(page.locator("#item-state")).to_have_text("已受理")
            await expect(page.locator("#item-facts")).to_contain_text("王芳")


async def test_what_a_unit_accepted_can_be_answered_at_the_desk(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        number = await number_of(site, "one")
        await site.intake.claim("boss", QueueQuery(), number)
        await site.matters.act(number, "boss", Act(Event.HAND_OVER, {"to": "141002"}))
        await site.matters.act(number, "boss", Act(Event.ACCEPT))
        await open_item(page, number)
        await page.keyboard.press("Enter")
        await expect(page.locator("#item-facts")).to_contain_text("李红")
        await press(page, "answer")
        await page.fill("#item-word", "商家同意退款")
        await page.click("#do")
        await expect(page.locator("#item-state")).to_have_text("已答复")


async def test_what_an_item_says_is_corrected_noted_and_added_to(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        await site.accounts.add("agent2", "王芳", Role.AGENT, PASSWORD)
        await page.reload()
        number = await number_of(site, "one", content=LONG)
        await open_item(page, number)
        assert await page.is_visible("#unfold")
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        await page.locator("#item-past li").last.scroll_into_view_if_needed()
        await expect(page.locator("#item-content")).not_to_be_in_viewport()
        for of_head in ("#item-number", "#item-state", "#item-due", "#item-facts", "#complete"):
            await expect(page.locator(of_head)).to_be_in_viewport()

        # A field is corrected in place; a refusal stands beside it, and what was typed stays.
        # Also when the item is shown anew before the answer comes, because somebody else has changed it.
        async def changed_meanwhile(route: Route) -> None:
            async with page.expect_response(f"**/queue/{number}"):
                note = {"text": "已电话联系"}
                path = site.url(f"/api/v1/queue/{number}/note")
                await site.client.post(path, json=note, headers=site.bearer("agent"))
            await expect(page.locator("#item-notes")).to_contain_text(note["text"])
            await route.continue_()

        await page.route("**/write-up", changed_meanwhile, times=1)
        await page.click("button[aria-label='更正 联系电话']")
        await page.fill("#e-phone", "没有")
        await page.keyboard.press("Enter")
        await expect(page.locator("#fault-e-phone")).to_contain_text("请填写一个电话号码")
        assert await page.input_value("#e-phone") == "没有"
        await looked_at_everywhere(page, "item-correcting", sizes=(WIDE, PHONE))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.fill("#e-phone", "13935700002")
        await page.keyboard.press("Enter")
        await expect(page.locator("#item-fields")).to_contain_text("13935700002")
        await page.click("button[aria-label='更正 事实经过']")
        await page.fill("#e-content", "更正后的经过")
        await page.click("#item-content button[type=submit]")
        await expect(page.locator("#item-content")).to_have_text("更正后的经过")
        await page.click("#show-revisions")
        await expect(page.locator("#item-revisions")).to_contain_text("13935700001 → 13935700002")
        await page.click("#show-arrival")
        await expect(page.locator("#item-arrival")).to_contain_text("13935700001")

        # A note names a colleague; one that the server does not get stays in its field.
        await page.select_option("#note-who", "agent2")
        await page.locator("#note-text").press_sequentially("请看一下")

        async def lost(route: Route) -> None:
            await route.abort()

        await page.route("**/note", lost)
        await page.click("#note-form button[type=submit]")
        await page.wait_for_selector("#note-fault:not(:empty)")
        assert await page.input_value("#note-text") == "@王芳 请看一下"
        await page.unroute("**/note")
        await page.click("#note-form button[type=submit]")
        await expect(page.locator("#item-notes")).to_contain_text("@王芳 请看一下")
        assert await page.input_value("#note-text") == ""

        # Files of the house; one that is not taken is named, and one that is stands among the others.
        await page.set_input_files(
            "#new-files", {"name": "程序.png", "mimeType": "image/png", "buffer": b"MZ\0\1" * 99}
        )
        await expect(page.locator("#files-fault")).to_contain_text("程序.png")
        assert not (await site.intake.get(number)).attachments
        await page.set_input_files(
            "#new-files", {"name": "笔录.png", "mimeType": "image/png", "buffer": png(40, 30)}
        )
        await expect(page.locator("#item-files li")).to_contain_text(["笔录.png"])
        await expect(page.locator("#files-fault")).to_be_empty()
        await expect(page.locator("#item-past")).to_contain_text("添加文件")
        await page.click("#more-acts summary")
        await page.click("#show-code")
        await expect(page.locator("#code-again")).to_have_text(await code_of(site, number))
        await looked_at_everywhere(page, "item-whole")


async def test_nobody_writes_over_what_another_has_changed_unseen(browser: Browser, tmp_path: Path) -> None:
    """In a field that is being corrected, and on the page that writes up the whole item."""
    pages = Later()
    async with desk_site(tmp_path, filing=pages) as site, at_desk(browser, site) as page:
        pages.real = Filing(site.intake, site.storage, utc_now)
        number = await number_of(site, "one", content="牛奶已过保质期")
        await open_item(page, number)
        await page.click("#claim")
        whole = await page.context.new_page()
        await whole.goto(f"/desk/fax/{number}")
        await whole.wait_for_selector("body[data-known]")
        await whole.fill("#d-content", "牛奶已过保质期，商家不认")
        await whole.fill("#d-name", "赵八")

        await page.click("button[aria-label='更正 姓名']")
        await page.fill("#e-name", "赵七")
        write = {"kind": "complaint", "content": "牛奶已过保质期", "name": "赵九", "address": "鼓楼街1号"}
        await corrected(site, number, **write)
        await page.keyboard.press("Enter")
        await expect(page.locator("#fault-e-name")).to_contain_text("赵九")
        assert await page.input_value("#e-name") == "赵七"
        assert (await site.intake.get(number)).item.person.name == "赵九"
        await page.keyboard.press("Enter")
        await expect(page.locator("#item-fields")).to_contain_text("赵七")

        await whole.keyboard.press("F10")
        await expect(whole.locator("#fault")).to_contain_text("刚被他人修改")
        await expect(whole.locator("#draft .fault.beside")).to_contain_text(["赵七"])
        assert await whole.input_value("#d-name") == "赵八", "what is typed stays"
        assert await whole.input_value("#d-address") == "鼓楼街1号", "what was left alone is renewed"
        assert (await site.intake.get(number)).item.person.name == "赵七"
        await looked_at_everywhere(whole, "write-up-changed", sizes=(WIDE, PHONE))
        assert await whole.is_hidden("#none"), "it is no fax, at any size of the window"
        await whole.reload()
        await whole.wait_for_selector("body[data-known]")
        assert await whole.input_value("#d-name") == "赵八"
        await whole.keyboard.press("F10")
        await whole.wait_for_selector("body[data-saved]")
        item = (await site.intake.get(number)).item
        assert (item.person.name, item.person.address) == ("赵八", "鼓楼街1号")
        assert item.content == "牛奶已过保质期，商家不认"


async def corrected(site: RealSite, number: str, **said: str) -> None:
    """By the same agent at another desk."""
    person = Person(said["name"], PERSON.phone, address=said["address"])
    words = contact("x", person=person, respondent=SHOP, content=said["content"])
    await site.intake.fill_in(number, words, "agent1")


async def code_of(site: RealSite, number: str) -> str:
    items = site.storage.items
    return await site.storage.database.read(lambda t: items.code_of(t, number))


async def test_a_report_shows_no_reporter_beside_it(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path) as site, at_desk(browser, site) as page:
        number = await number_of(site, "one", kind=Kind.REPORT)
        await number_of(site, "two")
        await open_item(page, number)
        await page.click("#claim")
        await page.wait_for_selector("#complete:not([hidden])")
        assert await page.is_hidden("#item-person-box") and await page.is_visible("#item-firm-box")
        assert PERSON.name not in await page.inner_text("#item")
        assert await page.locator("button[aria-label='更正 姓名']").count() == 0
