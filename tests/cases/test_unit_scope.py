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


async def test_a_copied_unit_reads_the_matter_and_nothing_more(tmp_path: Path) -> None:
    """Its handlers may learn who reporters are, but of their own orders alone."""
    async with real_site(tmp_path / "var", openers=(Role.SUPERVISOR, Role.HANDLER)) as site:
        api = Api(site)
        for who, unit in (("station", STATION), ("copied", OTHER), ("other", "141022")):
            await api.token(who, "handler", unit)
        given = await api.submit("web:1", kind="report", content="销售假酒")
        item = f"/queue/{given['number']}"
        wish = {"unit": STATION, "copies": [OTHER]}
        order = await api.call("POST", f"{item}/assign", "supervisor", 201, wish)
        one = f"/orders/{order['id']}"
        shown = await api.call("GET", one, "copied", 200)
        assert shown["copy_only"] and shown["possible"] == [] and shown["item"]["content"] == "销售假酒"
        assert shown["item"]["withheld"] and shown["item"]["person"]["name"] == ""
        assert not (await api.call("GET", one, "station", 200))["copy_only"]
        why = "?reason=现场核查"
        report = {"result": "filed", "text": "立案", "signed_by": "李"}
        for who, statuses in (
            ("station", (200, 200, 200, 200)),
            ("copied", (200, 403, 403, 403)),
            ("other", (404, 404, 404, 404)),
        ):
            reads, identity, signs, drafts = statuses
            await api.call("GET", item, who, reads)
            await api.call("GET", one, who, reads)
            await api.call("GET", f"{item}/identity{why}", who, identity)
            await api.call("POST", f"{one}/sign", who, signs, {})
            await api.call("POST", f"{one}/draft", who, drafts, report)
            headers = {"Authorization": f"Bearer {api.tokens[who]}"}
            form = aiohttp.FormData()
            form.add_field("evidence", png(), filename="现场.png", content_type="image/png")
            async with site.client.post(f"/api/v1{item}/files", data=form, headers=headers) as response:
                assert response.status == drafts
        assert (await api.call("GET", one, "copied", 200))["draft"] is None
        for who, ids in (("copied", [order["id"]]), ("station", []), ("other", [])):
            page = await api.call("GET", "/orders?copies_only=true&open=true", who, 200)
            assert [row["id"] for row in page["items"]] == ids
        assert (await api.call("GET", "/orders?todo=true", "copied", 200))["items"] == []
