"""What a report arrived as tells who made it: by name, handwriting or voice. Such files are sealed like the
identity itself, for those who may learn it; each look stands in the audit log."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from gateway.core.call.record import CallRecord
from gateway.core.item.contact import Kind
from gateway.core.item.item import ItemDetail
from gateway.core.roles import Account, Role
from gateway.errors import NotAllowed, NotFound
from gateway.web.ports import IntakeQueue

ROLES = ("raw", "body", "recording", "message", "page", "pdf")
"""What a contact arrived as, in the roles of attachments; files that a person added are evidence."""
WHY = "举报的原件和录音含举报人身份，须有查看身份的权限 / only for those who may learn who the reporter is"


class Sealed:
    """Who may open what of reports. `openers` are the roles that may learn who a reporter is."""

    def __init__(self, door: IntakeQueue, openers: Collection[Role]) -> None:
        self._door = door
        self._openers = openers

    def may_open(self, who: Account, detail: ItemDetail, sha256: str) -> None:
        """Raises NotAllowed for a sealed file of a report."""
        if detail.item.kind is not Kind.REPORT or who.role in self._openers:
            return
        if any(one.sha256 == sha256 and one.role in ROLES for one in detail.attachments):
            raise NotAllowed(WHY)

    async def may_see_pages(self, who: Account, number: str) -> None:
        """Raises NotAllowed for the fax pages of a report and what was read in them; NotFound."""
        item = (await self._door.get(number)).item
        if item.kind is Kind.REPORT and who.role not in self._openers:
            raise NotAllowed(WHY)

    async def may_listen(self, who: Account, call: CallRecord) -> None:
        """Raises NotAllowed for the recording of a report, but to the agent who spoke in it; StorageDown."""
        if not call.number or who.role in self._openers or who.name == call.agent:
            return
        with contextlib.suppress(NotFound):
            if (await self._door.get(call.number)).item.kind is Kind.REPORT:
                raise NotAllowed(WHY)
