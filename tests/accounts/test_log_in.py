"""The log-in page and sessions: what lets somebody in, what keeps others out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY

from gateway.accounts.accounts import Accounts
from gateway.accounts.seed_units import ensure_units
from gateway.core.roles import Role
from gateway.errors import OperatorError
from gateway.settings.schema import AccountSettings
from gateway.web.site import utc_now
from tests.cheap_passwords import SHIPPED
from tests.shipped_rules import shipped_rules
from tests.web.real_site import RealSite, real_site

PASSWORD = "correct horse 12315"
MANY = "正确 密码 battery"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path / "var") as running:
        await running.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        await running.accounts.add("auditor", "审计", Role.AUDITOR, MANY)
        yield running


async def log_in(site: RealSite, account: str = "agent1", password: str = PASSWORD, **more: Any) -> int:
    sent = {"account": account, "password": password, **more}
    async with site.client.post("/desk/login", data=sent, allow_redirects=False) as answer:
        return answer.status


async def ask(site: RealSite, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with site.client.request(method, path, **options) as answer:
        return answer.status, await answer.json()


async def csrf(site: RealSite) -> dict[str, str]:
    return {"X-CSRF-Token": (await ask(site, "GET", "/api/v1/me"))[1]["csrf"]}


async def events(site: RealSite) -> list[tuple[str, str]]:
    return [(row.what, row.about) for row in reversed(await site.storage.audit.page())]


def test_a_password_costs_what_the_library_holds_right() -> None:
    shipped = (SHIPPED.time_cost, SHIPPED.memory_cost, SHIPPED.parallelism)
    assert shipped == (
        RFC_9106_LOW_MEMORY.time_cost,
        RFC_9106_LOW_MEMORY.memory_cost,
        RFC_9106_LOW_MEMORY.parallelism,
    )
    assert SHIPPED.verify(SHIPPED.hash(PASSWORD), PASSWORD)


async def test_in_and_out(site: RealSite) -> None:
    async with site.client.get("/desk") as answer:
        page = await answer.text()
        assert answer.status == 200 and "密码" in page and "agent1" not in page
    assert await log_in(site) == 303
    cookie = next(iter(site.client.cookie_jar))
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and not cookie["secure"]
    async with site.client.get("/desk") as answer:
        page = await answer.text()
        assert "坐席1" in page and "8001" in page and answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'<meta name="csrf" content="([^"]+)"', page)
    status, me = await ask(site, "GET", "/api/v1/me")
    assert (status, me["id"], me["name"], me["role"], me["seat"]) == (200, "agent1", "坐席1", "agent", "8001")
    assert found and me["csrf"] == found[1]
    async with site.client.post("/desk/logout", data={"csrf": "wrong"}) as answer:
        assert answer.status == 403
    async with site.client.post("/desk/logout", data={"csrf": me["csrf"]}) as answer:
        assert answer.status == 200 and "密码" in await answer.text()
    assert (await ask(site, "GET", "/api/v1/me"))[0] == 401
    assert [what for what, _ in await events(site)][-2:] == ["log_in", "log_out"]


async def test_the_cookie_goes_over_tls_alone_where_there_is_tls(tmp_path: Path) -> None:
    async with real_site(tmp_path / "var", public_url="https://12315.example") as site:
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        sent = {"account": "agent1", "password": PASSWORD}
        async with site.client.post("/desk/login", data=sent, allow_redirects=False) as answer:
            assert answer.cookies["session"]["secure"] and answer.cookies["session"]["httponly"]


async def test_a_change_needs_the_csrf_token(site: RealSite) -> None:
    await log_in(site)
    assert (await ask(site, "POST", "/api/v1/queue/claim", json={}))[0] == 403
    wrong = {"X-CSRF-Token": "x" * 43}
    assert (await ask(site, "POST", "/api/v1/queue/claim", json={}, headers=wrong))[0] == 403
    async with site.client.post("/api/v1/queue/claim", json={}, headers=await csrf(site)) as answer:
        assert answer.status == 204


async def test_one_sessions_csrf_token_is_no_others(site: RealSite) -> None:
    await log_in(site)
    stolen = await csrf(site)
    await log_in(site)
    assert (await csrf(site)) != stolen
    assert (await ask(site, "POST", "/api/v1/queue/claim", json={}, headers=stolen))[0] == 403


async def test_a_token_needs_none_and_counts_alone(site: RealSite) -> None:
    await log_in(site, "auditor", MANY)
    async with site.client.post("/api/v1/queue/claim", json={}, headers=site.bearer("agent")) as answer:
        assert answer.status == 204
    wrong = {"Authorization": "Bearer nonsense"}
    assert (await ask(site, "GET", "/api/v1/me", headers=wrong))[0] == 401


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "a" * 5000, "' or 1=1 --", "%00"])
async def test_a_forged_cookie_opens_nothing(site: RealSite, cookie: str) -> None:
    async with aiohttp.ClientSession(site.url()) as stranger:
        headers = {"Cookie": f"session={cookie}"}
        async with stranger.get("/api/v1/me", headers=headers) as answer:
            assert answer.status == 401
        async with stranger.get("/desk", headers=headers) as answer:
            assert answer.status == 200 and "密码" in await answer.text()


async def test_a_cookie_planted_before_is_not_the_one_after(site: RealSite) -> None:
    """Fixation: what the browser brought along does not become a session, nor does the old one stay."""
    planted = "f" * 43
    async with aiohttp.ClientSession(site.url()) as browser:
        sent = {"account": "agent1", "password": PASSWORD}
        headers = {"Cookie": f"session={planted}"}
        async with browser.post("/desk/login", data=sent, headers=headers, allow_redirects=False) as answer:
            first = answer.cookies["session"].value
            assert first != planted
        headers = {"Cookie": f"session={first}"}
        async with browser.post("/desk/login", data=sent, headers=headers, allow_redirects=False) as answer:
            assert answer.cookies["session"].value != first
    async with aiohttp.ClientSession(site.url()) as thief:
        for old in (planted, first):
            async with thief.get("/api/v1/me", headers={"Cookie": f"session={old}"}) as answer:
                assert answer.status == 401


async def test_wrong_and_unknown_are_told_alike(site: RealSite) -> None:
    told = []
    for account, password in (("agent1", "wrong"), ("nobody", "wrong"), ("' --", ""), ("", "")):
        sent = {"account": account, "password": password}
        async with site.client.post("/desk/login", data=sent) as answer:
            page = re.sub(r' (value="[^"]*"|autofocus)', "", await answer.text())
            told.append((answer.status, page))
    assert told[0][0] == 403 and len(set(told)) == 1
    assert await events(site) == [
        ("log_in.failed", "agent1"),
        *[("log_in.failed", "")] * 3,
    ]


async def test_who_tries_often_waits_longer_and_longer(site: RealSite) -> None:
    for account, right in (("agent1", PASSWORD), ("nobody", "wrong")):
        assert [await log_in(site, account, "wrong") for _ in range(5)] == [403] * 5
        assert await log_in(site, account, right) == 429  # the right one too, while the pause lasts
    assert await log_in(site, "auditor", MANY) == 303


async def test_a_form_from_elsewhere_is_refused(site: RealSite) -> None:
    sent = {"account": "agent1", "password": PASSWORD}
    headers = {"Origin": "https://evil.example"}
    async with site.client.post("/desk/login", data=sent, headers=headers) as answer:
        assert answer.status == 403 and not answer.cookies


async def test_locking_ends_what_is_open(site: RealSite) -> None:
    await log_in(site)
    await site.accounts.lock("agent1")
    assert (await ask(site, "GET", "/api/v1/me"))[0] == 401
    assert await log_in(site) == 403
    await site.accounts.unlock("agent1")
    assert await log_in(site) == 303


async def test_another_password_ends_what_is_open(site: RealSite) -> None:
    await log_in(site)
    await site.accounts.set_password("agent1", MANY)
    assert (await ask(site, "GET", "/api/v1/me"))[0] == 401
    assert await log_in(site) == 403
    assert await log_in(site, "agent1", MANY) == 303


async def test_signed_out_everywhere(site: RealSite) -> None:
    await log_in(site)
    async with aiohttp.ClientSession(site.url()) as other:
        sent = {"account": "agent1", "password": PASSWORD}
        async with other.post("/desk/login", data=sent, allow_redirects=False) as answer:
            headers = {"Cookie": f"session={answer.cookies['session'].value}"}
        assert await site.accounts.sign_out("agent1") == 2
        async with other.get("/api/v1/me", headers=headers) as answer:
            assert answer.status == 401
    assert (await ask(site, "GET", "/api/v1/me"))[0] == 401


async def test_sessions_end_by_themselves(tmp_path: Path) -> None:
    at = utc_now()

    def now() -> datetime:
        return at

    async with real_site(tmp_path / "var") as site:
        accounts = Accounts(site.storage, AccountSettings(hours=12, idle_minutes=60), now)
        await accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        first = await accounts.log_in("agent1", PASSWORD, "")
        assert first
        for _ in range(13):
            at += timedelta(minutes=55)  # used often enough, and over all the same after twelve hours
            assert await accounts.account(first.cookie)
        at += timedelta(minutes=10)
        assert await accounts.account(first.cookie) is None
        second = await accounts.log_in("agent1", PASSWORD, "")
        assert second
        at += timedelta(minutes=60)
        assert await accounts.account(second.cookie) is None


async def test_a_session_does_not_end_by_time_while_its_person_is_in_a_call(tmp_path: Path) -> None:
    at = utc_now()

    def now() -> datetime:
        return at

    async with real_site(tmp_path / "var") as site:
        accounts = Accounts(site.storage, AccountSettings(hours=1, idle_minutes=60), now)
        await accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        await accounts.add("agent2", "坐席2", Role.AGENT, PASSWORD)
        accounts.in_call = {"agent1"}.__contains__
        talks = await accounts.log_in("agent1", PASSWORD, "")
        reads = await accounts.log_in("agent2", PASSWORD, "")
        assert talks and reads
        for _ in range(61):
            at += timedelta(minutes=1)  # as an open desk asks
            assert await accounts.account(talks.cookie)
            await accounts.account(reads.cookie)
        assert await accounts.account(reads.cookie) is None
        await accounts.log_in("agent2", PASSWORD, "")  # which clears away what is over
        at += timedelta(minutes=10)
        assert await accounts.account(talks.cookie)
        accounts.in_call = lambda account: False
        at += timedelta(minutes=16)
        assert await accounts.account(talks.cookie) is None


async def test_an_auditor_reads_the_log_and_nothing_of_the_items(site: RealSite) -> None:
    await log_in(site, "auditor", MANY)
    status, page = await ask(site, "GET", "/api/v1/audit?limit=1")
    assert status == 200 and page["rows"][0]["what"] == "log_in" and page["before"] is None
    assert (await ask(site, "GET", "/api/v1/audit?limit=1"))[1]["rows"][0]["what"] == "audit.view"
    for path in ("/api/v1/queue", "/api/v1/calls", "/api/v1/lines"):
        assert (await ask(site, "GET", path))[0] == 403
    await log_in(site)
    assert (await ask(site, "GET", "/api/v1/audit"))[0] == 403


async def test_a_handler_reads_units_and_nothing_of_the_items(site: RealSite) -> None:
    """Another unit ends his session; a unit that is none is refused."""
    await ensure_units(site.storage, shipped_rules(), "中心", utc_now())
    with pytest.raises(OperatorError, match="needs --unit"):
        await site.accounts.add("wang", "王", Role.HANDLER, MANY)
    await site.accounts.add("wang", "王", Role.HANDLER, MANY, "141002")
    await log_in(site, "wang", MANY)
    assert (await ask(site, "GET", "/api/v1/me"))[1]["unit"] == "141002"
    assert len((await ask(site, "GET", "/api/v1/units"))[1]["items"]) == 84
    for path in ("queue", "calls", "search?q=1", "figures", "agents"):
        assert (await ask(site, "GET", f"/api/v1/{path}"))[0] == 403, path
    with pytest.raises(OperatorError, match="there is no unit"):
        await site.accounts.move("wang", "141099")
    await site.accounts.move("wang", "14100201")
    assert (await ask(site, "GET", "/api/v1/me"))[0] == 401


async def test_events_take_the_cookie_from_our_own_page_alone(site: RealSite) -> None:
    await log_in(site)
    origin = site.url().rstrip("/")
    async with site.client.ws_connect("/api/v1/events", headers={"Origin": origin}) as socket:
        assert not socket.closed
    for headers in ({}, {"Origin": "https://evil.example"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await site.client.ws_connect("/api/v1/events", headers=headers)
        assert refused.value.status == 403


async def test_looks_stand_in_the_log_before_they_are_answered(site: RealSite) -> None:
    await log_in(site)
    await ask(site, "GET", "/api/v1/queue?limit=5")
    await ask(site, "POST", "/api/v1/agents/agent1/state", json={"state": "ready"}, headers=await csrf(site))
    rows = await site.storage.audit.page()
    assert [(row.what, row.about, row.who) for row in rows[:2]] == [
        ("api.set_agent", "agent1", "agent1"),
        ("queue.view", "", "agent1"),
    ]
    assert rows[1].detail == '{"limit":"5"}' and rows[1].address == "127.0.0.1"


async def test_codes_stay_on_for_whoever_comes_from_outside(
    site: RealSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, recovery = await site.accounts.ask_codes("agent1")
    assert await log_in(site, code=recovery[0]) == 303
    monkeypatch.setattr(site.accounts, "codes_wanted", lambda address: True)
    form = {"csrf": (await csrf(site))["X-CSRF-Token"], "old": PASSWORD}
    async with site.client.post("/desk/account/no-codes", data=form) as answer:
        assert answer.status == 422 and "从单位网络以外登录时不能停用" in await answer.text()
    site.client.cookie_jar.clear()
    async with site.client.get("/desk") as answer:
        assert "您不在本单位网络内" in await answer.text()
    assert await log_in(site, code=recovery[1]) == 303
    assert await log_in(site, "auditor", MANY) == 403, "this account has no codes"
