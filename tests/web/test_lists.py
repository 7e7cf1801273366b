"""The lists of the desk over HTTP."""

from __future__ import annotations

from pathlib import Path

from gateway.core.item.item import QueueQuery
from tests.storage.databases import contact
from tests.web.real_site import real_site


async def test_rows_and_counts_of_the_lists(tmp_path: Path) -> None:
    async with real_site(tmp_path) as site:
        numbers = [(await site.intake.submit(contact(f"k{n}"))).number for n in range(3)]
        await site.intake.claim("agent1", QueueQuery(), numbers[0])
        headers = {"Authorization": f"Bearer {site.tokens['agent']}"}

        async def ask(path: str, status: int = 200) -> dict[str, object]:
            async with site.client.get(f"/api/v1/queue/{path}", headers=headers) as answer:
                assert answer.status == status, await answer.text()
                body: dict[str, object] = await answer.json()
                return body

        first = await ask("rows?tab=waiting&limit=1")
        assert [row["number"] for row in first["items"]] == [numbers[1]]  # type: ignore[attr-defined,index]
        assert first["items"][0]["due"]["level"] in ("ok", "soon", "today", "late")  # type: ignore[index]
        rest = await ask(f"rows?tab=waiting&after={first['next']}")
        assert [row["number"] for row in rest["items"]] == numbers[2:]  # type: ignore[attr-defined]
        assert rest["next"] is None
        counts = await ask("counts")
        assert (counts["waiting"], counts["mine"], counts["overdue"]) == (2, 1, 3)
        assert "tab" in str(await ask("rows", 422))
        assert "another order" in str(
            await ask("rows?tab=waiting&sort=age&after=2026-01-01,1,261124000017", 422)
        )
