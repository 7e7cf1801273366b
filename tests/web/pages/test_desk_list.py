"""The list of the desk in a real Chromium with 230 items: tabs, counts, pages, keys, addresses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from gateway.core.item.contact import Channel, Kind, Respondent
from gateway.core.item.item import QueueQuery
from gateway.core.roles import Role
from gateway.web.site import utc_now
from tests.storage.databases import contact
from tests.web.memory_house import MemoryBoard
from tests.web.pages.desk_site import at_desk, desk_site, looked_at_everywhere
from tests.web.pages.test_fax_page import PASSWORD
from tests.web.real_site import RealSite

pytestmark = pytest.mark.live
MANY = 230


async def fill(site: RealSite, many: int = MANY) -> list[str]:
    """Items of two kinds, each a minute younger than the one before; every other is old enough to be late."""
    numbers = []
    for place in range(many):
        age = timedelta(days=40 if place % 2 else 1, minutes=-place)
        kind = Kind.COMPLAINT if place % 3 else Kind.QUESTION
        came = contact(f"k{place}", kind=kind, channel=Channel.EMAIL if place % 5 == 0 else Channel.WEB)
        firm = Respondent(f"第{place}号商店")
        came = replace(
            came, received_at=utc_now() - age, respondent=firm, claims=() if place % 3 == 0 else came.claims
        )
        numbers.append((await site.intake.submit(came)).number)
    return numbers


async def chosen(page: Page, tab: str) -> None:
    """The list of this tab stands there, read to its end."""
    await page.click(f"[data-tab={tab}]")
    await page.wait_for_selector(f"body[data-list={tab}]")


async def count(page: Page, tab: str) -> int:
    return int(await page.inner_text(f"[data-tab={tab}] .count"))


async def rows(page: Page) -> list[str]:
    numbers = await page.eval_on_selector_all("#rows li", "all => all.map(row => row.dataset.number)")
    return list(numbers)


async def to_the_end(page: Page) -> list[str]:
    """Every row, by scrolling."""
    while await page.is_visible("#more"):
        before = len(await rows(page))
        await page.evaluate("document.querySelector('#scroll').scrollTop = 1e7")
        await page.wait_for_function(
            "n => document.querySelectorAll('#rows li').length > n || document.querySelector('#more').hidden",
            arg=before,
        )
    return await rows(page)


async def standing(site: RealSite) -> dict[str, Any]:
    """What stands open, as the wallboard shows it."""
    async with site.client.get("/api/v1/figures", headers=site.bearer("supervisor")) as response:
        return dict((await response.json())["standing"])


async def test_lists_counts_and_the_wallboard_agree_under_230_items(browser: Browser, tmp_path: Path) -> None:
    board = MemoryBoard()
    async with desk_site(tmp_path, board=board) as site, at_desk(browser, site) as page:
        numbers = await fill(site)
        mine = numbers[:5]
        for number in mine:
            await site.intake.claim("agent1", QueueQuery(), number)
        await site.intake.append(numbers[7], "补", "小票找到了", (), "赵六")
        board.tell("queue.changed", number=numbers[7])
        await page.reload()
        for tab in ("waiting", "overdue", "mine", "added"):
            await chosen(page, tab)
            listed = await to_the_end(page)
            await expect(page.locator(f"[data-tab={tab}] .count")).to_have_text(str(len(listed)))
            assert len(listed) == len(set(listed)), tab
        figures = await standing(site)
        assert await count(page, "waiting") == figures["to_take"] == MANY - len(mine)
        assert await count(page, "overdue") == figures["overdue"] > 50
        assert await count(page, "mine") == len(mine) and await count(page, "added") == 1
        assert await rows(page) == [numbers[7]]
        await expect(page.locator("#rows li")).to_contain_text(["有补充"])
        await chosen(page, "overdue")
        await site.accounts.add("agent2", "王芳", Role.AGENT, PASSWORD)
        other = next(number for number in await rows(page) if number not in mine)
        await site.intake.claim("agent2", QueueQuery(), other)
        row = page.locator(f"#rows [data-number='{other}']")
        due = row.locator(".due[data-level=late]")
        await expect(due).to_contain_text(re.compile(r"已逾期\d+天"))
        colours = "one => [getComputedStyle(one).color, getComputedStyle(document.body).color]"
        late, plain = await due.evaluate(colours)
        assert late != plain
        for words in (f"{other[:6]} {other[6:11]} {other[11]}", "张三", "号商店", "个月前|天前", "王芳"):
            await expect(row).to_contain_text(re.compile(words))
        await expect(row.locator(".tag").first).to_have_text(re.compile("网络|邮件"))
        await chosen(page, "mine")
        await expect(page.locator("#rows .no").first).to_contain_text("我在办理")
        await page.select_option("#f-channel", "email")
        await expect(page.locator("#rows li")).to_have_count(1)
        assert "channel=email" in await page.evaluate("location.hash")
        await page.go_back()
        await expect(page.locator("#rows li")).to_have_count(5)
        await page.goto("/desk#tab=overdue&kind=complaint&sort=age")
        await page.wait_for_selector("body[data-list=overdue]")
        assert await page.input_value("#f-kind") == "complaint"
        await looked_at_everywhere(page, "list-overdue")


async def test_keys_go_through_the_list_claim_the_next_and_nothing_jumps_under_the_pointer(
    browser: Browser, tmp_path: Path
) -> None:
    board = MemoryBoard()
    async with desk_site(tmp_path, board=board) as site, at_desk(browser, site) as page:
        numbers = await fill(site)
        await page.goto("/desk#tab=waiting&sort=age")
        await page.reload()
        await page.wait_for_selector("body[data-list=waiting]")
        listed = await rows(page)
        await page.keyboard.press("j")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(f"body[data-matter='{listed[1]}']")
        await page.keyboard.press("Escape")
        await page.keyboard.press("n")
        await page.wait_for_selector("#item:not([hidden])")
        number = (await page.inner_text("#item-number")).replace(" ", "")
        lease = (await site.intake.get(number)).item.lease
        assert number in numbers and lease and lease.holder == "agent1"
        await expect(page.locator("[data-tab=mine] .count")).to_have_text("1")
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#rows [data-number='{number}']")).to_have_count(0)

        # Somebody takes the first item while the pointer is over the list: nothing moves until it leaves.
        shown = await rows(page)
        await page.hover("#rows li:nth-child(3)")
        await site.intake.claim("agent2", QueueQuery(), shown[0])
        board.tell("queue.changed", number=shown[0])
        await page.wait_for_selector("#stale:not([hidden])")
        assert await rows(page) == shown
        await page.hover("#idle")
        await page.wait_for_function(
            "number => !document.querySelector(`[data-number='${number}']`)", arg=shown[0]
        )

        # Further down, the row at the top stays where it is when one above it goes.
        await page.evaluate("document.querySelector('#scroll').scrollTop = 1500")
        place = "number => document.querySelector(`[data-number='${number}']`).getBoundingClientRect().top"
        first = await page.evaluate(
            "() => [...document.querySelectorAll('#rows li')].find(row => row.getBoundingClientRect().top > "
            "document.querySelector('#scroll').getBoundingClientRect().top).dataset.number"
        )
        before = await page.evaluate(place, first)
        gone = (await rows(page))[2]
        await site.intake.claim("agent2", QueueQuery(), gone)
        board.tell("queue.changed", number=gone)
        await page.wait_for_function(
            "number => !document.querySelector(`[data-number='${number}']`)", arg=gone
        )
        assert abs(await page.evaluate(place, first) - before) < 3
