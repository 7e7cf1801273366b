"""A site with the agents' desk on a real database, without a telephone; for tests of its pages."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from gateway.calls.desk import CallDesk
from gateway.core.roles import Role
from gateway.web.site import FEED, utc_now
from tests.web.pages.test_browser import looked_at, opened
from tests.web.pages.test_fax_page import PASSWORD, log_in, no_calls
from tests.web.real_site import Later, RealSite, real_site

WIDE, SMALL, PHONE = (1280, 720), (1024, 768), (390, 844)


@asynccontextmanager
async def desk_site(tmp_path: Path, **changes: Any) -> AsyncIterator[RealSite]:
    """`agent1` has a seat, `boss` leads and has none."""
    calls = Later()
    async with real_site(tmp_path, desk=calls, **changes) as site:
        calls.real = CallDesk(no_calls(tmp_path), site.storage, site.intake, utc_now)
        feed = site.server.app[FEED]
        site.intake.on_change(lambda what, number: feed.publish("queue.changed", {"number": number}))
        await site.accounts.add("agent1", "李红", Role.AGENT, PASSWORD)
        await site.accounts.add("boss", "王班长", Role.SUPERVISOR, PASSWORD)
        yield site


@asynccontextmanager
async def at_desk(
    browser: Browser, site: RealSite, account: str = "agent1", size: tuple[int, int] = WIDE
) -> AsyncIterator[Page]:
    """Logged in, with a SIP telephone instead of the page's."""
    async with opened(browser, site, size) as page:
        page.set_default_timeout(30_000)
        await page.add_init_script("localStorage.setItem('which', 'sip')")
        await log_in(page, account)
        await page.wait_for_selector("#rows", state="attached")
        yield page


async def fits_a_phone(page: Page) -> None:
    """On a phone: no table is scrolled sideways, each cell bears the name of its column, and each filter
    stands beside its name."""
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    widths = "tables => tables.map((one) => one.scrollWidth - one.clientWidth)"
    assert max(await page.locator(".wide-table:has(.stacked)").evaluate_all(widths)) <= 0
    unnamed = "cells => cells.filter((one) => one.hasChildNodes() && !one.dataset.label).length"
    assert await page.locator(".stacked tbody td").evaluate_all(unnamed) == 0
    apart = (
        "labels => labels.filter((one) => one.control.getBoundingClientRect().top"
        " > one.getBoundingClientRect().bottom).map((one) => one.textContent)"
    )
    assert await page.locator("#filters label").evaluate_all(apart) == []


async def looked_at_everywhere(
    page: Page, name: str, sizes: tuple[tuple[int, int], ...] = (WIDE, SMALL, PHONE)
) -> None:
    """axe finds nothing at each size, nor in the dark colours; nothing is wider than the screen."""
    # Another look has other colours and the same layout: one size is enough, but for pictures.
    dark = sizes if os.environ.get("PICTURES") else sizes[:1]
    for look, shown in (("dark", dark), ("light", sizes)):
        await page.evaluate("look => (document.documentElement.dataset.look = look)", look)
        for width, height in shown:
            await page.set_viewport_size({"width": width, "height": height})
            await looked_at(page, f"{name}-{look}", colours=look == "dark")
