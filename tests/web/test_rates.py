"""Rates by address and by token, and whose address it is behind a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.roles import Role
from gateway.settings.schema import RateSettings
from gateway.web.http.addresses import counted
from gateway.web.http.rates import Buckets, Flooded
from tests.web.real_site import RealSite, real_site

INTAKE = "/api/v1/intake"
LINES = "/api/v1/lines"
PASSWORD = "correct horse 12315"
SAID = {"kind": "question", "content": "怎样退货？", "anonymous": True}


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    buckets = Buckets(3, 60, clock)
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(Flooded) as refused:
        buckets.take("a")
    assert refused.value.wait == 1
    buckets.take("b")
    clock.at = 1
    buckets.take("a")
    with pytest.raises(Flooded):
        buckets.take("a")
    clock.at = 1000
    for _ in range(3):
        buckets.take("a")
    with pytest.raises(Flooded):
        buckets.take("a")


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = Buckets(1, 1, Clock(), most=100)
    for n in range(1000):
        buckets.take(str(n))
    assert len(buckets) == 100


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_addresses_are_counted_by_subscriber(given: str, name: str) -> None:
    assert counted(given) == name


async def statuses(site: Any, times: int, **headers: str) -> list[int]:
    found = []
    for _ in range(times):
        async with site.client.post(INTAKE, json=SAID, headers=headers) as response:
            found.append(response.status)
            last = response
    if last.status == 429:
        assert int(last.headers["Retry-After"]) > 1
        assert last.content_type == "application/problem+json"
    return found


async def test_a_flood_of_forms_is_stopped(tmp_path: Path) -> None:
    async with real_site(tmp_path, rates=RateSettings(submissions_burst=3, submissions_per_minute=6)) as site:
        assert await statuses(site, 5) == [201, 201, 201, 429, 429]
        async with site.client.get("/openapi.json") as response:
            assert response.status == 200
        assert len(await site.items()) == 3


async def test_a_token_has_a_rate_of_its_own(tmp_path: Path) -> None:
    async with real_site(tmp_path, rates=RateSettings(token_burst=3, token_per_minute=1)) as site:
        found = []
        for role in ["agent"] * 4 + ["supervisor"]:
            async with site.client.get("/api/v1/lines", headers=site.bearer(role)) as response:
                found.append(response.status)
        assert found == [200, 200, 200, 429, 200]


async def asked(site: RealSite, path: str, times: int = 1, **headers: str) -> list[int]:
    found = []
    for _ in range(times):
        async with site.client.get(path, headers=headers, allow_redirects=False) as response:
            found.append(response.status)
    return found


async def test_wrong_tokens_are_stopped_and_right_ones_are_not(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        wrong = {"Authorization": "Bearer wrong"}
        assert await asked(site, LINES, 32, **wrong) == [401] * 30 + [429] * 2
        assert await asked(site, LINES, 3, **site.bearer("agent")) == [200] * 3
        assert await asked(site, LINES, 1, **site.bearer("supervisor")) == [200]


async def test_requests_without_a_credential_cost_those_who_have_one_nothing(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        assert await asked(site, LINES, 100) == [401] * 100
        assert await asked(site, LINES, 1, **site.bearer("agent")) == [200]
        assert await asked(site, LINES, 1, Authorization="Bearer wrong") == [401]


async def test_a_flooded_address_keeps_its_sessions_and_tokens(tmp_path: Path) -> None:
    few = RateSettings(address_burst=3, address_per_minute=1, submissions_burst=1, submissions_per_minute=1)
    async with real_site(tmp_path, rates=few) as site:
        await site.accounts.add("agent1", "坐席1", Role.AGENT, PASSWORD)
        made = await site.accounts.log_in("agent1", PASSWORD, "127.0.0.1")
        assert made
        session = f"session={made.cookie}"
        assert await asked(site, "/openapi.json", 10) == [200] * 3 + [429] * 7
        assert await asked(site, "/desk", 1) == [429]
        assert await asked(site, "/desk", 5, Cookie=session) == [200] * 5
        assert await asked(site, "/openapi.json", 5, Cookie=session) == [200] * 5
        assert await asked(site, LINES, 5, Cookie=session) == [200] * 5
        assert await asked(site, "/openapi.json", 5, **site.bearer("display")) == [200] * 5
        assert await statuses(site, 3, **site.bearer("agent")) == [201] * 3
        for cookie, expected in (({}, 429), ({"Cookie": session}, 404)):
            async with site.client.post("/track", data={"number": "1"}, headers=cookie) as response:
                assert response.status == expected


async def test_what_a_page_of_another_site_loads_is_refused_and_not_counted(tmp_path: Path) -> None:
    few = RateSettings(address_burst=3, address_per_minute=1)
    loaded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    async with real_site(tmp_path, rates=few) as site:
        for dest in ("image", "iframe", "empty"):
            assert await asked(site, "/openapi.json", 9, **loaded, **{"Sec-Fetch-Dest": dest}) == [403] * 9
            assert await asked(site, "/report", 9, **loaded, **{"Sec-Fetch-Dest": dest}) == [403] * 9
        followed = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert await asked(site, "/report", 3, **loaded | followed) == [200] * 3


async def test_nothing_is_counted_when_it_is_off(tmp_path: Path) -> None:
    rates = RateSettings(enabled=False, submissions_burst=1, submissions_per_minute=1)
    async with real_site(tmp_path, rates=rates) as site:
        assert await statuses(site, 3) == [201, 201, 201]


async def test_a_proxy_of_ours_is_believed_and_nobody_else(tmp_path: Path) -> None:
    few = {"submissions_burst": 1, "submissions_per_minute": 1}
    async with real_site(tmp_path / "a", rates=RateSettings(**few, proxies=("127.0.0.0/8",))) as site:
        assert await statuses(site, 2, **{"X-Forwarded-For": "192.0.2.1"}) == [201, 429]
        assert await statuses(site, 1, **{"X-Forwarded-For": "192.0.2.2"}) == [201]
        assert await statuses(site, 1, **{"X-Forwarded-For": "192.0.2.9, 192.0.2.2"}) == [429]
        assert await statuses(site, 1, **{"X-Forwarded-For": "192.0.2.3, 127.0.0.9"}) == [201]
        assert await statuses(site, 2, **{"X-Forwarded-For": "192.0.2.4, nonsense"}) == [201, 429]
    async with real_site(tmp_path / "b", rates=RateSettings(**few)) as site:
        assert await statuses(site, 1, **{"X-Forwarded-For": "192.0.2.1"}) == [201]
        assert await statuses(site, 1, **{"X-Forwarded-For": "192.0.2.2"}) == [429]
