"""`make pictures`: every page as a picture for the manuals, with invented items, orders and calls.

`python -m tests.web.pages.pictures [NAME…]` renews docs/pictures, or the named ones alone. What needs a
call is taken from the tests that make one.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gateway.setup.workshop import tool
from tests.web.pages.killed_house import House, killed_house
from tests.web.pages.test_nothing_typed_is_lost import Tab, log_in
from tests.web.pages.typed_forms import Form, Step, track

FOLDER = Path(__file__).resolve().parents[3] / "docs/pictures"
WIDE, PHONE = (1280, 720), (390, 844)
COLOURS = 128
DEMO = ("--items", "400", "--days", "20", "--orders", "60")
CHINESE = {**os.environ, "LANGUAGE": "zh_CN"}
"""For a browser as the centre has it, whose date fields are in Chinese."""
A_CALL = "tests/live/test_desk.py::test_a_call_is_seen_answered_written_and_registered"
THREE = "tests/live/test_three_way_desks.py::test_one_call_through_two_desks_and_a_partner"
FROM_TESTS = {
    "desk-pop": (A_CALL, "desk-pop-light"),
    "desk-talk": (A_CALL, "desk-talk-light"),
    "desk-three-way": (THREE, "desk-three-way-light"),
    "wallboard": ("tests/web/pages/test_wallboard.py::test_empty_and_busy", "wallboard-busy-dark-1920"),
}
"""Of each picture the test that takes it, and what it is called there."""


@dataclass(frozen=True)
class Shot:
    """One page as `who` sees it once `at` is there, after `steps`; `printed`: the first sheet of it."""

    name: str
    who: str
    path: str
    at: str = "main"
    steps: tuple[Step, ...] = ()
    size: tuple[int, int] = WIDE
    printed: bool = False


def _public() -> Iterator[Shot]:
    for name, path in {"start": "/", "query": "/track", "mailbox": "/mailbox"}.items():
        yield Shot(f"page-{name}", "", path, size=PHONE)
    form, on = "/report?kind=complaint", ".turns .next >> visible=true"
    yield Shot("page-report", "", form, "#f-respondent_name-fault", (on,), PHONE)
    yield Shot("page-care", "", f"{form}&view=care", size=PHONE)
    said: tuple[Step, ...] = (
        ("#f-respondent_name", "尧都区恒信超市"),
        on,
        ("#f-content", "买到过期牛奶，拒绝退款"),
    )
    said = (*said, on, ("#f-name", "张三"), ("#f-phone", "13835700000"), on)
    yield Shot("page-check", "", form, ".answers", said, PHONE)
    yield Shot("page-receipt", "", form, "#number", (*said, "form.matter [type=submit]"), PHONE)
    yield Shot("page-track", "", "/track", "#state", track("rung"), PHONE)
    yield Shot("page-add", "", "/track", "form.matter", track("held"), PHONE)
    withdraws = "[action='/track/withdraw'] [type=submit]"
    yield Shot("page-withdraw", "", "/track", "#f-reason", (*track("free"), withdraws), PHONE)
    yield Shot("page-missing", "", "/nothing", "h1", size=PHONE)
    yield Shot("page-phone", "", "/phone", size=PHONE)
    yield Shot("slip", "", "{slip-page}", size=PHONE)
    yield Shot("order-code", "", "{order-page}", size=PHONE)
    code = (("#f-code", "{order-code}"), "button:has-text('打开工单')")
    yield Shot("order-reply", "", "{order-page}", "#state", code, PHONE)
    yield Shot("log-in", "", "/desk", "form.log-in")


def _desk() -> Iterator[Shot]:
    yield Shot("desk-list", "boss", "/desk", "#rows li")
    yield Shot("desk-item", "boss", "/desk#{held}", "#item-acts", ("#item-acts [data-act=answer]",))
    found = (("#q", "超市"), "key:Enter")
    yield Shot("desk-search", "boss", "/desk", "#found-rows li", found)
    yield Shot("desk-item-phone", "boss", "/desk#{held}", "#item-acts", size=PHONE)
    yield Shot("desk-list-phone", "boss", "/desk", "#rows li", size=PHONE)
    yield Shot("desk-list-printed", "boss", "/desk", "#rows li", printed=True)
    yield Shot("desk-item-printed", "boss", "/desk#{held}", "#item-acts", printed=True)
    order = ("#order-acts >> text=录入纸质报告",)
    yield Shot("paper-report", "boss", "/desk#{typed}", "#paper-form", order)
    yield Shot("desk-entry", "boss", "/desk/entry")
    yield Shot("fax", "boss", "/desk/fax/{fax}", "#leaves li")
    yield Shot("desk-linkage", "boss", "/desk/linkage", "#ledger tr")
    yield Shot("calls", "boss", "/desk/calls", "#calls tr")
    yield Shot("today", "boss", "/desk/today", "body[data-read]")
    yield Shot("desk-dispatch", "boss", "/desk/dispatch", "#one", ("#rows button >> nth=0",))
    yield Shot("supervision", "boss", "/desk/supervision", "#units tr")
    yield Shot("order-figures", "boss", "/desk/supervision/figures", "body[data-read]")
    yield Shot("order-charts", "boss", "/desk/supervision/charts")
    asked = ("#rows button >> nth=0", "#known")
    yield Shot("follow-ups", "agent1", "/desk/follow-ups", "#answers", asked)
    yield Shot("account", "agent1", "/desk/account")
    yield Shot("style", "agent1", "/desk/style")


def _others() -> Iterator[Shot]:
    yield Shot("unit", "wang", "/unit#{signed-order}", "#report-form")
    yield Shot("unit-phone", "wang", "/unit#{signed-order}", "#report-form", size=PHONE)
    yield Shot("unit-people", "zhao", "/unit/people")
    yield Shot("units", "root", "/desk/units#{on-paper}", "#unit-form")
    yield Shot("audit", "root", "/desk/audit")
    parts = ("state", "accounts", "tokens", "channels", "outbox", "flows", "prompts", "rules", "settings")
    for part in (*parts, "backups"):
        yield Shot(f"admin-{part}", "root", f"/desk/admin?part={part}")


SHOTS = (*_public(), *_desk(), *_others())


async def taken(browser: Browser, house: House, shots: list[Shot]) -> None:
    staff: dict[str, BrowserContext] = {}
    for shot in shots:
        context = staff.get(shot.who) or await browser.new_context(
            base_url=house.url, locale="zh-CN", color_scheme="light"
        )
        if shot.who and shot.who not in staff:
            staff[shot.who] = context
            await log_in(context, shot.who, house)
        page = await context.new_page()
        await page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        tab = Tab(Form("", shot.who, shot.path, shot.at, shot.steps), page, house.known, [])
        await tab.open()
        await page.wait_for_load_state("networkidle")
        file = FOLDER / f"{shot.name}.png"
        await (print_sheet(page, file) if shot.printed else page.screenshot(path=file, animations="disabled"))
        await page.close()


async def print_sheet(page: Page, file: Path) -> None:
    """The first sheet that a printer would get."""
    document = pypdfium2.PdfDocument(await page.pdf(format="A4"))
    try:
        document[0].render(scale=1.4).to_pil().save(file)
    finally:
        document.close()


def from_tests(names: list[str]) -> None:
    """Pictures that tests take."""
    with tempfile.TemporaryDirectory() as folder:
        files = sorted({FROM_TESTS[name][0] for name in names})
        own = {**CHINESE, "PICTURES": folder}
        subprocess.run([sys.executable, "-m", "pytest", "-q", *files], env=own, check=True)
        for name in names:
            (FOLDER / f"{name}.png").write_bytes(Path(folder, f"{FROM_TESTS[name][1]}.png").read_bytes())


def made_small(file: Path) -> None:
    """Few colours, and no wider than is read on a page."""
    with Image.open(file) as picture:
        small = picture.convert("RGB")
        small.thumbnail((WIDE[0], 4000))
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


async def renew(names: list[str]) -> None:
    shots = [shot for shot in SHOTS if not names or shot.name in names]
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    tool("zh-CN.pak")
    with tempfile.TemporaryDirectory() as folder:
        async with killed_house(Path(folder), DEMO) as house, async_playwright() as playwright:
            chromium = tool("chromium")
            browser = await playwright.chromium.launch(executable_path=chromium, args=arguments, env=CHINESE)
            await taken(browser, house, shots)
            await browser.close()


def main(names: list[str]) -> None:
    wanted = [name for name in FROM_TESTS if not names or name in names]
    if wanted:
        from_tests(wanted)
    if not names or set(names) - FROM_TESTS.keys():
        asyncio.run(renew(names))
    for name in names or [*FROM_TESTS, *(shot.name for shot in SHOTS)]:
        made_small(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
