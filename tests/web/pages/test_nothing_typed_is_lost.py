"""Words are typed into every form of every page, the gateway is killed, and they are there again.

The page says that nothing was sent and keeps the words; so it does after a reload, once the gateway runs
again. Passwords and codes are kept nowhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Error, Locator, Page, expect

from tests.web.pages.killed_house import House, killed_house
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.pages.typed_forms import BESIDE, ELSEWHERE, FORMS, Form, Step, forms_of_templates

pytestmark = pytest.mark.live
NOT_SENT = re.compile("网络连接已断开，内容未提交|没有发送出去")
SECRETS = (PASSWORD, "909090")
AT_ONCE = 6
TYPED = (
    "textarea, input:is(:not([type]), [type=text], [type=email], [type=date], [type=month], [type=number], "
    "[type=password], [type=datetime-local]):not([readonly], [name=website])"
)
# Words for each field that is shown, by what it asks for, so that none could take the place of another;
# what else the form needs is chosen. Of each field its name and its words, "" of a secret.
TYPE = """(form, [typed, secret, code]) => {
  const fixed = { date: "2026-11-27", "datetime-local": "2026-11-27T08:30", month: "2026-10", number: "2" };
  const asked = { numeric: "12", decimal: "12.5", tel: "13835700000" };
  const made = (field, place) =>
    field.type === "email" ? `z${place}@example.cn` : field.pattern ? `zi${place}` : `字句${place}`;
  const text = (field, place) =>
    field.list?.options[0]?.value ?? fixed[field.type] ?? asked[field.inputMode] ?? made(field, place);
  const cut = (field, said) => (field.maxLength > 0 ? said.slice(0, field.maxLength) : said);
  const visible = (field) => field.checkVisibility({ visibilityProperty: true });
  const shown = (field) => (field.id || field.name) && !field.disabled && visible(field);
  const all = (selector) => [...form.querySelectorAll(selector)].filter(shown);
  const tell = (field) => {
    for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
  };
  for (const field of all("select:not([id*=canned])"))
    if (!field.value) {
      field.selectedIndex = 1;
      tell(field);
    }
  for (const field of all("[type=radio][name]"))
    if (!form.querySelector(`[name="${field.name}"]:checked`)) field.click();
  return all(typed).map((field, place) => {
    const isCode = field.name === "code" || field.autocomplete === "one-time-code";
    const isSecret = isCode || field.type === "password";
    field.value = isCode ? code : isSecret ? secret : cut(field, text(field, place));
    tell(field);
    return [field.id || field.name, isSecret ? "" : field.value];
  });
}"""
READ = """(form, names) => names.map((name) => {
  const field = [...form.querySelectorAll("input, textarea")].find((one) => (one.id || one.name) === name);
  return [name, field ? field.value : null];
})"""
STORED = "JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"


def test_each_form_of_each_template_is_tried() -> None:
    assert {form.of for form in FORMS} | ELSEWHERE.keys() == set(forms_of_templates()) | BESIDE.keys()


@dataclass(repr=False)
class Tab:
    form: Form
    page: Page
    known: dict[str, str]
    said: list[list[str]]

    @property
    def place(self) -> Locator:
        return self.page.locator(self.filled(self.form.at)).first

    def filled(self, text: str) -> str:
        return re.sub(r"\{([\w-]+)\}", lambda found: self.known[found[1]], text)

    async def _follow(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if isinstance(step, str) and step.startswith("key:"):
                await self.page.keyboard.press(step.removeprefix("key:"))
            elif isinstance(step, str):
                await self.page.locator(self.filled(step)).first.click()
            else:
                await self.page.fill(step[0], self.filled(step[1]))
        await expect(self.place).to_be_visible(timeout=20_000)

    async def open(self) -> None:
        await self.page.goto(self.filled(self.form.path))
        await self._follow(self.form.steps)

    async def type(self) -> None:
        await self.open()
        await self.page.wait_for_load_state()
        self.said = await self.place.evaluate(TYPE, [TYPED, *SECRETS])
        assert self.said

    async def send(self) -> None:
        await self.place.locator(self.form.send).locator("visible=true").first.click()
        told = self.page.locator("[role=alert], [role=status], .fault").filter(has_text=NOT_SENT)
        await expect(told.locator("visible=true").first).to_be_visible(timeout=20_000)
        assert await self.read() == self.said

    async def find_again(self) -> None:
        await self.page.reload()
        await self._follow(self.form.steps if self.form.again is None else self.form.again)
        await self.page.wait_for_load_state()
        assert await self.read() == self.said
        kept = await self.page.evaluate(STORED)
        assert [secret for secret in SECRETS if secret in kept] == []

    async def read(self) -> list[list[str]]:
        now = await self.place.evaluate(READ, [name for name, _ in self.said])
        both = zip(self.said, now, strict=True)
        return [[name, value if said else ""] for (name, said), (_, value) in both]


@asynccontextmanager
async def tabs(browser: Browser, house: House) -> AsyncIterator[list[Tab]]:
    """Each form in a tab of its own; those of one person in one browser."""
    async with AsyncExitStack() as stack:
        contexts: dict[str, BrowserContext] = {}
        made = []
        for form in FORMS:
            if form.who not in contexts or not form.who:
                contexts[form.who] = await browser.new_context(base_url=house.url, locale="zh-CN")
                stack.push_async_callback(contexts[form.who].close)
                await contexts[form.who].add_init_script("sessionStorage.setItem('whole', '1')")
                if form.who:
                    await log_in(contexts[form.who], form.who, house)
            page = await contexts[form.who].new_page()
            page.set_default_timeout(20_000)
            made.append(Tab(form, page, house.known, []))
        yield made


async def log_in(context: BrowserContext, who: str, house: House) -> None:
    page = await context.new_page()
    await page.goto("/desk")
    await page.fill("#f-account", who)
    await page.fill("#f-password", PASSWORD)
    await page.click("[type=submit]")
    await page.wait_for_selector(".places")
    await page.close()


async def in_all(opened: list[Tab], does: Callable[[Tab], Awaitable[None]]) -> list[str]:
    """Done in all tabs, some at the same time; what went wrong in which."""
    some = asyncio.Semaphore(AT_ONCE)

    async def fault(tab: Tab) -> str:
        async with some:
            try:
                await does(tab)
            except (Error, AssertionError) as error:
                return f"{tab.form.of} {tab.form.steps}: {str(error)[:300]}"
        return ""

    return [one for one in await asyncio.gather(*map(fault, opened)) if one]


async def test_a_gateway_that_is_killed_while_one_types(browser: Browser, tmp_path: Path) -> None:
    async with killed_house(tmp_path) as house, tabs(browser, house) as opened:
        assert not await in_all(opened, Tab.type)
        house.gateway.kill()
        assert not await in_all(opened, Tab.send)
        await house.start()
        assert not await in_all(opened, Tab.find_again)
