"""The mailbox of the demo in a real Chromium: what was sent is read on a phone too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.flow.partner import Partner
from gateway.demo.mail_sink import KeptMail
from gateway.web.site import utc_now
from tests.web.pages.desk_site import PHONE, WIDE
from tests.web.pages.test_browser import looked_at, opened
from tests.web.real_site import real_site

pytestmark = pytest.mark.live
LINK = "http://127.0.0.1:8315/order/38.141081.20261130." + "ewkf4g3riaiyee4pdnlt" * 4


@dataclass(frozen=True)
class Sent:
    """A visitor to whom one mail was sent."""

    inbox: str = "12315@linfen.example"
    fax_number: str = "2010315"

    def partners(self) -> Sequence[Partner]:
        return ()

    def mails(self) -> Sequence[KeptMail]:
        text = f"请在浏览器中打开：\n{LINK}"
        return (KeptMail(1, utc_now(), "", "houma@example.cn", "【12315】工单", "", text, ("工单.pdf",)),)

    async def write(self, subject: str, text: str, answers: int = 0) -> str:
        return "250 OK"

    async def fax(self, text: str) -> bool:
        return True


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "desk"])
async def test_what_was_sent_is_read_and_answered(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with real_site(tmp_path, visitor=Sent()) as site, opened(browser, site, size) as page:
        await page.goto("/mailbox")
        await expect(page.locator(".lines a")).to_have_attribute("href", LINK)
        await page.click("summary")
        await looked_at(page, "mailbox")
        await page.fill("[name=answers] ~ .field textarea", "补充：有发票。")
        await page.click("details button")
        await expect(page.locator("#told")).to_contain_text("邮件已送达")
