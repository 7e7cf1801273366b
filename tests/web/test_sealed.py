"""What a report arrived as is for those who may learn who made it; of others, for all who work them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.call.record import CallOutcome, CallRecord
from gateway.core.item.contact import Channel, Contact, Evidence, Kind, Person, Respondent
from gateway.core.roles import Account, Role
from gateway.errors import NotAllowed
from gateway.web.api.sealed import ROLES, Sealed
from gateway.web.http.auth import LEADERS
from gateway.web.site import utc_now
from tests.web.real_site import RealSite, real_site


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
        for role, status in (("agent", 403 if sealed else 200), ("supervisor", 200)):
            async with site.client.get(path, headers=site.bearer(role)) as response:
                assert (response.status, file["role"]) == (status, file["role"])


async def test_recordings(site: RealSite, tmp_path: Path) -> None:
    number = (await site.intake.submit(contact(tmp_path, Kind.REPORT))).number
    call = CallRecord(
        "1.1", "in", "139", "12315", 1, utc_now(), outcome=CallOutcome.TALKED, number=number, agent="agent1"
    )
    sealed = Sealed(site.intake, LEADERS)
    for who, role, may in (
        ("agent1", Role.AGENT, True),
        ("agent2", Role.AGENT, False),
        ("boss", Role.SUPERVISOR, True),
    ):
        account = Account(who, role)
        if may:
            await sealed.may_listen(account, call)
        else:
            with pytest.raises(NotAllowed):
                await sealed.may_listen(account, call)
    await sealed.may_listen(Account("agent2", Role.AGENT), replace(call, number=""))


async def test_fax_pages_of_a_report_with_what_was_read(site: RealSite, tmp_path: Path) -> None:
    sealed = Sealed(site.intake, LEADERS)
    for kind in (Kind.REPORT, Kind.UNSORTED):
        number = (await site.intake.submit(contact(tmp_path, kind))).number
        await sealed.may_see_pages(Account("super", Role.SUPERVISOR), number)
        if kind is Kind.REPORT:
            with pytest.raises(NotAllowed):
                await sealed.may_see_pages(Account("agent1", Role.AGENT), number)
        else:
            await sealed.may_see_pages(Account("agent1", Role.AGENT), number)
