"""What people of units reach: items of their unit's orders, and of reports no identity without the right."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from gateway.core.call.record import CallOutcome, CallRecord, RecordingState
from gateway.core.roles import Role
from gateway.web.site import utc_now
from tests.cases.test_order_journey import BUREAU, OTHER, STATION, Api
from tests.web.real_site import real_site
from tests.web.sample_files import png


@pytest.mark.parametrize("opener", [False, True])
async def test_a_unit_reaches_the_items_of_its_orders_and_no_other(tmp_path: Path, opener: bool) -> None:
    openers = (Role.SUPERVISOR, Role.HANDLER) if opener else (Role.SUPERVISOR,)
    async with real_site(tmp_path / "var", openers=openers) as site:
        api = Api(site)
        await api.token("bureau", "unit_leader", BUREAU)
        await api.token("station", "handler", STATION)
        await api.token("other", "handler", OTHER)
        given = await api.submit("web:1", kind="report")
        number, item = given["number"], f"/queue/{given['number']}"
        for who in ("bureau", "station", "other"):
            await api.call("GET", item, who, 404)
        order = await api.call("POST", f"{item}/assign", "supervisor", 201, {"unit": STATION})
        await api.call("POST", f"{item}/note", "agent", 200, {"text": "内部备注"})
        for who, status in (("bureau", 200), ("station", 200), ("other", 404)):
            shown = await api.call("GET", item, who, status)
            if status == 200:
                assert shown["withheld"] and shown["person"]["name"] == ""
                assert "note" not in [entry["what"] for entry in shown["timeline"]]
        assert "note" in [e["what"] for e in (await api.call("GET", item, "agent", 200))["timeline"]]

        headers = {"Authorization": f"Bearer {api.tokens['station']}"}
        form = aiohttp.FormData()
        form.add_field("evidence", png(), filename="现场.png", content_type="image/png")
        async with site.client.post(f"/api/v1{item}/files", data=form, headers=headers) as response:
            assert response.status == 200
            (file,) = (await response.json())["attachments"]
        for who, status in (("station", 200), ("other", 404)):
            await api.call("GET", f"{item}/attachments/{file['sha256']}", who, status)

        (site.var / "recordings").mkdir()
        (site.var / "recordings" / "1.wav").write_bytes(b"RIFF")
        call = CallRecord(
            *("1.1", "in", "139", "12315", 1, utc_now()),
            ended_at=utc_now(),
            outcome=CallOutcome.TALKED,
            number=number,
            agent="agent1",
            recording="recordings/1.wav",
            recording_state=RecordingState.SAVED,
        )
        await site.storage.calls.keep([call])
        why = "?reason=现场核查"
        for who, path, status in (
            ("station", f"{item}/identity{why}", 200 if opener else 403),
            ("other", f"{item}/identity{why}", 404 if opener else 403),
            ("station", f"/calls/1.1/recording{why}", 200 if opener else 403),
            ("other", f"/calls/1.1/recording{why}", 404),
        ):
            await api.call("GET", path, who, status)
        looks = [row.what for row in await site.storage.audit.page(who="station")]
        assert ("identity.view" in looks) == opener

        await api.call("GET", f"/orders/{order['id']}/earlier", "other", 404)
        second = await api.submit("web:2", kind="complaint", content="又拒绝退货")
        wish = {"unit": STATION}
        other = await api.call("POST", f"/queue/{second['number']}/assign", "supervisor", 201, wish)
        earlier = await api.call("GET", f"/orders/{order['id']}/earlier", "station", 200)
        assert [row["id"] for row in earlier["items"]] == [other["id"]]
        todo = await api.call("GET", "/orders?todo=true", "bureau", 200)
        assert {row["id"] for row in todo["items"]} == {order["id"], other["id"]}
        assert (await api.call("GET", "/orders?todo=true", "other", 200))["items"] == []
