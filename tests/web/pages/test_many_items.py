"""Lists, counts and figures under 10,000 items agree, and the desk stays usable. Takes minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from gateway.core.item.item import QueueQuery
from tests.web.memory_house import MemoryBoard
from tests.web.pages import test_desk_list as short
from tests.web.pages.desk_site import at_desk, desk_site
from tests.web.real_site import RealSite

pytestmark = [pytest.mark.live, pytest.mark.soak]
MANY, MINE, SCROLLED = 10_000, 120, 600


async def listed(site: RealSite, tab: str) -> list[str]:
    """Every number of a list, page by page."""
    numbers: list[str] = []
    after: str | None = ""
    while after is not None:
        wish = {"tab": tab, "limit": "200", **({"after": after} if after else {})}
        async with site.client.get("/api/v1/queue/rows", params=wish, headers=site.bearer("agent")) as answer:
            page: dict[str, Any] = await answer.json()
        numbers += [row["number"] for row in page["items"]]
        after = page["next"]
    return numbers


async def counts(site: RealSite) -> dict[str, int]:
    async with site.client.get("/api/v1/queue/counts", headers=site.bearer("agent")) as answer:
        return dict(await answer.json())


async def test_lists_counts_and_figures_agree_under_10_000_items(browser: Browser, tmp_path: Path) -> None:
    async with desk_site(tmp_path, board=MemoryBoard()) as site:
        numbers = await short.fill(site, MANY)
        for number in numbers[:MINE]:
            await site.intake.claim("agent1", QueueQuery(), number)
        for number in numbers[-30:]:
            await site.intake.append(number, f"补 {number}", "小票找到了", (), "赵六")
        told, figures = await counts(site), await short.standing(site)
        lists = {tab: await listed(site, tab) for tab in ("waiting", "overdue", "mine", "added")}
        for tab, rows in lists.items():
            assert len(rows) == len(set(rows)) == told[tab], tab
        assert figures["to_take"] == told["waiting"] == MANY - MINE
        assert figures["overdue"] == told["overdue"] > MANY // 4
        assert (told["mine"], told["added"]) == (MINE, 30)
        async with at_desk(browser, site) as page:
            for tab in lists:
                await short.chosen(page, tab)
                await expect(page.locator(f"[data-tab={tab}] .count")).to_have_text(str(told[tab]))
            await short.chosen(page, "waiting")
            while len(shown := await short.rows(page)) < SCROLLED:
                await page.evaluate("document.querySelector('#scroll').scrollTop = 1e7")
                await page.wait_for_function(
                    "n => document.querySelectorAll('#rows li').length > n", arg=len(shown)
                )
            assert shown == lists["waiting"][: len(shown)]
            await page.keyboard.press("n")
            await page.wait_for_selector("#item:not([hidden])")
