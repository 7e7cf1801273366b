"""GET /api/v1/follow-ups and what may be written down of a call, with the rights to a reporter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.cases.follow_ups import FollowUps
from gateway.core.item.contact import Kind
from gateway.core.item.item import QueueQuery
from gateway.web.site import utc_now
from tests.storage.databases import contact, rules
from tests.web.real_site import ZONE, Later, RealSite, real_site

CONTENT = {"contacted": True, "solved": True, "handler": 1, "outcome": 2}


class Seats:
    """Rings nobody, and says whom it would have rung."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str, str]] = []

    async def call_out(self, agent_id: str, phone: str, item: str) -> None:
        self.rung.append((agent_id, phone, item))

    def partners(self) -> tuple[()]:
        return ()


async def closed(site: RealSite, key: str, **changes: Any) -> str:
    number = (await site.intake.submit(replace(contact(key), received_at=utc_now(), **changes))).number
    await site.intake.claim("agent1", QueueQuery(), number)
    await site.intake.complete(number, "agent1", "已电话答复")
    return number


async def asked(site: RealSite, role: str, path: str, body: object = None) -> tuple[int, Any]:
    method = "GET" if body is None else "POST"
    async with site.client.request(
        method, f"/api/v1/follow-ups{path}", json=body, headers=site.bearer(role)
    ) as answer:
        return answer.status, await answer.json()


async def test_a_follow_up_is_listed_rung_and_answered(tmp_path: Path) -> None:
    calls, seats = Later(), Seats()
    async with real_site(tmp_path, follow_ups=calls, transfers=seats) as site:
        calls.real = FollowUps(site.intake.changes, rules(), ZONE)
        complaint, report = await closed(site, "web:1"), await closed(site, "web:2", kind=Kind.REPORT)

        assert (await asked(site, "agent", "?due=today"))[1]["items"] == []  # tomorrow at the earliest
        status, page = await asked(site, "agent", "?due=2099-12-31")
        first, second = page["items"]
        assert (status, page["count"], page["next"]) == (200, 2, None)
        assert [reason["id"] for reason in page["reasons"]] == [
            "not_contacted",
            "not_solved",
            "attitude",
            "law",
        ]
        assert (first["number"], first["state"], first["phone"], first["secret"]) == (
            *(complaint, "due", "13835700000", False),
        )
        assert (second["number"], second["name"], second["phone"], second["secret"]) == (report, "", "", True)
        _, half = await asked(site, "agent", "?limit=1")
        assert half["next"] == first["id"]
        _, rest = await asked(site, "agent", f"?limit=1&after={first['id']}")
        assert [one["id"] for one in rest["items"]] == [second["id"]]

        one = f"/{first['id']}"
        assert (await asked(site, "agent", f"{one}/call", {}))[0] == 200
        assert seats.rung == [("agent1", "13835700000", f"{complaint}f")]
        for body, fields in (
            ({**CONTENT, "handler": 6, "outcome": 0}, ["handler", "outcome"]),
            ({**CONTENT, "outcome": 4}, ["reason"]),
            ({**CONTENT, "outcome": 4, "reason": "weather"}, ["reason"]),
            ({"handler": 1}, ["contacted", "solved", "outcome"]),
        ):
            status, problem = await asked(site, "agent", f"{one}/result", body)
            assert (status, [fault["field"] for fault in problem["faults"]]) == (422, fields)
        status, kept = await asked(site, "agent", f"{one}/result", CONTENT)
        assert (status, kept["state"], kept["verdict"], kept["again"]) == (
            200,
            "answered",
            "satisfied",
            False,
        )
        assert (await asked(site, "agent", f"{one}/result", CONTENT)) == (200, kept)
        status, problem = await asked(site, "agent", f"{one}/result", {**CONTENT, "handler": 2})
        assert (status, problem["code"]) == (409, "conflict")
        assert (await asked(site, "agent", "/999/result", CONTENT))[0] == 404
        assert (await asked(site, "agent", "/x/result", CONTENT))[0] == 404
        assert (await asked(site, "agent", "?due=2026-02-30"))[0] == 422
        assert (await asked(site, "agent", "?due=9999-12-31"))[0] == 422

        one = f"/{second['id']}"  # a reporter: by the identity right, for a reason that is kept
        assert (await asked(site, "agent", f"{one}/call", {"reason": "办结回访"}))[0] == 403
        assert (await asked(site, "agent", f"{one}/result", CONTENT))[0] == 403
        assert (await asked(site, "supervisor", f"{one}/call", {}))[0] == 422
        status, person = await asked(site, "supervisor", f"{one}/call", {"reason": "办结回访"})
        assert (status, person, seats.rung[-1][1:]) == (200, {"name": "张三"}, ("13835700000", f"{report}f"))
        log = [entry.what for entry in await site.storage.audit.page(0, 50)]
        assert "identity.view" in log
        status, tried = await asked(
            site, "supervisor", f"{one}/attempt", {"outcome": "not_reached", "text": "占线"}
        )
        assert (status, tried["attempts"], tried["state"]) == (200, 1, "due")
        assert (await asked(site, "supervisor", f"{one}/attempt", {"outcome": "declined"}))[1][
            "state"
        ] == "declined"
        assert (await asked(site, "display", ""))[0] == 403
