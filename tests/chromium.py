"""A real Chromium for the tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from gateway.setup.workshop import tool


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """Started with these flags, ended when the block is left."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=tool("chromium"), args=[*flags, *sandbox])
        yield browser
        await browser.close()
