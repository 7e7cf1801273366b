"""A real Chromium and a real site for it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from gateway.setup.workshop import tool
from tests.web.real_site import RealSite, real_site


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=tool("chromium"), args=arguments)
        yield made
        await made.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made
