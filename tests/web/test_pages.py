"""The public pages as a browser without JavaScript has them: from the empty form to added evidence."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text

from gateway.core.item import number as numbers
from gateway.settings.schema import PageSettings, RateSettings
from gateway.web.http.proof_of_work import LIFE, Seals
from gateway.web.pages.look import Look
from gateway.web.pages.phone import BrowserPhones
from tests.web.forms import TYPE, File, form
from tests.web.plain_page import Page
from tests.web.real_site import QUICK, RealSite, real_site
from tests.web.sample_files import FILES, png

SAID: dict[str, str | list[str]] = {
    "kind": "complaint",
    "respondent_name": "某商店",
    "content": "商家拒绝退款",
    "claims": ["return_goods", "refund"],
    "amount": "199.90",
    "county": "141081",
    "name": "张三",
    "phone": "13835700000",
    "publish_consent": "false",
}
NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made


async def get(site: RealSite, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, Page]:
    async with site.client.get(path, headers=headers) as response:
        return response, Page(await response.text())


async def send(
    site: RealSite, path: str, fields: list[tuple[str, str | bytes]], *files: File, **headers: str
) -> tuple[aiohttp.ClientResponse, Page]:
    """A form as browsers send it; redirects are followed."""
    body = io.BytesIO(form(fields, *files))
    async with site.client.post(path, data=body, headers={"Content-Type": TYPE, **headers}) as response:
        return response, Page(await response.text())


async def look_up(site: RealSite, number: str, code: str) -> tuple[aiohttp.ClientResponse, Page]:
    async with site.client.post("/track", data={"number": number, "code": code}) as response:
        return response, Page(await response.text())


def receipt_of(page: Page) -> tuple[str, str]:
    """Number and code, as the slip's form has them."""
    held = dict(page.form("/report/slip").fields)
    return held["number"], held["code"]


async def test_from_an_empty_form_to_added_evidence(site: RealSite) -> None:
    response, page = await get(site, "/report?kind=complaint")
    assert response.status == 200
    empty = page.form("/report")
    assert ("kind", "complaint") in empty.fields
    response, page = await send(site, "/report", empty.filled(**SAID), ("票 据.png", png(), "image/png"))
    assert (response.status, response.url.path) == (200, "/report/done")
    number, code = receipt_of(page)
    assert "决定是否受理并告知" in page.words
    (item,) = await site.items()
    assert (item["number"], item["channel"], item["claims"]) == (number, "web", ["return_goods", "refund"])
    assert (item["amount"], item["publish_consent"], item["mediation_consent"]) == (199.9, False, None)
    assert [one["name"] for one in item["attachments"]] == ["票 据.png"]

    response, page = await look_up(site, f" {number[:6]} {number[6:]} ", code)
    assert response.status == 200
    assert "已登记" in page.words
    assert "张三" not in page.words
    more = page.form("/track/evidence").filled(text="补一张发票")
    for _ in range(2):
        response, page = await send(site, "/track/evidence", more, ("b.pdf", FILES["pdf"], "application/pdf"))
        assert response.status == 200
        assert "已收到您的补充" in page.words
    async with site.client.get(f"/api/v1/queue/{number}", headers=site.bearer("agent")) as answer:
        item = await answer.json()
    assert [entry["what"] for entry in item["timeline"]] == ["received", "follow_up"]
    assert [one["name"] for one in item["attachments"]] == ["票 据.png", "b.pdf"]
    assert site.left() == []


async def test_a_double_click_or_a_reload_makes_one_item(site: RealSite) -> None:
    _, page = await get(site, "/report")
    filled = page.form("/report").filled(**SAID)
    file = ("a.png", png(), "image/png")
    answers = await asyncio.gather(*(send(site, "/report", filled, file) for _ in range(4)))
    assert len({receipt_of(page) for _, page in answers}) == 1
    assert len(await site.items()) == 1
    response, page = await send(site, "/report", filled, ("b.png", png(3), "image/png"))
    assert response.status == 409
    assert "已提交过" in page.words


async def test_a_wrong_form_comes_back_as_it_was(site: RealSite) -> None:
    _, page = await get(site, "/report?kind=complaint")
    said = SAID | {
        "phone": "abc",
        "name": "",
        "amount": "1,5",
        "content": "\n一 <b>二</b>\n",
        "id_type": "护照",
    }
    response, page = await send(site, "/report", page.form("/report").filled(**said))
    assert response.status == 422
    assert {"f-phone-fault", "f-name-fault", "f-amount-fault"} <= page.ids
    assert page.described <= page.ids, "what describes a field is there"
    assert {link[1:] for link in page.links if link.startswith("#f-")} <= page.ids
    shown = page.form("/report")
    again = dict(shown.fields)
    for name in ("phone", "amount", "id_type", "county", "respondent_name", "publish_consent", "kind"):
        assert again[name] == said[name]
    assert again["content"].strip("\n") == "一 <b>二</b>"
    assert [text for name, text in shown.fields if name == "claims"] == SAID["claims"]
    response, page = await send(site, "/report", shown.filled(phone="13835700000", name="张三", amount="1.5"))
    assert response.url.path == "/report/done"
    (item,) = await site.items()
    assert item["content"].strip() == "一 <b>二</b>"


@pytest.mark.parametrize(
    ("file", "status"),
    [(("a.jpg", b"<html>", "image/jpeg"), 415), (("a.png", png() + bytes(21 << 20), "image/png"), 413)],
)
async def test_a_wrong_file_loses_nothing_of_the_rest(site: RealSite, file: File, status: int) -> None:
    _, page = await get(site, "/report")
    response, page = await send(site, "/report", page.form("/report").filled(**SAID), file)
    assert response.status == status
    assert "f-evidence-fault" in page.ids
    assert dict(page.form("/report").fields)["content"] == SAID["content"]
    assert (await send(site, "/report", page.form("/report").fields, ("a.png", png(), "x/y")))[
        0
    ].status == 200
    assert len(await site.items()) == 1


async def test_a_report_may_be_anonymous(site: RealSite) -> None:
    _, page = await get(site, "/report?kind=report")
    filled = page.form("/report").filled(respondent_name="某店", content="无照经营", anonymous="true")
    response, page = await send(site, "/report", filled)
    assert response.url.path == "/report/done"
    (item,) = await site.items()
    assert (item["kind"], item["anonymous"]) == ("report", True)


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ({}, {}, True),
        ({}, {"name": "李四", "phone": "13900001111"}, False),
        ({"kind": "report"}, {}, False),
        ({"kind": "report"}, {"kind": "report"}, False),
    ],
    ids=["the same person", "another person", "a report before", "two reports"],
)
async def test_the_next_person_at_a_browser_learns_of_nothing_sent_before(
    site: RealSite, first: dict[str, str], second: dict[str, str], asked: bool
) -> None:
    for said in (first, second):
        _, page = await get(site, "/report")
        response, page = await send(site, "/report", page.form("/report").filled(**SAID | said))
    assert response.status == 200
    assert ("是否同一件事" in page.words) is asked
    assert len(await site.items()) == (1 if asked else 2)


async def test_a_form_without_a_kind_asks_for_it(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, page = await send(site, "/report", page.form("/report").filled(content="x"))
    assert response.status == 422
    assert "f-kind-fault" in page.ids


async def test_a_browser_without_cookies_gets_its_receipt_at_once(site: RealSite) -> None:
    _, page = await get(site, "/report")
    site.client.cookie_jar.clear()
    response, page = await send(site, "/report", page.form("/report").filled(**SAID))
    assert (response.status, response.url.path) == (200, "/report")
    number, code = receipt_of(page)
    assert (await look_up(site, number, code))[0].status == 200


async def test_the_receipt_is_for_this_browser_only(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, _ = await send(site, "/report", page.form("/report").filled(**SAID))
    mark = response.url.query_string
    assert (await get(site, f"/report/done?{mark}"))[0].status == 200, "a reload shows it again"
    async with site.client.get(f"/report/slip?{mark}") as response:
        assert response.content_type == "application/pdf"
        assert (await response.read()).startswith(b"%PDF-")
    for path in ("/report/done", "/report/slip", "/report/done?s=x"):
        assert (await get(site, path))[0].status == 404, "the cookie alone opens nothing"
    site.client.cookie_jar.clear()
    for path in ("/report/done", "/report/slip"):
        assert (await get(site, f"{path}?{mark}"))[0].status == 404, "the address alone opens nothing"
    for forged in ("", "x", "e30.0000", "a.b.c"):
        assert (await get(site, "/report/done", Cookie=f"receipt={forged}"))[0].status == 404


async def test_a_new_form_puts_the_receipt_away(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, _ = await send(site, "/report", page.form("/report").filled(**SAID))
    await get(site, "/report")
    assert (await get(site, response.url.path_qs))[0].status == 404


async def test_one_bad_file_refuses_no_other(site: RealSite) -> None:
    _, page = await get(site, "/report")
    files = (
        ("一.png", png(), "image/png"),
        ("坏.exe", b"MZ" + bytes(99), ""),
        ("二.heic", FILES["heic"], ""),
    )
    response, page = await send(site, "/report", page.form("/report").filled(**SAID), *files)
    assert response.status == 415
    assert "坏.exe" in page.words and "f-evidence-kept" in page.ids
    response, page = await send(site, "/report", page.form("/report").fields)
    assert response.status == 200 and response.url.path == "/report/done"
    (item,) = await site.items()
    assert {one["name"] for one in item["attachments"]} == {"一.png", "二.heic"}
    assert site.left() == []


async def test_files_stay_with_a_form_that_has_another_fault(site: RealSite) -> None:
    _, page = await get(site, "/report")
    said = {**SAID, "name": ""}
    _, page = await send(site, "/report", page.form("/report").filled(**said), ("一.png", png(), "image/png"))
    filled = page.form("/report").filled(name="张三", amount="abc")
    _, page = await send(site, "/report", filled, ("一.png", png(), ""), ("二.png", png(3), "image/png"))
    filled = page.form("/report").filled(amount="1")
    response, page = await send(site, "/report", filled)
    assert response.url.path == "/report/done"
    (item,) = await site.items()
    assert sorted(one["name"] for one in item["attachments"]) == ["一.png", "二.png"]


async def test_a_file_that_is_unchecked_is_let_go(site: RealSite) -> None:
    _, page = await get(site, "/report")
    said = {**SAID, "name": ""}
    _, page = await send(site, "/report", page.form("/report").filled(**said), ("一.png", png(), "image/png"))
    fields = [one for one in page.form("/report").filled(name="张三") if one[0] != "kept"]
    await send(site, "/report", fields)
    assert (await site.items())[0]["attachments"] == []


async def test_phones_are_offered_their_camera(site: RealSite) -> None:
    async with site.client.get("/report") as response:
        accept = re.search(r'accept="([^"]*)"', await response.text())
    assert accept and {"image/*", "video/*", "audio/*", "image/heic", ".jpeg", ".jfif", ".docx"} <= set(
        accept[1].split(",")
    )


async def test_the_slip_is_for_whoever_has_number_and_code(site: RealSite) -> None:
    _, page = await get(site, "/report?lang=en")
    _, page = await send(site, "/report", page.form("/report").filled(**SAID))
    number, code = receipt_of(page)
    for given, status in ((code, 200), ("0000", 404)):
        async with site.client.post("/report/slip", data={"number": number, "code": given}) as response:
            assert response.status == status


async def test_wrong_number_and_wrong_code_look_alike_and_lock_nobody_out(site: RealSite) -> None:
    _, page = await get(site, "/report")
    _, page = await send(site, "/report", page.form("/report").filled(**SAID))
    number, code = receipt_of(page)
    wrong = "000000"
    texts = []
    for given in ((number, wrong), ("261124999990", wrong), ("x", wrong), ("", ""), (number, "x")):
        response, page = await look_up(site, *given)
        assert response.status == 404
        texts.append(page.words)
    assert len(set(texts)) == 1
    response, page = await look_up(site, number, code)
    assert response.status == 200, "however many were wrong before, a right code is answered"


async def test_a_short_code_shows_the_state_until_the_phone_is_given(site: RealSite) -> None:
    _, page = await get(site, "/report")
    _, page = await send(site, "/report", page.form("/report").filled(**SAID))
    number = numbers.normal(receipt_of(page)[0])
    change = text("UPDATE items SET query_code = '4821' WHERE number = :number")
    await site.storage.database.write(lambda t: t.execute(change, {"number": number}).close())
    response, page = await look_up(site, number, "4821")
    assert response.status == 200
    assert "登记电话后四位" in page.words
    assert "收到时间" not in page.words
    more: list[tuple[str, str | bytes]] = [("number", number), ("code", "4821"), ("text", "补充")]
    response, _ = await send(site, "/track/evidence", more)
    assert response.status == 403
    response, _ = await send(site, "/report/slip", more)
    assert response.status == 403
    ask = page.form("/track")
    response, page = await send(site, "/track", ask.filled(phone="1111"))
    assert response.status == 403
    response, page = await send(site, "/track", ask.filled(phone="0000"))
    assert response.status == 200
    assert "收到时间" in page.words
    response, _ = await send(site, "/track/evidence", page.form("/track/evidence").filled(text="补充"))
    assert response.status == 200


async def test_evidence_needs_number_and_code(site: RealSite) -> None:
    _, page = await get(site, "/report")
    _, page = await send(site, "/report", page.form("/report").filled(**SAID))
    number, code = receipt_of(page)
    _, page = await look_up(site, number, code)
    more = page.form("/track/evidence")
    response, page = await send(site, "/track/evidence", more.filled(text=" "))
    assert response.status == 422
    assert "f-text-fault" in page.ids
    response, page = await send(site, "/track/evidence", more.filled(text="a\x00b"))
    assert response.status == 422
    response, _ = await send(
        site, "/track/evidence", more.filled(text="x", code="0000"), ("a.png", png(), "x/y")
    )
    assert response.status == 404
    (item,) = await site.items()
    assert item["attachments"] == []


async def test_storage_that_is_away_loses_nothing_of_the_form(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        _, page = await get(site, "/report")
        filled = page.form("/report").filled(**SAID)
        await site.storage.close()
        response, page = await send(site, "/report", filled)
        assert response.status == 503
        assert response.headers["Retry-After"]
        assert dict(page.form("/report").fields)["content"] == SAID["content"]
        assert "尚未提交" in page.words


async def test_a_full_disk_loses_nothing_of_the_form(site: RealSite) -> None:
    _, page = await get(site, "/report")
    (site.var / "uploads").write_bytes(b"no folder can be made here")
    filled = page.form("/report").filled(**SAID)
    response, page = await send(site, "/report", filled, ("a.png", png(), "image/png"))
    assert response.status == 503
    assert dict(page.form("/report").fields)["content"] == SAID["content"]
    (site.var / "uploads").unlink()
    response, _ = await send(site, "/report", page.form("/report").fields, ("a.png", png(), "image/png"))
    assert response.url.path == "/report/done"


# ------------------------------------------------------------ protection


async def test_what_fills_in_the_trap_is_asked_again(site: RealSite) -> None:
    _, page = await get(site, "/report")
    response, page = await send(
        site, "/report", page.form("/report").filled(**SAID, website="https://x.example")
    )
    assert response.status == 422
    assert "f-website-fault" in page.ids
    response, page = await send(site, "/report", page.form("/report").filled(website=""))
    assert response.url.path == "/report/done"


@pytest.mark.parametrize("forged", ["", "x", "0" * 24 + ".1764000000." + "0" * 32])
async def test_a_form_without_a_pass_of_ours_is_shown_again(site: RealSite, forged: str) -> None:
    _, page = await get(site, "/report")
    response, page = await send(site, "/report", page.form("/report").filled(**SAID, **{"pass": forged}))
    assert response.status == 400
    assert await site.items() == []
    response, page = await send(site, "/report", page.form("/report").fields)
    assert response.url.path == "/report/done"


async def test_a_pass_that_is_old_keeps_its_key(tmp_path: Path) -> None:
    now = NOW
    async with real_site(tmp_path, now=lambda: now) as site:
        _, page = await get(site, "/report")
        before = dict(page.form("/report").fields)["pass"]
        now = NOW + LIFE + timedelta(minutes=1)
        response, page = await send(site, "/report", page.form("/report").filled(**SAID))
        assert response.status == 400
        after = dict(page.form("/report").fields)["pass"]
        assert after != before
        assert after.split(".")[0] == before.split(".")[0]
        response, page = await send(site, "/report", page.form("/report").fields)
        assert response.url.path == "/report/done"


async def test_forms_of_before_a_restart_are_taken(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        _, page = await get(site, "/report")
        filled = page.form("/report").filled(**SAID)
        _, first = await send(site, "/report", filled)
    async with real_site(tmp_path) as site:
        _, again = await send(site, "/report", filled)
        assert receipt_of(again) == receipt_of(first)
        assert len(await site.items()) == 1
    assert (tmp_path / "secrets" / "pages.key").stat().st_mode & 0o077 == 0


async def test_the_slower_way_without_the_work(tmp_path: Path) -> None:
    async with real_site(tmp_path, PageSettings(slow_seconds=1)) as site:
        _, page = await get(site, "/report")
        response, _ = await send(site, "/report", page.form("/report").filled(**SAID))
        assert response.url.path == "/report/done"


async def test_the_work_makes_it_quick(tmp_path: Path) -> None:
    async with real_site(tmp_path, PageSettings(slow_seconds=60, work_bits=8)) as site, asyncio.timeout(20):
        _, page = await get(site, "/report")
        given = Seals(bytes.fromhex((tmp_path / "secrets" / "pages.key").read_text())).read(
            dict(page.form("/report").fields)["pass"]
        )
        assert given is not None
        work = next(str(n) for n in range(100_000) if given.worked(str(n), 8))
        response, _ = await send(site, "/report", page.form("/report").filled(**SAID, work=work))
        assert response.url.path == "/report/done"


def test_the_wait_is_what_is_missing() -> None:
    given = Seals(b"x").give(NOW)
    assert [given.wait(NOW + timedelta(seconds=age), 5) for age in (-9, 0, 2, 5, 60)] == [5, 5, 3, 0, 0]
    assert not given.worked("1", 24)
    assert not given.worked("", 1)
    assert Seals(b"y").read(given.text) is None


def test_what_a_browser_keeps_ends_by_our_clock() -> None:
    """A cookie that was copied is no longer good than one that the browser deletes in time."""
    seals = Seals(b"x")
    kept = seals.wrap("receipt", {"n": "1"}, NOW)
    assert seals.unwrap("receipt", kept, NOW + timedelta(seconds=600), 600) == {"n": "1"}
    assert seals.unwrap("receipt", kept, NOW + timedelta(seconds=601), 600) is None
    assert seals.unwrap("before", kept, NOW, 600) is None
    assert Seals(b"y").unwrap("receipt", kept, NOW, 600) is None
    for damaged in ("", ".", "..", kept[:-1], f"x{kept}", kept + "x", "\udcff", "a.b.c"):
        assert seals.unwrap("receipt", damaged, NOW, 600) is None and seals.read(damaged) is None


def test_an_old_pass_keeps_its_key() -> None:
    seals = Seals(b"x")
    given = seals.read(seals.give(NOW).text)
    assert (
        given is not None and given.is_old(NOW + LIFE + timedelta(seconds=1)) and not given.is_old(NOW + LIFE)
    )
    assert seals.give(NOW + LIFE, given.key).key == given.key


async def test_a_form_of_another_site_is_refused(site: RealSite) -> None:
    _, page = await get(site, "/report")
    filled = page.form("/report").filled(**SAID)
    response, _ = await send(site, "/report", filled, Origin="https://elsewhere.example")
    assert response.status == 403
    response, _ = await send(site, "/report", filled, Origin=site.url().rstrip("/"))
    assert response.status == 200


async def test_forms_are_limited(tmp_path: Path) -> None:
    rates = RateSettings(submissions_burst=1, submissions_per_minute=1)
    async with real_site(tmp_path, QUICK, rates=rates) as site:
        assert (await look_up(site, "1", "1"))[0].status == 404
        response, _ = await look_up(site, "1", "1")
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 1
        assert response.content_type == "text/html"


async def test_a_form_over_the_rate_is_shown_again(tmp_path: Path) -> None:
    rates = RateSettings(submissions_burst=1, submissions_per_minute=1)
    async with real_site(tmp_path, QUICK, rates=rates) as site:
        _, page = await get(site, "/report")
        await look_up(site, "1", "1")
        response, page = await send(site, "/report", page.form("/report").filled(**SAID))
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 1
        assert dict(page.form("/report").fields)["content"] == SAID["content"]
        assert await site.items() == []


# ------------------------------------------------------------ what all pages have


@pytest.mark.parametrize("path", ["/", "/report", "/track", "/report/done"])
async def test_every_page_keeps_to_itself(site: RealSite, path: str) -> None:
    response, page = await get(site, path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert page.sources
    for source in page.sources:
        assert source.startswith("/static/")
        async with site.client.get(source) as found:
            assert found.status == 200
            assert "max-age" in found.headers["Cache-Control"]
    text = await (await site.client.get(path)).text()
    assert not re.search(r"<script(?![^>]*src)|<style| style=| on[a-z]+=|https?://", text)


@pytest.mark.parametrize("name", ["none.css", "..%2fpages.py", "pages.css.py"])
async def test_only_our_files_are_static(site: RealSite, name: str) -> None:
    assert (await get(site, f"/static/{name}"))[0].status == 404


async def test_the_language_is_chosen_once(site: RealSite) -> None:
    response, page = await get(site, "/")
    assert response.headers["Content-Language"] == "zh-CN"
    response, _ = await get(site, "/", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert response.headers["Content-Language"] == "en"
    response, page = await get(site, "/report?kind=report&lang=en")
    assert "Whom it is about" in page.words
    assert "?kind=report&lang=zh" in page.links
    response, page = await get(site, "/track")
    assert page.head == "Follow it"
    response, page = await send(site, "/report", [("kind", "complaint")])
    assert "is required" in page.words
    site.client.cookie_jar.clear()
    response, page = await send(site, "/report", [("kind", "complaint"), ("lang", "en")])
    assert "is required" in page.words


async def test_pages_can_be_switched_off(tmp_path: Path) -> None:
    async with real_site(tmp_path, PageSettings(enabled=False)) as site:
        assert (await get(site, "/report"))[0].status == 404


async def test_errors_are_pages_for_browsers_and_problems_for_programs(
    site: RealSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown path, a method that is not taken, and a fault of ours."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path, kind in (("/none", "text/html"), ("/api/v1/none", "application/problem+json")):
        response, _ = await get(site, path, **browser)
        assert (response.status, response.content_type) == (404, kind)
    assert "请核对网址" in (await get(site, "/none", **browser))[1].words
    assert (await get(site, "/none"))[0].content_type == "application/problem+json"
    async with site.client.put("/report", headers=browser) as answer:
        assert (answer.status, answer.content_type, "Allow" in answer.headers) == (405, "text/html", True)
    monkeypatch.setattr(Look, "choices", lambda *_: 1 / 0)
    response, page = await get(site, "/report", **browser)
    assert (response.status, response.content_type) == (500, "text/html")
    assert "12315" in page.words and response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("visitor", ["password", ""], ids=["demo", "real work"])
async def test_the_start_of_the_demo_says_what_to_try(tmp_path: Path, visitor: str) -> None:
    async with real_site(tmp_path, phones=BrowserPhones(None, "ws://127.0.0.1:1/ws", visitor)) as site:
        _, page = await get(site, "/")
        assert ("try" in page.ids) is bool(visitor)
        assert ("/phone" in page.links) is bool(visitor)
