"""What a report arrived as is for those who may learn who made it; of others, for all who work them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Respondent
from gateway.core.item.item import ItemDetail, QueueQuery
from gateway.core.roles import Account, Role
from gateway.errors import BadContact, NotAllowed
from gateway.web.api.fax import FaxApi
from gateway.web.api.sealed import ROLES, Sealed
from gateway.web.http.auth import LEADERS
from gateway.web.site import utc_now
from tests.channels.fax.filed import fax_item
from tests.web.real_site import Later, RealSite, real_site

WHY = "核对笔迹"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[RealSite]:
    async with real_site(tmp_path) as made:
        yield made


def contact(folder: Path, kind: Kind, *roles: str) -> Contact:
    files = []
    for role in roles:
        (folder / role).write_bytes(role.encode())
        files.append(Evidence(str(folder / role), role, "application/octet-stream", role))
    person, respondent = Person("张三", "13835700000"), Respondent("某店")
    return Contact(
        f"mail:{kind}", Channel.EMAIL, kind, utc_now(), person, respondent, "无照经营", evidence=tuple(files)
    )


@pytest.mark.parametrize("kind", [Kind.REPORT, Kind.COMPLAINT])
async def test_files(site: RealSite, tmp_path: Path, kind: Kind) -> None:
    receipt = await site.intake.submit(contact(tmp_path, kind, *ROLES, "evidence"))
    (item,) = await site.items()
    for file in item["attachments"]:
        path = f"/api/v1/queue/{receipt.number}/attachments/{file['sha256']}"
        sealed = kind is Kind.REPORT and file["role"] != "evidence"
        for role, query, status in (
            ("agent", "", 403 if sealed else 200),
            ("agent", f"?reason={WHY}", 403 if sealed else 200),
            ("supervisor", "", 422 if sealed else 200),
            ("supervisor", f"?reason={WHY}", 200),
        ):
            async with site.client.get(path + query, headers=site.bearer(role)) as response:
                assert (response.status, file["role"], role) == (status, file["role"], role)
    looks = [row for row in await site.storage.audit.page() if row.what == "attachment.download"]
    assert any(WHY in str(row.detail) for row in looks)


async def test_recordings(site: RealSite, tmp_path: Path) -> None:
    number = (await site.intake.submit(contact(tmp_path, Kind.REPORT))).number
    call = CallRecord(
        "1.1", "in", "139", "12315", 1, utc_now(), outcome=CallOutcome.TALKED, number=number, agent="agent1"
    )
    sealed = Sealed(site.intake, LEADERS)
    for who, role, reason, error in (
        ("agent1", Role.AGENT, "", None),
        ("agent2", Role.AGENT, WHY, NotAllowed),
        ("boss", Role.SUPERVISOR, "", BadContact),
        ("boss", Role.SUPERVISOR, WHY, None),
    ):
        with pytest.raises(error) if error else nullcontext():
            await sealed.may_listen(Account(who, role), call, reason)
    await sealed.may_listen(Account("agent2", Role.AGENT), replace(call, number=""), "")


async def test_fax_pages_of_a_report_with_what_was_read(site: RealSite, tmp_path: Path) -> None:
    """Those of an item to which the fax of a report was merged as well."""
    sealed = Sealed(site.intake, LEADERS)
    report = (await site.intake.submit(contact(tmp_path, Kind.REPORT))).number
    other = (await site.intake.submit(contact(tmp_path, Kind.UNSORTED))).number
    agent, supervisor = Account("agent1", Role.AGENT), Account("super", Role.SUPERVISOR)
    await sealed.may_see_pages(agent, [other], "")
    for numbers in ([report], [other, report]):
        with pytest.raises(NotAllowed):
            await sealed.may_see_pages(agent, numbers, WHY)
        with pytest.raises(BadContact):
            await sealed.may_see_pages(supervisor, numbers, " 无 ")
        await sealed.may_see_pages(supervisor, numbers, WHY)


async def test_a_fax_that_is_a_report_by_its_own_address_and_on_its_way_out(tmp_path: Path) -> None:
    faxes, post, intake = Later(), Later(), Later()

    async def item(number: str) -> ItemDetail:
        return await site.intake.get(number)

    api: Any = FaxApi(faxes, post, item, Sealed(intake, LEADERS), utc_now, True)  # type: ignore[arg-type]
    async with real_site(tmp_path / "site", faxes=api) as site:
        faxes.real, post.real, intake.real = site.storage.faxes, site.storage.outbox, site.intake
        number = (await fax_item(site.intake, site.storage, tmp_path / "made", pages=1)).number
        (tmp_path / "letter").write_bytes(b"%PDF-1.4")
        pdf = Evidence(str(tmp_path / "letter"), "传真.pdf", "application/pdf", "pdf")
        await site.intake.append(number, "pdf", "", (pdf,), "agent1")
        pdfs = [one.sha256 for one in (await site.intake.get(number)).attachments if one.role == "pdf"]
        assert pdfs
        letter = {"to": "03572025100", "text": "附件请查收", "files": pdfs}

        async def tried(role: str, query: str) -> tuple[int, int]:
            headers = site.bearer(role)
            async with site.client.get(f"/api/v1/faxes/1.1{query}", headers=headers) as looked:
                assert ("本人王小明" in await looked.text()) is (looked.status == 200)
            path = f"/api/v1/queue/{number}/fax{query}"
            async with site.client.post(path, json=letter, headers=headers) as posted:
                return looked.status, posted.status

        assert await tried("agent", "") == (200, 202), "not sorted yet"
        await site.intake.claim("agent1", QueueQuery(), number)
        await site.intake.fill_in(number, contact(tmp_path, Kind.REPORT), "agent1")
        assert await tried("agent", f"?reason={WHY}") == (403, 403)
        assert await tried("supervisor", "") == (422, 422)
        assert await tried("supervisor", f"?reason={WHY}") == (200, 202)
        told = [row.detail for row in await site.storage.audit.page() if row.what == "fax.view"]
        assert WHY in str(told[0])
