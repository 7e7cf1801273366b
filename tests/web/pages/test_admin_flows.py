"""Flows and prompts in the administrator's page, in a real Chromium: drawn, walked, edited, published, taken
back; heard, recorded, put back."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.core.roles import Role
from gateway.flows.desk import FlowDesk
from gateway.flows.prompts import wav_fault
from gateway.flows.recordings import Recordings
from gateway.flows.store import FlowStore
from gateway.web.pages.admin_flows import FlowsPart, PromptsPart
from tests.web.pages.desk_site import PHONE, WIDE, desk_site, looked_at_everywhere
from tests.web.pages.test_browser import opened
from tests.web.pages.test_fax_page import PASSWORD, log_in
from tests.web.real_site import ROOT, Later

pytestmark = pytest.mark.live


def stereo(file: Path) -> Path:
    """Half a second as a studio hands it over: 44,100 Hz, two channels."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44100)
        out.writeframes(b"\x10\x20\x10\x20" * 22050)
    return file


async def test_flows_and_prompts_are_kept_in_the_browser(browser: Browser, tmp_path: Path) -> None:
    drafts = tmp_path / "ivr_flows"
    shutil.copytree(ROOT / "ivr_flows", drafts)
    store, audit = FlowStore(drafts, tmp_path / "published", "main"), Later()
    desk, recordings = FlowDesk(store), Recordings(drafts / "prompts.yaml")
    store.current()
    admin = (FlowsPart(desk, audit), PromptsPart(recordings, desk, audit))
    async with (
        desk_site(tmp_path / "site", admin=admin, flows=(desk, recordings)) as site,
        opened(browser, site, WIDE) as page,
    ):
        audit.real = site.storage.audit
        await site.accounts.add("root", "赵管理", Role.ADMIN, PASSWORD)
        await log_in(page, "root")
        await page.goto("/desk/flows")
        await looked_at_everywhere(page, "admin-flows", (PHONE,))
        await page.set_viewport_size({"width": 1280, "height": 720})
        await walks(page)
        await edits(page, store)
        await page.goto("/desk/prompts")
        await records(page, recordings, tmp_path)
        whats = {row.what for row in await site.storage.audit.page(limit=200)}
        assert whats >= {"flow.save", "flow.publish", "flow.rollback", "prompt.record", "prompt.remove"}


async def walks(page: Page) -> None:
    """The drawing is there, and a call without a telephone is walked."""
    drawn = await page.locator(".drawing img").evaluate("async i => (await i.decode(), i.naturalWidth)")
    assert drawn > 500
    await page.fill("#keys", "1")
    await page.check("input[name=no_agent]")
    await page.get_by_role("button", name="模拟").click()
    await expect(page.locator("#transcript")).to_contain_text("您好，这里是临汾市12315热线。")
    await expect(page.locator("#transcript")).to_contain_text("按 1")
    await expect(page.locator("#walk")).not_to_contain_text("坐席接听")


async def edits(page: Page, store: FlowStore) -> None:
    """A fault is saved and named, and not published; undone; a change is published, taken back."""
    await page.goto("/desk/flows")
    text = await page.input_value("#text")
    await page.fill("#text", text.replace("clips: to_person", "clips: to_nobody"))
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.locator("#faults")).to_contain_text("to_nobody")
    assert not await page.get_by_role("button", name="发布").count()
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator("#text")).to_have_value(text)
    await page.fill("#text", text.replace("label: 转接提示", "label: 请稍候"))
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.locator(".diff .plus").filter(has_text="请稍候")).to_have_count(1)
    await page.fill("#why", "更清楚的说法")
    await page.get_by_role("button", name="发布").click()
    await expect(page.locator("#told")).to_contain_text("第 2 版已生效")
    assert store.current().flows["main"].steps["connect"].label == "请稍候"
    assert (store.versions()[-1].who, store.versions()[-1].why) == ("root", "更清楚的说法")
    row = page.locator("tr[data-version='1']")
    await row.get_by_text("恢复…").click()
    await row.get_by_role("button", name="恢复此版本").click()
    await expect(page.locator("#told")).to_contain_text("第 3 版")
    assert store.current().flows["main"].steps["connect"].label == "转接提示"
    mine, other = await page.input_value("#text"), (store.drafts / "main.yaml").read_text("utf-8")
    (store.drafts / "main.yaml").write_text(other + "# 另一位管理员\n", "utf-8")
    await page.fill("#text", mine + "# 我的\n")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.locator("#told.bad")).to_contain_text("已被他人修改")
    assert "我的" in await page.input_value("#text"), "what was typed stays"


async def records(page: Page, recordings: Recordings, folder: Path) -> None:
    """Heard; a text is refused; a studio's file is converted by the browser; taken away, put back."""
    row = page.locator("tr[data-prompt=welcome]")
    await expect(row).to_contain_text("main/menu")
    seconds = await row.locator("audio").evaluate(
        "a => new Promise(r => { a.onloadedmetadata = () => r(a.duration); a.preload = 'auto'; a.load(); })"
    )
    assert 1 < seconds < 10
    (folder / "notes.wav").write_text("no sound")
    await row.get_by_text("换录音…").click()
    await row.locator("input[type=file]").set_input_files(folder / "notes.wav")
    await expect(row.locator(".said")).to_contain_text("无法读取")
    await row.get_by_role("button", name="上传").click()
    await expect(row.locator("input[type=file] ~ .fault")).to_contain_text("8000 Hz")
    await row.locator("input[type=file]").set_input_files(stereo(folder / "take.wav"))
    await expect(row.locator(".said")).to_have_text("0.5 s")
    await row.get_by_role("button", name="上传").click()
    await expect(page.locator("#told.good")).to_be_visible()
    file = recordings.sound("welcome")
    assert file.parent.name == "recorded" and wav_fault(file) == ""
    await row.get_by_role("button", name="撤下录音").click()
    await expect(row).to_contain_text("合成")
    await page.get_by_role("button", name="撤销").click()
    await expect(page.locator("#told")).to_contain_text("已换回")
    assert recordings.sound("welcome").parent.name == "recorded"
