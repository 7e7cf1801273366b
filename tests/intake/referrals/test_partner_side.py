"""A partner's own way to the ledger: its token at the API, and the signed link of a slip."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from gateway.core.item.referral import Referral
from gateway.intake.referrals import Linkage
from gateway.web.site import utc_now
from tests.chromium import chromium
from tests.intake.referrals.conftest import PARTNERS, linkage_of
from tests.storage.databases import contact
from tests.web.pages.test_browser import DESK, PHONE, looked_at, opened
from tests.web.real_site import QUICK, RealSite, real_site


class Late:
    """The ledger, once the site it stands behind is there."""

    linkage: Linkage

    def __getattr__(self, name: str) -> object:
        return getattr(self.linkage, name)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    late = Late()
    async with real_site(tmp_path, QUICK, linkage=late) as made:
        late.linkage = linkage_of(made.storage, made.intake, utc_now)  # type: ignore[arg-type]
        for partner in PARTNERS:
            made.tokens[partner] = await made.storage.tokens.create("partner", partner, utc_now())
        made.linkage = late.linkage  # type: ignore[attr-defined]
        made.late = late  # type: ignore[attr-defined]
        yield made


async def referred(site: RealSite) -> Referral:
    receipt = await site.intake.submit(contact("web:1", content="商家<b>拒绝</b>退款"))
    linkage: Linkage = site.linkage  # type: ignore[attr-defined]
    return await linkage.refer(receipt.number, "12345", "agent1", text="请贵方协助")


PUSH = {
    "kind": "complaint",
    "content": "转来的投诉",
    "name": "李四",
    "phone": "13935700000",
    "respondent_name": "某店",
    "their_number": "P-9",
}


async def test_a_partner_pushes_sees_its_own_and_hears_our_result(site: RealSite) -> None:
    headers = site.bearer("12345")
    async with site.client.post("/api/v1/referrals", json=PUSH, headers=headers) as response:
        assert response.status == 201, await response.text()
        pushed = await response.json()
    async with site.client.post("/api/v1/referrals", json=PUSH, headers=headers) as response:
        assert (response.status, (await response.json())["number"]) == (200, pushed["number"])
    referral = pushed["referral"]["id"]
    path = f"/api/v1/referrals/{referral}"
    async with site.client.get(path, headers=site.bearer("110")) as response:
        assert response.status == 404
    async with site.client.post(f"{path}/accept", json={}, headers=headers) as response:
        assert response.status == 403  # what comes to us is for us to accept
    for event, said in (("accept", {}), ("answer", {"text": "已调解，退款199.9元"})):
        async with site.client.post(f"{path}/{event}", json=said, headers=site.bearer("agent")) as response:
            assert response.status == 200, await response.text()
    async with site.client.get("/api/v1/referrals?state=answered", headers=headers) as response:
        found = (await response.json())["items"]
    assert [(one["id"], one["text"], one["call_id"]) for one in found] == [
        (referral, "已调解，退款199.9元", None)
    ]
    async with site.client.get("/api/v1/queue", headers=headers) as response:
        assert response.status == 403
    today = utc_now().date()
    span = f"first={today.replace(day=1)}&last={today}"
    async with site.client.get(
        f"/api/v1/referrals/accounts?{span}", headers=site.bearer("supervisor")
    ) as response:
        counted = (await response.json())["items"]
    assert [(one["partner"], one["direction"], one["made"]) for one in counted] in ([("12345", "in", 1)], [])


async def test_a_bad_push_names_what_is_wrong(site: RealSite) -> None:
    async with site.client.post("/api/v1/referrals", json={"kind": "x"}, headers=site.bearer("12345")) as r:
        assert r.status == 422
        assert {"kind", "content"} <= {fault["field"] for fault in (await r.json())["faults"]}
    async with site.client.post("/api/v1/referrals", json=PUSH, headers=site.bearer("agent")) as r:
        assert r.status == 403


async def test_an_expired_link_says_so_and_shows_nothing_of_the_slip(
    browser: Browser, site: RealSite
) -> None:
    one = await referred(site)
    linkage: Linkage = site.linkage  # type: ignore[attr-defined]
    path = f"/partner/{one.id}.{linkage.token(one.id)}"

    def next_year() -> datetime:
        return utc_now() + timedelta(days=400)

    site.late.linkage = linkage_of(site.storage, site.intake, next_year)  # type: ignore[attr-defined, arg-type]
    async with opened(browser, site, PHONE) as page:
        for lang, words in (
            ("zh", "此链接已过期，请与我们联系"),
            ("en", "this link has expired, please contact us"),
        ):
            answer = await page.goto(f"{path}?lang={lang}")
            assert answer and answer.status == 404
            said = await page.inner_text("main")
            assert words in said
            assert one.id not in said and "拒绝" not in said
            await looked_at(page, f"partner-expired-{lang}")
    async with site.client.post(path, data={"event": "accept", "lang": "zh"}) as response:
        assert response.status == 404
    assert (await linkage.get(one.id)).state is one.state


async def test_a_link_opens_one_slip_and_no_other(site: RealSite) -> None:
    one = await referred(site)
    linkage: Linkage = site.linkage  # type: ignore[attr-defined]
    good = f"/partner/{one.id}.{linkage.token(one.id)}"
    for path in (f"/partner/{one.id}.{'a' * 20}", f"/partner/{one.number}-2.{linkage.token(one.id)}"):
        async with site.client.get(path) as response:
            assert response.status == 404
    async with site.client.get(good) as response:
        text = await response.text()
        assert response.status == 200 and response.headers["Cache-Control"] == "no-store"
        assert "商家&lt;b&gt;拒绝&lt;/b&gt;退款" in text and one.id in text
    form = {"event": "close", "lang": "zh"}
    async with site.client.post(good, data=form, headers={"Origin": site.url().rstrip("/")}) as response:
        assert response.status == 422  # closing is ours


@pytest.mark.live
@pytest.mark.parametrize("size, script", [(PHONE, False), (DESK, True)])
async def test_a_partner_replies_in_a_browser(
    browser: Browser, site: RealSite, size: tuple[int, int], script: bool
) -> None:
    one = await referred(site)
    linkage: Linkage = site.linkage  # type: ignore[attr-defined]
    async with opened(browser, site, size, script) as page:
        await page.goto(site.url(f"/partner/{one.id}.{linkage.token(one.id)}"))
        if script:
            await looked_at(page, "partner")
        await page.check("input[value=refuse]")
        await page.click("button[type=submit]")
        await expect(page.locator("[role=alert]")).to_contain_text("请填写理由")
        if script:
            await looked_at(page, "partner-fault")
        await page.check("input[value=accept]")
        await page.fill("#f-their_number", "P-77")
        await page.click("button[type=submit]")
        await expect(page.locator("#state")).to_have_text("贵方已受理")
        if script:
            await looked_at(page, "partner-done")
    assert (await linkage.get(one.id)).their_number == "P-77"
