"""The pages of a fax in a real Chromium: turned, put in order, parted, joined, written up with suggestions.

Set PICTURES to a folder to keep what was seen.
"""

from __future__ import annotations

import wave
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.calls.desk import CallDesk
from gateway.calls.switchboard import Switchboard
from gateway.core.call.record import CallRecord
from gateway.core.item.contact import Channel, Evidence, Kind
from gateway.core.item.item import QueueQuery
from gateway.core.roles import Role
from gateway.intake.fax_filing import Filing
from gateway.keeping.encryption import every_file
from gateway.settings.load import load
from gateway.web.site import utc_now
from tests.calls.conftest import Board
from tests.channels.fax.filed import CAME, fax_item
from tests.storage.databases import contact
from tests.web.pages.test_browser import DESK, looked_at, opened
from tests.web.real_site import ROOT, Later, real_site

pytestmark = pytest.mark.live
PASSWORD = "a long enough password"


def no_calls(tmp_path: Path) -> Switchboard:
    """A switchboard on which nobody calls."""
    settings = {"GATEWAY_VAR": str(tmp_path / "pbx")}
    return Board(load(ROOT / "gateway.toml", settings)).switchboard


async def log_in(page: Page, account: str = "agent1", password: str = PASSWORD) -> None:
    """To the page behind the log-in. The form asks for the server first, so it comes after the click."""
    await page.goto("/desk")
    await page.fill("#f-account", account)
    await page.fill("#f-password", password)
    await page.click("form.log-in button[type=submit]")
    await expect(page.locator("form.log-in")).to_have_count(0)


async def order(page: Page) -> list[str]:
    return await page.eval_on_selector_all(
        "#leaves img", "all => all.map(one => one.getAttribute('src').slice(-9))"
    )


async def test_a_fax_is_looked_at_ordered_parted_joined_and_written_up(
    browser: Browser, tmp_path: Path
) -> None:
    later = Later()
    async with real_site(tmp_path, filing=later) as site:
        later.real = Filing(site.intake, site.storage, utc_now)
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        number = (await fax_item(site.intake, site.storage, tmp_path / "made")).number
        async with opened(browser, site, DESK) as page:
            await page.goto(f"/desk/fax/{number}")
            assert page.url.endswith("/desk"), "only for whoever is in"
            await log_in(page)
            await page.goto(f"/desk/fax/{number}")
            await page.wait_for_selector("body[data-known]")
            await looked_at(page, "fax")
            before = await order(page)
            await page.focus("#view")
            await page.keyboard.press("r")
            await page.wait_for_selector("body[data-turned='90']")
            box = await page.locator("#picture").bounding_box()
            assert box and box["width"] > box["height"] * 1.1, "it lies on its side"
            await page.keyboard.press("]")
            await page.wait_for_selector("body[data-page='2']")
            await page.wait_for_function(
                "first => !document.querySelector('#leaves img').src.endsWith(first)", arg=before[0]
            )
            assert await order(page) == [before[1], before[0], before[2]]
            await page.keyboard.press("+")
            await page.wait_for_function("() => document.querySelector('#frame').clientWidth > 700")
            await page.keyboard.press("0")
            for hint in ("电话", "姓名", "金额"):
                await page.locator("#hints button", has_text=hint).click()
            assert await page.locator("#boxes div").count() == 1, "its place on the page is shown"
            await page.click("#use")
            await page.check("input[name=kind][value=question]")
            assert await page.input_value("#d-phone") == "13835712345"
            assert (await site.intake.get(number)).item.person.name == "", "nothing is written by itself"
            assert await page.locator("#lines mark").count() == 1
            await looked_at(page, "fax-turned")
            await page.keyboard.press("F10")
            await page.wait_for_selector("body[data-saved]")
            item = (await site.intake.get(number)).item
            assert (item.person.name, item.kind.value) == ("王小明", "question")
            assert "价款2999元" in item.content
            await page.evaluate("window.print = () => { window.printed = true }")
            await page.click("#print")
            await page.wait_for_function("() => window.printed")
            assert await page.locator("#paper canvas").count() == 3
            await page.locator("#leaves input").last.check()
            await page.click("#split")
            await page.wait_for_selector("body[data-made]")
            made = await page.get_attribute("body", "data-made") or ""
            assert await page.locator("#leaves li").count() == 2
            await page.goto(f"/desk/fax/{made}")
            await page.wait_for_selector("body[data-known]")
            assert await order(page) == [before[2]]
            await page.fill("#into", number)
            await page.click("#join button")
            await page.wait_for_url(f"**/desk/fax/{number}")
            await page.wait_for_selector("body[data-known]")
            assert await order(page) == [before[1], before[0], before[2]]


async def test_the_lines_recording_plays_beside_the_pages(browser: Browser, tmp_path: Path) -> None:
    """Where one was kept, for whoever may listen; who did stands in the audit log."""
    later, calls = Later(), Later()
    async with real_site(tmp_path, filing=later, desk=calls) as site:
        later.real = Filing(site.intake, site.storage, utc_now)
        calls.real = CallDesk(no_calls(tmp_path), site.storage, site.intake, utc_now)
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        number = (await fax_item(site.intake, site.storage, tmp_path / "made")).number
        recording = "recordings/20260302/1.1.wav"
        (tmp_path / recording).parent.mkdir(parents=True)
        with wave.open(str(tmp_path / recording), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(range(0, 250, 10)) * 1280)
        for path in every_file(site.storage.files, tmp_path / "recordings"):
            assert site.storage.files.convert(path, encrypt=True)  # the pages and the sound are encrypted
        call = CallRecord("1.1", "in", "13835712345", "12315", 1, CAME, recording=recording, number=number)
        await site.storage.calls.keep([call])
        await site.intake.claim("agent1", QueueQuery(), number)
        async with opened(browser, site, DESK) as page:
            await page.goto("/desk")
            await log_in(page)
            await page.goto(f"/desk/fax/{number}")
            await page.wait_for_selector("#sound-box:not([hidden])")
            await page.evaluate("document.querySelector('#sound').play()")
            await page.wait_for_function("() => document.querySelector('#sound').currentTime > 0")
            assert await page.evaluate("document.querySelector('#sound').duration") == 2
            await page.locator("#sound-box").scroll_into_view_if_needed()
            await looked_at(page, "fax-sound")
        rows = await site.storage.audit.page(who="agent1")
        assert [row.about for row in rows if row.what == "recording.listen"][:1] == ["1.1"], rows


async def test_the_originals_of_a_report_are_for_a_reason_and_not_for_every_agent(
    browser: Browser, tmp_path: Path
) -> None:
    """At the desk's item and beside the form: a label where a file would be, and no broken picture."""
    later, calls = Later(), Later()
    async with real_site(tmp_path, filing=later, desk=calls) as site:
        later.real = Filing(site.intake, site.storage, utc_now)
        calls.real = CallDesk(no_calls(tmp_path), site.storage, site.intake, utc_now)
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        await site.accounts.add("boss", "班长", Role.SUPERVISOR, PASSWORD)
        number = (await fax_item(site.intake, site.storage, tmp_path / "made", pages=1)).number
        (tmp_path / "raw").write_bytes(b"Subject: x\r\n\r\nx")
        eml = Evidence(str(tmp_path / "raw"), "原始邮件.eml", "message/rfc822", "raw")
        await site.intake.append(number, "eml", "", (eml,), "agent1")
        await site.intake.claim("agent1", QueueQuery(), number)
        async with opened(browser, site, DESK) as page:
            await log_in(page)
            await page.goto(f"/desk?lang=zh#{number}")
            async with page.expect_download() as mail:
                await page.click("#item-files a:has-text('原始邮件.eml')")
            assert (await mail.value).suggested_filename == "原始邮件.eml"
            await looked_at(page, "item-mail")
            report = contact("write-up", kind=Kind.REPORT, claims=(), amount=None)
            await site.intake.fill_in(number, report, "agent1")
            await page.reload()
            await page.wait_for_selector("#item-files .soft")
            assert await page.locator("#item-files a").count() == 0
            assert await page.is_hidden("#sealed-why-box")
            await page.locator("#item-files-box").scroll_into_view_if_needed()
            await looked_at(page, "item-sealed")
            await page.goto(f"/desk/fax/{number}")
            await page.wait_for_selector("body[data-known]")
            assert "含举报人身份" in await page.inner_text("#none")
            assert await page.is_hidden("#sealed") and await page.is_hidden("#alarm")
            assert await page.locator("img:visible, #leaves li").count() == 0
            await looked_at(page, "fax-sealed")
        async with opened(browser, site, DESK) as page:
            await log_in(page, "boss")
            await page.goto(f"/desk?lang=zh#{number}")
            await page.wait_for_selector("#item-files .soft")
            assert await page.locator("#item-files a").count() == 0, "a reason is wanted first"
            await page.fill("#sealed-why", "核对原件")
            await page.press("#sealed-why", "Tab")
            async with page.expect_download() as mail:
                await page.click("#item-files a:has-text('原始邮件.eml')")
            assert (await (await mail.value).path()).read_bytes().startswith(b"Subject")
            await looked_at(page, "item-unsealed")
            await page.goto(f"/desk/fax/{number}")
            await page.wait_for_selector("#sealed:visible")
            await looked_at(page, "fax-reason")
            await page.fill("#sealed input", "核对笔迹")
            await page.press("#sealed input", "Enter")
            await page.wait_for_function("() => document.querySelector('#picture').naturalWidth > 0")
            assert await page.is_hidden("#sealed") and await page.is_hidden("#none")
        rows = [row for row in await site.storage.audit.page(who="boss") if "核对" in str(row.detail)]
        assert {row.what for row in rows} == {"attachment.download", "fax.pages"}


async def test_a_mail_is_written_up_and_no_item_is_not_found(browser: Browser, tmp_path: Path) -> None:
    later = Later()
    async with real_site(tmp_path, filing=later) as site:
        later.real = Filing(site.intake, site.storage, utc_now)
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        mail = contact("mail:1", channel=Channel.EMAIL, kind=Kind.UNSORTED, claims=(), amount=None)
        number = (await site.intake.submit(mail)).number
        async with opened(browser, site, DESK) as page:
            await log_in(page)
            await page.goto(f"/desk/fax/{number}")
            await page.wait_for_selector("body[data-known]")
            assert await page.inner_text("#source-text") == mail.content
            assert await page.is_hidden("#turn") and await page.is_hidden("#leaves"), "no tools for faxes"
            assert await page.input_value("#d-content") == mail.content
            await looked_at(page, "write-up-mail")
            await page.fill("#d-name", "赵六")
            await page.reload()
            await page.wait_for_selector("body[data-known]")
            assert await page.input_value("#d-name") == "赵六", "what is typed outlives a reload"
            await page.keyboard.press("F10")
            assert await page.inner_text("#fault"), "the kind is missing"
            await page.check("input[name=kind][value=complaint]")
            await page.keyboard.press("F10")
            await page.wait_for_selector("body[data-saved]")
            assert (await site.intake.get(number)).item.kind is Kind.COMPLAINT
            answer = await page.goto("/desk/fax/260302999994")
            assert answer and answer.status == 404
