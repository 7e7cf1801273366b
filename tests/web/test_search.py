"""The search over HTTP: rows, rights, refusals and the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.item.contact import Kind, Person
from tests.storage.databases import contact
from tests.web.real_site import RealSite, real_site


async def asked(site: RealSite, role: str, status: int = 200, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {site.tokens[role]}"}
    async with site.client.get("/api/v1/search", params=query, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


def numbers(page: Any) -> list[str]:
    return [row["number"] for row in page["items"]]


async def test_who_finds_what(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        one = (await site.intake.submit(contact("1", person=Person("王伟", "13835700000")))).number
        secret = contact("2", kind=Kind.REPORT, person=Person("赵敏", "13835700009"))
        report = (await site.intake.submit(secret)).number
        page = await asked(site, "agent", q="王伟")
        assert (numbers(page), page["next"], page["complete"]) == ([one], None, True)
        assert page["items"][0]["name"] == "王伟"
        for said in ("赵敏", "138 3570 0009"):
            assert numbers(await asked(site, "agent", q=said)) == []
            page = await asked(site, "supervisor", q=said)
            assert (numbers(page), page["items"][0]["name"]) == ([report], None)
        assert numbers(await asked(site, "agent", **{"from": "2026-03-02", "to": "2026-03-02"})) == [
            report,
            one,
        ]
        rows = [row for row in await site.storage.audit.page() if row.what == "search"]
        assert len(rows) == 6, "one line for each search"
        assert '"q":"****0009"' in rows[1].detail and '"found":"1"' in rows[1].detail
        await asked(site, "agent", q="王伟")
        rows = [row for row in await site.storage.audit.page() if row.what == "search"]
        assert len(rows) == 6, "the same again is no second line"
        await asked(site, "display", 403, q="王伟")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": " "},
        {"q": "《》"},
        {"q": "x" * 101},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"q": "王", "after": "1"},
    ],
)
async def test_what_is_no_search_is_refused(tmp_path: Path, query: dict[str, str]) -> None:
    async with real_site(tmp_path) as site:
        assert (await asked(site, "agent", 422, **query))["faults"]
